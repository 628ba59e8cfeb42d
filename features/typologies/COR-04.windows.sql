-- windows: the days, ending with a payment, in which enough senders from enough regions paid
-- through enough institutions, hardly any of them kin.
-- parameters: $senders_min, $operators_min, $regions_min, $kin_share_max, $window_days.
-- inputs: marks. key: part, node, to_s.
with wide as (
    select part, node
    from marks
    group by part, node
    having
        count(distinct other) >= $senders_min
        and count(distinct operator) >= $operators_min
        and count(distinct region) >= $regions_min
),
rolling as (
    select
        part, night, node, occurred_s,
        count(distinct other) over recent as senders,
        count(distinct operator) over recent as operators,
        count(distinct region) over recent as regions,
        count(distinct kin) over recent as kin,
        max(is_new) over recent as is_new
    from marks
    semi join wide on wide.part = marks.part and wide.node = marks.node
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
