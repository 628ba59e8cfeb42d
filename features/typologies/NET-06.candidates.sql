-- candidates: nodes that may have had enough receivers in a week or so.
-- parameters: $counterparties_min. inputs: peaks. key: node.
select node
from peaks
where out_n_31 >= $counterparties_min and receivers >= $counterparties_min
