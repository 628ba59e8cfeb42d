-- windows: the days up to a wire, where cash was most of what came in, most of the latest cash was
-- wired to listed zones, and no goods are known to have been declared.
-- parameters: $cash_share_min, $wired_share_min, $wire_days, $cash_min, $trade_days.
-- inputs: marks, customs_declarations. key: part, node, to_s.
with wire as (
    select
        *,
        max(is_new) over (
            partition by part, node order by occurred_s
            range between $wire_days * 86400 - 1 preceding and current row
        ) as has_new
    from marks
),
trade as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        declared_on,
        received_on,
        known_until
    from customs_declarations
),
traded as (
    select distinct wire.part, wire.night, wire.node, wire.occurred_s
    from wire
    join trade
        on trade.node = wire.node
        and trade.received_on <= wire.night
        and (trade.known_until is null or trade.known_until > wire.night)
        and epoch(trade.declared_on) > wire.occurred_s - $trade_days * 86400
)
select
    wire.part,
    wire.night,
    wire.node,
    wire.occurred_s - $wire_days * 86400 as from_s,
    wire.occurred_s as to_s,
    wire.has_new as is_new,
    wire.wired_c / cast(wire.cash_week_c as double) as value,
    cast($wired_share_min as double) as threshold,
    cast(
        json_object(
            'cash_share', round(wire.cash_c / cast(wire.in_c as double), 4),
            'wired', round(wire.wired_c / cast(wire.cash_week_c as double), 4),
            'days', $wire_days
        ) as varchar
    ) as facts
from wire
left join traded
    on traded.part = wire.part
    and traded.night = wire.night
    and traded.node = wire.node
    and traded.occurred_s = wire.occurred_s
where
    wire.is_wire
    and traded.node is null
    and wire.cash_week_c > $cash_min * 100
    and wire.cash_c >= $cash_share_min * wire.in_c
    and wire.wired_c >= $wired_share_min * wire.cash_week_c
