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
),

ordered as (
    select
        own.*,
        row_number() over (partition by own.node_id order by own.occurred_s, own.edge_id) as place
    from own
    where own.occurred_s > $from_s and own.received_on <= $last_night
)

select
    ordered.node_id,
    ordered.edge_id,
    ordered.transaction_id,
    ordered.report_key,
    ordered.src,
    ordered.dst,
    ordered.occurred_s,
    ordered.received_on,
    ordered.superseded_on,
    ordered.amount_c as cents,
    ordered.log_m,
    ordered.channel,
    ordered.is_date_only,
    ordered.is_cross_currency,
    ordered.is_cross_border,
    ordered.src_country,
    ordered.dst_country,
    ordered.src_currency,
    ordered.dst_currency
from ordered
where ordered.place <= $most + 1
order by ordered.node_id, ordered.occurred_s, ordered.edge_id
