"""The account graph of every week: its days, what it knows, and that it is computed once and found again."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import account_graph
from features.catalog import ACCOUNT_GRAPH
from pipelines.home import Home, Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import OUTCOMES, REPORTS, TRANSACTIONS
from review import nightly
from tests.features.test_network import identity
from tests.features.worlds import at, day, movement, put, quick, reports, transactions, world

SUNDAY = 9
"""`day(9)` is Sunday, 10 March 2024."""


def outcomes(*rows: tuple[str, int, str, str]) -> pl.DataFrame:
    """Decisions as (alert, day, disposition, subject)."""
    return OUTCOMES.frame(
        {
            "alert_id": alert,
            "received_on": day(number),
            "ordinal": place,
            "code": code,
            "node_id": identity(subject),
            "evidence": [],
        }
        for place, (alert, number, code, subject) in enumerate(rows, 1)
    )


def graph(lake: Lake, root: Path, number: int = SUNDAY) -> dict[str, dict[str, Any]]:
    frame = account_graph.build(lake, [day(number)], quick(root))
    names = {identity(name): name for name in "abcdefgh"}
    return {names[row["node_id"]]: row for row in frame.iter_rows(named=True)}


def chain(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [movement("a", "b", 100, at(5)), movement("b", "c", 90, at(6)), movement("c", "d", 80, at(7)), *more]


def test_a_graph_is_computed_at_the_end_of_every_sunday() -> None:
    assert day(SUNDAY).strftime("%A") == "Sunday"
    assert account_graph.anchor_of(day(SUNDAY)) == day(SUNDAY)
    assert account_graph.anchor_of(day(SUNDAY - 1)) == day(SUNDAY - 7)
    assert account_graph.anchor_of(day(SUNDAY + 6)) == day(SUNDAY)
    assert account_graph.anchors(Nights(day(SUNDAY - 1), day(SUNDAY + 7))) == [day(2), day(9), day(16)]
    assert account_graph.anchors(Nights(day(0), day(3)), 1) == [day(0), day(1), day(2), day(3)]
    assert account_graph.anchor_of(date(1969, 12, 31)) == date(1969, 12, 28)


def test_the_window_holds_thirty_days_up_to_the_cut_off(tmp_path: Path) -> None:
    rows = [
        movement("a", "b", 10, at(SUNDAY - 30, 86_399), received_on=day(SUNDAY)),
        movement("c", "d", 10, at(SUNDAY - 29, 0), received_on=day(SUNDAY)),
        movement("e", "f", 10, at(SUNDAY, 86_399)),
        movement("g", "h", 10, at(SUNDAY + 1, 0), received_on=day(SUNDAY)),
        movement("a", "a", 10, at(SUNDAY)),
    ]
    assert set(graph(world(tmp_path, rows), tmp_path)) == {"c", "d", "e", "f"}


def test_sums_are_exact_and_self_transfers_left_out(tmp_path: Path) -> None:
    rows = [movement("a", "b", "0.10", at(5, i), id=f"t{i}") for i in range(3)]
    found = graph(world(tmp_path, [*rows, movement("a", "a", 500, at(5))]), tmp_path)
    assert found["b"]["graph_in_2hop_sum"] == pytest.approx(0.3)
    assert found["a"]["graph_out_fan"] == 1
    assert found["a"]["graph_in_fan"] == 0


def test_superseded_and_later_versions_are_respected(tmp_path: Path) -> None:
    rows = [
        movement("a", "b", 1, at(5), id="v1", report_key="v1"),
        movement("a", "c", 1, at(5), id="v2", report_key="v2", received_on=day(8)),
        movement("a", "d", 1, at(5), id="v3", report_key="v3", received_on=day(11)),
    ]
    versions = [
        {"report_key": "v1", "received_on": day(5), "report_reference": "A"},
        {"report_key": "v2", "received_on": day(8), "report_reference": "A", "relation": "correct"},
        {"report_key": "v3", "received_on": day(11), "report_reference": "A", "relation": "correct"},
    ]
    lake = world(tmp_path, rows, versions)
    seen = [set(graph(lake, tmp_path, number)) for number in (7, 9, 16)]
    assert seen == [{"a", "b"}, {"a", "c"}, {"a", "d"}]


def test_a_late_report_is_in_the_next_graph_and_not_in_the_last(tmp_path: Path) -> None:
    late = movement("d", "a", 70, at(8), received_on=day(SUNDAY + 3))
    lake = world(tmp_path, chain(late))
    assert graph(lake, tmp_path)["a"]["graph_cycle_size"] == 1
    assert graph(lake, tmp_path, SUNDAY + 7)["a"]["graph_cycle_size"] == 4


def test_only_the_last_decision_by_the_day_confirms(tmp_path: Path) -> None:
    lake = world(tmp_path, chain())
    decisions = outcomes(
        ("1", 6, "D1", "a"),
        ("1", 8, "D5", "a"),
        ("2", 9, "D3", "c"),
        ("3", 10, "D1", "b"),
        ("4", 7, "D4", "d"),
        ("5", 7, "D5", "b"),
        ("6", 7, "D2", "not in the graph"),
    )
    put(lake, OUTCOMES, decisions)
    assert account_graph.confirmed(lake, day(7)).tolist() == sorted([identity("a"), identity("not in the graph")])
    found = graph(lake, tmp_path)
    assert {name: row["graph_confirmed_hops"] for name, row in found.items()} == {"a": 2, "b": 1, "c": 0, "d": 1}
    assert graph(lake, tmp_path, 16)["b"]["graph_confirmed_hops"] == 0


def test_later_reports_and_decisions_change_no_earlier_graph(tmp_path: Path) -> None:
    later = [movement("d", "e", 9, at(10)), movement("e", "a", 9, at(8), received_on=day(12))]
    full, cut = world(tmp_path / "full", chain(*later)), world(tmp_path / "cut", chain())
    put(full, OUTCOMES, outcomes(("1", 6, "D1", "a"), ("2", 10, "D1", "d"), ("1", 11, "D5", "a")))
    put(cut, OUTCOMES, outcomes(("1", 6, "D1", "a")))
    days = [day(SUNDAY)]
    found = account_graph.build(full, days, quick(tmp_path))
    assert found.height == 4
    assert found.equals(account_graph.build(cut, days, quick(tmp_path)))
    assert account_graph.outcomes_digests(full, days) == account_graph.outcomes_digests(cut, days)


def test_threads_and_the_order_of_rows_change_nothing(tmp_path: Path) -> None:
    rows = [
        movement(f"n{i * 7 % 40}", f"n{i * i % 37}", 10 + i * i % 91, at(i % 9, i), id=f"t{i}", received_on=day(9))
        for i in range(300)
    ]
    some = world(tmp_path / "some", rows)
    again = world(tmp_path / "again", rows[::-1])
    one = account_graph.build(some, [day(SUNDAY)], quick(tmp_path, threads=1))
    assert one.height > 30
    assert one.equals(account_graph.build(again, [day(SUNDAY)], quick(tmp_path, threads=4)))


def test_an_empty_lake_gives_typed_empty_rows(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    assert account_graph.build(lake, [day(SUNDAY)], quick(tmp_path)).equals(ACCOUNT_GRAPH.empty())
    assert account_graph.build(lake, [], quick(tmp_path)).equals(ACCOUNT_GRAPH.empty())
    assert account_graph.read(lake, day(SUNDAY)).equals(ACCOUNT_GRAPH.empty())


# ---------------------------------------------------------------------------------------------------- the night's step


def home(root: Path, rows: list[dict[str, Any]], **settings: Any) -> Home:
    """A home whose lake holds the movements and a report for each day, its network up to date."""
    made = Home(Settings(home=root, threads=1, memory_limit_gb=1, **settings))
    lake = Lake(made.lake)
    arrive(lake, rows)
    return made


def arrive(lake: Lake, rows: list[dict[str, Any]]) -> None:
    """Put movements and one report for each day of receipt into the lake, in place of what is there."""
    keyed = [{**row, "report_key": f"r{row['received_on']}"} for row in rows]
    told = sorted({row["received_on"] for row in keyed})
    put(lake, TRANSACTIONS, transactions(keyed))
    put(lake, REPORTS, reports([{"report_key": f"r{d}", "received_on": d, "report_reference": f"{d}"} for d in told]))


def run(made: Home, first: int, last: int) -> int:
    """Build the graphs of a range of nights; how many were computed."""
    nights = Nights(day(first), day(last))
    nightly.build_nodes(made, nights)
    nightly.build_edges(made, nights)
    return nightly.build_account_graph(made, nights).computed_nights


def month() -> list[dict[str, Any]]:
    return [movement("abcd"[i % 4], "bcdefg"[i % 6], 10 + i, at(i), id=f"t{i}") for i in range(35)]


def test_a_graph_is_computed_once_for_its_week(tmp_path: Path) -> None:
    made = home(tmp_path, month())
    assert run(made, 12, 12) == 1
    assert [run(made, number, number) for number in range(9, 18)] == [0] * 7 + [1, 0]
    lake = Lake(made.lake)
    assert lake.nights(ACCOUNT_GRAPH) == [day(9), day(16)]
    assert account_graph.read(lake, day(15))["received_on"].unique().to_list() == [day(9)]
    assert account_graph.read(lake, day(16))["node_id"].is_sorted()
    assert account_graph.read(lake, day(8)).is_empty()


def test_before_the_first_report_there_is_no_graph(tmp_path: Path) -> None:
    made = home(tmp_path, month())
    assert run(made, 0, 1) == 0
    assert run(made, 2, 2) == 1
    assert Lake(made.lake).nights(ACCOUNT_GRAPH) == [day(2)]


def test_days_out_of_order_equal_one_rebuild(tmp_path: Path) -> None:
    once = home(tmp_path / "once", month())
    assert run(once, 0, 34) == 5
    piecemeal = home(tmp_path / "piecemeal", month())
    for number in (20, 5, 34, 12, 27):
        run(piecemeal, number, number)
    whole = Lake(once.lake).read(ACCOUNT_GRAPH)
    assert whole.equals(Lake(piecemeal.lake).read(ACCOUNT_GRAPH))
    assert whole["received_on"].n_unique() == 5


def test_a_late_decision_and_a_late_report_redo_what_they_touch(tmp_path: Path) -> None:
    made = home(tmp_path, month())
    lake = Lake(made.lake)
    assert run(made, 0, 34) == 5
    put(lake, OUTCOMES, outcomes(("1", 10, "D1", "a")))
    assert run(made, 0, 34) == 3
    put(lake, OUTCOMES, outcomes(("1", 10, "D1", "a"), ("1", 12, "D2", "a")))
    assert run(made, 0, 34) == 0
    more = reports([{"report_key": "more", "received_on": day(20), "report_reference": "B", "submission_id": "1" * 64}])
    lake.replace_nights(REPORTS, more, Nights.of(day(20)), {})
    assert run(made, 0, 34) == 2


def test_the_number_of_days_between_graphs_is_a_setting(tmp_path: Path) -> None:
    made = home(tmp_path, month(), graph_days=1)
    assert run(made, 3, 6) == 4
    lake = Lake(made.lake)
    assert account_graph.read(lake, day(5), 1)["received_on"].unique().to_list() == [day(5)]


def test_features_of_another_rhythm_are_computed_anew(tmp_path: Path) -> None:
    nights = Nights(day(3), day(4))
    computed = []
    for graph_days in (1, 7):
        made = home(tmp_path, month(), graph_days=graph_days)
        run(made, 0, 4)
        computed.append(nightly.build_account_features(made, nights).computed_nights)
    assert computed == [2, 2]


@pytest.mark.parametrize("name", ["account_graph", "transaction_features", "account_features"])
def test_the_night_computes_the_graph_before_what_reads_it(name: str) -> None:
    order = [step.__name__ for step in nightly.STEPS]
    assert order.index("build_account_graph") <= order.index(f"build_{name}")
    assert day(0) + timedelta(days=SUNDAY) == day(SUNDAY)
