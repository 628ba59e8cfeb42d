-- marks: operations without cash with others that no report by the receipt calls a company, with
-- the local day and how many the day had up to then; the one with which the day becomes busy.
-- parameters: $operations_day, $offset_s. inputs: timeline. key: part, node, edge_id.
with operation as (
    select
        part, night, node, edge_id, occurred_s, is_new, amount_local, movement_count,
        (occurred_s + $offset_s) // 86400 as day
    from timeline
    where node <> other and is_other_company = 0 and channel <> 'cash'
),
counted as (
    select
        *,
        sum(movement_count) over (
            partition by part, node, day order by occurred_s, edge_id
            rows between unbounded preceding and current row
        ) as so_far
    from operation
),
judged as (
    select
        *,
        so_far > $operations_day and so_far - movement_count <= $operations_day as is_busy
    from counted
)
select
    part, night, node, edge_id, occurred_s, is_new, amount_local, cast(so_far as bigint) as so_far,
    case when is_busy then 1 else 0 end as is_busy,
    case when is_busy then day end as busy_day,
    case when is_new = 1 then occurred_s end as new_s
from judged
