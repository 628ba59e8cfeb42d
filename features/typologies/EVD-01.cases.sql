-- cases: subjects that an agency's list names, by key, phone or wallet, and subjects of a seizure
-- who moved money near it in place and time.
-- parameters: $days_around, $near_km.
-- inputs: agency_list, parties, wallet_labels, known_edges, placed. key: case_key.
with entry as (
    select
        *,
        agency || '/' || list_id || '/' || submission_id || '/' || cast(ordinal as varchar)
        as entry_key,
        least(
            coalesce(known_until, date '9999-12-31'),
            coalesce(valid_to + 1, date '9999-12-31')
        ) as until,
        regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g') as digits
    from agency_list
),
phone_of as (
    select
        regexp_replace(phone, '[^0-9]', '', 'g') as digits,
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        min(received_on) as since
    from parties
    where phone is not null
    group by regexp_replace(phone, '[^0-9]', '', 'g'), node_key
),
wallet_of as (
    select
        address,
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        min(received_on) as since
    from wallet_labels
    where address is not null
    group by address, node_key
),
matched as (
    select
        entry_key, agency, list_id, kind, received_on, until, happened_on, latitude, longitude,
        territory, 'key' as match,
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        received_on as known_from
    from entry
    where node_key is not null
    union all
    select
        entry.entry_key, entry.agency, entry.list_id, entry.kind, entry.received_on, entry.until,
        entry.happened_on, entry.latitude, entry.longitude, entry.territory, 'phone',
        phone_of.node, greatest(entry.received_on, phone_of.since)
    from entry
    join phone_of on phone_of.digits = entry.digits
    where length(entry.digits) >= 7
    union all
    select
        entry.entry_key, entry.agency, entry.list_id, entry.kind, entry.received_on, entry.until,
        entry.happened_on, entry.latitude, entry.longitude, entry.territory, 'wallet',
        wallet_of.node, greatest(entry.received_on, wallet_of.since)
    from entry
    join wallet_of on wallet_of.address = entry.wallet
),
side as (
    select src as node, edge_id, occurred_s, received_on from known_edges
    union all
    select dst, edge_id, occurred_s, received_on from known_edges
),
near_seizure as (
    select
        matched.entry_key, matched.match, matched.node,
        min(greatest(matched.known_from, side.received_on)) as known_from
    from matched
    join side
        on side.node = matched.node
        and abs(
            side.occurred_s // 86400 - date_diff('day', date '1970-01-01', matched.happened_on)
        ) <= $days_around
    join placed on placed.edge_id = side.edge_id
    where
        matched.kind = 'seizure'
        and case
            when matched.latitude is null or matched.longitude is null
                then placed.territory = matched.territory
            else 12742 * asin(
                sqrt(
                    pow(sin(radians(matched.latitude - placed.latitude) / 2), 2)
                    + cos(radians(placed.latitude)) * cos(radians(matched.latitude))
                    * pow(sin(radians(matched.longitude - placed.longitude) / 2), 2)
                )
            ) <= $near_km
        end
    group by matched.entry_key, matched.match, matched.node
),
live as (
    select matched.*, matched.known_from as live_from
    from matched
    where matched.kind <> 'seizure'
    union all
    select matched.*, near_seizure.known_from
    from matched
    join near_seizure
        on near_seizure.entry_key = matched.entry_key
        and near_seizure.match = matched.match
        and near_seizure.node = matched.node
)
select
    entry_key || '/' || match as case_key,
    node,
    live_from as known_from,
    until as known_until,
    case
        when kind = 'seizure'
            then (date_diff('day', date '1970-01-01', happened_on) - $days_around) * 86400
        else date_diff('day', date '1970-01-01', live_from) * 86400 - 30 * 86400
    end as from_s,
    case
        when kind = 'seizure'
            then (date_diff('day', date '1970-01-01', happened_on) + $days_around + 1) * 86400 - 1
        else 253402300799
    end as to_s,
    'any' as direction,
    cast(null as bigint) as other,
    0 as is_abroad_only,
    case when kind = 'confirmed' then 2.0 else 1.0 end as value,
    cast(1 as double) as threshold,
    cast(json_object('agency', agency, 'match', match, 'entry', list_id) as varchar) as facts
from live
where until > live_from
