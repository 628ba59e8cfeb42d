-- NET-01, scatter-gather: one row per night, gatherer and edge of the evidence: the days with a new
-- path in which one source's money reached the gatherer through the most accounts in between.
-- A path is two legs, source to middle to gatherer. Its second leg is left out where its middle was
-- a hub when the leg became known, so that the bound never changes later.
-- parameters: $middles_min, $window_days, $leg_days, $kept_min, $ratio_min, $ratio_max, $hub_cap.
-- inputs: nights, known_edges. key: night, node_id, edge_id.
with leg as (
    select edge_id, src, dst, occurred_s, amount_c, received_on, superseded_on
    from known_edges
    where src <> dst and amount_c > 0
),
busy as (
    select dst as node from leg group by dst having count(*) > $hub_cap
),
cell as (
    select
        leg.dst as node, leg.occurred_s // 86400 as day, leg.received_on, leg.superseded_on,
        count(*) as n
    from leg
    join busy on busy.node = leg.dst
    group by leg.dst, leg.occurred_s // 86400, leg.received_on, leg.superseded_on
),
moment as (
    select distinct leg.src as node, leg.occurred_s // 86400 as day, leg.received_on
    from leg
    join busy on busy.node = leg.src
),
hub as (
    select moment.node, moment.day, moment.received_on
    from moment
    join cell
        on cell.node = moment.node
        and cell.day <= moment.day
        and cell.day >= moment.day - $leg_days
        and cell.received_on <= moment.received_on
        and (cell.superseded_on is null or cell.superseded_on > moment.received_on)
    group by moment.node, moment.day, moment.received_on
    having sum(cell.n) > $hub_cap
),
spread as (
    select src as node from leg group by src having count(distinct dst) >= $middles_min
),
gathering as (
    select dst as node from leg group by dst having count(distinct src) >= $middles_min
),
first_leg as (
    select leg.* from leg join spread on spread.node = leg.src
),
second_leg as (
    select leg.*
    from leg
    join gathering on gathering.node = leg.dst
    left join hub
        on hub.node = leg.src
        and hub.day = leg.occurred_s // 86400
        and hub.received_on = leg.received_on
    where hub.node is null
),
earlier as (
    select min(night) as first_night from nights
),
new_first as (
    select first_leg.* from first_leg join nights on nights.night = first_leg.received_on
),
new_second as (
    select second_leg.* from second_leg join nights on nights.night = second_leg.received_on
),
old_first as (
    select first_leg.*
    from first_leg
    join earlier on first_leg.received_on < earlier.first_night
),
old_second as (
    select second_leg.*
    from second_leg
    join earlier on second_leg.received_on < earlier.first_night
),
source as (
    select src as node from new_first
    union
    select old_first.src
    from old_first
    join new_second
        on new_second.src = old_first.dst
        and new_second.occurred_s >= old_first.occurred_s
        and new_second.occurred_s <= old_first.occurred_s + $leg_days * 86400
),
target as (
    select dst as node from new_second
    union
    select old_second.dst
    from old_second
    join new_first
        on new_first.dst = old_second.src
        and old_second.occurred_s >= new_first.occurred_s
        and old_second.occurred_s <= new_first.occurred_s + $leg_days * 86400
),
sent as (
    select
        first_leg.*, first_leg.occurred_s // ($leg_days * 86400) + ahead.eras as era
    from first_leg
    join source on source.node = first_leg.src
    cross join (select 0 as eras union all select 1) as ahead
),
passed as (
    select second_leg.*, second_leg.occurred_s // ($leg_days * 86400) as era
    from second_leg
    join target on target.node = second_leg.dst
),
path as (
    select
        first_leg.src as source, second_leg.dst as target, first_leg.dst as middle,
        first_leg.edge_id as first_id, second_leg.edge_id as second_id,
        greatest(first_leg.received_on, second_leg.received_on) as known_from
    from sent as first_leg
    join passed as second_leg
        on second_leg.src = first_leg.dst
        and second_leg.era = first_leg.era
        and second_leg.dst <> first_leg.src
        and second_leg.occurred_s <= first_leg.occurred_s + $leg_days * 86400
        and (
            second_leg.occurred_s > first_leg.occurred_s
            or (
                second_leg.occurred_s = first_leg.occurred_s
                and second_leg.edge_id > first_leg.edge_id
            )
        )
        and second_leg.amount_c >= first_leg.amount_c * $ratio_min
        and second_leg.amount_c <= first_leg.amount_c * $ratio_max
),
pair as (
    select source, target
    from path
    group by source, target
    having count(distinct middle) >= $middles_min
),
turn as (
    select distinct path.source, path.target, nights.night
    from path
    join pair on pair.source = path.source and pair.target = path.target
    join nights on nights.night = path.known_from
),
known as (
    select
        turn.night, path.source, path.target, path.middle, path.first_id, path.second_id,
        first_leg.occurred_s as first_s, second_leg.occurred_s as second_s,
        first_leg.amount_c as first_c, second_leg.amount_c as second_c,
        case when path.known_from = turn.night then 1 else 0 end as is_new
    from turn
    join path on path.source = turn.source and path.target = turn.target
    join leg as first_leg on first_leg.edge_id = path.first_id
    join leg as second_leg on second_leg.edge_id = path.second_id
    where
        path.known_from <= turn.night
        and (first_leg.superseded_on is null or first_leg.superseded_on > turn.night)
        and (second_leg.superseded_on is null or second_leg.superseded_on > turn.night)
),
placed as (
    select
        *,
        row_number() over (
            partition by night, target, first_id order by second_s, second_id
        ) as second_place,
        row_number() over (
            partition by night, source, second_id order by first_s desc, first_id desc
        ) as first_place
    from known
),
matched as (
    select * from placed where first_place = 1 and second_place = 1
),
rolling as (
    select
        night, source, target, first_s as to_s,
        count(distinct middle) over recent as middles,
        sum(first_c) over recent as first_c,
        sum(second_c) over recent as second_c,
        max(is_new) over recent as is_new
    from matched
    window recent as (
        partition by night, source, target order by first_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, target
            order by middles desc, second_c desc, to_s desc, source
        ) as place
    from rolling
    where is_new = 1 and middles >= $middles_min and second_c >= $kept_min * first_c
),
chosen as (
    select
        ranked.night, ranked.target, ranked.middles,
        round(cast(ranked.second_c as double) / cast(ranked.first_c as double), 4) as kept,
        matched.first_id, matched.second_id
    from ranked
    join matched
        on matched.night = ranked.night
        and matched.source = ranked.source
        and matched.target = ranked.target
        and matched.first_s <= ranked.to_s
        and matched.first_s > ranked.to_s - $window_days * 86400
    where ranked.place = 1
),
evidence as (
    select night, target, middles, kept, first_id as edge_id from chosen
    union
    select night, target, middles, kept, second_id from chosen
)
select
    night,
    target as node_id,
    cast(middles as double) as value,
    cast($middles_min as double) as threshold,
    cast(json_object('middles', middles, 'kept', kept) as varchar) as facts,
    edge_id
from evidence
