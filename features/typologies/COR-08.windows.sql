-- windows: the days, ending with a payment near a market, in which the subject sent often from
-- there, and in a share of its payments that is many times the share of points there.
-- parameters: $sends_min, $window_days, $ratio_min. inputs: marks. key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s, all_sends, base_share,
        count(*) over recent as sends,
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
    cast(sends as double) / all_sends / base_share as value,
    cast($ratio_min as double) as threshold,
    cast(
        json_object(
            'sends', sends,
            'days', $window_days,
            'share', round(cast(sends as double) / all_sends, 4),
            'base', round(base_share, 4)
        ) as varchar
    ) as facts
from rolling
where
    sends >= $sends_min
    and base_share > 0
    and cast(sends as double) / all_sends >= $ratio_min * base_share
