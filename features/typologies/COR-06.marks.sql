-- marks: payments in from others and out to others.
-- inputs: timeline. key: part, node, edge_id.
select part, night, node, other, is_out, edge_id, occurred_s, is_new, amount_c, amount_local
from timeline
where node <> other and amount_c > 0
