-- candidates: nodes that may have moved enough in the days after they woke.
-- parameters: $turnover_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case
        when $window_days <= 15 then in_c_15 + out_c_15
        else in_c_31 + out_c_31
    end > $turnover_min * 100
