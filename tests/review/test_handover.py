"""What a night hands over of an alert: every movement of its window, and the rows that its reasons are made of."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import ALERTS, PARTIES, REPORTS, TRANSACTIONS, Type
from review import flow, handover
from review.alerts import build
from review.handover import Content
from tests.review.world import NIGHT, PlainWording, World


def _handed_over(tmp_path: Path, world: World) -> dict[int, Content]:
    """The contents of the night's alerts, by subject."""
    lake = world.write(Lake(tmp_path / "lake"))
    told = {"submission_id": "s", "channel": "transfer", "currency_local": "RUB"}
    rows = [{**edge, **told, "transaction_ordinal": 1} for edge in world.rows["edges"]]
    names = {column.name for column in TRANSACTIONS.columns}
    frame = TRANSACTIONS.frame([{name: row.get(name) for name in names} for row in rows])
    every = Nights(min(frame["received_on"]), max(frame["received_on"]))
    lake.replace_nights(TRANSACTIONS, frame, every, {})
    chosen = Nights.of(NIGHT)
    alerts = build(lake, chosen, Settings(home=tmp_path), inputs={NIGHT: "inputs"}, wording=PlainWording())
    lake.replace_nights(ALERTS, alerts, chosen, {})
    given = handover.read(lake, NIGHT, "digest")
    return {row["node_id"]: given.contents[row["alert_id"]] for row in given.alerts}


_BLANKS = {Type.INT: 1, Type.BOOL: False}
"""What a required column holds that a test says nothing about."""


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 2, day, hour, tzinfo=UTC)


def _sums(content: Content, hop: int) -> Decimal:
    return sum((Decimal(edge[2]) for h in content.flow["hops"] if h["hop"] == hop for edge in h["edges"]), Decimal(0))


def test_money_that_came_before_or_left_after_the_evidence_is_in_the_picture(tmp_path: Path) -> None:
    """Whole days, seven nights at least, up to the end of the night; the evidence alone is marked."""
    world = World()
    world.edge("before", 4, 1, "30", night=date(2026, 1, 28), at=datetime(2026, 1, 28, 23, tzinfo=UTC))
    world.edge("too-early", 4, 1, "999", night=date(2026, 1, 27), at=datetime(2026, 1, 27, 23, tzinfo=UTC))
    evidence = world.edge("evidence", 2, 1, "1000", at=_at(3, 9))
    world.edge("after", 1, 3, "900", at=_at(3, 21))
    world.edge("later", 1, 3, "7", night=NIGHT + timedelta(days=1), at=_at(3, 22))
    world.hit(1, [evidence])
    content = _handed_over(tmp_path, world)[1]
    assert {m["transaction_id"]: m["is_evidence"] for m in content.movements} == {
        "before": False,
        "evidence": True,
        "after": False,
    }
    assert (_sums(content, -1), _sums(content, 1)) == (Decimal(1030), Decimal(900))
    assert (content.flow["from"], content.flow["to"]) == ("2026-01-28", "2026-02-03")
    assert "beyond" not in content.flow


def test_the_window_of_pictures_holds_late_evidence_and_its_night() -> None:
    """What is told late is drawn from its own day to the night that learnt of it."""
    first, last = flow.window_of(_at(1, 18), _at(2, 3), date(2026, 3, 9))
    assert (first, last.date()) == (_at(1, 0), date(2026, 3, 9))


def test_what_is_too_much_to_list_is_summed_up_by_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The totals of the pictures are of all movements, however many are listed."""
    monkeypatch.setattr(handover, "MOVEMENTS_MAX", 2)
    world = World()
    world.hit(1, [world.edge("evidence", 2, 1, "1", at=_at(3, 9))])
    for number in range(4):
        world.edge(f"in{number}", 5, 1, str(100 + number), at=_at(3, 10))
    world.edge("out", 1, 6, "50", at=_at(3, 10))
    content = _handed_over(tmp_path, world)[1]
    assert {m["transaction_id"] for m in content.movements} == {"evidence", "in3", "in2"}
    hour = "2026-02-03T10:00:00+00:00"
    assert content.flow["beyond"] == [
        {"at": hour, "is_incoming": False, "amount": "50", "count": 1},
        {"at": hour, "is_incoming": True, "amount": "201", "count": 2},
    ]


def test_what_a_number_is_made_of_is_handed_over_though_it_is_no_evidence(tmp_path: Path) -> None:
    """Rows of another account, or of before the window, come with the reason and stay out of the pictures."""
    world = World()
    judged = world.edge("judged", 2, 1, "1000", at=_at(3, 9))
    world.edge("payer-got", 7, 2, "800", night=date(2026, 1, 10), at=datetime(2026, 1, 10, 9, tzinfo=UTC))
    world.score("account", 1, 0.9)
    item = {"feature": "pit_src_in_sum_30d", "value": 800.0, "usual": 0.0, "contribution": 1.0}
    world.score("transaction", judged, 0.9, explanation=json.dumps([item]))
    content = _handed_over(tmp_path, world)[1]
    assert content.reasons[0]["evidence"] == ["payer-got"]
    rows = {m["transaction_id"]: (m["is_evidence"], m["is_drawn"]) for m in content.movements}
    assert rows == {"judged": (True, True), "payer-got": (False, False)}
    assert {"1", "2", "7"} == set(content.nodes)
    assert content.evidence == ["judged"]


def test_reports_of_suspicion_that_name_the_subject_are_told_apart(tmp_path: Path) -> None:
    """A report that names somebody else of the evidence is no report about the subject."""
    world = World()
    for node in (1, 2):
        world.node(node)
    world.hit(1, [world.edge("t", 2, 1)])
    lake = Lake(tmp_path / "lake")
    kinds = {"named": ("key-1", "suspicion"), "other": ("key-2", "suspicion"), "plain": ("key-1", "transfer")}
    reports = [
        {"report_key": key, "received_on": NIGHT, "report_reference": key, "report_class": kind, "relation": "new"}
        for key, (_node, kind) in kinds.items()
    ]
    parties = [
        {"report_key": key, "received_on": NIGHT, "ordinal": 1, "node_key": node}
        for key, (node, _kind) in kinds.items()
    ]
    for table, rows in ((REPORTS, reports), (PARTIES, parties)):
        blank = {column.name: _BLANKS.get(column.type, "x") for column in table.columns if column.required}
        lake.replace_nights(table, table.frame([{**blank, **row} for row in rows]), Nights.of(NIGHT), {})
    content = _handed_over(tmp_path, world)[1]
    assert content.nodes["1"]["named_in"] == ["named"]
    assert "named_in" not in content.nodes["2"]
