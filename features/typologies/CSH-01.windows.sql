-- windows: the days, ending with a deposit, in which enough deposits just below the threshold came.
-- parameters: $deposits_min, $sum_thresholds, $window_days. inputs: marks.
-- key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s, threshold_c,
        count(*) over recent as deposits,
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
    cast(deposits as double) as value,
    cast($deposits_min as double) as threshold,
    cast(
        json_object('deposits', deposits, 'limit', threshold_c // 100, 'days', $window_days)
        as varchar
    ) as facts
from rolling
where deposits >= $deposits_min and sum_c >= $sum_thresholds * threshold_c
