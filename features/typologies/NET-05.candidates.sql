-- candidates: nodes that may have had enough payers in a week or so.
-- parameters: $counterparties_min. inputs: peaks. key: node.
select node
from peaks
where in_n_31 >= $counterparties_min and payers >= $counterparties_min
