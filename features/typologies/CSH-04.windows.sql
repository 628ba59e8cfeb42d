-- windows: the days, ending with a withdrawal, with enough days on which transfers left as cash.
-- parameters: $share_min, $days_min, $window_days. inputs: marks. key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s, is_done,
        sum(is_out_day) over recent as out_days,
        max(is_new) over recent as is_new
    from marks
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
)
select
    part,
    night,
    node,
    occurred_s - $window_days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    cast(out_days as double) as value,
    cast($days_min as double) as threshold,
    cast(
        json_object(
            'out_days', cast(out_days as bigint), 'days', $window_days, 'share', $share_min
        ) as varchar
    ) as facts
from rolling
where is_done = 1 and out_days >= $days_min
