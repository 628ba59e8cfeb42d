-- marks: cash in, just below the reporting threshold that held on its day.
-- parameters: $share_min. inputs: timeline, thresholds. key: part, node, edge_id.
select
    timeline.part, timeline.night, timeline.node, timeline.edge_id, timeline.occurred_s,
    timeline.is_new, timeline.amount_c, timeline.amount_local, thresholds.threshold_c
from timeline
join thresholds
    on thresholds.from_s <= timeline.occurred_s and thresholds.until_s > timeline.occurred_s
where
    timeline.is_out = 0
    and timeline.channel = 'cash'
    and timeline.node <> timeline.other
    and timeline.amount_c >= $share_min * thresholds.threshold_c
    and timeline.amount_c < thresholds.threshold_c
