-- windows: the days, ending with a movement, in which enough payers and receivers met at a subject
-- that keeps next to nothing, hardly any of them on both sides.
-- parameters: $payers_min, $receivers_min, $balance_share_max, $mixed_share_max, $window_days.
-- inputs: marks, customs_declarations. key: part, node, to_s.
with trader as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        min(received_on) as since
    from customs_declarations
    group by node_key
),
rolling as (
    select
        part, night, node, occurred_s,
        count(distinct case when is_out = 0 then other end) over recent as payers,
        count(distinct case when is_out = 1 then other end) over recent as receivers,
        count(distinct other) over recent as others,
        cast(sum(case when is_out = 0 then amount_c else 0 end) over recent as bigint) as in_c,
        cast(sum(case when is_out = 1 then amount_c else 0 end) over recent as bigint) as out_c,
        max(is_new) over recent as is_new
    from marks
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
)
select
    rolling.part,
    rolling.night,
    rolling.node,
    rolling.occurred_s - $window_days * 86400 as from_s,
    rolling.occurred_s as to_s,
    rolling.is_new,
    least(
        cast(rolling.payers as double) / $payers_min,
        cast(rolling.receivers as double) / $receivers_min
    ) as value,
    cast(1 as double) as threshold,
    cast(
        json_object(
            'payers', rolling.payers,
            'receivers', rolling.receivers,
            'days', $window_days,
            'left', round(cast(rolling.in_c - rolling.out_c as double) / rolling.in_c, 4)
        ) as varchar
    ) as facts
from rolling
left join trader on trader.node = rolling.node and trader.since <= rolling.night
where
    trader.node is null
    and rolling.payers >= $payers_min
    and rolling.receivers >= $receivers_min
    and abs(rolling.in_c - rolling.out_c) <= $balance_share_max * rolling.in_c
    and rolling.payers + rolling.receivers - rolling.others <= $mixed_share_max * rolling.others
