-- windows: the 24 hours, ending with a payment, in which enough institutions were used for payments
-- that together reach the threshold.
-- parameters: $operators_min. inputs: rolling. key: part, node, to_s.
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
