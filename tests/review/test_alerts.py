"""The ALERTS table: what makes an alert, and the laws that hold for every queue."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from features import trace
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import ALERTS
from review import candidates, reasons
from review.alerts import build
from tests.review.world import NIGHT, PlainWording, World

NEXT = NIGHT + timedelta(days=1)


def _build(lake: Lake, nights: Nights | None = None, **given: Any) -> pl.DataFrame:
    chosen = nights or Nights.of(NIGHT)
    inputs = {chosen.first + timedelta(days=n): f"inputs-{n}" for n in range((chosen.last - chosen.first).days + 1)}
    return build(lake, chosen, Settings(**given), inputs=inputs, wording=PlainWording())


def _lake(tmp_path: Path, world: World) -> Lake:
    return world.write(Lake(tmp_path / "lake"))


def _reasons(row: dict[str, Any]) -> list[dict[str, Any]]:
    return list(json.loads(row["reasons"]))


def test_an_empty_night_has_no_alert(tmp_path: Path) -> None:
    """No hit, no score: the typed, empty table."""
    assert_frame_equal(_build(Lake(tmp_path / "lake")), ALERTS.empty())


def test_hits_of_one_family_are_one_alert(tmp_path: Path) -> None:
    """Two typologies of a family on a subject: union of evidence, theme of the stronger, both reasons, joined gaps."""
    world = World()
    world.node(1, name="Ромашка", territory="RU-OMS")
    early = world.edge("late-name", 2, 1, "10.25", at=datetime(2026, 2, 1, 9, tzinfo=UTC))
    paid = [world.edge(f"t{n}", n, 1, "100.10") for n in (3, 4)]
    world.hit(1, [*paid, early], 0.6, missing_data="device,age")
    world.hit(1, paid, 0.9, typology_id="DRP-12", theme="DRUG-SYN", missing_data="age")
    world.hit(1, paid, 0.4, typology_id="CSH-01", family="CSH")
    frame = _build(_lake(tmp_path, world))
    assert sorted(frame["family"]) == ["CSH", "DRP"]
    row = frame.filter(pl.col("family") == "DRP").row(0, named=True)
    assert row["subject_name"] == "Ромашка"
    assert (row["territory"], row["theme"], row["missing_data"]) == ("RU-OMS", "DRUG-SYN", "age,device")
    assert row["evidence"] == ["late-name", "t3", "t4"]
    assert row["amount_local"] == Decimal("210.45")
    assert row["window_from"] == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert [r["source"] for r in _reasons(row)] == ["DRP-12", "DRP-01"]
    assert _reasons(row)[0]["evidence"] == ["t3", "t4"]
    assert row["inputs_digest"] == "inputs-0"


def test_cold_start_risk_is_noisy_or(tmp_path: Path) -> None:
    """Without a calibrated score: 1 - (1 - .3 anomaly^4) (1 - .7 strength) ..., and it is not called a probability."""
    world = World()
    world.hit(1, [world.edge("t", 2, 1)], 0.8)
    world.hit(1, ["t"], 0.5, typology_id="DRP-04")
    world.score("account", 1, 0.6, is_calibrated=False, anomaly=0.8, model_id="cold-start")
    row = _build(_lake(tmp_path, world)).row(0, named=True)
    assert row["risk"] == pytest.approx(1 - (1 - 0.3 * 0.8**4) * (1 - 0.7 * 0.8) * (1 - 0.7 * 0.5))
    assert not row["is_calibrated"]
    assert row["model_id"] == "cold-start"


def test_a_calibrated_risk_stands_alone(tmp_path: Path) -> None:
    """The larger of account and evidence risk; a subject that the model did not see keeps half of its strength."""
    world = World()
    world.hit(1, [world.edge("t", 2, 1)], 1.0)
    world.score("account", 1, 0.2)
    world.score("transaction", "t", 0.3, model_id="model-2")
    world.hit(7, [world.edge("u", 8, 7)], 1.0)
    frame = _build(_lake(tmp_path, world))
    scored, unscored = (frame.filter(pl.col("node_id") == node).row(0, named=True) for node in (1, 7))
    assert (scored["risk"], scored["is_calibrated"], scored["model_id"]) == (0.3, True, "model-2")
    assert (unscored["risk"], unscored["is_calibrated"]) == (pytest.approx(0.35), False)


def test_model_alerts_fill_up_to_capacity_above_the_floor(tmp_path: Path) -> None:
    """The riskiest accounts without a hit, those with evidence only; reasons are of their transactions."""
    world = World()
    for node, risk in ((1, 0.9), (2, 0.5), (3, 0.4), (4, candidates.FLOOR_CALIBRATED / 2), (5, 0.99)):
        world.score("account", node, risk)
        if node != 5:
            paid = world.edge(f"t{node}", 100 + node, node)
            world.score("transaction", paid, risk, {"fan": 3.0, "speed": 1.0, "x": -9})
    world.score("transaction", world.edge("small", 200, 1), 0.1, {"other": 1.0})
    world.hit(2, ["t2"])
    frame = _build(_lake(tmp_path, world), capacity=1)
    assert sorted(frame.select("node_id", "family").rows()) == [(1, "MODEL"), (2, "DRP")]
    row = frame.filter(pl.col("family") == "MODEL").row(0, named=True)
    assert row["evidence"] == ["t1"]
    assert row["theme"] == "OTHER"
    assert [(r["source"], r["weight"]) for r in _reasons(row)] == [
        ("model", pytest.approx(0.675)),
        ("model", pytest.approx(0.225)),
    ]
    assert _reasons(row)[0]["en"] == "[en] fan is 40 (usually 3)"
    both = frame.filter(pl.col("family") == "DRP").row(0, named=True)
    assert [r["source"] for r in _reasons(both)] == ["DRP-01", "model", "model"]
    assert both["risk"] == 0.5


def _explained(*items: tuple[str, float]) -> str:
    rows = [{"feature": n, "value": v, "usual": 3.0, "contribution": 9.0 - at} for at, (n, v) in enumerate(items)]
    return json.dumps(rows)


def test_a_number_of_the_model_links_the_transactions_that_it_is_made_of(tmp_path: Path) -> None:
    """The feature's own window, side and account; not the evidence, and nothing that a later night learnt."""
    world = World()
    judged = world.edge("judged", 2, 1, "1000")
    came = [world.edge(f"came{n}", 10 + n, 1, "500", at=datetime(2026, 2, 3, n, tzinfo=UTC)) for n in (3, 1)]
    left = world.edge("left", 1, 9, "900", at=datetime(2026, 2, 3, 20, tzinfo=UTC))
    world.edge("earlier", 4, 1, "70", at=datetime(2026, 2, 1, 12, tzinfo=UTC))
    world.edge("other", 2, 9, "70")
    world.edge("late", 5, 1, "70", night=NEXT, at=datetime(2026, 2, 3, 12, tzinfo=UTC))
    items = _explained(("asof_dst_in_sum_1d", 2000.0), ("asof_dst_out_sum_1d", 900.0), ("asof_src_out_sum_1d", 1070.0))
    world.score("account", 1, 0.9)
    world.score("transaction", judged, 0.9, explanation=items)
    row = _build(_lake(tmp_path, world), home=tmp_path).row(0, named=True)
    into, out, paid = _reasons(row)
    assert row["evidence"] == [judged]
    assert (into["evidence"], into["rows"]) == ([came[1], came[0], judged], 3)
    assert (out["evidence"], out["rows"]) == ([left], 1)
    assert (paid["evidence"], paid["rows"]) == ([judged, "other"], 2)
    assert {reason["about"] for reason in (into, out, paid)} == {judged}
    assert (into["since"], into["until"]) == ("2026-02-02T23:59:59+00:00", "2026-02-03T23:59:59+00:00")


def test_a_number_of_many_transactions_links_the_largest_and_says_how_many_there_are(tmp_path: Path) -> None:
    """Of thirty, 25 are linked; a share says among how many they are."""
    world = World()
    for number in range(30):
        world.edge(f"t{number:02}", 50 + number, 1, str(100 * (number + 1)))
    world.edge("odd", 99, 1, "7.50")
    world.score("account", 1, 0.9)
    items = _explained(("asof_dst_in_count_7d", 31.0), ("asof_dst_round_share_30d", 30 / 31))
    world.score("transaction", "t29", 0.9, explanation=items)
    counted, shared = _reasons(_build(_lake(tmp_path, world), home=tmp_path).row(0, named=True))
    assert (counted["rows"], counted["among"], len(counted["evidence"])) == (31, None, 25)
    assert set(counted["evidence"]) == {f"t{number:02}" for number in range(5, 30)}
    assert (shared["rows"], shared["among"]) == (30, 31)


def test_a_number_that_its_transactions_do_not_give_links_the_judged_one_alone(tmp_path: Path) -> None:
    """Rows that don't make the number would mislead; the reason then says that it can't be taken apart."""
    world = World()
    world.edge("t", 2, 1, "1000")
    world.score("account", 1, 0.9)
    items = _explained(("asof_dst_in_sum_1d", 5.0), ("graph_dst_core", 5.0))
    world.score("transaction", "t", 0.9, explanation=items)
    for reason in _reasons(_build(_lake(tmp_path, world), home=tmp_path).row(0, named=True)):
        assert (reason["evidence"], reason["rows"], reason["about"]) == (["t"], None, "t")


def test_accounts_with_too_many_edges_are_not_taken_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub's numbers are kept, without their rows."""
    monkeypatch.setattr(reasons, "TRACED", trace.Bounds(edges=3, accounts=9))
    world = World()
    for number in range(4):
        world.edge(f"t{number}", 2 + number, 1, "1000")
    world.score("account", 1, 0.9)
    items = _explained(("asof_dst_in_count_1d", 4.0), ("raw_amount", 1000.0))
    world.score("transaction", "t3", 0.9, explanation=items)
    made = {
        reason["code"]: reason for reason in _reasons(_build(_lake(tmp_path, world), home=tmp_path).row(0, named=True))
    }
    assert made["asof_dst_in_count_1d"]["rows"] is None
    assert made["raw_amount"]["rows"] == 1


def test_what_is_as_usual_is_a_reason_only_where_there_is_no_other(tmp_path: Path) -> None:
    """A sentence that says a value is what it usually is explains nothing, whatever the feature weighs."""
    usual = {"feature": "round", "value": 0.402, "usual": 0.4, "contribution": 5.0}
    telling = {"feature": "fan", "value": 40.0, "usual": 3.0, "contribution": 1.0}
    world = World()
    for node, items in ((1, [usual, telling]), (2, [usual])):
        world.score("account", node, 0.9)
        paid = world.edge(f"t{node}", 100 + node, node)
        world.score("transaction", paid, 0.9, explanation=json.dumps(items))
    rows = {row["node_id"]: row for row in _build(_lake(tmp_path, world)).iter_rows(named=True)}
    assert [reason["code"] for reason in _reasons(rows[1])] == ["fan"]
    assert [reason["code"] for reason in _reasons(rows[2])] == ["round"]


def test_a_model_alert_without_an_explanation_says_what_the_score_is(tmp_path: Path) -> None:
    """No reason is never an option: risk beside the median of the night's accounts."""
    world = World()
    world.score("account", 1, 0.75)
    world.score("account", 2, 0.01)
    world.edge("t", 2, 1, channel="crypto")
    row = _build(_lake(tmp_path, world)).row(0, named=True)
    (reason,) = _reasons(row)
    assert "0.750" in reason["en"]
    assert "0,380" in reason["ru"]
    assert reason["evidence"] == row["evidence"] == ["t"]
    assert row["theme"] == "VA"


def test_a_cold_start_makes_no_alert_of_whoever_met_a_subject(tmp_path: Path) -> None:
    """The payer's order is high because of the hit on the receiver alone; only the unusual one of the two is shown."""
    world = World()
    cold = {"is_calibrated": False, "model_id": "cold-start"}
    world.hit(1, [world.edge("t", 2, 1)], 1.0)
    world.edge("u", 3, 4)
    world.score("account", 2, 0.9, anomaly=0.5, **cold)
    world.score("account", 3, 0.2, anomaly=0.99, **cold)
    frame = _build(_lake(tmp_path, world))
    assert sorted(frame.select("node_id", "family").rows()) == [(1, "DRP"), (3, "MODEL")]
    row = frame.filter(pl.col("family") == "MODEL").row(0, named=True)
    assert row["risk"] == pytest.approx(0.3 * 0.99**4)
    assert "99" in _reasons(row)[0]["en"]


def test_a_model_alert_takes_the_theme_of_a_hit_on_its_evidence(tmp_path: Path) -> None:
    """The payer of a drug shop's drop is not OTHER."""
    world = World()
    shared = world.edge("t", 2, 1)
    world.hit(1, [shared])
    world.score("account", 2, 0.7)
    frame = _build(_lake(tmp_path, world))
    assert dict(frame.select("family", "theme").rows()) == {"DRP": "DRUG-SHOP", "MODEL": "DRUG-SHOP"}
    assert frame["component_id"].n_unique() == 1
    assert frame["linked_count"].to_list() == [1, 1]


def test_five_reasons_at_most_and_two_of_them_the_models(tmp_path: Path) -> None:
    """Six rules and three features: three rules and two features, strongest first."""
    world = World()
    world.edge("t", 2, 1)
    for number in range(6):
        world.hit(1, ["t"], 0.3 + number / 10, typology_id=f"DRP-0{number}")
    world.score("transaction", "t", 0.5, {"a": 3.0, "b": 2.0, "c": 1.0})
    reasons = _reasons(_build(_lake(tmp_path, world)).row(0, named=True))
    assert [r["source"] for r in reasons] == ["DRP-05", "DRP-04", "DRP-03", "model", "model"]
    assert [r["weight"] for r in reasons] == sorted((r["weight"] for r in reasons), reverse=True)


def test_evidence_is_bounded_and_the_strongest_hits_come_first(tmp_path: Path) -> None:
    """Of 250 transactions 200 stay, all of the stronger hit among them, in time order."""
    world = World()
    start = datetime(2026, 2, 3, tzinfo=UTC)
    names = [world.edge(f"t{n:03}", n + 2, 1, at=start + timedelta(minutes=n)) for n in range(250)]
    world.hit(1, names[:150], 0.3)
    world.hit(1, names[150:], 0.9, typology_id="DRP-02")
    row = _build(_lake(tmp_path, world)).row(0, named=True)
    assert row["evidence"] == [*names[:100], *names[150:]]
    assert all(len(reason["evidence"]) == 25 for reason in _reasons(row))


def test_corridor_is_the_largest_ordered_pair_of_countries(tmp_path: Path) -> None:
    """Domestic and unknown movements make no corridor; the direction counts."""
    world = World()
    rows = [("a", "50", "RU", "KZ"), ("b", "60", "KZ", "RU"), ("c", "20", "RU", "KZ"), ("d", "999", "RU", "RU")]
    for name, amount, src, dst in rows:
        world.edge(name, 2, 1, amount, src_country=src, dst_country=dst)
    world.edge("e", 3, 1, "999", src_country="CN")
    world.hit(1, ["a", "b", "c", "d", "e"])
    row = _build(_lake(tmp_path, world)).row(0, named=True)
    assert row["corridor"] == "RU>KZ"
    assert row["territory"] == "ZZ"
    assert row["subject_name"] == "node 1"


def test_territory_is_the_last_one_known_on_the_night(tmp_path: Path) -> None:
    """A later night's description changes nothing; an empty one does not hide an earlier one."""
    world = World()
    before = NIGHT - timedelta(days=2)
    old = world.edge("old", 2, 1, night=before)
    world.hit(1, [old, world.edge("new", 3, 1)])
    world.node(1, before, territory="RU-OMS")
    world.node(1, NIGHT, territory=None)
    world.node(1, NEXT, territory="RU-MOW")
    assert _build(_lake(tmp_path, world))["territory"].to_list() == ["RU-OMS"]


def test_the_same_subject_and_family_stay_one_alert_within_a_window() -> None:
    """Following nights have the same alert_id until the 30-day window ends; other subjects and families have others."""
    border = date(1970, 1, 1) + timedelta(days=30 * 700)
    first, last = candidates.alert_id(1, "DRP", border), candidates.alert_id(1, "DRP", border + timedelta(days=29))
    assert first == last
    others = {
        candidates.alert_id(1, "DRP", border + timedelta(days=30)),
        candidates.alert_id(1, "CSH", border),
        candidates.alert_id(2, "DRP", border),
    }
    assert len({first, *others}) == 4


def test_an_alert_that_repeats_without_news_ages(tmp_path: Path) -> None:
    """The same evidence five nights later: half of the service time is gone and the money no longer moves."""
    world = World()
    later = NIGHT + timedelta(days=5)
    world.edge("t", 2, 1)
    for night in (NIGHT, later):
        world.hit(1, ["t"], night=night)
    frame = _build(_lake(tmp_path, world), Nights(NIGHT, later))
    young, old = (frame.filter(pl.col("received_on") == night).row(0, named=True) for night in (NIGHT, later))
    assert young["value_per_minute"] / old["value_per_minute"] == pytest.approx(2.0 / 1.25)


def _random_world(seed: int, nights: int = 3) -> World:
    random = Random(seed)
    world = World()
    known: list[str] = []
    for offset in range(nights):
        night = NIGHT + timedelta(days=offset)
        for node in range(12):
            if random.random() < 0.8:
                world.node(node, night, territory=random.choice(["RU-OMS", "KZ-ALA", None]))
        for number in range(15):
            src, dst = random.sample(range(12), 2)
            hour = datetime(night.year, night.month, night.day, random.randrange(24), tzinfo=UTC)
            back = timedelta(days=random.choice([0, 0, 3]))
            countries = {"src_country": random.choice(["RU", "KZ", None]), "dst_country": random.choice(["RU", "KG"])}
            name = f"{offset}-{number}"
            world.edge(name, src, dst, str(random.randrange(1, 9999)), night, at=hour - back, **countries)
            known.append(name)
            if random.random() < 0.9:
                features = {f: random.uniform(-1, 1) for f in "abcdef"} if random.random() < 0.7 else None
                world.score("transaction", name, random.random(), features, night)
        for node in range(12):
            world.score("account", node, random.random() ** 3, night=night)
            for typology, family in (("DRP-01", "DRP"), ("DRP-04", "DRP"), ("CSH-01", "CSH")):
                if random.random() < 0.2:
                    evidence = random.sample(known, min(len(known), random.randrange(1, 6)))
                    world.hit(node, evidence, random.random(), night, typology_id=typology, family=family)
    return world


SEEDS = st.integers(0, 10**6)
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RANGE = Nights(NIGHT, NIGHT + timedelta(days=2))


@SLOW
@given(SEEDS)
def test_every_alert_is_fit_to_be_read(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Contract, 1..5 reasons with both languages, evidence in time order, ranks 1..n, one lead per component."""
    world = _random_world(seed)
    frame = _build(world.write(Lake(tmp_path_factory.mktemp("lake"))), RANGE)
    assert ALERTS.split(frame).bad.is_empty()
    assert not frame.select("alert_id", "received_on").is_duplicated().any()
    times = {row["transaction_id"]: row["occurred_s"] for row in world.rows["edges"]}
    for row in frame.iter_rows(named=True):
        reasons = _reasons(row)
        assert 1 <= len(reasons) <= 5
        assert all(r["en"] and r["ru"] and set(r["evidence"]) <= set(row["evidence"]) for r in reasons)
        assert [r["weight"] for r in reasons] == sorted((r["weight"] for r in reasons), reverse=True)
        assert [times[t] for t in row["evidence"]] == sorted(times[t] for t in row["evidence"])
    for _, night in frame.group_by("received_on"):
        assert sorted(night["rank"]) == list(range(1, len(night) + 1))
        assert night.filter("is_lead").height == night["component_id"].n_unique()


@SLOW
@given(SEEDS, st.integers(1, 40))
def test_shuffled_input_and_single_nights_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, seed: int, order: int
) -> None:
    """The order of the lake's rows changes nothing, and a range of nights equals its nights one by one."""
    world = _random_world(seed)
    lake = world.write(Lake(tmp_path_factory.mktemp("lake")))
    shuffled = world.write(Lake(tmp_path_factory.mktemp("shuffled")), order)
    whole = _build(lake, RANGE).drop("inputs_digest")
    assert_frame_equal(_build(shuffled, RANGE).drop("inputs_digest"), whole)
    nights = [_build(lake, Nights.of(NIGHT + timedelta(days=n))).drop("inputs_digest") for n in range(3)]
    assert_frame_equal(pl.concat(nights), whole)


def test_later_nights_change_no_earlier_queue(tmp_path: Path) -> None:
    """No look-ahead: a night's queue is the same before and after two further nights came in."""
    long, short = _random_world(5), _random_world(5, nights=1)
    after = _build(_lake(tmp_path / "long", long))
    assert_frame_equal(_build(_lake(tmp_path / "short", short)), after)
    assert len(after) > 3


def test_evidence_that_a_later_night_learnt_is_left_out(tmp_path: Path) -> None:
    """Even if a hit named it: a night shows what it knew."""
    world = World()
    world.edge("now", 2, 1)
    world.edge("later", 2, 1, night=NEXT)
    world.hit(1, ["now", "later"])
    world.hit(1, ["now", "later"], night=NEXT)
    frame = _build(_lake(tmp_path, world), Nights(NIGHT, NEXT))
    assert frame["evidence"].to_list() == [["now"], ["now", "later"]]
