-- nodes: one row per node and night: an account, person or entity that the night's transactions
-- name. Where descriptions differ, the first in alphabetical order is taken.
-- inputs: transactions, accounts, parties, roles. key: node_id, received_on.
with side as (
    select
        received_on,
        from_node_key as node_key,
        from_kind as kind,
        from_institution as institution,
        from_country as country,
        from_territory as territory
    from transactions
    where from_node_key is not null
    union all
    select
        received_on,
        to_node_key,
        to_kind,
        to_institution,
        to_country,
        to_territory
    from transactions
    where to_node_key is not null
),
named as (
    select
        node_key,
        received_on,
        min(kind) as kind,
        min(institution) as institution,
        min(country) as country,
        min(territory) as territory
    from side
    group by node_key, received_on
),
description as (
    select
        node_key,
        received_on,
        account_name as name,
        cast(null as varchar) as holder_kind,
        institution_code as institution,
        country,
        territory
    from accounts
    union all
    select
        node_key,
        received_on,
        name,
        cast(null as varchar),
        cast(null as varchar),
        country,
        territory
    from parties
    union all
    -- an account lives where its holder or signatory does; a signatory holds it where no holder is
    -- named, and 'entity' comes before 'person'
    select
        accounts.node_key,
        accounts.received_on,
        cast(null as varchar),
        parties.kind,
        cast(null as varchar),
        cast(null as varchar),
        case when accounts.territory is null then parties.territory end
    from roles
    join accounts
        on accounts.report_key = roles.report_key and accounts.ordinal = roles.of_ordinal
    join parties
        on parties.report_key = roles.report_key and parties.ordinal = roles.subject_ordinal
    where
        roles.role in ('holder', 'signatory')
        and roles.of_kind = 'account'
        and roles.subject_kind = 'party'
),
described as (
    select
        node_key,
        received_on,
        min(name) as name,
        min(holder_kind) as holder_kind,
        min(institution) as institution,
        min(country) as country,
        min(territory) as territory
    from description
    group by node_key, received_on
)
select
    cast('0x' || substr(sha256(named.node_key), 1, 15) as bigint) as node_id,
    cast(named.received_on as date) as received_on,
    cast(named.node_key as varchar) as node_key,
    cast(coalesce(named.kind, 'account') as varchar) as kind,
    cast(described.name as varchar) as name,
    cast(described.holder_kind as varchar) as holder_kind,
    cast(coalesce(named.institution, described.institution) as varchar) as institution,
    cast(coalesce(named.country, described.country) as varchar) as country,
    cast(coalesce(named.territory, described.territory) as varchar) as territory
from named
left join described
    on described.node_key = named.node_key and described.received_on = named.received_on
order by node_id, received_on
