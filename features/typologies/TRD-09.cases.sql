-- cases: declared goods of the precursor list by a company that the register gives neither a
-- fitting activity nor a licence, as known when both had been told.
-- parameters: $goods, $industries, $licences, $around_days.
-- inputs: customs_declarations, company_registry. key: case_key.
with precursor as (
    select customs.*
    from customs_declarations as customs
    join (select unnest(string_split($goods, ' ')) as code) as listed
        on starts_with(customs.hs_code, listed.code)
),
entry as (
    select
        precursor.declaration_id, precursor.item, precursor.node_key, precursor.declared_on,
        precursor.received_on, precursor.known_until, precursor.submission_id,
        precursor.ordinal, precursor.hs_code, precursor.value_local,
        company_registry.activity_code,
        lower(coalesce(company_registry.licences, '')) as licences,
        row_number() over (
            partition by precursor.submission_id, precursor.ordinal
            order by company_registry.valid_from desc
        ) as place
    from precursor
    join company_registry
        on company_registry.node_key = precursor.node_key
        and company_registry.received_on <= precursor.received_on
        and (
            company_registry.known_until is null
            or company_registry.known_until > precursor.received_on
        )
        and company_registry.valid_from <= precursor.declared_on
),
fitting as (
    select distinct entry.submission_id, entry.ordinal
    from entry
    join (
        select unnest(string_split($industries, ' ')) as word, true as is_industry
        union all
        select unnest(string_split($licences, ' ')), false
    ) as permitted
        on (permitted.is_industry and starts_with(entry.activity_code, permitted.word))
        or (not permitted.is_industry and contains(entry.licences, permitted.word))
    where entry.place = 1
)
select
    entry.declaration_id || '/' || cast(entry.item as varchar) || '/' || entry.submission_id
    as case_key,
    cast('0x' || substr(sha256(entry.node_key), 1, 15) as bigint) as node,
    entry.received_on as known_from,
    entry.known_until,
    date_diff('day', date '1970-01-01', entry.declared_on) * 86400 - $around_days * 86400 as from_s,
    date_diff('day', date '1970-01-01', entry.declared_on) * 86400 + $around_days * 86400 as to_s,
    'any' as direction,
    cast(null as bigint) as other,
    1 as is_abroad_only,
    cast(1 as double) as value,
    cast(1 as double) as threshold,
    cast(
        json_object(
            'goods', entry.hs_code,
            'activity', coalesce(entry.activity_code, '?'),
            'declared', cast(floor(entry.value_local) as bigint)
        ) as varchar
    ) as facts
from entry
left join fitting
    on fitting.submission_id = entry.submission_id and fitting.ordinal = entry.ordinal
where entry.place = 1 and fitting.ordinal is null
