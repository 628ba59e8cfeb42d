-- subjects: one row per node that the range's reports name: account, person or entity, and the day
-- from which some report says that a company is, or holds, the node.
-- inputs: nodes. key: node.
select
    node_id as node,
    min(kind) as kind,
    min(case when kind = 'entity' or holder_kind = 'entity' then received_on end) as company_since
from nodes
group by node_id
