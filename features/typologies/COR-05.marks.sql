-- marks: payments out below the reporting threshold that held on their day, with the institution
-- that reported them.
-- inputs: timeline, edges, reports, thresholds. key: part, node, edge_id.
select
    timeline.part, timeline.night, timeline.node, timeline.edge_id, timeline.occurred_s,
    timeline.is_new, timeline.amount_c, timeline.amount_local,
    reports.jurisdiction || reports.reporting_entity_id as operator,
    thresholds.threshold_c
from timeline
join edges on edges.edge_id = timeline.edge_id
join reports on reports.report_key = edges.report_key
join thresholds
    on thresholds.from_s <= timeline.occurred_s and thresholds.until_s > timeline.occurred_s
where
    timeline.is_out = 1
    and timeline.node <> timeline.other
    and timeline.amount_c < thresholds.threshold_c
