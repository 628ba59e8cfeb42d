-- marks: receipts from others, and payments out in cash or to others that no report calls a
-- company.
-- inputs: timeline. key: part, node, edge_id.
select
    part, night, node, edge_id, occurred_s, is_new, amount_local,
    case when channel <> 'cash' and is_other_company = 0 and is_out = 0 then other end as payer,
    case when channel <> 'cash' and is_other_company = 0 and is_out = 1 then other end as receiver,
    case when is_out = 0 then amount_c else 0 end as in_c,
    case when is_out = 1 and channel = 'cash' then amount_c else 0 end as cash_c
from timeline
where node <> other and (is_out = 0 or channel = 'cash' or is_other_company = 0)
