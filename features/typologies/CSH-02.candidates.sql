-- candidates: nodes that may have had enough cash in from enough others in a week or two.
-- parameters: $depositors_min, $sum_min. inputs: peaks. key: node.
select node
from peaks
where
    cash_in_n_31 >= $depositors_min
    and cash_in_c_31 > $sum_min * 100
    and payers >= $depositors_min
