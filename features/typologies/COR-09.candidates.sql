-- candidates: nodes that received enough in some month.
-- parameters: $amount_min. inputs: peaks. key: node.
select node from peaks where in_c_31 >= $amount_min * 100
