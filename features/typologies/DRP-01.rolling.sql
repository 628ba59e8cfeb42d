-- rolling: one row per payment, with the payers of the day and of the 30 days up to it.
-- inputs: marks. key: none.
select
    part, night, node, occurred_s,
    count(distinct other) over last_day as payers_1,
    max(is_new) over last_day as is_new_1,
    count(distinct other) over last_month as payers_30,
    max(is_new) over last_month as is_new_30
from marks
window
    last_day as (
        partition by part, node order by occurred_s
        range between 86399 preceding and current row
    ),
    last_month as (
        partition by part, node order by occurred_s
        range between 2591999 preceding and current row
    )
