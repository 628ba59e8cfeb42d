-- COR-01, corridor surge: one row per night, subject and edge of the evidence: its movements of the
-- night's last 7 days in a corridor whose week leaves the 26 weeks before far behind, where the
-- subject's own week leaves its own habit behind as well.
-- parameters: $z_min, $weeks, $active_weeks_min, $amount_min, $share_min, $own_factor.
-- inputs: nights, edges, known_edges. key: night, node_id, edge_id.
with movement as (
    select
        known_edges.edge_id, known_edges.src, known_edges.dst, known_edges.occurred_s,
        known_edges.amount_c, known_edges.received_on, known_edges.superseded_on,
        case
            when edges.src_country <> edges.dst_country then edges.src_country
            else edges.src_territory
        end as origin,
        case
            when edges.src_country <> edges.dst_country then edges.dst_country
            else edges.dst_territory
        end as destination
    from known_edges
    join edges on edges.edge_id = known_edges.edge_id
    where
        edges.src_country <> edges.dst_country
        or (
            edges.src_territory <> edges.dst_territory
            and coalesce(edges.src_country = edges.dst_country, true)
        )
),
touched as (
    select distinct nights.night, nights.cutoff_s, movement.origin, movement.destination
    from movement
    join nights on nights.night = movement.received_on
    where
        movement.occurred_s > nights.cutoff_s - 7 * 86400
        and movement.occurred_s <= nights.cutoff_s
),
cell as (
    select
        origin, destination, occurred_s // 86400 as day, received_on, superseded_on,
        cast(sum(amount_c) as bigint) as sum_c
    from movement
    group by origin, destination, occurred_s // 86400, received_on, superseded_on
),
flow as (
    select
        touched.night, touched.origin, touched.destination,
        (touched.cutoff_s // 86400 - cell.day) // 7 as week,
        cast(sum(cell.sum_c) as bigint) as sum_c
    from touched
    join cell
        on cell.origin = touched.origin
        and cell.destination = touched.destination
        and cell.day <= touched.cutoff_s // 86400
        and cell.day > touched.cutoff_s // 86400 - 7 * ($weeks + 1)
        and cell.received_on <= touched.night
        and (cell.superseded_on is null or cell.superseded_on > touched.night)
    group by
        touched.night, touched.origin, touched.destination,
        (touched.cutoff_s // 86400 - cell.day) // 7
),
week_number as (
    select unnest(range(1, $weeks + 1)) as week
),
past as (
    select
        touched.night, touched.origin, touched.destination,
        coalesce(flow.sum_c, 0) as sum_c,
        case when flow.sum_c > 0 then 1 else 0 end as is_active,
        row_number() over (
            partition by touched.night, touched.origin, touched.destination
            order by coalesce(flow.sum_c, 0), week_number.week
        ) as place
    from touched
    cross join week_number
    left join flow
        on flow.night = touched.night
        and flow.origin = touched.origin
        and flow.destination = touched.destination
        and flow.week = week_number.week
),
usual as (
    select
        night, origin, destination,
        sum(is_active) as active_weeks,
        avg(
            case when place in (($weeks + 1) // 2, ($weeks + 2) // 2) then sum_c end
        ) as median_c
    from past
    group by night, origin, destination
),
deviation as (
    select
        past.night, past.origin, past.destination, usual.median_c, usual.active_weeks,
        abs(past.sum_c - usual.median_c) as away_c,
        row_number() over (
            partition by past.night, past.origin, past.destination
            order by abs(past.sum_c - usual.median_c), past.place
        ) as place
    from past
    join usual
        on usual.night = past.night
        and usual.origin = past.origin
        and usual.destination = past.destination
),
spread as (
    select
        night, origin, destination, median_c, active_weeks,
        avg(
            case when place in (($weeks + 1) // 2, ($weeks + 2) // 2) then away_c end
        ) as mad_c
    from deviation
    group by night, origin, destination, median_c, active_weeks
),
surge as (
    select
        spread.night, spread.origin, spread.destination, spread.median_c, flow.sum_c,
        0.6745 * (flow.sum_c - spread.median_c)
        / greatest(spread.mad_c, 0.05 * spread.median_c, 1) as z
    from spread
    join flow
        on flow.night = spread.night
        and flow.origin = spread.origin
        and flow.destination = spread.destination
        and flow.week = 0
    where
        spread.active_weeks >= $active_weeks_min
        and flow.sum_c >= $amount_min * 100
),
side as (
    select
        src as node, origin, destination, edge_id, occurred_s, amount_c, received_on,
        superseded_on
    from movement
    union all
    select
        dst, origin, destination, edge_id, occurred_s, amount_c, received_on,
        superseded_on
    from movement
    where src <> dst
),
own as (
    select
        surge.night, surge.origin, surge.destination, surge.z, surge.median_c, surge.sum_c,
        side.node, side.edge_id, side.amount_c,
        case when side.received_on = surge.night then 1 else 0 end as is_new,
        (nights.cutoff_s // 86400 - side.occurred_s // 86400) // 7 as week
    from surge
    join nights on nights.night = surge.night
    join side
        on side.origin = surge.origin
        and side.destination = surge.destination
        and side.received_on <= surge.night
        and (side.superseded_on is null or side.superseded_on > surge.night)
        and side.occurred_s // 86400 <= nights.cutoff_s // 86400
        and side.occurred_s // 86400 > nights.cutoff_s // 86400 - 7 * ($weeks + 1)
    where surge.z > $z_min
),
judged as (
    select
        night, origin, destination, z, median_c, sum_c, node,
        cast(sum(case when week = 0 then amount_c else 0 end) as bigint) as own_c,
        cast(sum(case when week > 0 then amount_c else 0 end) as bigint) as before_c
    from own
    group by night, origin, destination, z, median_c, sum_c, node
    having max(case when week = 0 then is_new else 0 end) = 1
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node order by z desc, origin, destination
        ) as place
    from judged
    where own_c >= $share_min * sum_c and own_c * $weeks > $own_factor * before_c
)
select
    ranked.night,
    ranked.node as node_id,
    cast(ranked.z as double) as value,
    cast($z_min as double) as threshold,
    cast(
        json_object(
            'corridor', ranked.origin || ' > ' || ranked.destination,
            'week', ranked.sum_c // 100,
            'usual', cast(floor(ranked.median_c / 100) as bigint),
            'share', round(cast(ranked.own_c as double) / ranked.sum_c, 4),
            'times', case
                when ranked.before_c = 0 then 0
                else cast(
                    greatest(1, round(cast(ranked.own_c as double) * $weeks / ranked.before_c))
                    as bigint
                )
            end
        ) as varchar
    ) as facts,
    own.edge_id
from ranked
join own
    on own.night = ranked.night
    and own.origin = ranked.origin
    and own.destination = ranked.destination
    and own.node = ranked.node
    and own.week = 0
where ranked.place = 1
