-- marks: movements without cash with others that no report by the receipt calls a company.
-- inputs: timeline. key: part, node, edge_id.
select
    part, night, node, edge_id, occurred_s, is_new, amount_local, amount_c,
    is_new * amount_c as new_c
from timeline
where node <> other and is_other_company = 0 and channel <> 'cash'
