-- sides: one row per node that the range learnt something of and end of an edge that some night of
-- the range may look at; a self transfer has two. What a single night knows of them is `timeline`.
-- inputs: fresh, known_edges. key: node, edge_id, is_out.
select
    fresh.node, known_edges.dst as other, cast(1 as tinyint) as is_out,
    known_edges.edge_id, known_edges.received_on, known_edges.superseded_on,
    known_edges.occurred_s, known_edges.amount_c, known_edges.amount_local, known_edges.channel,
    known_edges.is_date_only, known_edges.is_cross_border, known_edges.movement_count
from known_edges
join fresh on fresh.node = known_edges.src
where known_edges.occurred_s > fresh.from_s
union all
select
    fresh.node, known_edges.src, cast(0 as tinyint),
    known_edges.edge_id, known_edges.received_on, known_edges.superseded_on,
    known_edges.occurred_s, known_edges.amount_c, known_edges.amount_local, known_edges.channel,
    known_edges.is_date_only, known_edges.is_cross_border, known_edges.movement_count
from known_edges
join fresh on fresh.node = known_edges.dst
where known_edges.occurred_s > fresh.from_s
