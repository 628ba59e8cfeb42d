-- marks: movements with others, and whether one is part of an everyday life: with a company, or by
-- its text a salary, tax, rent, utility or shop.
-- inputs: timeline, purposes. key: part, node, edge_id.
select
    timeline.part, timeline.night, timeline.node, timeline.edge_id, timeline.occurred_s,
    timeline.is_new, timeline.amount_local, timeline.amount_c,
    case
        when timeline.is_other_company = 1 or coalesce(purposes.purpose, 'loan') <> 'loan' then 1
        else 0
    end as is_life
from timeline
left join purposes on purposes.edge_id = timeline.edge_id
where timeline.node <> timeline.other
