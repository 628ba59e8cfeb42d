-- candidates: nodes that may have paid often enough, and as much as the threshold, in a day.
-- parameters: $operators_min. inputs: peaks, thresholds. key: node.
select peaks.node
from peaks
cross join (select min(threshold_c) as threshold_c from thresholds) as lowest
where peaks.out_n_1 >= $operators_min and peaks.out_c_1 >= lowest.threshold_c
