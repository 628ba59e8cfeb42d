-- candidates: nodes that may have taken enough in 30 days.
-- parameters: $amount_min. inputs: peaks. key: node.
select node from peaks where in_c_31 >= $amount_min * 100
