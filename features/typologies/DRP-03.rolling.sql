-- rolling: one row per movement, with what moved in the day and in the 30 days up to it, and what
-- the night itself has told of by then.
-- inputs: marks. key: none.
select
    part, night, node, occurred_s,
    cast(sum(amount_c) over last_day as bigint) as moved_1,
    count(*) over last_day as operations_1,
    cast(sum(amount_c) over last_month as bigint) as moved_30,
    count(*) over last_month as operations_30,
    cast(sum(new_c) over night_so_far as bigint) as new_c
from marks
window
    night_so_far as (
        partition by part, node, night order by occurred_s
        range between unbounded preceding and current row
    ),
    last_day as (
        partition by part, node order by occurred_s
        range between 86399 preceding and current row
    ),
    last_month as (
        partition by part, node order by occurred_s
        range between 2591999 preceding and current row
    )
