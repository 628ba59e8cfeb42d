-- windows: from a month's first busy day to an operation of a busy day, where enough days are busy.
-- parameters: $operations_day, $days_min, $window_days, $offset_s. inputs: marks.
-- key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s, so_far,
        sum(is_busy) over recent as busy_days,
        min(case when is_busy = 1 then day end) over recent as first_day,
        max(so_far) over recent as most,
        max(case when is_new = 1 then occurred_s end) over recent as new_s
    from marks
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
busy as (
    select
        *,
        greatest(
            first_day * 86400 - $offset_s - 1, occurred_s - $window_days * 86400
        ) as from_s
    from rolling
    where so_far > $operations_day and busy_days >= $days_min
)
select
    part,
    night,
    node,
    from_s,
    occurred_s as to_s,
    case when new_s > from_s then 1 else 0 end as is_new,
    cast(busy_days as double) as value,
    cast($days_min as double) as threshold,
    cast(
        json_object(
            'busy_days', cast(busy_days as bigint),
            'days', $window_days,
            'limit', $operations_day,
            'most', cast(most as bigint)
        ) as varchar
    ) as facts
from busy
