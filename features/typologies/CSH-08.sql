-- CSH-08, cash courier: one row per night, traveller of a declaration told that night, and
-- declaration of the evidence: the traveller's own on one route, where the income does not explain
-- them; or those of several travellers that share an agent, a phone or a destination.
-- parameters: $declarations_min, $sum_min, $income_share, $couriers_min, $window_days.
-- inputs: nights, cash_declarations. key: night, node_id, record_id.
with declared as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        'cash_declarations:' || declaration_id as record_id,
        declared_on,
        route_from || '>' || route_to as route,
        amount_local,
        monthly_income_local,
        received_on,
        known_until,
        lower(agent) as agent,
        regexp_replace(phone, '[^0-9]', '', 'g') as phone,
        lower(destination) as destination
    from cash_declarations
),
told as (
    select distinct nights.night, declared.node, declared.route, declared.declared_on
    from nights
    join declared on declared.received_on = nights.night
),
own as (
    select
        told.night, told.node, told.declared_on as until_on, told.route, other.record_id,
        other.declared_on, other.amount_local, other.monthly_income_local
    from told
    join declared as other
        on other.node = told.node
        and other.route = told.route
        and other.received_on <= told.night
        and (other.known_until is null or other.known_until > told.night)
        and other.declared_on <= told.declared_on
        and told.declared_on - other.declared_on < $window_days
),
poor as (
    select
        night, node, until_on, 'income' as why, route as shared, route,
        count(*) as declarations, 1 as couriers, 1.0 * count(*) as value,
        $declarations_min as threshold
    from own
    group by night, node, until_on, route
    having
        count(*) >= $declarations_min
        and sum(amount_local) > $sum_min
        and coalesce(max(monthly_income_local) < $income_share * sum(amount_local), true)
),
link as (
    select *, 'agent' as why, agent as shared from declared where agent is not null
    union all
    select *, 'phone', phone from declared where length(phone) > 4
    union all
    select *, 'destination', destination from declared where destination is not null
),
asked as (
    select distinct nights.night, link.node, link.declared_on as until_on, link.why, link.shared
    from nights
    join link on link.received_on = nights.night
),
ring as (
    select
        asked.night, asked.node, asked.until_on, asked.why, asked.shared,
        link.route, link.record_id, link.node as courier, link.declared_on, link.amount_local
    from asked
    join link
        on link.why = asked.why
        and link.shared = asked.shared
        and link.received_on <= asked.night
        and (link.known_until is null or link.known_until > asked.night)
        and link.declared_on <= asked.until_on
        and asked.until_on - link.declared_on < $window_days
),
shared as (
    select
        night, node, until_on, why, shared, min(route) as route,
        count(distinct record_id) as declarations, count(distinct courier) as couriers,
        1.0 * count(distinct courier) as value, $couriers_min as threshold
    from ring
    group by night, node, until_on, why, shared
    having count(distinct courier) >= $couriers_min and sum(amount_local) > $sum_min
),
scheme as (
    select * from poor
    union all
    select night, node, until_on, why, shared, route, declarations, couriers, value, threshold
    from shared
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node
            order by value / threshold desc, declarations desc, until_on desc, why, shared
        ) as place
    from scheme
),
record as (
    select
        ranked.night, ranked.node, own.record_id, own.declared_on, own.amount_local
    from ranked
    join own
        on own.night = ranked.night
        and own.node = ranked.node
        and own.route = ranked.shared
        and own.until_on = ranked.until_on
    where ranked.place = 1 and ranked.why = 'income'
    union
    select ranked.night, ranked.node, ring.record_id, ring.declared_on, ring.amount_local
    from ranked
    join ring
        on ring.night = ranked.night
        and ring.node = ranked.node
        and ring.why = ranked.why
        and ring.shared = ranked.shared
        and ring.until_on = ranked.until_on
    where ranked.place = 1
)
select
    ranked.night,
    ranked.node as node_id,
    cast(ranked.value as double) as value,
    cast(ranked.threshold as double) as threshold,
    cast(
        json_object(
            'declarations', ranked.declarations,
            'couriers', ranked.couriers,
            'route', ranked.route,
            'days', $window_days,
            'why', ranked.why
        ) as varchar
    ) as facts,
    record.record_id,
    cast(epoch(record.declared_on) as bigint) as happened_s,
    record.amount_local
from ranked
join record on record.night = ranked.night and record.node = ranked.node
where ranked.place = 1
