-- marks: payments over the border, in and out, not between kin, with the two countries.
-- inputs: timeline, edges, kin_links. key: part, node, edge_id.
with family as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        cast('0x' || substr(sha256(other_key), 1, 15) as bigint) as other,
        received_on as since
    from kin_links
    where kind = 'family'
),
kin as (
    select node, other, min(since) as since
    from (
        select node, other, since from family
        union all
        select other, node, since from family
    ) as either_way
    group by node, other
)
select
    timeline.part, timeline.night, timeline.node, timeline.is_out, timeline.edge_id,
    timeline.occurred_s, timeline.is_new, timeline.amount_c, timeline.amount_local,
    case when timeline.is_out = 1 then edges.src_country else edges.dst_country end as home,
    case when timeline.is_out = 1 then edges.dst_country else edges.src_country end as abroad
from timeline
join edges on edges.edge_id = timeline.edge_id
left join kin on kin.node = timeline.node and kin.other = timeline.other
where
    timeline.node <> timeline.other
    and timeline.is_cross_border
    and coalesce(kin.since > timeline.received_on, true)
