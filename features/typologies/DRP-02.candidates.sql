-- candidates: nodes that may have had enough operations in a day.
-- parameters: $operations_day. inputs: peaks. key: node.
select node from peaks where in_n_1 + out_n_1 > $operations_day
