-- rolling: one row per movement, with the long days and the work by night of the days up to it.
-- parameters: $window_days. inputs: marks. key: none.
select
    part, night, node, occurred_s,
    sum(is_long_day) over recent as long_days,
    sum(is_night) over recent as by_night,
    count(*) over recent as operations,
    max(is_new) over recent as is_new
from marks
window recent as (
    partition by part, node order by occurred_s
    range between $window_days * 86400 - 1 preceding and current row
)
