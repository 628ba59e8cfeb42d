-- candidates: nodes with a declared income that paid somebody.
-- inputs: peaks, incomes. key: node.
select distinct peaks.node
from peaks
join incomes on incomes.node = peaks.node
where peaks.receivers >= 1
