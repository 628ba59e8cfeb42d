"""What an analyst reads: the queue's rows and cut line, one alert's page, and the errors that help."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.home import Settings, UserError
from pipelines.lake import Lake, Nights
from pipelines.tables import ALERTS, REPORTS, RUNS
from review import queue as queues
from review import text
from review.alerts import build
from review.flow import EDGES_SHOWN
from review.picture import compact
from tests.review.world import NIGHT, PlainWording, World

NEXT = NIGHT + timedelta(days=1)


def _queued(tmp_path: Path, world: World, nights: Nights | None = None) -> Lake:
    lake = world.write(Lake(tmp_path / "lake"))
    chosen = nights or Nights.of(NIGHT)
    frame = build(lake, chosen, Settings(), inputs={NIGHT: "digest-1", NEXT: "digest-2"}, wording=PlainWording())
    lake.replace_nights(ALERTS, frame, chosen, {})
    return lake


def _ring() -> World:
    """A drop (1) paid by 2..5, one of whom (2) is paid by 6 in time and by 7 too late; it pays 8, who pays 9."""
    world = World()
    names = ("Капля", "Анна", "=cmd()", "[red]x[/]", "\x1b[31mZ\u202e", "Shop", "Late", "Out", "End")
    for node, name in enumerate(names, start=1):
        world.node(node, name=name, territory="RU-OMS" if node == 1 else "KZ-ALA")
    noon = datetime(2026, 2, 3, 12, tzinfo=UTC)
    for payer in (2, 3, 4, 5):
        world.edge(f"in{payer}", payer, 1, f"{payer}000.50", at=noon)
    world.edge("shop", 6, 2, "70000", at=noon - timedelta(hours=2))
    world.edge("late", 7, 2, "80000", at=noon + timedelta(hours=2))
    world.edge("out", 1, 8, "13000", at=noon + timedelta(hours=3), channel="wallet")
    world.edge("end", 8, 9, "12500", at=noon + timedelta(hours=4))
    world.edge("before", 8, 9, "99999", at=noon)
    world.edge("first", 7, 9, "1", at=noon - timedelta(hours=3))
    world.hit(1, [f"in{payer}" for payer in (2, 3, 4, 5)] + ["out"], 0.9, missing_data="balance,device")
    world.hit(1, ["first", "end"], 0.2, typology_id="NET-01", family="NET", theme="OTHER")
    world.hit(3, ["in3"], 0.4)
    world.hit(9, ["before"], 0.3, theme="TF")
    return world


def test_the_queue_and_its_cut_line(tmp_path: Path) -> None:
    """Leads by rank, with how many lie above and below the cut, and how old the night is."""
    lake = _queued(tmp_path, _ring())
    view = queues.queue(lake, capacity=1, today=NIGHT + timedelta(days=4))
    assert (view.night, view.age_days, view.total, view.leads) == (NIGHT, 4, 4, 1)
    assert (view.within, view.below, len(view.rows)) == (1, 0, 1)
    unfolded = queues.queue(lake, folded=False, capacity=2, limit=3)
    assert [row.rank for row in unfolded.rows] == [1, 2, 3]
    assert (unfolded.within, unfolded.below, unfolded.age_days) == (2, 2, None)
    assert view.rows[0].linked_count == 3


def test_the_queue_by_territory_and_theme(tmp_path: Path) -> None:
    """A country's code stands for its regions; a part of a code for nothing."""
    lake = _queued(tmp_path, _ring())
    assert {row.territory for row in queues.queue(lake, territory="KZ", folded=False).rows} == {"KZ-ALA"}
    assert queues.queue(lake, territory="GE", folded=False).total == 0
    for wrong in ({"territory": "K"}, {"territory": "RU-NOWHERE"}, {"theme": "NOPE"}):
        with pytest.raises(UserError, match="There is no t"):
            queues.queue(lake, **wrong)
    assert [row.theme for row in queues.queue(lake, None, "KZ-ALA", "TF", folded=False).rows] == ["TF"]


def test_the_newest_night_and_nights_without_a_queue(tmp_path: Path) -> None:
    """The newest complete night is shown even when it has no alert; a missing one is named with its neighbour."""
    with pytest.raises(UserError, match="no queue yet"):
        queues.queue(Lake(tmp_path / "none"))
    lake = _queued(tmp_path, _ring())
    assert queues.queue(lake).night == NIGHT
    done = {"received_on": NEXT, "step": "alerts", "inputs_digest": "x", "row_count": 0}
    lake.replace_nights(RUNS, RUNS.frame([done]), Nights.of(NEXT), {})
    empty = queues.queue(lake)
    assert (empty.night, empty.total) == (NEXT, 0)
    assert "No alert" in text.plain(text.queue_table(empty))
    with pytest.raises(UserError, match=str(NEXT)):
        queues.queue(lake, date(2026, 5, 1))


def test_an_alert_by_prefix(tmp_path: Path) -> None:
    """Unknown, ambiguous, too short and foreign characters: each is told apart, and no name is printed."""
    world = _ring()
    for node in range(100, 130):
        world.hit(node, [world.edge(f"n{node}", node + 100, node)])
    lake = _queued(tmp_path, world)
    row = queues.queue(lake, limit=1).rows[0]
    assert queues.alert(lake, row.alert_id[:8].upper()).row == row
    for wrong, message in (("abc", "at least 4"), ("xyz-1", "0-9 and a-f"), ("f" * 32, "No alert begins")):
        with pytest.raises(UserError, match=message) as caught:
            queues.alert(lake, wrong)
        assert row.subject_name not in str(caught.value)


def test_an_ambiguous_prefix_names_the_alerts(tmp_path: Path) -> None:
    """Two alerts with the same first characters: both are named, nothing is guessed."""
    lake = _queued(tmp_path, _ring())
    frame = lake.read(ALERTS)
    twins = frame.with_columns(pl.format("abcd{}", pl.col("alert_id").str.slice(4)).alias("alert_id"))
    lake.replace_nights(ALERTS, twins, Nights.of(NIGHT), {})
    with pytest.raises(UserError, match=r"4 alerts begin with abcd: .*Give more"):
        queues.alert(lake, "abcd")


def test_the_latest_version_of_an_alert(tmp_path: Path) -> None:
    """The newest night by default, an older one on demand, an absent one with those that there are."""
    world = _ring()
    world.hit(1, ["in2"], 0.9, night=NEXT)
    lake = _queued(tmp_path, world, Nights(NIGHT, NEXT))
    identifier = next(r.alert_id for r in queues.queue(lake, NEXT).rows)
    assert queues.alert(lake, identifier).provenance.inputs_digest == "digest-2"
    assert queues.alert(lake, identifier, NIGHT).provenance == queues.Provenance(NIGHT, "cold-start", "digest-1")
    with pytest.raises(UserError, match="2026-02-03, 2026-02-04"):
        queues.alert(lake, identifier, date(2026, 3, 1))


def _drop(lake: Lake) -> queues.AlertView:
    rows = queues.queue(lake, folded=False).rows
    return queues.alert(lake, next(r.alert_id for r in rows if r.subject_name == "Капля" and r.family == "DRP"))


def test_the_page_of_an_alert(tmp_path: Path) -> None:
    """Evidence with names, linked alerts, missing data and provenance."""
    view = _drop(_queued(tmp_path, _ring()))
    assert [row.transaction_id for row in view.evidence] == ["in2", "in3", "in4", "in5", "out"]
    assert (view.evidence[0].from_name, view.evidence[0].to_name) == ("Анна", "Капля")
    assert view.evidence[-1].amount_local == Decimal(13000)
    assert view.missing_data == ("balance", "device")
    assert {other.family for other in view.linked} == {"DRP", "NET"}
    assert len(view.linked) == view.row.linked_count


def test_the_flow_follows_the_clock(tmp_path: Path) -> None:
    """A second hop counts only where it can be the same money: before the payer paid, after the receiver received."""
    world = _ring()
    world.rows["hits"][0]["evidence"] += ["first", "end"]
    flow = _drop(_queued(tmp_path, world)).flow
    pairs = {hop.hop: [(edge.src, edge.dst) for edge in hop.edges] for hop in flow.hops}
    assert pairs == {-2: [(6, 2)], -1: [(5, 1), (4, 1), (3, 1), (2, 1)], 1: [(1, 8)], 2: [(8, 9)]}
    assert next(hop for hop in flow.hops if hop.hop == 2).edges[0].amount_local == Decimal(12500)
    assert [column.hop for column in flow.columns] == [-2, -1, 0, 1, 2]
    assert flow.columns[2].nodes == ((1, "Капля"),)


def test_small_flows_are_folded(tmp_path: Path) -> None:
    """Fifteen pairs a hop; the rest is a count and a sum."""
    world = World()
    world.node(1)
    names = [world.edge(f"t{n}", n, 1, str(n)) for n in range(2, 102)]
    world.hit(1, names)
    lake = _queued(tmp_path, world)
    view = queues.alert(lake, queues.queue(lake).rows[0].alert_id)
    paying = next(hop for hop in view.flow.hops if hop.hop == -1)
    assert len(paying.edges) == EDGES_SHOWN
    assert (paying.others_count, paying.others_amount) == (85, Decimal(sum(range(2, 87))))
    assert "+85 others" in text.plain(text.alert_page(view))
    assert "+85 др." in text.plain(text.alert_page(view, "ru"))


def _report(key: str, relation: str, night: date, ordinal: int) -> dict[str, Any]:
    return {
        "report_key": key,
        "received_on": night,
        "submission_id": f"s{ordinal}",
        "report_ordinal": 1,
        "jurisdiction": "RU",
        "reporting_entity_id": "bank",
        "report_reference": "ref",
        "report_code": "STR",
        "report_class": "suspicion",
        "relation": relation,
    }


@pytest.mark.parametrize(
    ("relation", "seen"),
    [("correct", ["new"]), ("supplement", ["old", "new"]), ("delete", []), ("duplicate", ["old"])],
)
def test_superseded_reports_leave_the_flow(tmp_path: Path, relation: str, seen: list[str]) -> None:
    """A correction replaces the flow of its report, a supplement adds, a deletion removes, a duplicate is nothing."""
    world = World()
    for node, name in ((1, "subject"), (2, "old"), (3, "new"), (4, "other")):
        world.node(node, name=name)
    world.edge("t1", 2, 1, report_key="r1")
    world.edge("t2", 3, 1, report_key="r2", amount="5")
    world.edge("t3", 4, 1, report_key="other", amount="1")
    world.hit(1, ["t3"])
    lake = _queued(tmp_path, world)
    rows = [_report("r1", "new", NIGHT, 1), _report("r2", relation, NIGHT, 2)]
    lake.replace_nights(REPORTS, REPORTS.frame(rows), Nights.of(NIGHT), {})
    hops = queues.alert(lake, queues.queue(lake).rows[0].alert_id).flow.hops
    names = [edge.src_name for hop in hops if hop.hop == -1 for edge in hop.edges]
    assert names == [*seen, "other"]


@pytest.mark.parametrize("width", [60, 100, 200])
def test_pages_render_in_both_languages(tmp_path: Path, width: int) -> None:
    """Reasons in the language, rules and model apart, names without control characters or markup."""
    lake = _queued(tmp_path, _ring())
    view = _drop(lake)
    for lang, why in (("en", "Why"), ("ru", "Почему")):
        page = text.plain(text.alert_page(view, lang), width)
        assert why in page
        assert f"[{lang}] DRP-01" in page
        assert "[red]x[/]" in page
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert "─▶" in page
        table = text.plain(text.queue_table(queues.queue(lake, folded=False, capacity=1), lang), width)
        assert ("DRUG" if lang == "en" else "нарко") in table
        assert (NIGHT.isoformat() in page) is (lang == "en")


def test_the_picture_flows_from_left_to_right(tmp_path: Path) -> None:
    """The subject stands between payers and receivers, and every line of the spine joins."""
    page = text.plain(text.alert_page(_drop(_queued(tmp_path, _ring()))), 160)
    line = next(line for line in page.splitlines() if "▶ Капля" in line)
    assert line.index("▶ Капля") < line.index("Out")
    picture = [line for line in page.splitlines() if "×1" in line]
    assert [next(c for c in line if c in "┐┤┼┘") for line in picture] == ["┐", "┼", "┤", "┘"]


def test_json_is_for_machines(tmp_path: Path) -> None:
    """Amounts are text with all digits, times are ISO UTC, dates ISO."""
    lake = _queued(tmp_path, _ring())
    shown = json.loads(text.to_json(_drop(lake)))
    assert shown["evidence"][0]["amount_local"] == "2000.5"
    assert shown["evidence"][0]["occurred_at"] == "2026-02-03T12:00:00Z"
    listed = json.loads(text.to_json(queues.queue(lake)))
    assert listed["night"] == "2026-02-03"
    assert listed["rows"][0]["first_reason"]["ru"].startswith("[ru]")


def test_csv_runs_nothing(tmp_path: Path) -> None:
    """A name that a spreadsheet would take for a formula arrives as text; an empty queue is an empty file."""
    lake = _queued(tmp_path, _ring())
    rows = list(csv.DictReader(io.StringIO(text.to_csv(queues.queue(lake, folded=False)))))
    assert len(rows) == 4
    assert "'=cmd()" in {row["subject_name"] for row in rows}
    evidence = list(csv.DictReader(io.StringIO(text.to_csv(_drop(lake)))))
    assert [row["from_name"] for row in evidence][1] == "'=cmd()"
    assert text.to_csv(queues.queue(lake, theme="VA")) == ""


@given(st.text(max_size=20))
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    """Whatever the text, and nothing is lost."""
    guarded = text.guarded(cell)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert guarded.removeprefix("'") == cell or guarded == cell


def test_amounts_in_words() -> None:
    """Exact text for machines, three digits for pictures."""
    assert text.decimal_text(Decimal("1000.0000000000000")) == "1000"
    assert text.decimal_text(Decimal("1E+3")) == "1000"
    assert text.decimal_text(Decimal("0.0000000000001")) == "0.0000000000001"
    assert [compact(Decimal(n), "en") for n in (0, 999, 1500, 12_345_678)] == ["0", "999", "1.5 k", "12 M"]
    assert compact(Decimal("1234567890"), "ru") == "1,2 млрд"


def test_the_first_sentence() -> None:
    """Numbers with dots do not end a sentence; a long one is cut at a word."""
    assert text.first_sentence("From 1.5 to 2. More.") == "From 1.5 to 2."
    assert text.first_sentence("word " * 60).endswith("word…")
