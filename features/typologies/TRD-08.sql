-- TRD-08, sham loan: one row per night, company and edge of the evidence: the days with a new path
-- in which the most persons moved the company's money on to virtual assets, and paid nothing back.
-- parameters: $persons_min, $within_s, $kept_min, $kept_max, $window_days.
-- inputs: nights, known_edges, purposes, wallet_labels. key: night, node_id, edge_id.
with provider as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        min(received_on) as since
    from wallet_labels
    where label in ('vasp', 'p2p_trader')
    group by node_key
),
onward as (
    select known_edges.*
    from known_edges
    left join provider on provider.node = known_edges.dst
    where
        known_edges.src <> known_edges.dst
        and (
            known_edges.channel = 'crypto'
            or coalesce(provider.since <= known_edges.received_on, false)
        )
),
path as (
    select
        loan.src as company, loan.dst as person,
        loan.edge_id as first_id, onward.edge_id as second_id,
        loan.occurred_s as first_s, onward.occurred_s as second_s,
        greatest(loan.received_on, onward.received_on) as known_from,
        least(
            coalesce(loan.superseded_on, date '9999-12-31'),
            coalesce(onward.superseded_on, date '9999-12-31')
        ) as known_until
    from known_edges as loan
    join onward
        on onward.src = loan.dst
        and onward.dst <> loan.src
        and onward.occurred_s <= loan.occurred_s + $within_s
        and (
            onward.occurred_s > loan.occurred_s
            or (onward.occurred_s = loan.occurred_s and onward.edge_id > loan.edge_id)
        )
        and onward.amount_c >= loan.amount_c * $kept_min
        and onward.amount_c <= loan.amount_c * $kept_max
    left join purposes on purposes.edge_id = loan.edge_id
    where
        loan.src <> loan.dst
        and loan.amount_c > 0
        and coalesce(purposes.purpose, 'loan') = 'loan'
),
turn as (
    select distinct nights.night, path.company
    from path
    join nights on nights.night = path.known_from
),
known as (
    select
        turn.night, path.*,
        case when path.known_from = turn.night then 1 else 0 end as is_new,
        row_number() over (
            partition by turn.night, path.first_id order by path.second_s, path.second_id
        ) as place
    from turn
    join path on path.company = turn.company
    where path.known_from <= turn.night and path.known_until > turn.night
),
repaid as (
    select known.night, known.first_id
    from known
    join known_edges as back
        on back.src = known.person
        and back.dst = known.company
        and back.occurred_s >= known.first_s
        and back.received_on <= known.night
        and (back.superseded_on is null or back.superseded_on > known.night)
    group by known.night, known.first_id
),
lost as (
    select known.*
    from known
    left join repaid on repaid.night = known.night and repaid.first_id = known.first_id
    where known.place = 1 and repaid.first_id is null
),
rolling as (
    select
        night, company, first_s as to_s,
        count(distinct person) over recent as persons,
        max(is_new) over recent as is_new
    from lost
    window recent as (
        partition by night, company order by first_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
ranked as (
    select
        *,
        row_number() over (partition by night, company order by persons desc, to_s desc) as place
    from rolling
    where is_new = 1 and persons >= $persons_min
),
chosen as (
    select ranked.night, ranked.company, ranked.persons, lost.first_id, lost.second_id
    from ranked
    join lost
        on lost.night = ranked.night
        and lost.company = ranked.company
        and lost.first_s <= ranked.to_s
        and lost.first_s > ranked.to_s - $window_days * 86400
    where ranked.place = 1
),
evidence as (
    select night, company, persons, first_id as edge_id from chosen
    union
    select night, company, persons, second_id from chosen
)
select
    night,
    company as node_id,
    cast(persons as double) as value,
    cast($persons_min as double) as threshold,
    cast(
        json_object('persons', persons, 'hours', $within_s // 3600, 'days', $window_days) as varchar
    ) as facts,
    edge_id
from evidence
