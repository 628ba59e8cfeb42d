-- window_edges: one row per night and edge that the night knows and that occurred within the
-- lookback.
-- parameters: $lookback_s. inputs: nights, known_edges. key: night, edge_id.
select
    nights.night,
    known_edges.edge_id,
    known_edges.src,
    known_edges.dst,
    known_edges.occurred_s,
    known_edges.amount_c,
    case when known_edges.received_on = nights.night then 1 else 0 end as is_new
from nights
join known_edges
    on known_edges.received_on <= nights.night
    and known_edges.occurred_s > nights.cutoff_s - $lookback_s
where known_edges.superseded_on is null or known_edges.superseded_on > nights.night
