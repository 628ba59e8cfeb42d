-- traced: one row per edge that some night up to the last knows and that occurred after $from_s,
-- with what a trace shows of it.
-- parameters: $from_s. inputs: known_edges, edges, nights. key: edge_id.
select
    known_edges.edge_id,
    known_edges.transaction_id,
    known_edges.report_key,
    known_edges.src,
    known_edges.dst,
    known_edges.occurred_s,
    known_edges.received_on,
    known_edges.superseded_on,
    known_edges.amount_c as cents,
    known_edges.log_m,
    known_edges.channel,
    known_edges.is_date_only,
    known_edges.is_cross_currency,
    known_edges.is_cross_border,
    edges.src_country,
    edges.dst_country,
    edges.src_currency,
    edges.dst_currency
from known_edges
join edges on edges.edge_id = known_edges.edge_id
cross join (select max(night) as last_night from nights) as newest
where known_edges.occurred_s > $from_s and known_edges.received_on <= newest.last_night
order by known_edges.occurred_s, known_edges.edge_id
