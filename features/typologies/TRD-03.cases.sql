-- cases: declared goods of a chapter that companies of the declarant's activity hardly ever
-- declare, compared with all companies, as known when the declaration was told.
-- parameters: $lift_max, $activity_sample_min, $amount_min, $norm_days, $around_days, $reach_s.
-- inputs: nights, customs_declarations, company_registry. key: case_key.
with entry as (
    select
        customs.declaration_id, customs.item, customs.node_key, customs.declared_on,
        customs.received_on, customs.known_until, customs.submission_id, customs.ordinal,
        customs.value_local,
        substr(customs.hs_code, 1, 2) as chapter,
        substr(company_registry.activity_code, 1, 2) as activity,
        row_number() over (
            partition by customs.submission_id, customs.ordinal
            order by company_registry.valid_from desc
        ) as place
    from customs_declarations as customs
    join company_registry
        on company_registry.node_key = customs.node_key
        and company_registry.received_on <= customs.received_on
        and (
            company_registry.known_until is null
            or company_registry.known_until > customs.received_on
        )
        and company_registry.valid_from <= customs.declared_on
    where company_registry.activity_code is not null
),
goods as (
    select * from entry where place = 1
),
recent as (
    -- older ones can have no evidence on any of the nights
    select goods.*
    from goods
    cross join (select min(cutoff_s) as cutoff_s from nights) as first_night
    where
        goods.value_local >= $amount_min
        and (date_diff('day', date '1970-01-01', goods.declared_on) + $around_days) * 86400
        > first_night.cutoff_s - $reach_s
),
counted as (
    select
        one.submission_id, one.ordinal,
        count(*) as everyone,
        sum(case when other.chapter = one.chapter then 1 else 0 end) as everyone_chapter,
        sum(case when other.activity = one.activity then 1 else 0 end) as peers,
        sum(
            case
                when other.activity = one.activity and other.chapter = one.chapter then 1
                else 0
            end
        ) as peers_chapter
    from recent as one
    join goods as other
        on other.node_key <> one.node_key
        and other.declared_on <= one.declared_on
        and other.declared_on > one.declared_on - cast($norm_days as integer)
        and other.received_on <= one.received_on
        and (other.known_until is null or other.known_until > one.received_on)
    group by one.submission_id, one.ordinal
)
select
    goods.declaration_id || '/' || cast(goods.item as varchar) || '/' || goods.submission_id
    as case_key,
    cast('0x' || substr(sha256(goods.node_key), 1, 15) as bigint) as node,
    goods.received_on as known_from,
    goods.known_until,
    date_diff('day', date '1970-01-01', goods.declared_on) * 86400 - $around_days * 86400 as from_s,
    date_diff('day', date '1970-01-01', goods.declared_on) * 86400 + $around_days * 86400 as to_s,
    'any' as direction,
    cast(null as bigint) as other,
    1 as is_abroad_only,
    cast(goods.value_local as double) as value,
    cast($amount_min as double) as threshold,
    cast(
        json_object(
            'chapter', goods.chapter,
            'activity', goods.activity,
            'declared', cast(floor(goods.value_local) as bigint),
            'own', cast(counted.peers_chapter as bigint),
            'all', cast(counted.peers as bigint)
        ) as varchar
    ) as facts
from goods
join counted
    on counted.submission_id = goods.submission_id and counted.ordinal = goods.ordinal
where
    counted.peers >= $activity_sample_min
    and counted.everyone_chapter > 0
    and cast(counted.peers_chapter as double) * counted.everyone
    < $lift_max * counted.everyone_chapter * counted.peers
