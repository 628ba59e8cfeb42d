-- windows: the days and the 30 days, ending with a movement, in which more than the limit moved,
-- and which the night's own movements took over the limit, or over twice, four times, eight times
-- the limit and so on. Turnover that stays where it was is not found again night after night.
-- parameters: $operations_min, $turnover_day, $turnover_month. inputs: rolling.
-- key: part, node, to_s, from_s.
with turnover as (
    select
        part, night, node, occurred_s, new_c, 1 as days, moved_1 as moved_c,
        $turnover_day as amount_limit, cast(floor($turnover_day * 100) as bigint) as limit_c
    from rolling
    where operations_1 >= $operations_min
    union all
    select
        part, night, node, occurred_s, new_c, 30, moved_30,
        $turnover_month, cast(floor($turnover_month * 100) as bigint)
    from rolling
    where operations_30 >= $operations_min
),
passed as (
    select
        *,
        (moved_c - 1) // greatest(limit_c, 1) as limits,
        greatest(moved_c - new_c - 1, 0) // greatest(limit_c, 1) as limits_before
    from turnover
    where night is not null and moved_c > limit_c and new_c > 0
)
select
    part,
    night,
    node,
    occurred_s - days * 86400 as from_s,
    occurred_s as to_s,
    1 as is_new,
    moved_c / 100.0 as value,
    cast(amount_limit as double) as threshold,
    cast(json_object('days', days, 'limit', amount_limit) as varchar) as facts
from passed
where limits_before = 0 or length(bin(limits)) > length(bin(limits_before))
