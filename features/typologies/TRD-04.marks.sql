-- marks: movements with others, in and out.
-- inputs: timeline. key: part, node, edge_id.
select part, night, node, edge_id, occurred_s, is_new, amount_c, amount_local
from timeline
where node <> other
