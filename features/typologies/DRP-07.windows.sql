-- windows: the days, ending with a movement, with much turnover and nothing of an everyday life.
-- parameters: $operations_min, $turnover_min, $window_days. inputs: rolling. key: part, node, to_s.
select
    part,
    night,
    node,
    occurred_s - $window_days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    cast(operations as double) as value,
    cast($operations_min as double) as threshold,
    cast(json_object('operations', operations, 'days', $window_days) as varchar) as facts
from rolling
where
    has_life = 0
    and operations >= $operations_min
    and moved_c > $turnover_min * 100
