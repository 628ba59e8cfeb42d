-- windows: the weeks up to a night's last new payment, with enough receivers in enough regions and
-- enough payments that come a week after the last.
-- parameters: $receivers_min, $regions_min, $weekly_share_min, $window_days. inputs: rolling.
-- key: part, node, night.
with last as (
    select part, node, night, max(occurred_s) as to_s
    from rolling
    where is_new = 1
    group by part, node, night
),
total as (
    select distinct
        last.part, last.node, last.night, last.to_s, rolling.receivers, rolling.regions,
        cast(rolling.weekly as double) / rolling.payments as weekly
    from last
    join rolling
        on rolling.part = last.part
        and rolling.node = last.node
        and rolling.occurred_s = last.to_s
)
select
    part,
    night,
    node,
    to_s - $window_days * 86400 as from_s,
    to_s,
    1 as is_new,
    cast(receivers as double) as value,
    cast($receivers_min as double) as threshold,
    cast(
        json_object(
            'receivers', receivers, 'regions', regions, 'weekly', round(weekly, 4)
        ) as varchar
    ) as facts
from total
where
    receivers >= $receivers_min
    and regions >= $regions_min
    and weekly >= $weekly_share_min
