-- windows: the days, ending with a payment, in which enough senders from enough regions paid
-- through enough institutions, hardly any of them kin.
-- parameters: $senders_min, $operators_min, $regions_min, $kin_share_max, $window_days.
-- inputs: marks. key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s,
        count(distinct other) over recent as senders,
        count(distinct operator) over recent as operators,
        count(distinct region) over recent as regions,
        count(distinct kin) over recent as kin,
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
    cast(senders as double) as value,
    cast($senders_min as double) as threshold,
    cast(
        json_object(
            'senders', senders, 'regions', regions, 'operators', operators, 'days', $window_days
        ) as varchar
    ) as facts
from rolling
where
    senders >= $senders_min
    and operators >= $operators_min
    and regions >= $regions_min
    and kin < $kin_share_max * senders
