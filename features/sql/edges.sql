-- edges: one row per transaction whose two sides are both known. A transaction that has a day and
-- no time stands at the end of that day, as its source counts days, so that nothing of the same
-- day can be taken for later than it.
-- inputs: transactions. key: edge_id.
with movement as (
    select
        *,
        cast(floor(epoch(occurred_at)) as bigint) as second,
        coalesce(utc_offset_minutes, 0) * 60 as offset_s
    from transactions
    where from_node_key is not null and to_node_key is not null
)
select
    cast('0x' || substr(sha256(transaction_id), 1, 15) as bigint) as edge_id,
    cast(received_on as date) as received_on,
    cast(transaction_id as varchar) as transaction_id,
    cast(report_key as varchar) as report_key,
    cast('0x' || substr(sha256(from_node_key), 1, 15) as bigint) as src,
    cast('0x' || substr(sha256(to_node_key), 1, 15) as bigint) as dst,
    cast(occurred_at as timestamp with time zone) as occurred_at,
    cast(
        case
            when is_date_only
                then second + 86399 - (((second + offset_s) % 86400) + 86400) % 86400
            else second
        end as bigint
    ) as occurred_s,
    cast(is_date_only as boolean) as is_date_only,
    cast(amount_local as decimal(38, 13)) as amount_local,
    cast(round(least(amount_local, 100000000000000) * 100) as bigint) as amount_c,
    cast(channel as varchar) as channel,
    cast(movement_count as bigint) as movement_count,
    cast(coalesce(from_currency <> to_currency, false) as boolean) as is_cross_currency,
    cast(from_currency as varchar) as src_currency,
    cast(to_currency as varchar) as dst_currency,
    cast(from_country as varchar) as src_country,
    cast(to_country as varchar) as dst_country,
    cast(from_territory as varchar) as src_territory,
    cast(to_territory as varchar) as dst_territory
from movement
order by edge_id
