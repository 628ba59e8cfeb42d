-- DRP-04, pass-through: one row per night, node and edge of the evidence: the days with a new edge
-- in which most receipts left again within the time, in an amount within the band. A receipt and a
-- payment count once each, however many partners fit. Buckets of time make it an equality join.
-- parameters: $within_s, $pairs_min, $ratio_min, $ratio_max, $window_days.
-- inputs: timeline. key: night, node_id, edge_id.
with movement as (
    select *, cast(floor(occurred_s / cast($within_s as double)) as bigint) as period
    from timeline
    where node <> other and not is_date_only
),
step as (
    select unnest([0, 1]) as period_step
),
arrival as (
    select movement.*, movement.period + step.period_step as reach
    from movement
    cross join step
    where movement.is_out = 0
),
pair as (
    select
        departure.part,
        departure.night,
        departure.node,
        departure.edge_id as out_id,
        arrival.edge_id as in_id,
        departure.occurred_s,
        greatest(departure.is_new, arrival.is_new) as is_new
    from movement as departure
    join arrival
        on arrival.part = departure.part
        and arrival.node = departure.node
        and arrival.reach = departure.period
    where
        departure.is_out = 1
        and departure.occurred_s - arrival.occurred_s <= $within_s
        and (
            departure.occurred_s > arrival.occurred_s
            or (
                departure.occurred_s = arrival.occurred_s
                and departure.edge_id > arrival.edge_id
            )
        )
        and departure.amount_c >= arrival.amount_c * $ratio_min
        and departure.amount_c <= arrival.amount_c * $ratio_max
),
rolling as (
    select
        part, night, node, out_id, occurred_s as to_s,
        least(
            count(distinct in_id) over recent, count(distinct out_id) over recent
        ) as pairs,
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
            partition by night, node order by pairs desc, to_s desc, out_id
        ) as place
    from rolling
    where night is not null and is_new = 1 and pairs >= $pairs_min
),
chosen as (
    select
        ranked.night, ranked.node, ranked.pairs, pair.in_id, pair.out_id
    from ranked
    join pair
        on pair.part = ranked.part
        and pair.node = ranked.node
        and pair.occurred_s <= ranked.to_s
        and pair.occurred_s > ranked.to_s - $window_days * 86400
    where ranked.place = 1
),
evidence as (
    select night, node, pairs, in_id as edge_id from chosen
    union
    select night, node, pairs, out_id from chosen
)
select
    night,
    node as node_id,
    cast(pairs as double) as value,
    cast($pairs_min as double) as threshold,
    cast(
        json_object(
            'pairs', pairs,
            'minutes', cast(ceil($within_s / 60.0) as bigint),
            'days', $window_days
        ) as varchar
    ) as facts,
    edge_id
from evidence
