-- windows: whole local days up to a movement, of whose turnover little was left at the days' ends.
-- What the days of a window hold is what all days up to then hold less what the days before did.
-- parameters: $left_share_max, $days_min, $turnover_min, $window_days, $offset_s. inputs: rolling.
-- key: part, node, to_s.
with week as (
    select
        part, night, node, occurred_s, day, new_day,
        left_so_far_c - coalesce(left_before_c, 0) as left_c,
        moved_so_far_c - coalesce(moved_before_c, 0) as moved_c,
        cast(days_so_far - coalesce(days_before, 0) as bigint) as active_days
    from rolling
)
select
    part,
    night,
    node,
    (day - $window_days + 1) * 86400 - $offset_s - 1 as from_s,
    occurred_s as to_s,
    case when new_day > day - $window_days then 1 else 0 end as is_new,
    1 - left_c / cast(moved_c as double) as value,
    1 - $left_share_max as threshold,
    cast(
        json_object(
            'gone', round(1 - left_c / cast(moved_c as double), 4),
            'active_days', active_days
        ) as varchar
    ) as facts
from week
where
    active_days >= $days_min
    and moved_c > $turnover_min * 100
    and left_c <= $left_share_max * moved_c
