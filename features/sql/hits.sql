-- hits: one row per typology, subject and night: the evidence put together. The strength is 0.5 at
-- the threshold and halves its distance to 1 with every further threshold.
-- parameters: $typology_id, $typology_version, $family, $theme, $missing_data,
-- $trigger (edge: the evidence holds a new edge; report: a new report is enough).
-- inputs: findings_of_typology, known_edges. key: hit_id.
with evidence as (
    select distinct
        finding.night, finding.node_id, finding.value, finding.threshold, finding.facts,
        known_edges.edge_id, known_edges.transaction_id, known_edges.occurred_s,
        known_edges.amount_local,
        case when known_edges.received_on = finding.night then 1 else 0 end as is_new
    from findings_of_typology as finding
    join known_edges on known_edges.edge_id = finding.edge_id
),
gathered as (
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
)
select
    cast(
        sha256(
            concat_ws(
                '|',
                cast($typology_id as varchar),
                cast($typology_version as varchar),
                cast(node_id as varchar),
                cast(night as varchar)
            )
        ) as varchar
    ) as hit_id,
    cast(night as date) as received_on,
    cast($typology_id as varchar) as typology_id,
    cast($typology_version as bigint) as typology_version,
    cast($family as varchar) as family,
    cast($theme as varchar) as theme,
    cast(node_id as bigint) as node_id,
    cast(to_timestamp(from_s) as timestamp with time zone) as window_from,
    cast(to_timestamp(to_s) as timestamp with time zone) as window_to,
    cast(value as double) as value,
    cast(threshold as double) as threshold,
    cast(1 - pow(0.5, value / nullif(threshold, 0)) as double) as strength,
    cast(amount_local as decimal(38, 13)) as amount_local,
    cast(list_slice(transaction_ids, 1, 200) as varchar []) as evidence,
    cast(evidence_count as bigint) as evidence_count,
    cast(facts as varchar) as facts,
    cast($missing_data as varchar) as missing_data
from gathered
order by hit_id
