-- marks: cash in and out.
-- inputs: timeline. key: part, node, edge_id.
select part, night, node, edge_id, occurred_s, is_new, amount_local, amount_c
from timeline
where channel = 'cash' and node <> other
