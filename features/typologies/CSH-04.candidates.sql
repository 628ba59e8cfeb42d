-- candidates: nodes that may have taken cash out on enough days of a month, and received transfers.
-- parameters: $days_min. inputs: peaks. key: node.
select node from peaks where cash_out_n_31 >= $days_min and in_n_31 > 0
