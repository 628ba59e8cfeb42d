-- candidates: nodes that may have had enough payers and enough receivers in a week or so.
-- parameters: $payers_min, $receivers_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    payers >= $payers_min
    and receivers >= $receivers_min
    and case when $window_days <= 7 then in_n_7 else in_n_31 end >= $payers_min
    and case when $window_days <= 7 then out_n_7 else out_n_31 end >= $receivers_min
