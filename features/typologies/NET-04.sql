-- NET-04, risk next door: one row per night, account near a confirmed one and edge of the evidence:
-- what moved between it and neighbours that stand nearer to the confirmed account. Only accounts
-- that most of the confirmed accounts' money can reach count: the given share of all.
-- parameters: $top_share, $hops_max, $evidence_days, $evidence_max.
-- inputs: nights, graph_nights, account_graph, known_edges. key: night, node_id, edge_id.
with reached as (
    select
        received_on as anchor_on, node_id as node, graph_confirmed_hops as hops,
        graph_confirmed_rank as reach,
        count(*) over (partition by received_on) as everyone,
        sum(case when graph_confirmed_hops = 0 then 1 else 0 end) over (
            partition by received_on
        ) as seeds,
        row_number() over (
            partition by received_on order by graph_confirmed_rank desc nulls last, node_id
        ) as place
    from account_graph
),
bar as (
    select anchor_on, min(reach) as reach_min
    from reached
    where place <= greatest(1, floor($top_share * everyone)) and reach > 0
    group by anchor_on
),
near as (
    select
        reached.anchor_on, reached.node, reached.hops, reached.reach, reached.seeds, bar.reach_min
    from reached
    join bar on bar.anchor_on = reached.anchor_on
    where reached.hops >= 1 and reached.hops <= $hops_max and reached.reach >= bar.reach_min
),
side as (
    select src as node, dst as other, edge_id, occurred_s, received_on, superseded_on
    from known_edges
    where src <> dst
    union all
    select dst, src, edge_id, occurred_s, received_on, superseded_on
    from known_edges
    where src <> dst
),
turn as (
    select distinct nights.night, nights.cutoff_s, near.*
    from nights
    join graph_nights on graph_nights.night = nights.night
    join side on side.received_on = nights.night
    join near on near.anchor_on = graph_nights.anchor_on and near.node = side.node
),
towards as (
    select
        turn.night, turn.node, turn.hops, turn.reach, turn.reach_min, turn.seeds,
        side.edge_id,
        row_number() over (
            partition by turn.night, turn.node
            order by
                case when side.received_on = turn.night then 0 else 1 end,
                side.occurred_s desc,
                side.edge_id
        ) as place
    from turn
    join side
        on side.node = turn.node
        and side.received_on <= turn.night
        and (side.superseded_on is null or side.superseded_on > turn.night)
        and side.occurred_s > turn.cutoff_s - $evidence_days * 86400
    join reached as nearer
        on nearer.anchor_on = turn.anchor_on
        and nearer.node = side.other
        and nearer.hops < turn.hops
),
counted as (
    select night, node, count(*) as transactions
    from towards
    where place <= $evidence_max
    group by night, node
)
select
    towards.night,
    towards.node as node_id,
    cast(towards.reach as double) as value,
    cast(towards.reach_min as double) as threshold,
    cast(
        json_object(
            'hops', cast(towards.hops as bigint),
            'seeds', cast(towards.seeds as bigint),
            'count', counted.transactions
        ) as varchar
    ) as facts,
    towards.edge_id
from towards
join counted on counted.night = towards.night and counted.node = towards.node
where towards.place <= $evidence_max
