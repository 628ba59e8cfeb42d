-- NET-03, cycle: one row per night, node and edge of the evidence: the cycle in time with a new
-- edge that kept most. Back from every edge that may close a cycle, with each amount a share of the
-- last, until the start is met. A cycle is found on the night that knew the last of its edges.
-- Nodes are met once. Edges of hubs are left out: of a node that the same night told of more than
-- $hub_cap edges of the same day.
-- parameters: $length_min, $length_max, $hop_days, $keep_min, $keep_max, $hub_cap, $window_s.
-- inputs: nights, known_edges. key: night, node_id, edge_id.
with recursive meeting as (
    select src as node, received_on, occurred_s // 86400 as day from known_edges
    union all
    select dst, received_on, occurred_s // 86400 from known_edges
),
hub as (
    select node, received_on, day
    from meeting
    group by node, received_on, day
    having count(*) > $hub_cap
),
edge as (
    select
        known_edges.edge_id, known_edges.src, known_edges.dst, known_edges.occurred_s,
        known_edges.amount_c, known_edges.received_on,
        coalesce(known_edges.superseded_on, date '9999-12-31') as gone_on
    from known_edges
    left join hub as payer
        on payer.node = known_edges.src
        and payer.received_on = known_edges.received_on
        and payer.day = known_edges.occurred_s // 86400
    left join hub as receiver
        on receiver.node = known_edges.dst
        and receiver.received_on = known_edges.received_on
        and receiver.day = known_edges.occurred_s // 86400
    where
        payer.node is null
        and receiver.node is null
        and known_edges.src <> known_edges.dst
        and known_edges.amount_c > 0
),
fresh as (
    select min(edge.occurred_s) as first_s
    from edge
    join nights on nights.night = edge.received_on
),
walk as (
    select
        closing.dst as start, edge.src as node, edge.edge_id as first_id,
        edge.occurred_s, edge.amount_c,
        closing.amount_c as last_c, closing.occurred_s as last_s,
        greatest(closing.received_on, edge.received_on) as night,
        least(closing.gone_on, edge.gone_on) as gone_on,
        2 as hops,
        [closing.edge_id, edge.edge_id] as path,
        [closing.src, edge.src] as met,
        edge.src = closing.dst as is_closed
    from edge as closing
    cross join fresh
    join edge on edge.dst = closing.src
    where
        closing.occurred_s >= fresh.first_s
        and (edge.src <> closing.dst or $length_min <= 2)
        and (
            edge.occurred_s < closing.occurred_s
            or (edge.occurred_s = closing.occurred_s and edge.edge_id < closing.edge_id)
        )
        and edge.occurred_s >= closing.occurred_s - $hop_days * 86400
        and closing.amount_c >= edge.amount_c * $keep_min
        and closing.amount_c <= edge.amount_c * $keep_max
    union all
    select
        walk.start, edge.src, edge.edge_id,
        edge.occurred_s, edge.amount_c,
        walk.last_c, walk.last_s,
        greatest(walk.night, edge.received_on),
        least(walk.gone_on, edge.gone_on),
        walk.hops + 1,
        list_append(walk.path, edge.edge_id),
        list_append(walk.met, edge.src),
        edge.src = walk.start
    from walk
    join edge on edge.dst = walk.node
    where
        not walk.is_closed
        and walk.hops < $length_max
        and not list_contains(walk.met, edge.src)
        and (edge.src <> walk.start or walk.hops + 1 >= $length_min)
        and (
            edge.occurred_s < walk.occurred_s
            or (edge.occurred_s = walk.occurred_s and edge.edge_id < walk.first_id)
        )
        and edge.occurred_s >= walk.occurred_s - $hop_days * 86400
        and edge.occurred_s > walk.last_s - $window_s
        and walk.amount_c >= edge.amount_c * $keep_min
        and walk.amount_c <= edge.amount_c * $keep_max
),
cycle as (
    select
        nights.night, walk.start, walk.hops, walk.path,
        cast(walk.last_c as double) / walk.amount_c as kept,
        pow($keep_min, walk.hops - 1) as kept_min
    from walk
    join nights on nights.night = walk.night
    where walk.is_closed and walk.gone_on > walk.night
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, start order by kept / kept_min desc, hops desc, path
        ) as place
    from cycle
)
select
    night,
    start as node_id,
    kept as value,
    kept_min as threshold,
    cast(json_object('hops', hops, 'kept', round(kept, 4)) as varchar) as facts,
    unnest(path) as edge_id
from ranked
where place = 1
