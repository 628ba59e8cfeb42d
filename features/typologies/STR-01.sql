-- STR-01, reported as suspicious: one row per night, subject of a report of suspicion that came in
-- that night, and edge of the evidence: the report's own transactions with the subject, or, where
-- it has none, the subject's latest known ones. The value counts reporting entities, and half for
-- every further report.
-- parameters: $score_min, $window_days (how far reports count), $evidence_days, $evidence_max.
-- inputs: nights, reported, known_edges. key: night, node_id, edge_id.
with told as (
    select
        nights.night,
        nights.cutoff_s,
        reported.node,
        count(distinct reported.reporting_entity_id) as reporters,
        count(distinct reported.report_key) as reports
    from nights
    join reported
        on reported.received_on <= nights.night
        and nights.night - reported.received_on < $window_days
        and (reported.superseded_on is null or reported.superseded_on > nights.night)
    group by nights.night, nights.cutoff_s, reported.node
    having
        max(case when reported.received_on = nights.night then 1 else 0 end) = 1
        and count(distinct reported.reporting_entity_id) + count(distinct reported.report_key)
        >= 2 * $score_min
),
side as (
    select edge_id, report_key, received_on, superseded_on, occurred_s, src as node
    from known_edges
    union all
    select edge_id, report_key, received_on, superseded_on, occurred_s, dst
    from known_edges
    where dst <> src
),
touching as (
    select
        told.night,
        told.node,
        side.edge_id,
        side.occurred_s,
        case when reported.report_key is not null then 1 else 0 end as is_of_report,
        case
            when side.occurred_s > told.cutoff_s - $evidence_days * 86400 then 1 else 0
        end as is_recent
    from told
    join side
        on side.node = told.node
        and side.received_on <= told.night
        and told.night - side.received_on <= $evidence_days
        and (side.superseded_on is null or side.superseded_on > told.night)
    left join reported
        on reported.report_key = side.report_key and reported.node = side.node
),
ranked as (
    select
        *,
        max(is_of_report) over (partition by night, node) as has_own,
        row_number() over (
            partition by night, node
            order by is_of_report desc, occurred_s desc, edge_id
        ) as place
    from touching
    where is_of_report = 1 or is_recent = 1
),
evidence as (
    select * from ranked
    where (has_own = 1 and is_of_report = 1) or (has_own = 0 and place <= $evidence_max)
),
counted as (
    select night, node, count(*) as transactions
    from evidence
    group by night, node
)
select
    told.night,
    told.node as node_id,
    cast(told.reporters + (told.reports - told.reporters) / 2.0 as double) as value,
    cast($score_min as double) as threshold,
    cast(
        json_object(
            'reports', told.reports,
            'reporters', told.reporters,
            'days', $window_days,
            'count', counted.transactions
        ) as varchar
    ) as facts,
    evidence.edge_id
from told
join counted on counted.night = told.night and counted.node = told.node
join evidence on evidence.night = told.night and evidence.node = told.node
