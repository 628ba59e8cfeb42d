-- moves: one row per edge that some night knows, as numbers in the order of time. Days run from
-- 1970; 2147483647 is never. A country's or currency's letters are a number, 0 is unknown.
-- parameters: $threshold (national reporting threshold). inputs: known_edges. key: edge_id.
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
    cast(
        coalesce(ascii(e.src_country) % 32 * 32 + ascii(substr(e.src_country, 2, 1)) % 32, 0)
        as integer
    ) as src_country,
    cast(
        coalesce(ascii(e.dst_country) % 32 * 32 + ascii(substr(e.dst_country, 2, 1)) % 32, 0)
        as integer
    ) as dst_country,
    cast(
        coalesce(
            ascii(e.src_currency) % 32 * 1024 + ascii(substr(e.src_currency, 2, 1)) % 32 * 32
            + ascii(substr(e.src_currency, 3, 1)) % 32,
            0
        ) as integer
    ) as src_currency,
    cast(
        coalesce(
            ascii(e.dst_currency) % 32 * 1024 + ascii(substr(e.dst_currency, 2, 1)) % 32 * 32
            + ascii(substr(e.dst_currency, 3, 1)) % 32,
            0
        ) as integer
    ) as dst_currency
from known_edges as e
order by e.occurred_s, e.edge_id
