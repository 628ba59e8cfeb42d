-- candidates: nodes that may have had enough payers and enough receivers in 30 days.
-- parameters: $payers_min, $receivers_min. inputs: peaks. key: node.
select node
from peaks
where
    payers >= $payers_min
    and receivers >= $receivers_min
    and in_n_31 >= $payers_min
    and out_n_31 >= $receivers_min
