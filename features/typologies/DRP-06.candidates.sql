-- candidates: nodes that may have moved enough in a week, in and out.
-- parameters: $turnover_min, $days_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case
        when $window_days <= 7 then in_c_7 + out_c_7
        else in_c_31 + out_c_31
    end > $turnover_min * 100
    and in_n_31 + out_n_31 >= $days_min
    and in_n_31 > 0
    and out_n_31 > 0
