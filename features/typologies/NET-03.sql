-- NET-03, cycle: one row per night, node and edge of the evidence: the cycle in time with a new
-- edge that kept most. Forward from the new edges to every edge that may close a cycle; back from
-- those, with each amount a share of the last, until the start is met. Nodes are met once; hubs
-- are left out.
-- parameters: $length_min, $length_max, $hop_days, $keep_min, $keep_max, $hub_cap.
-- inputs: window_edges. key: night, node_id, edge_id.
with recursive degree as (
    select night, node, count(*) as n
    from (
        select night, src as node from window_edges
        union all
        select night, dst from window_edges
    ) as meeting
    group by night, node
),
hub as (
    select night, node from degree where n > $hub_cap
),
edge as (
    select window_edges.*
    from window_edges
    left join hub as payer
        on payer.night = window_edges.night and payer.node = window_edges.src
    left join hub as receiver
        on receiver.night = window_edges.night and receiver.node = window_edges.dst
    where
        payer.node is null
        and receiver.node is null
        and window_edges.src <> window_edges.dst
        and window_edges.amount_c > 0
),
reached as (
    select night, edge_id, dst, occurred_s, amount_c, 1 as hops
    from edge
    where is_new = 1
    union
    select edge.night, edge.edge_id, edge.dst, edge.occurred_s, edge.amount_c, reached.hops + 1
    from reached
    join edge on edge.night = reached.night and edge.src = reached.dst
    where
        reached.hops < $length_max
        and (
            edge.occurred_s > reached.occurred_s
            or (edge.occurred_s = reached.occurred_s and edge.edge_id > reached.edge_id)
        )
        and edge.occurred_s <= reached.occurred_s + $hop_days * 86400
        and edge.amount_c >= reached.amount_c * $keep_min
        and edge.amount_c <= reached.amount_c * $keep_max
),
closing as (
    select distinct night, edge_id from reached
),
walk as (
    select
        edge.night, edge.dst as start, edge.src as node, edge.edge_id as first_id,
        edge.occurred_s, edge.amount_c, edge.amount_c as last_c, edge.is_new,
        1 as hops, [edge.edge_id] as path, [edge.src] as met, false as is_closed
    from edge
    join closing on closing.night = edge.night and closing.edge_id = edge.edge_id
    union all
    select
        walk.night, walk.start, edge.src, edge.edge_id,
        edge.occurred_s, edge.amount_c, walk.last_c, greatest(walk.is_new, edge.is_new),
        walk.hops + 1,
        list_append(walk.path, edge.edge_id),
        list_append(walk.met, edge.src),
        edge.src = walk.start
    from walk
    join edge on edge.night = walk.night and edge.dst = walk.node
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
        and walk.amount_c >= edge.amount_c * $keep_min
        and walk.amount_c <= edge.amount_c * $keep_max
),
cycle as (
    select
        night, start, hops, path,
        cast(last_c as double) / amount_c as kept,
        pow($keep_min, hops - 1) as kept_min
    from walk
    where is_closed and is_new = 1
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
