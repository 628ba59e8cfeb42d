-- candidates: nodes that may have moved enough in the days after they woke, where the edges
-- that are known reach back far enough for a silence.
-- parameters: $turnover_min, $silent_days_min, $window_days. inputs: peaks, past_edges. key: node.
select peaks.node
from peaks
cross join (
    select min(occurred_s) as first_s, max(occurred_s) as last_s from past_edges
) as known
where
    known.first_s <= known.last_s - $silent_days_min * 86400
    and case
        when $window_days <= 15 then in_c_15 + out_c_15
        else in_c_31 + out_c_31
    end > $turnover_min * 100
