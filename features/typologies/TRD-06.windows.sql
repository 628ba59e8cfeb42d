-- windows: the days, ending with a movement, in which a company both took from and paid enough
-- persons, or took out as cash most of what came in.
-- parameters: $persons_min, $cash_share_min, $amount_min, $window_days. inputs: rolling.
-- key: part, node, to_s.
with judged as (
    select
        *,
        cast(least(payers, receivers) as double) / $persons_min as by_persons,
        cast(cash_c as double) / in_c / $cash_share_min as by_cash
    from rolling
    where in_c >= $amount_min * 100
)
select
    part,
    night,
    node,
    occurred_s - $window_days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    greatest(by_persons, by_cash) as value,
    cast(1 as double) as threshold,
    cast(
        json_object(
            'payers', payers,
            'receivers', receivers,
            'days', $window_days,
            'cash', round(cast(cash_c as double) / in_c, 4)
        ) as varchar
    ) as facts
from judged
where by_persons >= 1 or by_cash >= 1
