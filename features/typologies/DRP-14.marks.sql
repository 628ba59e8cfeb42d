-- marks: payments in the band to others that no report by the receipt calls a company and that are
-- not known by then to work for the payer; the receiver's region, and whether a week has passed.
-- parameters: $pay_min, $pay_max. inputs: timeline, nodes, incomes. key: part, node, edge_id.
with employed as (
    select node, employer, min(known_from) as known_from
    from incomes
    where employer is not null
    group by node, employer
),
payment as (
    select
        timeline.*,
        nodes.territory as region,
        timeline.occurred_s - lag(timeline.occurred_s) over (
            partition by timeline.part, timeline.node, timeline.other
            order by timeline.occurred_s, timeline.edge_id
        ) as gap_s
    from timeline
    left join nodes
        on nodes.node_id = timeline.other and nodes.received_on = timeline.received_on
    left join employed
        on employed.node = timeline.other
        and employed.employer = timeline.node
        and employed.known_from <= timeline.received_on
    where
        timeline.is_out = 1
        and timeline.node <> timeline.other
        and timeline.is_other_company = 0
        and timeline.channel <> 'cash'
        and timeline.amount_c >= $pay_min * 100
        and timeline.amount_c <= $pay_max * 100
        and employed.node is null
)
select
    part, night, node, other, edge_id, occurred_s, is_new, amount_local, region,
    case when gap_s between 6 * 86400 and 8 * 86400 then 1 else 0 end as is_weekly
from payment
