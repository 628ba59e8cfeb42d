-- fresh: one row per node with an edge that some night of the range learnt of; how far back the
-- range looks at it: one reach before its oldest such edge, never further than the lookback.
-- parameters: $reach_s, $lookback_s. inputs: nights, known_edges. key: node.
with span as (
    select min(night) as first_night, max(night) as last_night, min(cutoff_s) as cutoff_s
    from nights
),
learnt as (
    select known_edges.src, known_edges.dst, known_edges.occurred_s, span.cutoff_s
    from known_edges
    join span
        on known_edges.received_on >= span.first_night
        and known_edges.received_on <= span.last_night
),
meeting as (
    select src as node, occurred_s, cutoff_s from learnt
    union all
    select dst, occurred_s, cutoff_s from learnt
)
select
    node,
    cast(
        greatest(
            min(cutoff_s) - $lookback_s,
            least(min(cutoff_s), min(occurred_s)) - $reach_s
        ) as bigint
    ) as from_s
from meeting
group by node
