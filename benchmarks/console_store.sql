-- console_store: a large made-up store, written by the database itself; one statement per table, one text for SQLite and
-- PostgreSQL. parameters by replacement: N_ALERTS, N_SUBJECTS, and the casts json(..), day(..), moment(..) of the dialect.
-- Statements with N_PART and N_PARTS are run once per part, on PostgreSQL all parts at once; the others write all rows.
-- inputs: bench_name (k, name), bench_term (k, kind, term), bench_content (k, six JSON texts), console_queue, console_person.
-- A hundred thousand names are spread over all subjects; every 500th alert has the largest picture that there can be.

insert into console_subject
    (id, node_id, node_key, kind, name, holder_kind, institution, country, territory, details, described_on)
with recursive n (i) as (select cast(1 as bigint) union all select i + 1 from n where i < N_SUBJECTS)
select i, 100000000 + i, 'XS:40702810' || (100000000 + i), 'account', b.name, 'person', 'bank-' || (i % 40), 'XS',
    'XS-' || (i % 20), <<json '{}'>>, <<day '2026-02-03'>>
from n join bench_name b on b.k = (i * 7919) % N_NAMES
where i % N_PARTS = N_PART;

insert into console_subjectterm (subject_id, kind, term)
select s.id, t.kind, t.term
from console_subject s join bench_term t on t.k = (s.id * 7919) % N_NAMES
where s.id % N_PARTS = N_PART;

insert into console_subjectterm (subject_id, kind, term)
select id, 'number', '40702810' || node_id from console_subject
union all
select id, 'tail', reverse('40702810' || node_id) from console_subject;

insert into console_report
    (id, report_key, reference, reference_term, jurisdiction, reporting_entity, report_code, report_class, relation,
     received_on, reason, action, territory, indicators)
with recursive n (i) as (select cast(1 as bigint) union all select i + 1 from n where i < N_SUBJECTS)
select i, 'XS:bank:R-' || i || ':1', 'R-' || i, 'R' || i, 'XS', 'bank-' || (i % 40), 'STR', 'suspicion', 'original',
    <<day '2026-02-03'>>, 'The client could not name a payer.', '', '', <<json '["I-1"]'>>
from n
where i % N_PARTS = N_PART;

insert into console_alert
    (id, alert_id, subject_id, subject_name, family, theme, territory, corridor, typologies, component_id, linked_count,
     window_from, window_to, risk, is_calibrated, amount_local, currency, evidence_count, subject_count,
     first_reason_en, first_reason_ru, lead_features, is_rule_found, model_id, inputs_digest, first_night, last_night,
     known_on, changed_at, score, value, queue_id, state, version, taken_as, taken_risk, due_on, wake_events, is_urgent,
     has_agency_interest, disposition, disposition_reason, closed_at)
with recursive n (i) as (select cast(1 as bigint) union all select i + 1 from n where i < N_ALERTS)
select i, substr('00000000000000' || (i * 7919 % 1000003) || 'a' || (100000000 + i) || 'bcdef', 1, 32),
    1 + i % N_SUBJECTS, s.name, 'fan', q.theme, q.territory, '', 'FAN-01', 'c' || (i / 3), 2,
    <<moment '2026-01-31 18:00:00+00:00'>>, <<moment '2026-02-03 18:00:00+00:00'>>, (i % 1000) / 1000.0, <<true>>,
    100000 + i % 900000, 'XSD', 5, 4, '40 payments of 40 payers (usually 3).', '40 платежей от 40 плательщиков.',
    'asof_dst_in_fan_30d', <<true>>, 'model-1', 'digest', <<day '2026-02-01'>>, <<day '2026-02-03'>>,
    <<day '2026-02-03'>>, <<moment '2026-02-03 20:00:00+00:00'>>, i % 79, (i % 1000) / 1000.0, q.id,
    case when i % 10 < 3 then 'closed' else 'queued' end, 1, case when i % 10 < 3 then '2' else '' end,
    case when i % 10 < 3 then (i % 1000) / 1000.0 end, <<day '2026-12-30'>>, <<json '[]'>>, <<false>>, <<false>>,
    case when i % 10 < 3 then 'D5' else '' end, case when i % 10 < 3 then 'salary' else '' end,
    case when i % 10 < 3 then <<moment '2026-02-02 10:00:00+00:00'>> end
from n join console_subject s on s.id = 1 + i % N_SUBJECTS join console_queue q on q.id = 1 + i % N_QUEUES
where i % N_PARTS = N_PART;

insert into console_alertcontent (alert_id, reasons, missing_data, evidence, movements, flow, nodes)
select a.id, <<json b.reasons>>, <<json '["balances"]'>>, <<json b.evidence>>,
    <<json replace(b.movements, '700000000', '' || (100000000 + a.subject_id))>>,
    <<json replace(b.flow, '700000000', '' || (100000000 + a.subject_id))>>,
    <<json replace(b.nodes, '700000000', '' || (100000000 + a.subject_id))>>
from console_alert a join bench_content b on b.k = case when a.id % 500 = 0 then 0 else 1 + a.id % 20 end
where a.id % N_PARTS = N_PART;

insert into console_alertsubject (alert_id, subject_id, is_own)
select id, subject_id, <<true>> from console_alert where id % N_PARTS = N_PART
union all
select id, 1 + (id * 31 + 7) % N_SUBJECTS, <<false>> from console_alert
where 1 + (id * 31 + 7) % N_SUBJECTS <> subject_id and id % N_PARTS = N_PART;

insert into console_alertreport (alert_id, report_id, evidence_count)
select id, 1 + (id * 17) % N_SUBJECTS, 5 from console_alert
where id % N_PARTS = N_PART;

insert into console_decision
    (alert_id, ordinal, kind, code, edition, reason, text, status, needs_second, proposed_by_id, proposed_at,
     judged_text, score, wake_events, evidence)
select id, 1, 'close', 'D5', 1, 'salary', 'Monthly pay of one employer.', 'final', <<false>>, 1,
    <<moment '2026-02-02 10:00:00+00:00'>>, '', score, <<json '[]'>>, <<json '["t1"]'>>
from console_alert where state = 'closed';

insert into console_queueentry
    (queue_id, alert_id, position, rank_class, score, value_per_minute, minutes, is_below_cut, below_since)
select queue_id, id, row_number() over (partition by queue_id order by score desc, id), '2', score, 0.1, 6.0,
    row_number() over (partition by queue_id order by score desc, id) > N_LISTED, <<day '2026-02-03'>>
from console_alert where state = 'queued';

update console_queue
set below = (select count(*) from console_queueentry e where e.queue_id = console_queue.id and e.is_below_cut)
where id % N_PARTS = N_PART;
