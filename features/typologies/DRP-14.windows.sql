-- windows: the weeks up to a night's last new payment, with enough receivers in enough regions and
-- enough payments that come a week after the last.
-- parameters: $receivers_min, $regions_min, $weekly_share_min, $window_days. inputs: marks, rolling.
-- key: part, node, night.
with ending as (
    select part, node, night, max(occurred_s) as to_s
    from rolling
    where is_new = 1
    group by part, node, night
    having max(payments) >= $receivers_min
),
total as (
    select
        ending.part, ending.node, ending.night, ending.to_s,
        count(distinct marks.other) as receivers,
        count(distinct marks.region) as regions,
        sum(marks.is_weekly) / cast(count(*) as double) as weekly
    from ending
    join marks
        on marks.part = ending.part
        and marks.node = ending.node
        and marks.occurred_s <= ending.to_s
        and marks.occurred_s > ending.to_s - $window_days * 86400
    group by ending.part, ending.node, ending.night, ending.to_s
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
