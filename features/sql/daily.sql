-- daily: one row per node and day: how many movements it had and how much moved, in and out, in
-- cash. A row may sum up several movements.
-- inputs: sides. key: node, day.
select
    node,
    occurred_s // 86400 as day,
    sum(case when is_out = 0 then movement_count else 0 end) as in_n,
    sum(case when is_out = 1 then movement_count else 0 end) as out_n,
    sum(case when is_out = 0 then amount_c else 0 end) as in_c,
    sum(case when is_out = 1 then amount_c else 0 end) as out_c,
    sum(case when is_out = 0 and channel = 'cash' then movement_count else 0 end) as cash_in_n,
    sum(case when is_out = 1 and channel = 'cash' then movement_count else 0 end) as cash_out_n,
    sum(case when is_out = 0 and channel = 'cash' then amount_c else 0 end) as cash_in_c,
    sum(case when is_out = 1 and channel = 'cash' then amount_c else 0 end) as cash_out_c
from sides
where node <> other
group by node, occurred_s // 86400
