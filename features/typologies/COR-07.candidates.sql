-- candidates: nodes that may have had enough payers in 30 days and paid somebody.
-- parameters: $payers_min. inputs: peaks. key: node.
select node from peaks where payers >= $payers_min and in_n_31 >= $payers_min and receivers >= 1
