-- owners: one row per account and person or entity that a report names as its holder or signatory,
-- with the day from which one did. Reports of the nights that the range looks at.
-- inputs: roles, accounts, parties. key: node, owner.
select
    cast('0x' || substr(sha256(accounts.node_key), 1, 15) as bigint) as node,
    cast('0x' || substr(sha256(parties.node_key), 1, 15) as bigint) as owner,
    min(roles.received_on) as known_from
from roles
join accounts
    on accounts.report_key = roles.report_key and accounts.ordinal = roles.of_ordinal
join parties
    on parties.report_key = roles.report_key and parties.ordinal = roles.subject_ordinal
where
    roles.role in ('holder', 'signatory')
    and roles.of_kind = 'account'
    and roles.subject_kind = 'party'
group by accounts.node_key, parties.node_key
