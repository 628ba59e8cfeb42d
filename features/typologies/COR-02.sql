-- COR-02, northern-route chain: one row per night, last receiver and edge of the evidence: money
-- handed on from country to country along the route, in time and nearly whole; found on the night
-- that learnt of its last missing link.
-- parameters: $route (country codes in the order of the route), $countries_min, $hop_days,
-- $keep_min, $keep_max. inputs: nights, edges, known_edges. key: night, node_id, edge_id.
with recursive link as (
    select
        known_edges.edge_id, known_edges.src, known_edges.dst, known_edges.occurred_s,
        known_edges.amount_c, known_edges.received_on, known_edges.superseded_on,
        edges.src_country, edges.dst_country
    from known_edges
    join edges on edges.edge_id = known_edges.edge_id
    where
        known_edges.src <> known_edges.dst
        and known_edges.amount_c > 0
        and list_position(string_split($route, ' '), edges.dst_country)
        > list_position(string_split($route, ' '), edges.src_country)
),
chain as (
    select
        dst as node, dst_country as country, edge_id as last_id, occurred_s, occurred_s as first_s,
        amount_c, amount_c as first_c, received_on as known_from,
        coalesce(superseded_on, date '9999-12-31') as known_until,
        src_country || ' > ' || dst_country as route,
        2 as countries,
        [edge_id] as path
    from link
    union all
    select
        link.dst, link.dst_country, link.edge_id, link.occurred_s, chain.first_s,
        link.amount_c, chain.first_c,
        greatest(chain.known_from, link.received_on),
        least(chain.known_until, coalesce(link.superseded_on, date '9999-12-31')),
        chain.route || ' > ' || link.dst_country,
        chain.countries + 1,
        list_append(chain.path, link.edge_id)
    from chain
    join link on link.src = chain.node and link.src_country = chain.country
    where
        (
            link.occurred_s > chain.occurred_s
            or (link.occurred_s = chain.occurred_s and link.edge_id > chain.last_id)
        )
        and link.occurred_s <= chain.occurred_s + $hop_days * 86400
        and link.amount_c >= chain.amount_c * $keep_min
        and link.amount_c <= chain.amount_c * $keep_max
),
ranked as (
    select
        nights.night, chain.*,
        row_number() over (
            partition by nights.night, chain.node
            order by
                chain.countries desc,
                cast(chain.amount_c as double) / chain.first_c desc,
                chain.path
        ) as place
    from chain
    join nights on nights.night = chain.known_from
    where chain.countries >= $countries_min and chain.known_until > chain.known_from
)
select
    night,
    node as node_id,
    cast(countries as double) as value,
    cast($countries_min as double) as threshold,
    cast(
        json_object(
            'route', route,
            'days', 1 + (occurred_s - first_s) // 86400,
            'kept', round(cast(amount_c as double) / first_c, 4)
        ) as varchar
    ) as facts,
    unnest(path) as edge_id
from ranked
where place = 1
