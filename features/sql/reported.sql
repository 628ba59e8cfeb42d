-- reported: one row per report of suspicion and node that it names as suspicious: the subject of an
-- activity, a side marked as suspected, or the reporting entity's own client in a transaction.
-- inputs: reports, versions, roles, accounts, parties.
-- key: report_key, node.
with suspicions as (
    select
        reports.report_key,
        reports.received_on,
        reports.reporting_entity_id,
        versions.superseded_on
    from reports
    join versions on versions.report_key = reports.report_key
    where
        reports.report_class = 'suspicion'
        and reports.relation <> 'delete'
        and (reports.relation <> 'duplicate' or versions.ordinal = 1)
),
named as (
    select
        suspicions.report_key,
        suspicions.received_on,
        suspicions.reporting_entity_id,
        suspicions.superseded_on,
        accounts.node_key
    from suspicions
    join roles on roles.report_key = suspicions.report_key
    join accounts
        on accounts.report_key = roles.report_key and accounts.ordinal = roles.subject_ordinal
    where
        roles.subject_kind = 'account'
        and (
            roles.role = 'subject'
            or coalesce(roles.is_suspected, false)
            or (roles.role in ('from', 'to') and coalesce(accounts.is_client, false))
        )
    union all
    select
        suspicions.report_key,
        suspicions.received_on,
        suspicions.reporting_entity_id,
        suspicions.superseded_on,
        parties.node_key
    from suspicions
    join roles on roles.report_key = suspicions.report_key
    join parties
        on parties.report_key = roles.report_key and parties.ordinal = roles.subject_ordinal
    where
        roles.subject_kind = 'party'
        and (
            roles.role = 'subject'
            or coalesce(roles.is_suspected, false)
            or (roles.role in ('from', 'to') and coalesce(parties.is_client, false))
        )
)
select distinct
    report_key,
    received_on,
    reporting_entity_id,
    superseded_on,
    cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node
from named
