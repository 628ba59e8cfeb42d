-- cases: wallets and accounts that a label puts close to a drug market.
-- parameters: $exposure_min, $hops_max. inputs: wallet_labels. key: case_key.
select
    node_key || '/' || label || '/' || submission_id || '/' || cast(ordinal as varchar) as case_key,
    cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
    received_on as known_from,
    known_until,
    date_diff('day', date '1970-01-01', received_on) * 86400 - 30 * 86400 as from_s,
    cast(253402300799 as bigint) as to_s,
    'any' as direction,
    cast(null as bigint) as other,
    0 as is_abroad_only,
    case
        when coalesce(hops, 2) <= 1 then greatest(coalesce(exposure, 0), 2 * $exposure_min)
        else exposure
    end as value,
    cast($exposure_min as double) as threshold,
    cast(
        json_object(
            'source', source,
            'exposure', coalesce(exposure, 1),
            'hops', coalesce(hops, 0)
        ) as varchar
    ) as facts
from wallet_labels
where
    label = 'darknet_market'
    and (
        hops <= 1
        or (hops is null and exposure is null)
        or (exposure >= $exposure_min and coalesce(hops, 0) <= $hops_max)
    )
