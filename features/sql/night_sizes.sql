-- night_sizes: one row per night; how many edges it may have to look at: a bound for chunks.
-- parameters: $window_s. inputs: nights, edges. key: night.
select
    nights.night,
    count(edges.edge_id) as n
from nights
left join edges
    on edges.received_on <= nights.night
    and edges.occurred_s > nights.cutoff_s - $window_s
group by nights.night
order by nights.night
