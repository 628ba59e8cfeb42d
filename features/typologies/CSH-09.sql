-- CSH-09, declared but not banked: one row per night and declaration of entry whose wait ended that
-- night: too little came in on the traveller's own or linked accounts in the days after it.
-- parameters: $banked_share_min, $wait_days, $sum_min, $country.
-- inputs: nights, cash_declarations, owners, known_edges. key: night, node_id, record_id.
with declared as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        declaration_id,
        declared_on,
        amount_local,
        greatest(declared_on + cast($wait_days as integer), received_on) as night,
        known_until
    from cash_declarations
    where route_to = $country and amount_local > $sum_min
),
due as (
    select declared.*
    from declared
    join nights on nights.night = declared.night
    where declared.known_until is null or declared.known_until > declared.night
),
purse as (
    select distinct declaration_id, night, declared_on, node as account from due
    union
    select distinct due.declaration_id, due.night, due.declared_on, owners.node
    from due
    join owners on owners.owner = due.node and owners.known_from <= due.night
),
banked as (
    select purse.declaration_id, purse.night, sum(known_edges.amount_local) as amount_local
    from purse
    join known_edges
        on known_edges.dst = purse.account
        and known_edges.src <> purse.account
        and known_edges.received_on <= purse.night
        and (known_edges.superseded_on is null or known_edges.superseded_on > purse.night)
        and known_edges.occurred_s >= epoch(purse.declared_on)
        and known_edges.occurred_s < epoch(purse.declared_on) + ($wait_days + 1) * 86400
    group by purse.declaration_id, purse.night
),
short as (
    select
        due.*,
        coalesce(banked.amount_local, 0) / due.amount_local as banked_share,
        row_number() over (
            partition by due.night, due.node
            order by
                coalesce(banked.amount_local, 0) / due.amount_local,
                due.amount_local desc,
                due.declaration_id
        ) as place
    from due
    left join banked
        on banked.declaration_id = due.declaration_id and banked.night = due.night
    where coalesce(banked.amount_local, 0) < $banked_share_min * due.amount_local
)
select
    night,
    node as node_id,
    cast(1 - banked_share as double) as value,
    cast(1 - $banked_share_min as double) as threshold,
    cast(
        json_object('banked', round(banked_share, 4), 'days', $wait_days) as varchar
    ) as facts,
    'cash_declarations:' || declaration_id as record_id,
    cast(epoch(declared_on) as bigint) as happened_s,
    amount_local
from short
where place = 1
