-- rolling: one row per movement, with the persons and the sums of the days up to it.
-- parameters: $window_days. inputs: marks. key: none.
select
    part, night, node, occurred_s,
    count(distinct payer) over recent as payers,
    count(distinct receiver) over recent as receivers,
    cast(sum(in_c) over recent as bigint) as in_c,
    cast(sum(cash_c) over recent as bigint) as cash_c,
    max(is_new) over recent as is_new
from marks
window recent as (
    partition by part, node order by occurred_s
    range between $window_days * 86400 - 1 preceding and current row
)
