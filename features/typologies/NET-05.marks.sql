-- marks: payments in from others.
-- inputs: timeline. key: part, node, edge_id.
select
    part, night, node, other, edge_id, received_on, occurred_s, is_new, amount_local
from timeline
where is_out = 0 and node <> other
