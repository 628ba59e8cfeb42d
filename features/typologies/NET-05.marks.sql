-- marks: an account's or person's payments of one direction, in from others or out to others.
-- parameters: $direction (in, out). inputs: timeline, subjects. key: part, node, edge_id.
select
    timeline.part, timeline.night, timeline.node, timeline.other, timeline.edge_id,
    timeline.received_on, timeline.occurred_s, timeline.is_new, timeline.amount_local
from timeline
left join subjects on subjects.node = timeline.node
where
    timeline.is_out = case when $direction = 'out' then 1 else 0 end
    and timeline.node <> timeline.other
    and coalesce(subjects.kind, 'account') <> 'entity'
