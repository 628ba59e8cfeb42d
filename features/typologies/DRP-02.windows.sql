-- windows: from a month's first busy day to an operation of a busy day, where enough days are busy.
-- parameters: $operations_day, $days_min, $window_days, $offset_s. inputs: rolling.
-- key: part, node, to_s.
with busy as (
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
