-- windows: the days that end with a payment to a trader of about all that had come together.
-- parameters: $payers_min, $tolerance, $window_days. inputs: marks. key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s, amount_c, is_out, is_trader,
        count(distinct case when is_out = 0 then other end) over recent as payers,
        cast(
            sum(case when is_out = 0 then amount_c else -amount_c end) over recent as bigint
        ) as left_c,
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
    cast(payers as double) as value,
    cast($payers_min as double) as threshold,
    cast(
        json_object(
            'payers', payers,
            'days', $window_days,
            'settled', amount_c // 100,
            'position', (left_c + amount_c) // 100
        ) as varchar
    ) as facts
from rolling
where
    is_out = 1
    and is_trader = 1
    and payers >= $payers_min
    and abs(left_c) <= $tolerance * (left_c + amount_c)
