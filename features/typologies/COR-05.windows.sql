-- windows: the 24 hours, ending with a payment, in which enough institutions were used for payments
-- that together reach the threshold.
-- parameters: $operators_min. inputs: marks. key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s, threshold_c,
        count(distinct operator) over recent as operators,
        count(*) over recent as payments,
        sum(amount_c) over recent as sum_c,
        max(is_new) over recent as is_new
    from marks
    window recent as (
        partition by part, node order by occurred_s range between 86399 preceding and current row
    )
)
select
    part,
    night,
    node,
    occurred_s - 86400 as from_s,
    occurred_s as to_s,
    is_new,
    cast(operators as double) as value,
    cast($operators_min as double) as threshold,
    cast(
        json_object(
            'operators', operators, 'payments', payments, 'limit', threshold_c // 100
        ) as varchar
    ) as facts
from rolling
where operators >= $operators_min and sum_c >= threshold_c
