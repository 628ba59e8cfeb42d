-- candidates: nodes that may have taken enough in 30 days.
-- parameters: $amount_min. inputs: peaks, subjects. key: node.
select peaks.node
from peaks
join subjects on subjects.node = peaks.node
where peaks.in_c_31 >= $amount_min * 100 and subjects.company_since is not null
