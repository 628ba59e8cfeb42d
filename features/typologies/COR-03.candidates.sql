-- candidates: nodes with a declared income that paid somebody.
-- inputs: peaks, declared_incomes. key: node.
select distinct peaks.node
from peaks
join declared_incomes
    on cast('0x' || substr(sha256(declared_incomes.node_key), 1, 15) as bigint) = peaks.node
where peaks.receivers >= 1
