-- rolling: one row per payment, with the receivers and regions of the days up to it.
-- parameters: $window_days. inputs: marks. key: none.
select
    part, night, node, occurred_s, is_new,
    count(*) over recent as payments,
    count(distinct other) over recent as receivers,
    count(distinct region) over recent as regions,
    sum(is_weekly) over recent as weekly
from marks
window recent as (
    partition by part, node order by occurred_s
    range between $window_days * 86400 - 1 preceding and current row
)
