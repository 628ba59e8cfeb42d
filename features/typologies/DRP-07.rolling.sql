-- rolling: one row per movement, with what the days up to it hold.
-- parameters: $window_days. inputs: marks. key: none.
select
    part, night, node, occurred_s,
    count(*) over recent as operations,
    cast(sum(amount_c) over recent as bigint) as moved_c,
    max(is_life) over recent as has_life,
    max(is_new) over recent as is_new
from marks
window recent as (
    partition by part, node order by occurred_s
    range between $window_days * 86400 - 1 preceding and current row
)
