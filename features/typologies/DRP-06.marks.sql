-- marks: movements with others, with the local day, whether it is the day's first, and by how much
-- it changes what the day leaves over: the difference of what came in and went out up to then.
-- parameters: $offset_s. inputs: timeline. key: part, node, edge_id.
with movement as (
    select
        part, night, node, edge_id, occurred_s, is_new, amount_local, amount_c,
        (occurred_s + $offset_s) // 86400 as day,
        case when is_out = 1 then -amount_c else amount_c end as signed_c
    from timeline
    where node <> other
),
running as (
    select
        *,
        sum(signed_c) over so_far as left_c,
        row_number() over so_far as position
    from movement
    window so_far as (
        partition by part, node, day order by occurred_s, edge_id
        rows between unbounded preceding and current row
    )
)
select
    part, night, node, edge_id, occurred_s, is_new, amount_local, amount_c, day,
    cast(abs(left_c) - abs(left_c - signed_c) as bigint) as left_change_c,
    case when position = 1 then 1 else 0 end as is_first_of_day,
    case when is_new = 1 then day end as new_day
from running
