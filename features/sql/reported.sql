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
subject as (
    select report_key, ordinal, node_key, is_client, 'account' as kind
    from accounts
    union all
    select report_key, ordinal, node_key, is_client, 'party'
    from parties
)
select distinct
    suspicions.report_key,
    suspicions.received_on,
    suspicions.reporting_entity_id,
    suspicions.superseded_on,
    cast('0x' || substr(sha256(subject.node_key), 1, 15) as bigint) as node
from suspicions
join roles on roles.report_key = suspicions.report_key
join subject
    on subject.report_key = roles.report_key
    and subject.kind = roles.subject_kind
    and subject.ordinal = roles.subject_ordinal
where
    roles.role = 'subject'
    or coalesce(roles.is_suspected, false)
    or (roles.role in ('from', 'to') and coalesce(subject.is_client, false))
