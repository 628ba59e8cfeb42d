-- DRP-01, many payers: one row per night, account or person, and edge of the evidence: the day or
-- the 30 days with a new edge in which the most persons and accounts paid it, over the limit.
-- parameters: $payers_day, $payers_month (hits are above). inputs: ends, nodes.
-- key: night, node_id, edge_id.
with company as (
    -- companies, and accounts that some report by then says a company holds
    select node_id, min(received_on) as since
    from nodes
    where kind = 'entity' or holder_kind = 'entity'
    group by node_id
),
payment as (
    select ends.night, ends.node, ends.other, ends.edge_id, ends.occurred_s, ends.is_new
    from ends
    left join company as subject
        on subject.node_id = ends.node and subject.since <= ends.night
    left join company as payer
        on payer.node_id = ends.other and payer.since <= ends.night
    where
        ends.is_out = 0
        and ends.node <> ends.other
        and subject.node_id is null
        and payer.node_id is null
),
rolling as (
    select
        night, node, edge_id, occurred_s,
        count(distinct other) over last_day as payers_1,
        max(is_new) over last_day as is_new_1,
        count(distinct other) over last_month as payers_30,
        max(is_new) over last_month as is_new_30
    from payment
    window
        last_day as (
            partition by night, node order by occurred_s
            range between 86399 preceding and current row
        ),
        last_month as (
            partition by night, node order by occurred_s
            range between 2591999 preceding and current row
        )
),
candidate as (
    select
        night, node, occurred_s as to_s, edge_id, 1 as days,
        payers_1 as payers, $payers_day as payer_limit
    from rolling
    where is_new_1 = 1 and payers_1 > $payers_day
    union all
    select
        night, node, occurred_s, edge_id, 30,
        payers_30, $payers_month
    from rolling
    where is_new_30 = 1 and payers_30 > $payers_month
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node
            order by cast(payers as double) / payer_limit desc, to_s desc, edge_id
        ) as place
    from candidate
)
select
    ranked.night,
    ranked.node as node_id,
    cast(ranked.payers as double) as value,
    cast(ranked.payer_limit as double) as threshold,
    cast(
        json_object('payers', ranked.payers, 'days', ranked.days, 'limit', ranked.payer_limit)
        as varchar
    ) as facts,
    payment.edge_id
from ranked
join payment
    on payment.night = ranked.night
    and payment.node = ranked.node
    and payment.occurred_s <= ranked.to_s
    and payment.occurred_s > ranked.to_s - ranked.days * 86400
where ranked.place = 1
