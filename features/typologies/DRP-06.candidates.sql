-- candidates: nodes that may have moved enough in a week, in and out: where little is left of
-- a sum, nearly half of it came in and nearly half of it went out.
-- parameters: $turnover_min, $left_share_max, $days_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case
        when $window_days <= 7 then in_c_7 + out_c_7
        else in_c_31 + out_c_31
    end > $turnover_min * 100
    and in_n_31 + out_n_31 >= $days_min
    and case
        when $window_days <= 7 then least(in_c_7, out_c_7)
        else least(in_c_31, out_c_31)
    end >= (1 - $left_share_max) / 2 * $turnover_min * 100
