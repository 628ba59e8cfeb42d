-- gathered: one row per night and node of `findings` whose evidence are records: rows of side
-- tables, or transactions by their own id.
-- inputs: findings (night, node_id, value, threshold, facts, record_id, happened_s, amount_local).
-- key: night, node_id.
with evidence as (
    select distinct
        night, node_id, value, threshold, facts, record_id, happened_s,
        cast(coalesce(amount_local, 0) as decimal(38, 13)) as amount_local
    from findings
)
select
    night, node_id, value, threshold, facts,
    min(happened_s) as from_s,
    max(happened_s) as to_s,
    sum(amount_local) as amount_local,
    count(*) as evidence_count,
    list(record_id order by happened_s, record_id) as transaction_ids
from evidence
group by night, node_id, value, threshold, facts
