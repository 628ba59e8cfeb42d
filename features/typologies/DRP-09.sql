-- DRP-09, batch onboarding: one row per night, account of a batch that was found that night, and
-- edge of the evidence: what the batch's accounts were found by. A batch was opened at one branch
-- within some days, by holders of the same age group, address or phone block.
-- parameters: $accounts_min, $opened_days, $age_min, $age_max, $phone_digits, $active_share_min,
-- $window_days.
-- inputs: nights, known_edges, accounts, parties, owners, signs. key: night, node_id, edge_id.
with account as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        opened_on,
        concat_ws('|', institution_code, branch) as branch,
        min(received_on) as known_from
    from accounts
    where opened_on is not null and branch is not null
    group by node_key, opened_on, institution_code, branch
),
holder as (
    select distinct
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        received_on,
        birth_date,
        regexp_replace(phone, '[^0-9]', '', 'g') as phone,
        lower(address) as address
    from parties
),
held as (
    select
        account.node, account.opened_on, account.branch,
        greatest(account.known_from, owners.known_from, holder.received_on) as known_from,
        holder.phone, holder.address,
        year(holder.birth_date) * 10000 + month(holder.birth_date) * 100 + day(holder.birth_date)
            as birth_day,
        year(account.opened_on) * 10000 + month(account.opened_on) * 100 + day(account.opened_on)
            as opened_day
    from account
    join owners on owners.node = account.node
    join holder on holder.node = owners.owner
),
trait as (
    select node, opened_on, branch, known_from, 'age' as trait, 'young' as shared
    from held
    where
        (opened_day - birth_day) // 10000 >= $age_min
        and (opened_day - birth_day) // 10000 <= $age_max
    union all
    select node, opened_on, branch, known_from, 'address', address
    from held
    where address is not null
    union all
    select node, opened_on, branch, known_from, 'phone', left(phone, cast($phone_digits as bigint))
    from held
    where length(phone) > $phone_digits
),
marked as (
    select node, opened_on, branch, trait, shared, min(known_from) as known_from
    from trait
    group by node, opened_on, branch, trait, shared
),
recent as (
    select distinct nights.night, signs.node_id as node
    from nights
    join signs
        on signs.received_on <= nights.night
        and nights.night - signs.received_on < $window_days
),
found as (
    select distinct nights.night, signs.node_id as node
    from nights
    join signs on signs.received_on = nights.night
),
anchor as (
    select distinct
        found.night, first.branch, first.trait, first.shared, first.opened_on
    from found
    join marked as member on member.node = found.node
    join marked as first
        on first.branch = member.branch
        and first.trait = member.trait
        and first.shared = member.shared
        and first.opened_on <= member.opened_on
        and first.opened_on > member.opened_on - cast($opened_days as integer)
),
batch as (
    select
        anchor.night, anchor.branch, anchor.trait, anchor.shared, anchor.opened_on, member.node
    from anchor
    join marked as member
        on member.branch = anchor.branch
        and member.trait = anchor.trait
        and member.shared = anchor.shared
        and member.opened_on >= anchor.opened_on
        and member.opened_on < anchor.opened_on + cast($opened_days as integer)
        and member.known_from <= anchor.night
),
sized as (
    select
        batch.night, batch.branch, batch.trait, batch.shared, batch.opened_on,
        count(distinct batch.node) as accounts,
        count(distinct recent.node) as active
    from batch
    left join recent on recent.night = batch.night and recent.node = batch.node
    group by batch.night, batch.branch, batch.trait, batch.shared, batch.opened_on
    having
        count(distinct batch.node) >= $accounts_min
        and count(distinct recent.node) >= $active_share_min * count(distinct batch.node)
),
ranked as (
    select
        sized.*,
        found.node,
        row_number() over (
            partition by sized.night, found.node
            order by
                sized.accounts desc, sized.active desc, sized.opened_on, sized.trait,
                sized.shared, sized.branch
        ) as place
    from sized
    join batch
        on batch.night = sized.night
        and batch.branch = sized.branch
        and batch.trait = sized.trait
        and batch.shared = sized.shared
        and batch.opened_on = sized.opened_on
    join found on found.night = batch.night and found.node = batch.node
),
evidence as (
    select distinct ranked.night, ranked.node, unnest(signs.evidence) as transaction_id
    from ranked
    join batch
        on batch.night = ranked.night
        and batch.branch = ranked.branch
        and batch.trait = ranked.trait
        and batch.shared = ranked.shared
        and batch.opened_on = ranked.opened_on
    join signs
        on signs.node_id = batch.node
        and signs.received_on <= ranked.night
        and ranked.night - signs.received_on < $window_days
    where ranked.place = 1
)
select
    ranked.night,
    ranked.node as node_id,
    cast(ranked.accounts as double) as value,
    cast($accounts_min as double) as threshold,
    cast(
        json_object(
            'accounts', ranked.accounts,
            'active', ranked.active,
            'days', $opened_days,
            'trait', ranked.trait
        ) as varchar
    ) as facts,
    known_edges.edge_id
from ranked
join evidence on evidence.night = ranked.night and evidence.node = ranked.node
join known_edges
    on known_edges.transaction_id = evidence.transaction_id
    and known_edges.received_on >= ranked.night - 30
    and known_edges.received_on <= ranked.night
    and (known_edges.superseded_on is null or known_edges.superseded_on > ranked.night)
where ranked.place = 1
