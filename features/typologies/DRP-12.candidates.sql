-- candidates: nodes that may have had enough credits from enough payers in two weeks.
-- parameters: $credits_min, $payers_min. inputs: peaks. key: node.
select node from peaks where in_n_31 >= $credits_min and payers >= $payers_min
