-- candidates: nodes that may have turned over enough in 30 days.
-- parameters: $turnover_min. inputs: peaks. key: node.
select node from peaks where in_c_31 + out_c_31 >= $turnover_min * 100
