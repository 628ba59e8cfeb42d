-- candidates: nodes that may have had enough senders in 30 days.
-- parameters: $senders_min. inputs: peaks. key: node.
select node from peaks where payers >= $senders_min and in_n_31 >= $senders_min
