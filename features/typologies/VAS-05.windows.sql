-- windows: the days, ending with a payment out, in which enough payers with signs of drops paid an
-- account that passed most of it on, virtual assets among it, and kept a margin.
-- parameters: $drops_min, $spread_min, $spread_max, $window_days. inputs: marks, signs.
-- key: part, node, to_s.
with dealing as (
    select distinct part, node from marks where is_virtual = 1
),
rolling as (
    select
        part, night, node, occurred_s, is_out,
        count(distinct case when is_out = 0 then other end) over recent as payers,
        cast(sum((1 - is_out) * amount_c) over recent as bigint) as in_c,
        cast(sum(is_out * amount_c) over recent as bigint) as out_c,
        max(is_virtual) over recent as has_virtual,
        min(is_virtual) over recent as is_all_virtual,
        max(is_new) over recent as is_new
    from marks
    semi join dealing on dealing.part = marks.part and dealing.node = marks.node
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
exchange as (
    select part, night, node, occurred_s, in_c, out_c, is_new
    from rolling
    where
        night is not null
        and is_out = 1
        and payers >= $drops_min
        and has_virtual = 1
        and is_all_virtual = 0
        and in_c - out_c >= $spread_min * in_c
        and in_c - out_c <= $spread_max * in_c
),
counted as (
    select
        exchange.part, exchange.night, exchange.node, exchange.occurred_s, exchange.in_c,
        exchange.out_c, exchange.is_new,
        count(distinct marks.other) as drops
    from exchange
    join marks
        on marks.part = exchange.part
        and marks.node = exchange.node
        and marks.is_out = 0
        and marks.occurred_s <= exchange.occurred_s
        and marks.occurred_s > exchange.occurred_s - $window_days * 86400
    join signs
        on signs.node_id = marks.other
        and signs.received_on <= exchange.night
        and signs.received_on >= exchange.night - 30
    group by
        exchange.part, exchange.night, exchange.node, exchange.occurred_s, exchange.in_c,
        exchange.out_c, exchange.is_new
)
select
    part,
    night,
    node,
    occurred_s - $window_days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    cast(drops as double) as value,
    cast($drops_min as double) as threshold,
    cast(
        json_object(
            'drops', drops, 'share', round(cast(out_c as double) / in_c, 4), 'days', $window_days
        ) as varchar
    ) as facts
from counted
where drops >= $drops_min
