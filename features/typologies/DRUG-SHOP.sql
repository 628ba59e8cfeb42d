-- DRUG-SHOP, drug shop: one row per night, subject with a new sign, and edge of the evidence: that
-- of the subject's signs of the last nights, where enough of them are signs of a drop and enough
-- of a shop. A sign counts while none of the transactions that it names has been superseded.
-- parameters: $drop_signs_min, $shop_signs_min, $window_days.
-- inputs: nights, known_edges, signs. key: night, node_id, edge_id.
with fresh as (
    select distinct nights.night, signs.node_id as node
    from nights
    join signs on signs.received_on = nights.night
),
sign as (
    select
        node_id as node, typology_id, received_on as found_on, strength, evidence,
        case
            when typology_id in (
                'DRP-01', 'DRP-02', 'DRP-03', 'DRP-04', 'DRP-05', 'DRP-06', 'DRP-07'
            )
                then 'drop'
            else 'shop'
        end as role
    from signs
),
shop as (
    select distinct node from sign where role = 'shop'
),
near as (
    select fresh.night, sign.*
    from fresh
    join shop on shop.node = fresh.node
    join sign
        on sign.node = fresh.node
        and sign.found_on <= fresh.night
        and fresh.night - sign.found_on < $window_days
),
enough as (
    select night, node
    from near
    group by night, node
    having
        count(distinct case when role = 'drop' then typology_id end) >= $drop_signs_min
        and count(distinct case when role = 'shop' then typology_id end) >= $shop_signs_min
),
named as (
    select
        near.night, near.node, near.typology_id, near.found_on, near.strength, near.role,
        unnest(near.evidence) as transaction_id
    from near
    join enough on enough.night = near.night and enough.node = near.node
),
placed as (
    select
        named.*, known_edges.edge_id,
        case when known_edges.superseded_on <= named.night then 1 else 0 end as is_gone
    from named
    left join known_edges
        on known_edges.transaction_id = named.transaction_id
        and known_edges.received_on >= named.night - 30
        and known_edges.received_on <= named.night
),
standing as (
    select night, node, typology_id, found_on, role, max(strength) as strength
    from placed
    group by night, node, typology_id, found_on, role
    having max(is_gone) = 0
),
counted as (
    select
        night, node,
        count(distinct case when role = 'drop' then typology_id end) as drop_signs,
        count(distinct case when role = 'shop' then typology_id end) as shop_signs,
        string_agg(distinct typology_id, ', ' order by typology_id) as signs,
        max(found_on) as last_on
    from standing
    group by night, node
)
select distinct
    counted.night,
    counted.node as node_id,
    cast(counted.drop_signs + counted.shop_signs as double) as value,
    cast($drop_signs_min + $shop_signs_min as double) as threshold,
    cast(
        json_object(
            'drop_signs', counted.drop_signs,
            'shop_signs', counted.shop_signs,
            'signs', counted.signs,
            'days', $window_days
        ) as varchar
    ) as facts,
    placed.edge_id
from counted
join standing
    on standing.night = counted.night and standing.node = counted.node
join placed
    on placed.night = standing.night
    and placed.node = standing.node
    and placed.typology_id = standing.typology_id
    and placed.found_on = standing.found_on
where
    counted.drop_signs >= $drop_signs_min
    and counted.shop_signs >= $shop_signs_min
    and counted.last_on = counted.night
    and placed.edge_id is not null
