-- marks: cash, and movements with others that no report calls a company.
-- inputs: timeline. key: part, node, edge_id.
select
    part, night, node, other, is_out, edge_id, occurred_s, is_new, amount_c, amount_local, channel
from timeline
where node <> other and (channel = 'cash' or is_other_company = 0)
