-- rolling: one row per operation, with the busy days of the days up to it.
-- parameters: $window_days. inputs: marks. key: none.
select
    part, night, node, occurred_s, so_far,
    sum(is_busy) over recent as busy_days,
    min(busy_day) over recent as first_day,
    max(so_far) over recent as most,
    max(new_s) over recent as new_s
from marks
window recent as (
    partition by part, node order by occurred_s
    range between $window_days * 86400 - 1 preceding and current row
)
