-- candidates: nodes that may have had enough receipts and enough payments in the days; a receipt
-- may
-- lie up to a day before them.
-- parameters: $pairs_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case when $window_days <= 7 then in_n_15 else in_n_31 end >= $pairs_min
    and case when $window_days <= 7 then out_n_7 else out_n_31 end >= $pairs_min
