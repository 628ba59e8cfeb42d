-- candidates: nodes that may have had enough payers in a day or in 30 days, and paid somebody.
-- parameters: $payers_day, $payers_month. inputs: peaks. key: node.
select node
from peaks
where
    receivers >= 1
    and (
        (in_n_1 > $payers_day and payers > $payers_day)
        or (in_n_31 > $payers_month and payers > $payers_month)
    )
