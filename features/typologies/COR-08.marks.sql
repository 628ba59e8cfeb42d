-- marks: payments out that were made at a point near a market, as the places told by the payment's
-- receipt have it; with how many payments from known points the subject made until then, and the
-- share of points that lie so near.
-- parameters: $near_km, $window_days. inputs: timeline, edges, transactions, places.
-- key: part, node, edge_id.
with point as (
    select place_id, kind, latitude, longitude, received_on,
        coalesce(known_until, date '9999-12-31') as known_until
    from places
),
near_market as (
    select
        point.place_id, point.received_on, point.known_until,
        min(greatest(point.received_on, market.received_on)) as near_from
    from point
    join point as market
        on market.kind = 'market'
        and market.received_on < point.known_until
        and market.known_until > point.received_on
        and 12742 * asin(
            sqrt(
                pow(sin(radians(market.latitude - point.latitude) / 2), 2)
                + cos(radians(point.latitude)) * cos(radians(market.latitude))
                * pow(sin(radians(market.longitude - point.longitude) / 2), 2)
            )
        ) <= $near_km
    where point.kind <> 'market'
    group by point.place_id, point.received_on, point.known_until
),
told as (
    select distinct received_on from timeline
),
base as (
    select
        told.received_on,
        count(*) as points,
        count(near_market.place_id) as near_points
    from told
    join point
        on point.received_on <= told.received_on
        and point.known_until > told.received_on
        and point.kind <> 'market'
    left join near_market
        on near_market.place_id = point.place_id
        and near_market.received_on = point.received_on
        and near_market.near_from <= told.received_on
    group by told.received_on
),
sent as (
    select
        timeline.part, timeline.night, timeline.node, timeline.edge_id, timeline.occurred_s,
        timeline.is_new, timeline.amount_local,
        case when near_market.near_from <= timeline.received_on then 1 else 0 end as is_near,
        cast(base.near_points as double) / base.points as base_share
    from timeline
    join edges on edges.edge_id = timeline.edge_id
    join transactions on transactions.transaction_id = edges.transaction_id
    join base on base.received_on = timeline.received_on
    join point
        on point.place_id = transactions.location
        and point.kind <> 'market'
        and point.received_on <= timeline.received_on
        and point.known_until > timeline.received_on
    left join near_market
        on near_market.place_id = point.place_id
        and near_market.received_on = point.received_on
    where timeline.is_out = 1 and timeline.node <> timeline.other
),
counted as (
    select
        *,
        count(*) over (
            partition by part, node order by occurred_s
            range between $window_days * 86400 - 1 preceding and current row
        ) as all_sends
    from sent
)
select part, night, node, edge_id, occurred_s, is_new, amount_local, base_share, all_sends
from counted
where is_near = 1
