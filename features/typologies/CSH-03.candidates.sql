-- candidates: nodes that may have had enough cash in within a day.
-- parameters: $terminals_near, $terminals_day. inputs: peaks. key: node.
select node from peaks where cash_in_n_1 >= least($terminals_near, $terminals_day)
