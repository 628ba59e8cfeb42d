-- ends: one row per night, active node and end of an edge known that night; a self transfer has
-- two. `age_s` runs back from the night's cut-off and is below zero after it.
-- parameters: $threshold (national reporting threshold). inputs: active, known_edges.
-- key: night, node, edge_id, is_out.
with part as (
    select
        active.night, active.cutoff_s, active.node, known_edges.dst as other, 1 as is_out,
        known_edges.*
    from active
    join known_edges on known_edges.src = active.node
    where
        known_edges.received_on <= active.night
        and (known_edges.superseded_on is null or known_edges.superseded_on > active.night)
        and known_edges.occurred_s > active.from_s
    union all
    select
        active.night, active.cutoff_s, active.node, known_edges.src as other, 0 as is_out,
        known_edges.*
    from active
    join known_edges on known_edges.dst = active.node
    where
        known_edges.received_on <= active.night
        and (known_edges.superseded_on is null or known_edges.superseded_on > active.night)
        and known_edges.occurred_s > active.from_s
)
select
    night,
    cutoff_s,
    node,
    other,
    is_out,
    edge_id,
    received_on,
    superseded_on,
    occurred_s,
    cutoff_s - occurred_s as age_s,
    amount_c,
    log_m,
    case when received_on = night then 1 else 0 end as is_new,
    case when amount_c > 0 and amount_c % 10000 = 0 then 1 else 0 end as is_round,
    case
        when amount_c >= $threshold * 80 and amount_c < $threshold * 100 then 1 else 0
    end as is_below,
    case when channel = 'cash' then 1 else 0 end as is_cash,
    case when is_cross_border then 1 else 0 end as is_abroad,
    case when is_cross_currency then 1 else 0 end as is_exchange,
    case when is_date_only then 0 else 1 end as is_timed
from part
