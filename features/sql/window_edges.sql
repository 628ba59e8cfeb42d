-- window_edges: one row per night and edge that the night knows and that occurred within a window
-- before or after an edge that is new to it.
-- parameters: $window_s. inputs: nights, known_edges. key: night, edge_id.
with fresh_day as (
    select distinct
        nights.night,
        known_edges.occurred_s // 86400 as day
    from nights
    join known_edges on known_edges.received_on = nights.night
),
near_day as (
    select distinct
        fresh_day.night,
        fresh_day.day + shift.days as day
    from fresh_day
    cross join (
        select unnest(range(-($window_s // 86400), $window_s // 86400 + 1)) as days
    ) as shift
)
select
    near_day.night,
    known_edges.edge_id,
    known_edges.src,
    known_edges.dst,
    known_edges.occurred_s,
    known_edges.amount_c,
    case when known_edges.received_on = near_day.night then 1 else 0 end as is_new
from near_day
join known_edges
    on known_edges.occurred_s // 86400 = near_day.day
    and known_edges.received_on <= near_day.night
where known_edges.superseded_on is null or known_edges.superseded_on > near_day.night
