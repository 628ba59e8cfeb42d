-- windows, fan-in: of each night and account or person, the days with a new edge in which the most
-- counterparties paid it, where most of them did so for the first time in $sight_days days, and
-- few of them also received from it: money is gathered, not exchanged.
-- parameters: $counterparties_min, $fresh_share_min, $back_share_max, $window_days, $sight_days.
-- inputs: marks, timeline, subjects. key: part, node, night.
with rolling as (
    select
        marks.part, marks.night, marks.node, marks.occurred_s as to_s,
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
dealing as (
    select
        best.part, best.night, best.node, timeline.other,
        min(case when timeline.is_out = 0 then timeline.occurred_s end) as first_s,
        max(case when timeline.is_out = 0 then timeline.occurred_s end) as last_s,
        max(case when timeline.is_out = 0 then 0 else 1 end) as has_back,
        max(best.to_s) as to_s
    from best
    join timeline
        on timeline.part = best.part
        and timeline.node = best.node
        and timeline.occurred_s <= best.to_s
        and timeline.occurred_s > best.to_s - $sight_days * 86400
    where timeline.node <> timeline.other
    group by best.part, best.night, best.node, timeline.other
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
    best.part,
    best.night,
    best.node,
    best.to_s - $window_days * 86400 as from_s,
    best.to_s,
    1 as is_new,
    cast(best.counterparties as double) as value,
    cast($counterparties_min as double) as threshold,
    cast(
        json_object(
            'counterparties', best.counterparties,
            'fresh', cast(judged.fresh as bigint),
            'days', $window_days
        ) as varchar
    ) as facts
from best
join judged
    on judged.part = best.part and judged.night = best.night and judged.node = best.node
where
    judged.fresh >= $fresh_share_min * best.counterparties
    and judged.back <= $back_share_max * best.counterparties
