-- gathered: one row per night and node of `chosen`, with the evidence put together: the marks of
-- the window, that is later than from_s and not later than to_s. Counts and sums come from running
-- sums, so that a large window costs no more than a small one; at most 200 marks are named.
-- inputs: chosen, marks, known_edges. key: night, node_id.
with placed as (
    select
        marks.part, marks.node, marks.edge_id, marks.occurred_s,
        row_number() over along as position,
        sum(marks.amount_local) over along as total
    from marks
    join (select distinct part, node from chosen) as wanted
        on wanted.part = marks.part and wanted.node = marks.node
    window along as (
        partition by marks.part, marks.node order by marks.occurred_s, marks.edge_id
        rows between unbounded preceding and current row
    )
),
event as (
    select part, node, occurred_s, 0 as kind, cast(null as date) as night, position, total
    from placed
    union all
    select part, node, from_s, 1, night, null, null from chosen
    union all
    select part, node, to_s, 2, night, null, null from chosen
),
run as (
    select
        part, node, kind, night,
        coalesce(max(position) over so_far, 0) as position,
        coalesce(max(total) over so_far, 0) as total,
        max(case when kind = 0 then occurred_s end) over so_far as last_s
    from event
    window so_far as (
        partition by part, node order by occurred_s, kind, position
        rows between unbounded preceding and current row
    )
),
bounded as (
    select
        chosen.*,
        start.position as before,
        finish.position - start.position as evidence_count,
        finish.total - start.total as amount_local,
        finish.last_s as last_s
    from chosen
    join run as start
        on start.part = chosen.part and start.node = chosen.node
        and start.night = chosen.night and start.kind = 1
    join run as finish
        on finish.part = chosen.part and finish.node = chosen.node
        and finish.night = chosen.night and finish.kind = 2
),
wanted as (
    select
        bounded.night, bounded.node, bounded.part,
        unnest(range(before + 1, before + 1 + least(evidence_count, 200))) as position
    from bounded
),
named as (
    select
        wanted.night,
        wanted.node,
        min(placed.occurred_s) as first_s,
        list(known_edges.transaction_id order by placed.position) as transaction_ids
    from wanted
    join placed
        on placed.part = wanted.part
        and placed.node = wanted.node
        and placed.position = wanted.position
    join known_edges on known_edges.edge_id = placed.edge_id
    group by wanted.night, wanted.node
)
select
    bounded.night, bounded.node as node_id, bounded.value, bounded.threshold, bounded.facts,
    named.first_s as from_s,
    bounded.last_s as to_s,
    bounded.amount_local,
    bounded.evidence_count,
    named.transaction_ids
from bounded
join named on named.night = bounded.night and named.node = bounded.node
