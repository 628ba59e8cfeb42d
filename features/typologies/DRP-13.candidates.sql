-- candidates: nodes that may have had enough payers in two weeks.
-- parameters: $payers_min. inputs: peaks. key: node.
select node from peaks where in_n_31 >= $payers_min and payers >= $payers_min
