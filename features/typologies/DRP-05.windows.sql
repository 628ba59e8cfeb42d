-- windows: the days, ending with a movement, with enough long days and enough work by night.
-- parameters: $hours_min, $days_min, $night_share_over, $window_days. inputs: rolling.
-- key: part, node, to_s.
select
    part,
    night,
    node,
    occurred_s - $window_days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    cast(long_days as double) as value,
    cast($days_min as double) as threshold,
    cast(
        json_object(
            'long_days', cast(long_days as bigint),
            'days', $window_days,
            'hours', $hours_min,
            'operations', operations,
            'night_share', round(by_night / cast(operations as double), 4)
        ) as varchar
    ) as facts
from rolling
where long_days >= $days_min and by_night > $night_share_over * operations
