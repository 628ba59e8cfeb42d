-- marks: payments in from others that are no company, where the receiver is in a region of the
-- list; with the reporting institution, the sender's region, and whether kin_links called the two
-- a family when the payment was told.
-- parameters: $border_regions. inputs: timeline, edges, reports, kin_links.
-- key: part, node, edge_id.
with family as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        cast('0x' || substr(sha256(other_key), 1, 15) as bigint) as other,
        min(received_on) as since
    from kin_links
    where kind = 'family'
    group by node_key, other_key
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
    timeline.part, timeline.night, timeline.node, timeline.other, timeline.edge_id,
    timeline.occurred_s, timeline.is_new, timeline.amount_local,
    coalesce(reports.jurisdiction || reports.reporting_entity_id, 'unknown') as operator,
    coalesce(edges.src_territory, edges.src_country) as region,
    case when kin.since <= timeline.received_on then timeline.other end as kin
from timeline
join edges on edges.edge_id = timeline.edge_id
left join reports on reports.report_key = edges.report_key
left join kin on kin.node = timeline.node and kin.other = timeline.other
where
    timeline.is_out = 0
    and timeline.node <> timeline.other
    and timeline.is_other_company = 0
    and timeline.channel <> 'cash'
    and (
        $border_regions = '*'
        or list_contains(string_split($border_regions, ' '), edges.dst_territory)
    )
