-- candidates: nodes that may have had enough operations and turnover in a month.
-- parameters: $operations_min, $turnover_min. inputs: peaks. key: node.
select node
from peaks
where in_n_31 + out_n_31 >= $operations_min and in_c_31 + out_c_31 > $turnover_min * 100
