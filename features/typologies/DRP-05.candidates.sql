-- candidates: nodes that may have had enough operations to fill the hours of enough days.
-- parameters: $hours_min, $days_min. inputs: peaks. key: node.
select node
from peaks
where
    in_n_1 + out_n_1 >= $hours_min
    and in_n_31 + out_n_31 >= $hours_min * $days_min
