-- reported: one row per report of suspicion and node that it names as suspicious: the subject of an
-- activity, a side marked as suspected, or the reporting entity's own client in a transaction.
-- inputs: suspicions (reports of that class), roles, accounts, parties.
-- key: report_key, node.
with named as (
    select
        suspicions.report_key,
        suspicions.received_on,
        suspicions.reporting_entity_id,
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
    cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node
from named
