-- DRP-13, shop rotation: one row per night, receiver that began to be paid, and edge of the
-- evidence: all payments to it, and those of its payers to the account that fell silent when it
-- began.
-- Two payers must have paid the other account before; so whom the busiest payer of all paid need
-- only be asked of accounts that another of them paid, which leaves out what a hub pays.
-- parameters: $payers_min, $overlap_min, $gap_days, $window_days.
-- inputs: timeline, known_edges. key: night, node_id, edge_id.
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
paying as (
    select src as payer, min(occurred_s) as first_s, count(*) as n
    from known_edges
    group by src
),
entrant as (
    select
        opening.node, opening.opened_s, opening.payer,
        row_number() over (
            partition by opening.node, opening.opened_s order by paying.n desc, opening.payer
        ) as place
    from (select distinct node, opened_s, payer from payer) as opening
    join paying on paying.payer = opening.payer and paying.first_s < opening.opened_s
),
seen as (
    select distinct
        entrant.node, entrant.opened_s, entrant.payer, known_edges.dst as earlier
    from entrant
    join known_edges
        on known_edges.src = entrant.payer
        and known_edges.dst <> entrant.node
        and known_edges.dst <> entrant.payer
        and known_edges.occurred_s
        > entrant.opened_s - ($window_days + $gap_days) * 86400
        and known_edges.occurred_s < entrant.opened_s
    where entrant.place > 1
),
seen_of_busiest as (
    select distinct other.node, other.opened_s, entrant.payer, other.earlier
    from (select distinct node, opened_s, earlier from seen) as other
    join entrant
        on entrant.node = other.node and entrant.opened_s = other.opened_s and entrant.place = 1
    join known_edges
        on known_edges.src = entrant.payer
        and known_edges.dst = other.earlier
        and known_edges.dst <> entrant.payer
        and known_edges.occurred_s
        > entrant.opened_s - ($window_days + $gap_days) * 86400
        and known_edges.occurred_s < entrant.opened_s
),
common as (
    select node, opened_s, earlier
    from (select * from seen union all select * from seen_of_busiest) as either
    group by node, opened_s, earlier
    having count(*) > 1
),
before as (
    select
        payer.night, payer.node, payer.opened_s, payer.payers, payer.payer,
        common.earlier
    from common
    join payer on payer.node = common.node and payer.opened_s = common.opened_s
    join known_edges
        on known_edges.src = payer.payer
        and known_edges.dst = common.earlier
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
arrival as (
    select
        known_edges.dst, known_edges.received_on, known_edges.superseded_on,
        max(known_edges.occurred_s) as last_s
    from known_edges
    join (select distinct earlier from likely) as asked on asked.earlier = known_edges.dst
    where known_edges.src <> known_edges.dst
    group by known_edges.dst, known_edges.received_on, known_edges.superseded_on
),
silent as (
    select
        likely.night, likely.node, likely.payers, likely.earlier,
        max(arrival.last_s) as last_s
    from likely
    join arrival
        on arrival.dst = likely.earlier
        and arrival.received_on <= likely.night
        and (arrival.superseded_on is null or arrival.superseded_on > likely.night)
    group by likely.night, likely.node, likely.opened_s, likely.payers, likely.earlier
    having
        max(arrival.last_s) >= likely.opened_s - $gap_days * 86400
        and max(arrival.last_s) <= likely.opened_s + $gap_days * 86400
),
stopped as (
    select
        silent.night, silent.node, silent.payers, silent.earlier,
        known_edges.src as payer, known_edges.edge_id
    from silent
    join known_edges
        on known_edges.dst = silent.earlier
        and known_edges.src <> silent.earlier
        and known_edges.received_on <= silent.night
        and (
            known_edges.superseded_on is null or known_edges.superseded_on > silent.night
        )
        and known_edges.occurred_s > silent.last_s - $window_days * 86400
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
