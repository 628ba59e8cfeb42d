-- windows: the days and the 30 days, ending with a movement, in which more than the limit moved.
-- parameters: $operations_min, $turnover_day, $turnover_month. inputs: marks.
-- key: part, node, to_s, from_s.
with rolling as (
    select
        part, night, node, occurred_s,
        cast(sum(amount_c) over last_day as bigint) as moved_1,
        count(*) over last_day as operations_1,
        max(is_new) over last_day as is_new_1,
        cast(sum(amount_c) over last_month as bigint) as moved_30,
        count(*) over last_month as operations_30,
        max(is_new) over last_month as is_new_30
    from marks
    window
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
        part, night, node, occurred_s, is_new_1 as is_new, 1 as days,
        moved_1 as moved, $turnover_day as amount_limit
    from rolling
    where moved_1 > $turnover_day * 100 and operations_1 >= $operations_min
    union all
    select part, night, node, occurred_s, is_new_30, 30, moved_30, $turnover_month
    from rolling
    where moved_30 > $turnover_month * 100 and operations_30 >= $operations_min
)
select
    part,
    night,
    node,
    occurred_s - days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    moved / 100.0 as value,
    cast(amount_limit as double) as threshold,
    cast(json_object('days', days, 'limit', amount_limit) as varchar) as facts
from turnover
