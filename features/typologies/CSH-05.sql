-- CSH-05, far-from-home cash: one row per night, account and edge of the evidence: the days with a
-- new edge in which most deposits were taken out again soon and far away.
-- parameters: $within_hours, $distance_km, $trips_min, $window_days.
-- inputs: timeline, placed. key: night, node_id, edge_id.
with cash as (
    select
        timeline.part, timeline.night, timeline.node, timeline.is_out, timeline.edge_id,
        timeline.occurred_s, timeline.is_new, placed.latitude, placed.longitude,
        timeline.occurred_s // ($within_hours * 3600) as period
    from timeline
    join placed on placed.edge_id = timeline.edge_id
    where
        timeline.channel = 'cash'
        and timeline.node <> timeline.other
        and not timeline.is_date_only
),
step as (
    select unnest([0, 1]) as period_step
),
deposit as (
    select cash.*, cash.period + step.period_step as reach
    from cash
    cross join step
    where cash.is_out = 0
),
pair as (
    select
        taken.part, taken.night, taken.node, taken.edge_id as out_id, deposit.edge_id as in_id,
        taken.occurred_s, greatest(taken.is_new, deposit.is_new) as is_new
    from cash as taken
    join deposit
        on deposit.part = taken.part
        and deposit.node = taken.node
        and deposit.reach = taken.period
    where
        taken.is_out = 1
        and taken.occurred_s >= deposit.occurred_s
        and taken.occurred_s - deposit.occurred_s <= $within_hours * 3600
        and 12742 * asin(
            sqrt(
                pow(sin(radians(deposit.latitude - taken.latitude) / 2), 2)
                + cos(radians(taken.latitude)) * cos(radians(deposit.latitude))
                * pow(sin(radians(deposit.longitude - taken.longitude) / 2), 2)
            )
        ) > $distance_km
),
rolling as (
    select
        part, night, node, out_id, occurred_s as to_s,
        least(
            count(distinct in_id) over recent, count(distinct out_id) over recent
        ) as trips,
        max(is_new) over recent as is_new
    from pair
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node order by trips desc, to_s desc, out_id
        ) as place
    from rolling
    where night is not null and is_new = 1 and trips >= $trips_min
),
chosen as (
    select ranked.night, ranked.node, ranked.trips, pair.in_id, pair.out_id
    from ranked
    join pair
        on pair.part = ranked.part
        and pair.node = ranked.node
        and pair.occurred_s <= ranked.to_s
        and pair.occurred_s > ranked.to_s - $window_days * 86400
    where ranked.place = 1
),
evidence as (
    select night, node, trips, in_id as edge_id from chosen
    union
    select night, node, trips, out_id from chosen
)
select
    night,
    node as node_id,
    cast(trips as double) as value,
    cast($trips_min as double) as threshold,
    cast(
        json_object(
            'trips', trips, 'days', $window_days, 'hours', $within_hours, 'km', $distance_km
        ) as varchar
    ) as facts,
    edge_id
from evidence
