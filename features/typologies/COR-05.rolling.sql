-- rolling: one row per payment, with the institutions and the sum of the 24 hours up to it.
-- inputs: marks. key: none.
select
    part, night, node, occurred_s, threshold_c,
    count(distinct operator) over last_day as operators,
    count(*) over last_day as payments,
    sum(amount_c) over last_day as sum_c,
    max(is_new) over last_day as is_new
from marks
window last_day as (
    partition by part, node order by occurred_s range between 86399 preceding and current row
)
