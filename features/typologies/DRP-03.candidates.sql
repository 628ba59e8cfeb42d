-- candidates: nodes that may have moved enough in a day or in 30 days.
-- parameters: $operations_min, $turnover_day, $turnover_month. inputs: peaks. key: node.
select node
from peaks
where
    in_n_31 + out_n_31 >= $operations_min
    and (
        in_c_1 + out_c_1 > $turnover_day * 100
        or in_c_31 + out_c_31 > $turnover_month * 100
    )
