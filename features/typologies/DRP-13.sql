-- DRP-13, shop rotation: one row per night, receiver that began to be paid, and edge of the
-- evidence: all payments to it, and those of its payers to the account that fell silent when it
-- began.
-- parameters: $payers_min, $overlap_min, $gap_days, $window_days.
-- inputs: nights, timeline, known_edges. key: night, node_id, edge_id.
with credit as (
    select
        part, night, node, other, edge_id, occurred_s, is_new,
        lag(occurred_s) over (
            partition by part, node order by occurred_s, edge_id
        ) as previous_s
    from timeline
    where is_out = 0 and node <> other and is_other_company = 0
),
opening as (
    select
        *,
        max(
            case
                when coalesce(occurred_s - previous_s > $window_days * 86400, true)
                    then occurred_s
            end
        ) over (
            partition by part, node order by occurred_s, edge_id
            rows between unbounded preceding and current row
        ) as opened_s
    from credit
),
ending as (
    select part, night, node, max(opened_s) as opened_s, max(occurred_s) as to_s
    from opening
    where
        night is not null
        and is_new = 1
        and occurred_s - opened_s < $window_days * 86400
    group by part, night, node
),
paid as (
    select
        ending.night, ending.node, ending.opened_s,
        opening.other as payer, opening.edge_id
    from ending
    join opening
        on opening.part = ending.part
        and opening.node = ending.node
        and opening.occurred_s >= ending.opened_s
        and opening.occurred_s <= ending.to_s
),
fan as (
    select night, node, opened_s, count(distinct payer) as payers
    from paid
    group by night, node, opened_s
    having count(distinct payer) >= $payers_min
),
payer as (
    select distinct paid.night, paid.node, paid.opened_s, fan.payers, paid.payer
    from paid
    join fan on fan.night = paid.night and fan.node = paid.node
),
before as (
    select
        payer.night, payer.node, payer.opened_s, payer.payers, payer.payer,
        known_edges.dst as earlier
    from payer
    join known_edges
        on known_edges.src = payer.payer
        and known_edges.dst <> payer.node
        and known_edges.dst <> payer.payer
        and known_edges.received_on <= payer.night
        and (
            known_edges.superseded_on is null or known_edges.superseded_on > payer.night
        )
        and known_edges.occurred_s
        > payer.opened_s - ($window_days + $gap_days) * 86400
        and known_edges.occurred_s < payer.opened_s
),
likely as (
    select night, node, opened_s, payers, earlier
    from before
    group by night, node, opened_s, payers, earlier
    having
        count(distinct payer) >= $overlap_min * payers
        and count(distinct payer) > 1
),
earlier_credit as (
    select
        likely.night, likely.node, likely.opened_s, likely.payers, likely.earlier,
        known_edges.src as payer, known_edges.edge_id, known_edges.occurred_s,
        max(known_edges.occurred_s) over (
            partition by likely.night, likely.node, likely.earlier
        ) as last_s
    from likely
    join nights on nights.night = likely.night
    join known_edges
        on known_edges.dst = likely.earlier
        and known_edges.src <> likely.earlier
        and known_edges.received_on <= likely.night
        and (
            known_edges.superseded_on is null or known_edges.superseded_on > likely.night
        )
        and known_edges.occurred_s
        > likely.opened_s - ($window_days + $gap_days) * 86400
),
stopped as (
    select *
    from earlier_credit
    where
        last_s >= opened_s - $gap_days * 86400
        and last_s <= opened_s + $gap_days * 86400
        and occurred_s > last_s - $window_days * 86400
),
compared as (
    select
        stopped.night, stopped.node, stopped.earlier, stopped.payers,
        count(distinct stopped.payer) as earlier_payers,
        count(distinct payer.payer) as shared
    from stopped
    left join payer
        on payer.night = stopped.night
        and payer.node = stopped.node
        and payer.payer = stopped.payer
    group by stopped.night, stopped.node, stopped.earlier, stopped.payers
),
ranked as (
    select
        *,
        shared / cast(payers + earlier_payers - shared as double) as overlap,
        row_number() over (
            partition by night, node
            order by shared / cast(payers + earlier_payers - shared as double) desc, earlier
        ) as place
    from compared
),
chosen as (
    select * from ranked where place = 1 and overlap >= $overlap_min
),
both_sides as (
    select chosen.night, chosen.node, stopped.edge_id
    from chosen
    join stopped
        on stopped.night = chosen.night
        and stopped.node = chosen.node
        and stopped.earlier = chosen.earlier
    join payer
        on payer.night = chosen.night
        and payer.node = chosen.node
        and payer.payer = stopped.payer
    union
    select chosen.night, chosen.node, paid.edge_id
    from chosen
    join paid on paid.night = chosen.night and paid.node = chosen.node
)
select
    chosen.night,
    chosen.node as node_id,
    chosen.overlap as value,
    cast($overlap_min as double) as threshold,
    cast(
        json_object('shared', chosen.shared, 'overlap', round(chosen.overlap, 4)) as varchar
    ) as facts,
    both_sides.edge_id
from chosen
join both_sides on both_sides.night = chosen.night and both_sides.node = chosen.node
