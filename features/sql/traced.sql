-- traced: one row per wanted account and edge of it that some night up to the last knows and that
-- occurred after $from_s; of an account with more than $most of them, one more than $most.
-- parameters: $from_s, $most, $last_night. inputs: known_edges, wanted. key: node_id, edge_id.
with own as (
    select wanted.node_id, known_edges.*
    from known_edges
    join wanted on wanted.node_id = known_edges.src
    union all
    select wanted.node_id, known_edges.*
    from known_edges
    join wanted on wanted.node_id = known_edges.dst
    where known_edges.src <> known_edges.dst
)
select
    own.node_id,
    own.edge_id,
    own.transaction_id,
    own.report_key,
    own.src,
    own.dst,
    own.occurred_s,
    own.received_on,
    own.superseded_on,
    own.amount_c as cents,
    own.log_m,
    own.channel,
    own.is_date_only,
    own.is_cross_currency,
    own.is_cross_border,
    own.src_country,
    own.dst_country,
    own.src_currency,
    own.dst_currency
from own
where own.occurred_s > $from_s and own.received_on <= $last_night
qualify
    row_number() over (partition by own.node_id order by own.occurred_s, own.edge_id) <= $most + 1
order by own.node_id, own.occurred_s, own.edge_id
