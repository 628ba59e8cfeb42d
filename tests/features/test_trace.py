"""Traces: for a sample of edges and accounts, every number recomputed from its edges is the number that is stored."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import account_graph, accounts, catalog, nightly, trace, transactions
from features.catalog import ACCOUNT_GRAPH
from pipelines.home import UserError
from pipelines.lake import Lake, Nights
from tests.features.test_features import VERSIONS, crowd
from tests.features.worlds import at, day, movement, put, quick, world

TRACEABLE = [item.name for item in catalog.TRANSACTION if trace.traceable(item.name)]


def differing(lake: Lake, root: Path, table: str, rows: pl.DataFrame, names: list[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows.iter_rows(named=True):
        subject = trace.Subject(table, row["received_on"], row)
        found.update(t.feature.name for t in trace.trace(lake, quick(root), subject, names) if not t.agrees)
    return found


@pytest.mark.parametrize("made", ["crowd", "tangled", "ring"])
def test_every_number_of_an_edge_adds_up(tmp_path: Path, made: str) -> None:
    lake = {
        "crowd": lambda: world(tmp_path, crowd()),
        "tangled": lambda: world(tmp_path, tangled(), VERSIONS),
        "ring": lambda: world(tmp_path, layered()),
    }[made]()
    nights = Nights(day(0), day(40))
    put(lake, ACCOUNT_GRAPH, account_graph.build(lake, account_graph.anchors(nights), quick(tmp_path)))
    rows = transactions.build(lake, nights, quick(tmp_path))
    sample = rows.sample(6, seed=1)
    assert differing(lake, tmp_path, "transaction_features", sample, TRACEABLE) == Counter()


def test_every_number_of_an_account_adds_up(tmp_path: Path) -> None:
    lake = world(tmp_path, crowd())
    rows = accounts.build(lake, Nights(day(20), day(40)), quick(tmp_path)).sample(6, seed=2)
    names = [item.name for item in catalog.ACCOUNT if trace.traceable(item.name)]
    assert len(names) == len(catalog.ACCOUNT)
    assert differing(lake, tmp_path, "account_features", rows, names) == Counter()


def tangled() -> list[dict[str, Any]]:
    """A few accounts that deal with each other all the time: ties, self transfers, late and corrected reports."""
    rng = random.Random(5)
    rows = []
    for i in range(250):
        occurred = rng.randrange(12, 38)
        rows.append(
            movement(
                rng.choice("abcdefgh"),
                rng.choice("abcdefgh"),
                rng.choice([100, 95, 90, 110, 1000, 9500, rng.randrange(1, 5000)]),
                at(occurred, rng.choice([0, 600, 650, rng.randrange(86_400)])),
                id=f"t{i}",
                received_on=day(min(occurred + rng.choice([0, 0, 0, 1, 4]), 40)),
                is_date_only=rng.random() < 0.1,
                report_key=rng.choice(["r", "r", "old"]),
                from_country=rng.choice(["KZ", "RU", None]),
                to_country=rng.choice(["KZ", "TJ", None]),
                from_currency="KZT",
                to_currency=rng.choice(["KZT", "USD"]),
            )
        )
    return rows


def layered() -> list[dict[str, Any]]:
    """Money that splits over two layers, meets again, and comes back; and a payment behind it."""
    hours = iter(range(0, 400, 5))
    rows = [movement("start", f"m{i}", 1000, at(9, next(hours) * 600)) for i in range(6)]
    rows += [movement(f"m{i}", f"n{i % 3}", 950, at(9, next(hours) * 600)) for i in range(6)]
    rows += [movement(f"n{i}", "end", 1900, at(10, next(hours) * 600)) for i in range(3)]
    rows += [
        movement("end", "q", 1800, at(11)),
        movement("q", "n0", 1750, at(11, 60)),
        movement("n0", "start", 1700, at(12)),
    ]
    rows += [movement("start", "a", 1650, at(12, 50)), movement("a", "start", 1600, at(12, 90))]
    return rows


def _subject(lake: Lake, root: Path, transaction_id: str) -> trace.Subject:
    rows = transactions.build(lake, Nights(day(0), day(40)), quick(root))
    row = rows.filter(pl.col("transaction_id") == transaction_id).row(0, named=True)
    return trace.Subject("transaction_features", row["received_on"], row)


def test_a_count_lists_its_edges_and_a_gap_names_the_one_before(tmp_path: Path) -> None:
    rows = [movement("a", f"b{i % 3}", 10 + i, at(3, i * 60), id=f"t{i}") for i in range(8)]
    lake = world(tmp_path, rows)
    subject = _subject(lake, tmp_path, "t7")
    names = ["pit_src_out_count_7d", "pit_src_out_fan_7d", "pit_src_out_gap_hours", "pit_pair_gap_hours"]
    count, fan, gap, pair = trace.trace(lake, quick(tmp_path), subject, names)
    assert count.found and fan.found and gap.found and pair.found
    assert [move.transaction_id for move in count.found.rows] == [f"t{i}" for i in range(7)]
    assert len(fan.found.nodes) == fan.stored == 3
    assert [move.transaction_id for move in gap.found.rows] == ["t6"]
    assert [move.transaction_id for move in pair.found.rows] == ["t4"]


@pytest.mark.parametrize("made", ["tangled", "ring"])
def test_many_numbers_at_once_have_the_rows_that_each_has_alone(tmp_path: Path, made: str) -> None:
    """What is read together for all, of several nights, tells of each number what its own trace tells."""
    lake = world(tmp_path, tangled(), VERSIONS) if made == "tangled" else world(tmp_path, layered())
    nights = Nights(day(0), day(40))
    put(lake, ACCOUNT_GRAPH, account_graph.build(lake, account_graph.anchors(nights), quick(tmp_path)))
    sample = transactions.build(lake, nights, quick(tmp_path)).sample(5, seed=3)
    alone: dict[trace.Number, trace.Trace] = {}
    for row in sample.iter_rows(named=True):
        subject = trace.Subject("transaction_features", row["received_on"], row)
        for one in trace.trace(lake, quick(tmp_path), subject, TRACEABLE):
            place = (row["transaction_id"], row["src"], row["dst"], row["occurred_s"], row["received_on"])
            alone[trace.Number(*place, one.feature.name, one.stored)] = one
    bounds = trace.Bounds(edges=10_000, accounts=10_000)
    together = trace.behind(lake, quick(tmp_path), list(alone), bounds)
    for (number, one), other in zip(alone.items(), together, strict=True):
        assert other is not None, number.feature
        assert _told(other) == _told(one), number.feature


def _told(one: trace.Trace) -> tuple[Any, ...]:
    """A trace without what later nights say of its rows."""
    found = one.found
    made_of = found and (found.value, [move.edge_id for move in found.rows], found.note, found.nodes, found.among)
    return made_of, one.window_from, one.window_to, one.source


def test_a_number_that_would_look_at_too_many_accounts_is_left_whatever_is_asked_beside_it(tmp_path: Path) -> None:
    """The bound counts what a number itself looks at, so that a night alone and in a range tells the same."""
    lake = world(tmp_path, layered())
    rows = transactions.build(lake, Nights(day(0), day(40)), quick(tmp_path))
    row = rows.filter(pl.col("asof_scatter_middles") > 1).row(0, named=True)
    place = (row["transaction_id"], row["src"], row["dst"], row["occurred_s"], row["received_on"])
    numbers = [trace.Number(*place, name, row[name]) for name in ("asof_scatter_middles", "asof_src_out_count_30d")]
    shape, plain = trace.behind(lake, quick(tmp_path), numbers, trace.Bounds(edges=10_000, accounts=2))
    assert shape is None
    assert plain is not None
    (alone,) = trace.behind(lake, quick(tmp_path), numbers[:1], trace.Bounds(edges=10_000, accounts=2))
    assert alone is None
    (wider,) = trace.behind(lake, quick(tmp_path), numbers[:1], trace.Bounds(edges=10_000, accounts=99))
    assert wider is not None


def test_a_value_that_is_not_the_stored_one_is_told(tmp_path: Path) -> None:
    lake = world(tmp_path, [movement("a", "b", 10 + i, at(3, i * 60), id=f"t{i}") for i in range(3)])
    subject = _subject(lake, tmp_path, "t2")
    wrong = trace.Subject(subject.table, subject.night, {**subject.row, "pit_src_out_count_1d": 3.0})
    (found,) = trace.trace(lake, quick(tmp_path), wrong, ["pit_src_out_count_1d"])
    assert not found.agrees


def test_a_bound_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "HUB_CAP", 4)
    rows = [movement("hub", f"b{i}", 10, at(3, i * 60), id=f"t{i}") for i in range(6)]
    lake = world(tmp_path, rows)
    subject = _subject(lake, tmp_path, "t5")
    capped, shape = trace.trace(lake, quick(tmp_path), subject, ["asof_is_capped", "asof_cycles_3"])
    assert capped.agrees and capped.stored == 1
    assert capped.found and "capped: more than 4 transactions" in capped.found.note
    assert shape.found and "shapes not searched" in shape.found.note


def test_an_unknown_feature_is_refused(tmp_path: Path) -> None:
    lake = world(tmp_path, [movement("a", "b", 10, at(3), id="t")])
    with pytest.raises(UserError, match="no feature nothing"):
        trace.trace(lake, quick(tmp_path), _subject(lake, tmp_path, "t"), ["nothing"])


def test_most_features_can_be_traced() -> None:
    horizons = Counter(item.horizon for item in catalog.FEATURES if not trace.traceable(item.name))
    assert set(horizons) <= {"graph", "asof"}
    assert len(TRACEABLE) > 0.8 * len([item for item in catalog.TRANSACTION if item.horizon != "graph"])
