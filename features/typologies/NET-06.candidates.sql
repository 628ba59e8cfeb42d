-- candidates: nodes that may have had enough receivers in a week or so.
-- parameters: $counterparties_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case when $window_days <= 7 then out_n_7 else out_n_31 end >= $counterparties_min
    and receivers >= $counterparties_min
