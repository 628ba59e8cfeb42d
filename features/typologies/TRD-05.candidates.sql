-- candidates: nodes that may have had a large receipt and enough payments in a week.
-- parameters: $amount_min, $parts_min. inputs: peaks. key: node.
select node
from peaks
where in_c_7 >= $amount_min * 100 and out_n_7 >= $parts_min and receivers >= $parts_min
