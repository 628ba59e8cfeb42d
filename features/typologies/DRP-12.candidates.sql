-- candidates: nodes that may have had enough credits from enough payers in two weeks.
-- parameters: $credits_min, $payers_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case when $window_days <= 15 then in_n_15 else in_n_31 end >= $credits_min
    and payers >= $payers_min
