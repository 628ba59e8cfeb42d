-- windows: the days, ending with a deposit, with enough depositors in enough towns.
-- parameters: $depositors_min, $cities_min, $sum_min, $window_days. inputs: marks.
-- key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s,
        count(distinct other) over recent as depositors,
        count(distinct city) over recent as cities,
        sum(amount_c) over recent as sum_c,
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
    cast(depositors as double) as value,
    cast($depositors_min as double) as threshold,
    cast(
        json_object('depositors', depositors, 'cities', cities, 'days', $window_days) as varchar
    ) as facts
from rolling
where
    depositors >= $depositors_min
    and cities >= $cities_min
    and sum_c > $sum_min * 100
