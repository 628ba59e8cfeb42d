-- findings: one row per night, subject of a case and edge of the evidence. A case is something
-- that a side table says of a subject, from the day on which it was told until the day on which a
-- later row took its place. It is found on the night that it was told, or that brought the subject
-- a transaction of the kind and time that the case asks for; of several, the one that passes its
-- threshold most. A case of a person or company holds for their accounts as well.
-- parameters: $trigger (edge: a new transaction; report: a new row is enough), $evidence_max,
-- $reach_s (how far before the night's end evidence is looked for).
-- inputs: nights, known_edges, owners, cases (case_key, node, known_from, known_until, from_s,
-- to_s, direction: in, out or any, other: null for any, is_abroad_only, value, threshold, facts).
-- key: night, node_id, edge_id.
with subject as (
    select distinct node as of_node, node, date '0001-01-01' as known_from from cases
    union all
    select named.node, owners.node, owners.known_from
    from (select distinct node from cases) as named
    join owners on owners.owner = named.node
),
own_case as (
    select
        subject.node, cases.case_key, cases.known_until, cases.from_s, cases.to_s,
        cases.direction, cases.other, cases.is_abroad_only, cases.value, cases.threshold,
        cases.facts,
        greatest(cases.known_from, subject.known_from) as known_from
    from cases
    join subject on subject.of_node = cases.node
),
wanted as (
    select distinct node from own_case
),
side as (
    select wanted.node, known_edges.dst as other, 'out' as direction, known_edges.*
    from known_edges
    join wanted on wanted.node = known_edges.src
    union all
    select wanted.node, known_edges.src, 'in', known_edges.*
    from known_edges
    join wanted on wanted.node = known_edges.dst
    where known_edges.src <> known_edges.dst
),
touched as (
    select own_case.node, nights.night, nights.cutoff_s
    from own_case
    join nights on nights.night = own_case.known_from
    union
    select side.node, nights.night, nights.cutoff_s
    from side
    join nights on nights.night = side.received_on
),
evidence as (
    select
        touched.night, own_case.case_key, own_case.node, own_case.known_from,
        own_case.value, own_case.threshold, own_case.facts,
        side.edge_id, side.occurred_s,
        case when side.received_on = touched.night then 1 else 0 end as is_new
    from touched
    join own_case
        on own_case.node = touched.node
        and own_case.known_from <= touched.night
        and (own_case.known_until is null or own_case.known_until > touched.night)
    join side
        on side.node = own_case.node
        and side.received_on <= touched.night
        and (side.superseded_on is null or side.superseded_on > touched.night)
        and side.occurred_s > touched.cutoff_s - $reach_s
        and side.occurred_s >= own_case.from_s
        and side.occurred_s <= own_case.to_s
        and (own_case.direction = 'any' or own_case.direction = side.direction)
        and (own_case.other is null or own_case.other = side.other)
        and (own_case.is_abroad_only = 0 or side.is_cross_border)
),
counted as (
    select
        night, case_key, node, known_from, value, threshold, facts,
        max(is_new) as has_new
    from evidence
    group by night, case_key, node, known_from, value, threshold, facts
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node
            order by value / nullif(threshold, 0) desc, known_from desc, case_key
        ) as place
    from counted
    where has_new = 1 or ($trigger = 'report' and known_from = night)
),
placed as (
    select
        ranked.night, ranked.node, ranked.value, ranked.threshold, ranked.facts,
        evidence.edge_id,
        row_number() over (
            partition by ranked.night, ranked.node
            order by evidence.is_new desc, evidence.occurred_s desc, evidence.edge_id
        ) as position
    from ranked
    join evidence
        on evidence.night = ranked.night
        and evidence.node = ranked.node
        and evidence.case_key = ranked.case_key
    where ranked.place = 1
)
select night, node as node_id, value, threshold, facts, edge_id
from placed
where position <= $evidence_max
