-- marks: receipts from others, and payments out in cash or to others that no report calls a
-- company.
-- inputs: timeline. key: part, node, edge_id.
select
    part, night, node, is_out, edge_id, occurred_s, is_new, amount_c, amount_local, channel,
    case when channel <> 'cash' and is_other_company = 0 then other end as person
from timeline
where node <> other and (is_out = 0 or channel = 'cash' or is_other_company = 0)
