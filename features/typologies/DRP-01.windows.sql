-- windows: the days and the 30 days, ending with a payment, in which more than the limit paid.
-- parameters: $payers_day, $payers_month. inputs: rolling. key: part, node, to_s, from_s.
with fan as (
    select
        part, night, node, occurred_s, is_new_1 as is_new, 1 as days,
        payers_1 as payers, $payers_day as payer_limit
    from rolling
    where payers_1 > $payers_day
    union all
    select part, night, node, occurred_s, is_new_30, 30, payers_30, $payers_month
    from rolling
    where payers_30 > $payers_month
)
select
    part,
    night,
    node,
    occurred_s - days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    cast(payers as double) as value,
    cast(payer_limit as double) as threshold,
    cast(json_object('payers', payers, 'days', days, 'limit', payer_limit) as varchar) as facts
from fan
