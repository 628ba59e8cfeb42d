-- evidence_marks: one row per mark of a node that has a window in `chosen`, in the order in which
-- windows hold them, with its transaction.
-- inputs: chosen, marks, known_edges. key: part, node, occurred_s, edge_id.
select
    marks.part, marks.node, marks.occurred_s, marks.amount_local, known_edges.transaction_id
from marks
join (select distinct part, node from chosen) as wanted
    on wanted.part = marks.part and wanted.node = marks.node
join known_edges on known_edges.edge_id = marks.edge_id
order by marks.part, marks.node, marks.occurred_s, marks.edge_id
