-- marks: cash in and wires to listed zones, with what came in, in cash and at all, and what was
-- wired in the days up to each.
-- parameters: $zones, $wire_days, $window_days. inputs: timeline, edges. key: part, node, edge_id.
with movement as (
    select
        timeline.part, timeline.night, timeline.node, timeline.edge_id, timeline.occurred_s,
        timeline.is_new, timeline.amount_local, timeline.amount_c, timeline.is_out,
        case when timeline.is_out = 0 and timeline.channel = 'cash' then 1 else 0 end as is_cash,
        case
            when timeline.is_out = 1 and timeline.channel <> 'cash'
                then coalesce(list_contains(string_split($zones, ' '), edges.dst_country), false)
            else false
        end as is_wire
    from timeline
    join edges on edges.edge_id = timeline.edge_id
    where timeline.node <> timeline.other
),
summed as (
    select
        *,
        cast(sum(case when is_out = 0 then amount_c else 0 end) over month as bigint) as in_c,
        cast(sum(is_cash * amount_c) over month as bigint) as cash_c,
        cast(sum(is_cash * amount_c) over week as bigint) as cash_week_c,
        cast(sum(case when is_wire then amount_c else 0 end) over week as bigint) as wired_c
    from movement
    semi join (select part, node from movement where is_wire) as wiring
        on wiring.part = movement.part and wiring.node = movement.node
    window
        month as (
            partition by part, node order by occurred_s
            range between $window_days * 86400 - 1 preceding and current row
        ),
        week as (
            partition by part, node order by occurred_s
            range between $wire_days * 86400 - 1 preceding and current row
        )
)
select
    part, night, node, edge_id, occurred_s, is_new, amount_local, is_wire,
    in_c, cash_c, cash_week_c, wired_c
from summed
where is_cash = 1 or is_wire
