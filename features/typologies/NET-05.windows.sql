-- windows, fan: of each night and account or person, the days with a new edge in which the most
-- counterparties paid it (or were paid by it), where most of them did so for the first time in
-- $sight_days days, and few of them also did the reverse: money is gathered or spread, not
-- exchanged. Found when there are enough of them, or twice, four times, eight times as many and so
-- on, and no such days that the night before knew of the last $window_days days had so many: a fan
-- is told once, and again while it grows.
-- parameters: $direction (in, out), $counterparties_min, $fresh_share_min, $back_share_max,
-- $window_days, $sight_days.
-- inputs: marks, rolling, timeline. key: part, node, night.
with ranked as (
    select
        *,
        row_number() over (
            partition by night, node order by counterparties desc, occurred_s desc
        ) as place
    from rolling
    where night is not null and is_new = 1 and counterparties >= $counterparties_min
),
best as (
    select part, night, node, occurred_s as to_s, counterparties from ranked where place = 1
),
known as (
    select part, node, received_on, occurred_s as to_s, counterparties
    from rolling
    where part = 0
    union all
    select
        part, node, received_on, occurred_s,
        count(distinct other) over (
            partition by part, node order by occurred_s
            range between $window_days * 86400 - 1 preceding and current row
        )
    from marks
    where part <> 0 and is_new = 0
),
before as (
    select
        best.part, best.night, best.node,
        max(known.counterparties) as counterparties
    from best
    join known
        on known.part = best.part
        and known.node = best.node
        and known.received_on < best.night
        and known.to_s <= best.to_s
        and known.to_s > best.to_s - $window_days * 86400
    group by best.part, best.night, best.node
),
grown as (
    select best.*
    from best
    left join before
        on before.part = best.part and before.night = best.night and before.node = best.node
    where
        coalesce(before.counterparties, 0) < $counterparties_min
        or length(bin(best.counterparties // $counterparties_min))
        > length(bin(before.counterparties // $counterparties_min))
),
side as (
    select case when $direction = 'out' then 1 else 0 end as is_out
),
dealing as (
    select
        grown.part, grown.night, grown.node, timeline.other,
        min(
            case when timeline.is_out = side.is_out then timeline.occurred_s end
        ) as first_s,
        max(
            case when timeline.is_out = side.is_out then timeline.occurred_s end
        ) as last_s,
        max(case when timeline.is_out = side.is_out then 0 else 1 end) as has_back,
        max(grown.to_s) as to_s
    from grown
    cross join side
    join timeline
        on timeline.part = grown.part
        and timeline.node = grown.node
        and timeline.occurred_s <= grown.to_s
        and timeline.occurred_s > grown.to_s - $sight_days * 86400
    where timeline.node <> timeline.other
    group by grown.part, grown.night, grown.node, timeline.other
),
judged as (
    select
        part, night, node,
        sum(case when first_s > to_s - $window_days * 86400 then 1 else 0 end) as fresh,
        sum(has_back) as back
    from dealing
    where last_s > to_s - $window_days * 86400
    group by part, night, node
)
select
    grown.part,
    grown.night,
    grown.node,
    grown.to_s - $window_days * 86400 as from_s,
    grown.to_s,
    1 as is_new,
    cast(grown.counterparties as double) as value,
    cast($counterparties_min as double) as threshold,
    cast(
        json_object(
            'counterparties', grown.counterparties,
            'fresh', cast(judged.fresh as bigint),
            'days', $window_days
        ) as varchar
    ) as facts
from grown
join judged
    on judged.part = grown.part and judged.night = grown.night and judged.node = grown.node
where
    judged.fresh >= $fresh_share_min * grown.counterparties
    and judged.back <= $back_share_max * grown.counterparties
