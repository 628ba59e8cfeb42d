-- candidates: nodes that may have had enough cash in, and paid something.
-- parameters: $cash_min. inputs: peaks. key: node.
select node from peaks where cash_in_c_31 > $cash_min * 100 and out_n_31 > 0
