-- CSH-03, terminal trail: one row per night, receiver and edge of the evidence: cash at a terminal
-- and what other terminals near by took before it within hours, or any within a day; of several
-- trails with a new edge the one with most terminals.
-- parameters: $terminals_near, $near_hours, $near_km, $terminals_day.
-- inputs: timeline, placed. key: night, node_id, edge_id.
with fed as (
    select
        timeline.part, timeline.night, timeline.node, timeline.edge_id, timeline.occurred_s,
        timeline.is_new, placed.place_id, placed.latitude, placed.longitude
    from timeline
    join placed on placed.edge_id = timeline.edge_id
    where
        timeline.is_out = 0
        and timeline.channel = 'cash'
        and timeline.node <> timeline.other
        and not timeline.is_date_only
        and placed.kind = 'terminal'
),
step as (
    select unnest([0, 1]) as day_step
),
earlier as (
    select fed.*, fed.occurred_s // 86400 + step.day_step as reach
    from fed
    cross join step
),
pair as (
    select
        last.part, last.night, last.node, last.edge_id as last_id, last.occurred_s as to_s,
        earlier.edge_id, earlier.place_id,
        greatest(last.is_new, earlier.is_new) as is_new,
        case
            when
                last.occurred_s - earlier.occurred_s <= $near_hours * 3600
                and 12742 * asin(
                    sqrt(
                        pow(sin(radians(earlier.latitude - last.latitude) / 2), 2)
                        + cos(radians(last.latitude)) * cos(radians(earlier.latitude))
                        * pow(sin(radians(earlier.longitude - last.longitude) / 2), 2)
                    )
                ) <= $near_km
                then 1
            else 0
        end as is_near
    from fed as last
    join earlier
        on earlier.part = last.part
        and earlier.node = last.node
        and earlier.reach = last.occurred_s // 86400
    where
        earlier.occurred_s <= last.occurred_s
        and last.occurred_s - earlier.occurred_s < 86400
),
trail as (
    select
        part, night, node, last_id, to_s, 1 as is_near,
        count(distinct place_id) as terminals, $terminals_near as terminals_min,
        max(is_new) as is_new
    from pair
    where is_near = 1
    group by part, night, node, last_id, to_s
    union all
    select
        part, night, node, last_id, to_s, 0,
        count(distinct place_id), $terminals_day, max(is_new)
    from pair
    group by part, night, node, last_id, to_s
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node
            order by terminals / cast(terminals_min as double) desc, to_s desc, is_near, last_id
        ) as place
    from trail
    where night is not null and is_new = 1 and terminals >= terminals_min
)
select
    ranked.night,
    ranked.node as node_id,
    cast(ranked.terminals as double) as value,
    cast(ranked.terminals_min as double) as threshold,
    cast(
        json_object(
            'terminals', ranked.terminals,
            'hours', case when ranked.is_near = 1 then $near_hours else 24 end
        ) as varchar
    ) as facts,
    pair.edge_id
from ranked
join pair
    on pair.part = ranked.part
    and pair.node = ranked.node
    and pair.last_id = ranked.last_id
    and pair.is_near >= ranked.is_near
where ranked.place = 1
