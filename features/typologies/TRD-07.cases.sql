-- cases: importers with a share in goods of which a partner country reports far more exports to us
-- in a month than was declared here, as known when the partner's figure was told.
-- parameters: $gap_min, $amount_min, $own_share_min, $around_days.
-- inputs: customs_declarations, partner_trade. key: case_key.
with declared as (
    select
        partner_trade.partner_country, partner_trade.month, partner_trade.hs_code,
        partner_trade.received_on, partner_trade.known_until, partner_trade.submission_id,
        cast(partner_trade.value_local as double) as theirs,
        customs.node_key,
        cast(sum(customs.value_local) as double) as own
    from partner_trade
    join customs_declarations as customs
        on customs.partner_country = partner_trade.partner_country
        and starts_with(customs.hs_code, partner_trade.hs_code)
        and customs.direction = 'import'
        and customs.declared_on >= partner_trade.month
        and customs.declared_on < partner_trade.month + interval 1 month
        and customs.received_on <= partner_trade.received_on
        and (customs.known_until is null or customs.known_until > partner_trade.received_on)
    group by
        partner_trade.partner_country, partner_trade.month, partner_trade.hs_code,
        partner_trade.received_on, partner_trade.known_until, partner_trade.submission_id,
        partner_trade.value_local, customs.node_key
),
shared as (
    select
        *,
        round(
            sum(own) over (
                partition by partner_country, month, hs_code, received_on, submission_id
            ),
            2
        ) as ours
    from declared
)
select
    partner_country || '/' || cast(month as varchar) || '/' || hs_code || '/' || submission_id
    || '/' || node_key as case_key,
    cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
    received_on as known_from,
    known_until,
    date_diff('day', date '1970-01-01', month) * 86400 - $around_days * 86400 as from_s,
    date_diff('day', date '1970-01-01', month) * 86400 + ($around_days + 31) * 86400 as to_s,
    'any' as direction,
    cast(null as bigint) as other,
    1 as is_abroad_only,
    (theirs - ours) / theirs as value,
    cast($gap_min as double) as threshold,
    cast(
        json_object(
            'partner', partner_country,
            'goods', hs_code,
            'month', strftime(month, '%Y-%m'),
            'theirs', cast(floor(theirs) as bigint),
            'ours', cast(floor(ours) as bigint),
            'own', round(own / ours, 4)
        ) as varchar
    ) as facts
from shared
where
    ours > 0
    and theirs - ours > $gap_min * theirs
    and theirs - ours > $amount_min
    and own >= $own_share_min * ours
