-- candidates: nodes that may have had enough payers in two weeks.
-- parameters: $payers_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case when $window_days <= 15 then in_n_15 else in_n_31 end >= $payers_min
    and payers >= $payers_min
