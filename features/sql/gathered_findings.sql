-- gathered: one row per night and node of `findings`, with the evidence put together.
-- parameters: $trigger (edge: the evidence holds a new edge; report: a new report is enough),
-- $subject (see chosen.sql).
-- inputs: findings, known_edges, subjects. key: night, node_id.
with evidence as (
    select distinct
        finding.night, finding.node_id, finding.value, finding.threshold, finding.facts,
        known_edges.edge_id, known_edges.transaction_id, known_edges.occurred_s,
        known_edges.amount_local,
        case when known_edges.received_on = finding.night then 1 else 0 end as is_new
    from findings as finding
    join known_edges on known_edges.edge_id = finding.edge_id
    left join subjects as subject on subject.node = finding.node_id
    where case $subject
        when 'natural' then coalesce(subject.company_since > finding.night, true)
        when 'company' then coalesce(subject.company_since <= finding.night, false)
        when 'account' then coalesce(subject.kind, 'account') = 'account'
        else true
    end
)
select
    night, node_id, value, threshold, facts,
    min(occurred_s) as from_s,
    max(occurred_s) as to_s,
    sum(amount_local) as amount_local,
    count(*) as evidence_count,
    list(transaction_id order by occurred_s, edge_id) as transaction_ids
from evidence
group by night, node_id, value, threshold, facts
having max(is_new) = 1 or $trigger = 'report'
