-- marks: payments in from others and out to others; is the other side a trader by customs data.
-- inputs: timeline, customs_declarations. key: part, node, edge_id.
with named as (
    select node_key as trader_key, received_on from customs_declarations
    union all
    select partner_key, received_on from customs_declarations where partner_key is not null
),
trader as (
    select
        cast('0x' || substr(sha256(trader_key), 1, 15) as bigint) as node,
        min(received_on) as since
    from named
    group by trader_key
)
select
    timeline.part, timeline.night, timeline.node, timeline.other, timeline.is_out,
    timeline.edge_id, timeline.occurred_s, timeline.is_new, timeline.amount_c,
    timeline.amount_local,
    case when trader.since <= timeline.received_on then 1 else 0 end as is_trader
from timeline
left join trader on trader.node = timeline.other
where timeline.node <> timeline.other and timeline.amount_c > 0
