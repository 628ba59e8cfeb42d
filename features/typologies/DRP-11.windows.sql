-- windows: from the waking to the last new movement of a night, where enough moved in the days
-- since and the edges of before, as told by the night, hold the silence and something older than
-- it.
-- parameters: $silent_days_min, $turnover_min, $window_days. inputs: marks, past_edges.
-- key: part, node, night.
with ending as (
    select part, node, night, max(woke_s) as woke_s, max(occurred_s) as to_s
    from marks
    where is_new = 1 and occurred_s - woke_s < $window_days * 86400
    group by part, node, night
),
moved as (
    select
        ending.part, ending.node, ending.night, ending.woke_s, ending.to_s,
        cast(sum(marks.amount_c) as bigint) as moved_c
    from ending
    join marks
        on marks.part = ending.part
        and marks.node = ending.node
        and marks.occurred_s >= ending.woke_s
        and marks.occurred_s <= ending.to_s
    group by ending.part, ending.node, ending.night, ending.woke_s, ending.to_s
    having sum(marks.amount_c) > $turnover_min * 100
),
waking as (
    select distinct node from moved
),
past as (
    select waking.node, past_edges.occurred_s, past_edges.received_on
    from past_edges
    join waking on waking.node = past_edges.src
    union all
    select waking.node, past_edges.occurred_s, past_edges.received_on
    from past_edges
    join waking on waking.node = past_edges.dst
),
slept as (
    select
        moved.part, moved.node, moved.night, moved.woke_s, moved.to_s, moved.moved_c,
        (moved.woke_s - max(past.occurred_s)) // 86400 as silent_days
    from moved
    join past
        on past.node = moved.node
        and past.occurred_s < moved.woke_s
        and past.received_on <= moved.night
        and past.received_on >= moved.night - 400
    group by moved.part, moved.node, moved.night, moved.woke_s, moved.to_s, moved.moved_c
    having max(past.occurred_s) <= moved.woke_s - $silent_days_min * 86400
)
select
    part,
    night,
    node,
    woke_s - 1 as from_s,
    to_s,
    1 as is_new,
    moved_c / 100.0 as value,
    cast($turnover_min as double) as threshold,
    cast(json_object('silent_days', silent_days) as varchar) as facts
from slept
