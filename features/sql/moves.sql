-- moves: one row per edge that some night knows, as numbers in the order of time. Days run from
-- 1970; 2147483647 is never. Countries and currencies are numbered from 1, 0 is unknown.
-- parameters: $threshold (national reporting threshold). inputs: known_edges. key: edge_id.
with place as (
    select src_country as name from known_edges where src_country is not null
    union
    select dst_country from known_edges where dst_country is not null
),
country as (
    select name, least(row_number() over (order by name), 255) as code from place
),
money as (
    select src_currency as name from known_edges where src_currency is not null
    union
    select dst_currency from known_edges where dst_currency is not null
),
currency as (
    select name, least(row_number() over (order by name), 255) as code from money
)
select
    e.edge_id,
    e.src,
    e.dst,
    e.occurred_s as time_s,
    e.amount_c as cents,
    cast(e.log_m as integer) as log_m,
    cast(
        case when e.amount_c > 0 and e.amount_c % 10000 = 0 then 4 else 0 end
        + case
            when e.amount_c >= $threshold * 80 and e.amount_c < $threshold * 100 then 8 else 0
        end
        + case when e.channel = 'cash' then 16 else 0 end
        + case when e.is_cross_border then 32 else 0 end
        + case when e.is_cross_currency then 64 else 0 end
        + case when e.is_date_only then 0 else 128 end
    as integer) as bits,
    cast(date_diff('day', cast('1970-01-01' as date), e.received_on) as integer) as known_from,
    cast(
        coalesce(date_diff('day', cast('1970-01-01' as date), e.superseded_on), 2147483647)
    as integer) as known_until,
    e.channel,
    cast(coalesce(src_place.code, 0) as integer) as src_country,
    cast(coalesce(dst_place.code, 0) as integer) as dst_country,
    cast(coalesce(src_money.code, 0) as integer) as src_currency,
    cast(coalesce(dst_money.code, 0) as integer) as dst_currency
from known_edges as e
left join country as src_place on src_place.name = e.src_country
left join country as dst_place on dst_place.name = e.dst_country
left join currency as src_money on src_money.name = e.src_currency
left join currency as dst_money on dst_money.name = e.dst_currency
order by e.occurred_s, e.edge_id
