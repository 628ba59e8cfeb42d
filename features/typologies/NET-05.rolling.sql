-- rolling: one row per payment, with the counterparties of the days up to it.
-- parameters: $window_days. inputs: marks. key: none.
select
    part, night, node, received_on, occurred_s,
    count(distinct other) over recent as counterparties,
    max(is_new) over recent as is_new
from marks
window recent as (
    partition by part, node order by occurred_s
    range between $window_days * 86400 - 1 preceding and current row
)
