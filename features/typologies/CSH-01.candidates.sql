-- candidates: nodes that may have had enough cash in, in number and in sum, in 10 or so days.
-- parameters: $deposits_min, $sum_thresholds, $window_days. inputs: peaks, thresholds. key: node.
select peaks.node
from peaks
cross join (select min(threshold_c) as threshold_c from thresholds) as lowest
where
    case when $window_days <= 15 then peaks.cash_in_n_15 else peaks.cash_in_n_31 end
    >= $deposits_min
    and case when $window_days <= 15 then peaks.cash_in_c_15 else peaks.cash_in_c_31 end
    >= $sum_thresholds * lowest.threshold_c
