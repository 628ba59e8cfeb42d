-- candidates: nodes that may have moved enough in the days after they woke.
-- parameters: $turnover_min. inputs: peaks. key: node.
select node from peaks where in_c_31 + out_c_31 > $turnover_min * 100
