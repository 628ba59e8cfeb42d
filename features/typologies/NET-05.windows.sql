-- windows, fan-in: of each night and account or person, the days with a new edge in which the most
-- counterparties paid it, where most of them did so for the first time in $sight_days days, and
-- few of them also received from it: money is gathered, not exchanged. Found when there are
-- more of them than in any such days that the night before knew of the last $window_days days: a
-- fan
-- is told while it grows.
-- parameters: $counterparties_min, $fresh_share_min, $back_share_max, $window_days, $sight_days.
-- inputs: marks, timeline, subjects. key: part, node, night.
with rolling as (
    select
        marks.part, marks.night, marks.node, marks.received_on, marks.occurred_s as to_s,
        count(distinct marks.other) over recent as counterparties,
        max(marks.is_new) over recent as is_new
    from marks
    left join subjects on subjects.node = marks.node
    where coalesce(subjects.kind, 'account') <> 'entity'
    window recent as (
        partition by marks.part, marks.node order by marks.occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node order by counterparties desc, to_s desc
        ) as place
    from rolling
    where night is not null and is_new = 1 and counterparties >= $counterparties_min
),
best as (
    select part, night, node, to_s, counterparties from ranked where place = 1
),
known as (
    select part, node, received_on, to_s, counterparties
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
    where best.counterparties > coalesce(before.counterparties, 0)
),
dealing as (
    select
        grown.part, grown.night, grown.node, timeline.other,
        min(case when timeline.is_out = 0 then timeline.occurred_s end) as first_s,
        max(case when timeline.is_out = 0 then timeline.occurred_s end) as last_s,
        max(case when timeline.is_out = 0 then 0 else 1 end) as has_back,
        max(grown.to_s) as to_s
    from grown
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
