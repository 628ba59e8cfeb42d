"""Steps: only stale nights are computed, in consecutive chunks; digests of what was known."""

from datetime import date, timedelta

from pipelines import tables
from pipelines.lake import Lake, Nights
from pipelines.steps import days, run_step
from pipelines.versions import known_digests

FIRST = date(2026, 1, 1)
WEEK = Nights(FIRST, FIRST + timedelta(days=6))


def reports(*pairs):
    return tables.REPORTS.frame(
        {
            "report_key": f"{day}-{submission}",
            "received_on": day,
            "submission_id": submission * 64,
            "report_ordinal": 1,
            "jurisdiction": "ZZ",
            "reporting_entity_id": "1",
            "report_reference": submission,
            "report_code": "STR",
            "report_class": "suspicion",
            "relation": "new",
        }
        for day, submission in pairs
    )


class Recorder:
    """A compute function that notes what it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, nights):
        self.asked.append((nights.first, nights.last))
        return tables.NODES.frame(
            {"node_id": 1, "received_on": day, "node_key": "acc:1", "kind": "account"} for day in days(nights)
        )


def test_a_step_computes_what_is_stale_and_nothing_else(tmp_path):
    lake, compute = Lake(tmp_path), Recorder()
    inputs = dict.fromkeys(days(WEEK), "a")
    assert run_step(lake, tables.NODES, WEEK, inputs, compute).computed_nights == 7
    assert run_step(lake, tables.NODES, WEEK, inputs, compute).computed_nights == 0
    changed = {**inputs, FIRST + timedelta(days=2): "b", FIRST + timedelta(days=3): "b", FIRST + timedelta(days=6): "b"}
    report = run_step(lake, tables.NODES, WEEK, changed, compute)
    assert (report.computed_nights, report.row_count) == (3, 3)
    assert compute.asked == [
        (FIRST, WEEK.last),
        (FIRST + timedelta(days=2), FIRST + timedelta(days=3)),
        (WEEK.last, WEEK.last),
    ]
    assert lake.read(tables.NODES).height == 7


def test_steps_of_one_night_do_not_erase_each_other_from_the_record(tmp_path):
    lake, compute = Lake(tmp_path), Recorder()
    inputs = dict.fromkeys(days(WEEK), "a")
    run_step(lake, tables.NODES, WEEK, inputs, compute)
    run_step(lake, tables.EDGES, WEEK, inputs, lambda _: tables.EDGES.empty())
    assert run_step(lake, tables.NODES, WEEK, inputs, compute).computed_nights == 0


def test_a_report_that_comes_late_changes_the_digest_of_its_day_and_all_after(tmp_path):
    lake = Lake(tmp_path)
    second, fourth = FIRST + timedelta(days=1), FIRST + timedelta(days=3)
    lake.replace_nights(tables.REPORTS, reports((FIRST, "a"), (fourth, "b")), WEEK, {})
    before = known_digests(lake, WEEK)
    lake.replace_nights(tables.REPORTS, reports((second, "c")), Nights.of(second), {})
    after = known_digests(lake, WEEK)
    assert [day for day in days(WEEK) if before[day] != after[day]] == [
        FIRST + timedelta(days=offset) for offset in range(1, 7)
    ]
    assert known_digests(lake, Nights.of(WEEK.last)) == {WEEK.last: after[WEEK.last]}
    assert before[FIRST] == before[second]
