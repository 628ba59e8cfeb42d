-- hops: one row per night and pair of payer and receiver in the days before the cut-off that
-- shapes are searched in, without pairs of a hub. parameters: $shape_s, $hub_cap. inputs: nights,
-- known_edges.
-- key: night, src, dst.
with pair as (
    select
        nights.night,
        known_edges.src,
        known_edges.dst,
        sum(known_edges.amount_c) as amount_c,
        min(known_edges.occurred_s) as first_s,
        max(known_edges.occurred_s) as last_s,
        max(case when known_edges.received_on = nights.night then 1 else 0 end) as is_new
    from nights
    join known_edges
        on known_edges.received_on <= nights.night
        and known_edges.occurred_s <= nights.cutoff_s
        and known_edges.occurred_s > nights.cutoff_s - $shape_s
    where
        (known_edges.superseded_on is null or known_edges.superseded_on > nights.night)
        and known_edges.src <> known_edges.dst
    group by nights.night, known_edges.src, known_edges.dst
),
degree as (
    select night, node, count(*) as n
    from (
        select night, src as node from pair
        union all
        select night, dst from pair
    ) as ends_of_pairs
    group by night, node
),
hub as (
    select night, node from degree where n > $hub_cap
)
select pair.*
from pair
left join hub as payer on payer.night = pair.night and payer.node = pair.src
left join hub as receiver on receiver.night = pair.night and receiver.node = pair.dst
where payer.node is null and receiver.node is null
