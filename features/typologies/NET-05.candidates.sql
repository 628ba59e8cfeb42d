-- candidates: nodes that may have had enough payers in a week or so.
-- parameters: $counterparties_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case when $window_days <= 7 then in_n_7 else in_n_31 end >= $counterparties_min
    and payers >= $counterparties_min
