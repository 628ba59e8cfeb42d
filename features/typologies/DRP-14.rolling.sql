-- rolling: one row per payment, with the payments of the days up to it.
-- parameters: $window_days. inputs: marks. key: none.
select
    part, night, node, occurred_s, is_new,
    count(*) over recent as payments
from marks
window recent as (
    partition by part, node order by occurred_s
    range between $window_days * 86400 - 1 preceding and current row
)
