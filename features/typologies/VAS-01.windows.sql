-- windows: the day and the 30 days, ending with a payment out, in which more payers than the limit
-- paid and most of what went out went to virtual assets.
-- parameters: $payers_day, $payers_month, $share_min, $within_s. inputs: marks.
-- key: part, node, to_s, from_s.
with dealing as (
    select distinct part, node from marks where va_c > 0
),
rolling as (
    select
        part, night, node, occurred_s, is_out,
        count(distinct case when is_out = 0 then other end) over last_day as payers_1,
        cast(sum(is_out * amount_c) over last_day as bigint) as out_1,
        cast(sum(va_c) over last_day as bigint) as va_1,
        max(is_new) over last_day as is_new_1,
        count(distinct case when is_out = 0 then other end) over last_month as payers_30,
        cast(sum(is_out * amount_c) over last_month as bigint) as out_30,
        cast(sum(va_c) over last_month as bigint) as va_30,
        max(is_new) over last_month as is_new_30
    from marks
    semi join dealing on dealing.part = marks.part and dealing.node = marks.node
    window
        last_day as (
            partition by part, node order by occurred_s
            range between 86399 preceding and current row
        ),
        last_month as (
            partition by part, node order by occurred_s
            range between 2591999 preceding and current row
        )
),
fan as (
    select
        part, night, node, occurred_s, is_new_1 as is_new, 1 as days, payers_1 as payers,
        $payers_day as payer_limit, out_1 as out_c, va_1 as va_c
    from rolling
    where is_out = 1 and payers_1 > $payers_day
    union all
    select
        part, night, node, occurred_s, is_new_30, 30, payers_30, $payers_month, out_30, va_30
    from rolling
    where is_out = 1 and payers_30 > $payers_month
)
select
    part,
    night,
    node,
    occurred_s - days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    cast(payers as double) as value,
    cast(payer_limit as double) as threshold,
    cast(
        json_object(
            'payers', payers,
            'days', days,
            'share', round(cast(va_c as double) / out_c, 4),
            'hours', $within_s // 3600
        ) as varchar
    ) as facts
from fan
where va_c > 0 and va_c >= $share_min * out_c
