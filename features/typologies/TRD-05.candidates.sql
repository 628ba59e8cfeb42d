-- candidates: nodes that may have had a large receipt and enough payments in a week.
-- parameters: $amount_min, $parts_min, $within_s. inputs: peaks. key: node.
select node
from peaks
where
    in_c_7 >= $amount_min * 100
    and case when $within_s <= 604800 then out_n_7 else out_n_31 end >= $parts_min
    and receivers >= $parts_min
