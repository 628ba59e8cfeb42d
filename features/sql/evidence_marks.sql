-- evidence_marks: one row per mark of a node that has a window in `chosen`, with its transaction.
-- inputs: chosen, marks, known_edges. key: part, node, edge_id.
select
    marks.part, marks.node, marks.edge_id, marks.occurred_s, marks.amount_local,
    known_edges.transaction_id
from marks
join (select distinct part, node from chosen) as wanted
    on wanted.part = marks.part and wanted.node = marks.node
join known_edges on known_edges.edge_id = marks.edge_id
