-- marks: remittances and payments abroad; with each, how many payments from companies came in the
-- days before it.
-- parameters: $window_days. inputs: timeline. key: part, node, edge_id.
with movement as (
    select
        *,
        sum(case when is_out = 0 and is_other_company = 1 then 1 else 0 end) over (
            partition by part, node order by occurred_s
            range between $window_days * 86400 - 1 preceding and current row
        ) as payroll
    from timeline
    where node <> other
)
select part, night, node, edge_id, occurred_s, is_new, amount_c, amount_local, payroll
from movement
where is_out = 1 and (channel = 'remittance' or is_cross_border)
