-- marks: payments in from others that no report by the payment's receipt calls a company.
-- inputs: timeline. key: part, node, edge_id.
select part, night, node, other, edge_id, occurred_s, is_new, amount_local
from timeline
where is_out = 0 and node <> other and is_other_company = 0
