-- candidates: nodes that may have moved enough cash in a month.
-- parameters: $cash_min. inputs: peaks. key: node.
select node from peaks where cash_in_c_31 + cash_out_c_31 > $cash_min * 100
