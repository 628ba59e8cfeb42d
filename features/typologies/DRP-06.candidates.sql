-- candidates: nodes that may have moved enough in a week, in and out.
-- parameters: $turnover_min. inputs: peaks. key: node.
select node
from peaks
where in_c_31 + out_c_31 > $turnover_min * 100 and in_n_31 > 0 and out_n_31 > 0
