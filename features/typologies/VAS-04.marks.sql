-- marks: movements with others; is one of virtual assets.
-- inputs: timeline, wallet_labels. key: part, node, edge_id.
with labelled as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        min(received_on) as since
    from wallet_labels
    group by node_key
)
select
    timeline.part, timeline.night, timeline.node, timeline.is_out, timeline.edge_id,
    timeline.occurred_s, timeline.is_new, timeline.amount_c, timeline.amount_local,
    case
        when
            timeline.channel = 'crypto' or coalesce(labelled.since <= timeline.received_on, false)
            then 1
        else 0
    end as is_virtual
from timeline
left join labelled on labelled.node = timeline.other
where timeline.node <> timeline.other
