-- candidates: nodes that may have had enough cash in and out in a month.
-- parameters: $trips_min. inputs: peaks. key: node.
select node from peaks where cash_in_n_31 >= $trips_min and cash_out_n_31 >= $trips_min
