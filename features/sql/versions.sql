-- versions: one row per version of a report, its place among the versions, and the night from which
-- a later one stands in its place.
-- inputs: reports. key: report_key.
select
    report_key,
    relation,
    min(
        case when relation not in ('supplement', 'duplicate') then received_on end
    ) over (
        partition by jurisdiction, reporting_entity_id, report_reference
        order by received_on, reported_at nulls first, submission_id, report_ordinal, report_key
        rows between 1 following and unbounded following
    ) as superseded_on,
    row_number() over (
        partition by jurisdiction, reporting_entity_id, report_reference
        order by received_on, reported_at nulls first, submission_id, report_ordinal, report_key
    ) as ordinal
from reports
