-- marks: cash in from others, below the reporting threshold of its day, and the town of it.
-- inputs: timeline, thresholds, nodes, placed. key: part, node, edge_id.
select
    timeline.part, timeline.night, timeline.node, timeline.other, timeline.edge_id,
    timeline.occurred_s, timeline.is_new, timeline.amount_local, timeline.amount_c,
    coalesce(placed.city, placed.territory, nodes.territory) as city
from timeline
join thresholds
    on thresholds.from_s <= timeline.occurred_s and thresholds.until_s > timeline.occurred_s
left join nodes
    on nodes.node_id = timeline.other and nodes.received_on = timeline.received_on
left join placed on placed.edge_id = timeline.edge_id
where
    timeline.is_out = 0
    and timeline.channel = 'cash'
    and timeline.node <> timeline.other
    and timeline.amount_c < thresholds.threshold_c
