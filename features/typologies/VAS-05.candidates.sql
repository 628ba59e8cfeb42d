-- candidates: nodes that may have had enough payers in 30 days and paid somebody.
-- parameters: $drops_min. inputs: peaks. key: node.
select node from peaks where payers >= $drops_min and in_n_31 >= $drops_min and receivers >= 1
