-- marks: movements with others, and when the node last woke: the first movement in sight, or the
-- first after a gap of at least the silence asked for.
-- parameters: $silent_days_min. inputs: timeline. key: part, node, edge_id.
with gap as (
    select
        part, night, node, edge_id, occurred_s, is_new, amount_local, amount_c,
        lag(occurred_s) over (
            partition by part, node order by occurred_s, edge_id
        ) as previous_s
    from timeline
    where node <> other
)
select
    part, night, node, edge_id, occurred_s, is_new, amount_local, amount_c,
    max(
        case
            when coalesce(occurred_s - previous_s >= $silent_days_min * 86400, true) then occurred_s
        end
    ) over (
        partition by part, node order by occurred_s, edge_id
        rows between unbounded preceding and current row
    ) as woke_s
from gap
