-- candidates: nodes that may have had enough receipts and enough payments in a week.
-- parameters: $pairs_min. inputs: peaks. key: node.
select node from peaks where in_n_7 >= $pairs_min and out_n_7 >= $pairs_min
