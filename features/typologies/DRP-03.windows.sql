-- windows: the days and the 30 days, ending with a movement, in which more than the limit moved,
-- and
-- which the night's own movements took over the limit, or over a further whole multiple of it.
-- Turnover that stays where it was is not found again night after night.
-- parameters: $operations_min, $turnover_day, $turnover_month. inputs: marks.
-- key: part, node, to_s, from_s.
with rolling as (
    select
        part, night, node, occurred_s,
        cast(sum(is_new * amount_c) over night_so_far as bigint) as new_c,
        cast(sum(amount_c) over last_day as bigint) as moved_1,
        count(*) over last_day as operations_1,
        cast(sum(amount_c) over last_month as bigint) as moved_30,
        count(*) over last_month as operations_30
    from marks
    window
        night_so_far as (
            partition by part, node, night order by occurred_s
            range between unbounded preceding and current row
        ),
        last_day as (
            partition by part, node order by occurred_s
            range between 86399 preceding and current row
        ),
        last_month as (
            partition by part, node order by occurred_s
            range between 2591999 preceding and current row
        )
),
turnover as (
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
from turnover
where
    night is not null
    and moved_c > limit_c
    and new_c > 0
    and moved_c - new_c <= (moved_c - 1) // greatest(limit_c, 1) * limit_c
