-- candidates: nodes that may have paid often enough in a week.
-- parameters: $sends_min. inputs: peaks. key: node.
select node from peaks where out_n_7 >= $sends_min
