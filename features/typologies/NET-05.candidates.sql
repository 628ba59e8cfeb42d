-- candidates: nodes that may have had enough payers, or receivers, in a week or so.
-- parameters: $direction (in, out), $counterparties_min, $window_days. inputs: peaks. key: node.
select node
from peaks
where
    case
        when $direction = 'in' and $window_days <= 7 then in_n_7
        when $direction = 'in' then in_n_31
        when $window_days <= 7 then out_n_7
        else out_n_31
    end >= $counterparties_min
    and case when $direction = 'in' then payers else receivers end >= $counterparties_min
