-- candidates: nodes that may have had enough cash in, in number and in sum, in 10 or so days.
-- parameters: $deposits_min, $sum_thresholds. inputs: peaks, thresholds. key: node.
select peaks.node
from peaks
cross join (select min(threshold_c) as threshold_c from thresholds) as lowest
where
    peaks.cash_in_n_15 >= $deposits_min
    and peaks.cash_in_c_15 >= $sum_thresholds * lowest.threshold_c
