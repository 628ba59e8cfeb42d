-- rolling: one row per movement, with what all days up to it hold, and what those before the last
-- days did.
-- parameters: $window_days. inputs: marks. key: none.
select
    part, night, node, occurred_s, day,
    cast(sum(left_change_c) over so_far as bigint) as left_so_far_c,
    cast(sum(left_change_c) over before as bigint) as left_before_c,
    cast(sum(amount_c) over so_far as bigint) as moved_so_far_c,
    cast(sum(amount_c) over before as bigint) as moved_before_c,
    sum(is_first_of_day) over so_far as days_so_far,
    sum(is_first_of_day) over before as days_before,
    max(new_day) over so_far as new_day
from marks
window
    so_far as (
        partition by part, node order by occurred_s
        range between unbounded preceding and current row
    ),
    before as (
        partition by part, node order by day
        range between unbounded preceding and $window_days preceding
    )
