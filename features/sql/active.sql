-- active: one row per night and node with an edge that the night learnt of; how far back the night
-- looks at it: one window before its oldest new edge, never further than the lookback.
-- parameters: $window_s, $lookback_s. inputs: nights, known_edges. key: night, node.
with fresh as (
    select nights.night, nights.cutoff_s, known_edges.src as node, known_edges.occurred_s
    from nights
    join known_edges on known_edges.received_on = nights.night
    union all
    select nights.night, nights.cutoff_s, known_edges.dst, known_edges.occurred_s
    from nights
    join known_edges on known_edges.received_on = nights.night
)
select
    night,
    cutoff_s,
    node,
    cast(
        greatest(
            cutoff_s - $lookback_s,
            least(cutoff_s, min(occurred_s)) - $window_s
        ) as bigint
    ) as from_s
from fresh
group by night, cutoff_s, node
order by night, node
