-- cases: declared goods whose unit price lies far from the median of the same goods, unit, partner
-- and direction in the year before, as known when it was told.
-- parameters: $z_min, $sample_min, $norm_days, $around_days, $reach_s.
-- inputs: nights, customs_declarations. key: case_key.
with priced as (
    select
        declaration_id, item, node_key, declared_on, direction, partner_country, hs_code, unit,
        received_on, known_until, submission_id, ordinal,
        round(ln(cast(value_local as double) / quantity), 9) as log_price
    from customs_declarations
    where quantity > 0 and value_local > 0
),
recent as (
    -- older ones can have no evidence on any of the nights
    select priced.*
    from priced
    cross join (select min(cutoff_s) as cutoff_s from nights) as first_night
    where
        (date_diff('day', date '1970-01-01', priced.declared_on) + $around_days) * 86400
        > first_night.cutoff_s - $reach_s
),
compared as (
    select
        one.submission_id, one.ordinal, one.log_price,
        other.log_price as other_price,
        count(*) over (partition by one.submission_id, one.ordinal) as sample,
        row_number() over (
            partition by one.submission_id, one.ordinal
            order by other.log_price, other.submission_id, other.ordinal
        ) as place
    from recent as one
    join priced as other
        on other.hs_code = one.hs_code
        and coalesce(other.unit, '') = coalesce(one.unit, '')
        and other.partner_country = one.partner_country
        and other.direction = one.direction
        and other.declared_on <= one.declared_on
        and other.declared_on > one.declared_on - cast($norm_days as integer)
        and other.received_on <= one.received_on
        and (other.known_until is null or other.known_until > one.received_on)
        and (other.declaration_id <> one.declaration_id or other.item <> one.item)
),
middle as (
    select submission_id, ordinal, sample, avg(other_price) as median
    from compared
    where sample >= $sample_min and place in ((sample + 1) // 2, (sample + 2) // 2)
    group by submission_id, ordinal, sample
),
away as (
    select
        compared.submission_id, compared.ordinal, middle.median, compared.sample,
        abs(compared.other_price - middle.median) as distance,
        row_number() over (
            partition by compared.submission_id, compared.ordinal
            order by abs(compared.other_price - middle.median), compared.place
        ) as place
    from compared
    join middle
        on middle.submission_id = compared.submission_id and middle.ordinal = compared.ordinal
),
spread as (
    select submission_id, ordinal, median, sample, avg(distance) as mad
    from away
    where place in ((sample + 1) // 2, (sample + 2) // 2)
    group by submission_id, ordinal, median, sample
),
judged as (
    select
        priced.*, spread.median, spread.sample,
        0.6745 * abs(priced.log_price - spread.median) / greatest(spread.mad, 0.02) as z
    from priced
    join spread
        on spread.submission_id = priced.submission_id and spread.ordinal = priced.ordinal
)
select
    declaration_id || '/' || cast(item as varchar) || '/' || submission_id as case_key,
    cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
    received_on as known_from,
    known_until,
    date_diff('day', date '1970-01-01', declared_on) * 86400 - $around_days * 86400 as from_s,
    date_diff('day', date '1970-01-01', declared_on) * 86400 + $around_days * 86400 as to_s,
    'any' as direction,
    cast(null as bigint) as other,
    1 as is_abroad_only,
    z as value,
    cast($z_min as double) as threshold,
    cast(
        json_object(
            'goods', hs_code,
            'price', round(exp(log_price), 2),
            'usual', round(exp(median), 2),
            'sample', sample
        ) as varchar
    ) as facts
from judged
where z > $z_min
