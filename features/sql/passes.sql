-- passes: one row per night and node that sends on what it receives: an outgoing edge within 72
-- hours after an incoming one, of an amount within 10 % of it. Equal-width buckets of log amount
-- and time make the search an equality join. Nodes with more than $hub_cap edges in 30 days are
-- left out.
-- parameters: $hub_cap. inputs: ends, rings. key: night, node.
with hub as (
    select night, node
    from rings
    group by night, node
    having sum(n) > $hub_cap
),
candidate as (
    select
        ends.*,
        cast(floor(ends.log_m / 106.0) as bigint) as size,
        cast(floor(ends.occurred_s / 259200.0) as bigint) as period
    from ends
    left join hub on hub.night = ends.night and hub.node = ends.node
    where
        hub.node is null
        and ends.node <> ends.other
        and ends.age_s >= 0
        and ends.age_s < 2592000
        and ends.amount_c > 0
),
step as (
    select unnest([-2, -1, 0, 1, 2]) as size_step
),
lag_step as (
    select unnest([0, 1]) as period_step
),
arrival as (
    select
        candidate.night,
        candidate.node,
        candidate.edge_id,
        candidate.occurred_s,
        candidate.amount_c,
        candidate.size + step.size_step as size,
        candidate.period + lag_step.period_step as period
    from candidate
    cross join step
    cross join lag_step
    where candidate.is_out = 0
),
passed as (
    select
        departure.night,
        departure.node,
        departure.edge_id,
        departure.age_s,
        departure.amount_c,
        min(departure.occurred_s - arrival.occurred_s) as wait_s
    from candidate as departure
    join arrival
        on arrival.night = departure.night
        and arrival.node = departure.node
        and arrival.size = departure.size
        and arrival.period = departure.period
    where
        departure.is_out = 1
        and departure.occurred_s - arrival.occurred_s <= 259200
        and (
            departure.occurred_s > arrival.occurred_s
            or (
                departure.occurred_s = arrival.occurred_s
                and departure.edge_id > arrival.edge_id
            )
        )
        and departure.amount_c * 10 >= arrival.amount_c * 9
        and departure.amount_c * 10 <= arrival.amount_c * 11
    group by
        departure.night, departure.node, departure.edge_id, departure.age_s, departure.amount_c
)
select
    night,
    node,
    count(*) as n_30d,
    sum(amount_c) as s_30d,
    sum(case when age_s < 604800 then 1 else 0 end) as n_7d,
    sum(case when age_s < 604800 then amount_c else 0 end) as s_7d,
    min(wait_s) as wait_s
from passed
group by night, node
