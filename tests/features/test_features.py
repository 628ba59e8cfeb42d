"""Transaction and account features: hand-made tables, an oracle on random graphs, and the laws that hold for all."""

import itertools
import math
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from features import accounts, catalog, measures, nightly, portable, transactions
from features.catalog import ACCOUNT_FEATURES, TRANSACTION_FEATURES
from features.measures import Measures
from pipelines.lake import Lake, Nights
from pipelines.steps import days
from pipelines.tables import EDGES, REPORTS, TRANSACTIONS
from tests.features import oracle
from tests.features.worlds import at, day, movement, quick, world

LAST = 45


def table(root: Path, rows: list[dict[str, Any]], first: int, last: int, threads: int = 1) -> pl.DataFrame:
    lake = world(root, rows)
    return transactions.build(lake, Nights(day(first), day(last)), quick(root, threads))


def by_id(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["transaction_id"]: row for row in frame.iter_rows(named=True)}


# ---------------------------------------------------------------------------------------------- hand-made tables


def test_windows_of_a_hand_made_table(tmp_path: Path) -> None:
    rows = [
        movement("a", "b", 100, at(0, 10), id="old"),
        movement("a", "c", 50, at(6, 10), id="c"),
        movement("x", "a", 300, at(6, 20), id="x"),
        movement("a", "b", 20, at(7, 10), id="new"),
        movement("a", "b", 7, at(7, 10), id="tie"),
    ]
    got = by_id(table(tmp_path, rows, 7, 7))
    assert set(got) == {"new", "tie"}
    row = min(got.values(), key=lambda r: r["edge_id"])
    later = max(got.values(), key=lambda r: r["edge_id"])
    assert row["pit_src_out_count_1d"] == 0  # a day before to the second is out
    assert row["pit_src_in_count_1d"] == 1
    assert row["pit_src_out_count_7d"] == 1
    assert row["pit_src_out_count_30d"] == 2
    assert row["pit_src_out_sum_30d"] == 150
    assert row["pit_pair_count_30d"] == 1
    assert later["pit_pair_count_30d"] == 2
    assert row["pit_src_in_gap_hours"] == pytest.approx((86400 - 10) / 3600)
    for tied in (row, later):
        assert tied["asof_src_out_count_1d"] == 2
        assert tied["asof_src_out_count_7d"] == 3
        assert tied["asof_src_out_fan_30d"] == 2
        assert tied["asof_dst_in_sum_30d"] == 127
        assert tied["asof_src_net_sum_30d"] == 300 - 177


def test_pass_through_of_a_hand_made_table(tmp_path: Path) -> None:
    rows = [
        movement("x", "m", 100, at(0), id="in1"),
        movement("m", "y", 90, at(3), id="just"),
        movement("m", "y", "89.99", at(2), id="little"),
        movement("m", "y", 110, at(1), id="more"),
        movement("m", "y", 100, at(3, 1), id="late"),
    ]
    got = by_id(table(tmp_path, rows, 3, 3))
    assert got["just"]["asof_src_pass_count_7d"] == 2
    assert got["just"]["asof_src_pass_sum_7d"] == 200
    assert got["just"]["asof_src_pass_wait_hours_30d"] == 24


def test_scatter_gather_of_a_hand_made_table(tmp_path: Path) -> None:
    rows = [movement("s", f"m{i}", 100, at(0, i), id=f"s{i}") for i in range(4)]
    rows += [movement(f"m{i}", "t", 90, at(1, i), id=f"g{i}") for i in range(4)]
    got = by_id(table(tmp_path, rows, 0, 1))
    assert {got[f"s{i}"]["asof_scatter_middles"] for i in range(4)} == {0}
    assert {got[f"g{i}"]["asof_gather_middles"] for i in range(4)} == {4}
    assert got["g0"]["asof_gather_kept"] == pytest.approx(0.9)


def test_cycles_of_a_hand_made_table(tmp_path: Path) -> None:
    rows = [movement(f"n{i}", f"n{(i + 1) % 4}", 100, at(i), id=f"e{i}") for i in range(4)]
    got = by_id(table(tmp_path, rows, 0, 3))
    assert [got[f"e{i}"]["asof_cycles_4"] for i in range(4)] == [0, 0, 0, 1]


def test_rings_chains_and_layers_of_hand_made_tables(tmp_path: Path) -> None:
    ring = [movement(f"n{i}", f"n{(i + 1) % 5}", 100 - i, at(i), id=f"e{i}") for i in range(5)]
    got = by_id(table(tmp_path / "ring", ring, 0, 4))
    assert [got[f"e{i}"]["asof_ring_5"] for i in range(5)] == [0, 0, 0, 0, 1]
    assert got["e4"]["asof_ring_kept"] == pytest.approx(0.96)
    assert got["e4"]["asof_ring_span_days"] == 4
    assert [got[f"e{i}"]["asof_chain_before"] for i in range(5)] == [0, 1, 2, 3, 4]
    assert [got[f"e{i}"]["asof_chain_after"] for i in range(5)] == [0] * 5  # what follows came on later nights
    one_night = [{**row, "received_on": day(4)} for row in ring]
    got = by_id(table(tmp_path / "night", one_night, 4, 4))
    assert [got[f"e{i}"]["asof_ring_5"] for i in range(5)] == [1] * 5
    assert [got[f"e{i}"]["asof_chain_length"] for i in range(5)] == [5] * 5
    layers = [movement(f"p{i}", f"r{j}", 10 + i, at(0, 10 * i + j), id=f"{i}{j}") for i in range(3) for j in range(4)]
    got = by_id(table(tmp_path / "layers", layers, 0, 0))
    assert {row["asof_bipartite_payers"] for row in got.values()} == {2}
    assert {row["asof_bipartite_shared"] for row in got.values()} == {4}


def test_amounts_and_gaps_of_a_hand_made_table(tmp_path: Path) -> None:
    rows = [movement(f"p{i % 3}", "a", 100 * (1 + i % 2), at(0, 3600 * i * i), id=f"t{i}") for i in range(4)]
    rows.append(movement("a", "z", 300, at(0, 9 * 3600 + 1800), id="out"))
    row = by_id(table(tmp_path, rows, 0, 0))["out"]
    assert row["asof_src_in_gap_mean_hours_7d"] == pytest.approx(3)
    assert row["asof_src_in_gap_std_hours_7d"] == pytest.approx((8 / 3) ** 0.5)
    assert row["asof_src_in_skew_30d"] == pytest.approx(0, abs=1e-6)
    assert row["asof_src_in_kurtosis_30d"] == pytest.approx(1)
    assert (row["asof_src_in_once_fan_30d"], row["asof_src_in_twice_fan_30d"]) == (2, 1)
    shares = (300 / 600, 200 / 600, 100 / 600)
    assert row["asof_src_in_entropy_30d"] == pytest.approx(-sum(p * math.log(p) for p in shares))
    came_h = (100 * 0 + 200 * 1 + 100 * 4 + 200 * 9) / 600
    assert row["asof_src_hold_hours_30d"] == pytest.approx(9.5 - came_h)
    assert row["asof_src_in_busiest_day_count_30d"] == 4


def test_hubs_are_left_out_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "HUB_CAP", 3)
    rows = [movement(f"p{i}", "hub", 100, at(0, i)) for i in range(3)]
    rows.append(movement("hub", "z", 100, at(0, 9), id="out"))
    row = by_id(table(tmp_path, rows, 0, 0))["out"]
    assert (row["asof_is_capped"], row["asof_src_pass_count_30d"]) == (1, 0)
    assert row["asof_src_in_count_30d"] == 3


# ------------------------------------------------------------------------------------------ oracle, random graphs


@st.composite
def graphs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Random multigraphs with ties, self transfers, date-only stamps and late reports."""
    nodes = st.sampled_from("abcd")
    rows = []
    for place in range(draw(st.integers(1, 14))):
        occurred = draw(st.integers(0, 40))
        delay = draw(st.sampled_from([0, 0, 0, 0, 1, 1, 4, 35]))
        rows.append(
            movement(
                draw(nodes),
                draw(nodes),
                draw(st.sampled_from(["100", "95", "110", "0", "0.01", "1000", "9500", "33.33"])),
                at(occurred, draw(st.sampled_from([0, 0, 60, 3600, 86399]))),
                id=f"t{place}",
                received_on=day(min(occurred + delay, LAST)),
                is_date_only=draw(st.booleans()),
                report_key=draw(st.sampled_from(["r", "r", "old"])),
            )
        )
    return rows


VERSIONS = [
    {"report_key": "old", "received_on": day(0), "report_reference": "A"},
    {"report_key": "next", "received_on": day(25), "report_reference": "A", "relation": "replace"},
]


def edges_of(lake: Lake) -> list[oracle.Edge]:
    return [
        oracle.Edge(
            row["edge_id"],
            row["src"],
            row["dst"],
            row["occurred_s"],
            row["received_on"],
            day(25) if row["report_key"] == "old" and row["received_on"] <= day(25) else None,
            round(row["amount_local"] * 100),
        )
        for row in lake.read(EDGES).iter_rows(named=True)
        # a row of the old version that comes after the new one is known to no night
        if row["report_key"] != "old" or row["received_on"] < day(25)
    ]


def differing(got: dict[str, Any], expected: dict[str, float | None]) -> dict[str, tuple[Any, Any]]:
    return {
        name: (got[name], value)
        for name, value in expected.items()
        if (got[name] is None) != (value is None)
        or (value is not None and got[name] != pytest.approx(value, rel=1e-6, abs=1e-6))
    }


quiet = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)


@quiet
@given(graphs())
def test_features_equal_the_oracle(rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lake = world(root, rows, VERSIONS)
        edges = edges_of(lake)
        nights = Nights(day(0), day(LAST))
        got = transactions.build(lake, nights, quick(root))
        nodes = accounts.build(lake, nights, quick(root))
    wanted = {edge.edge_id: edge for edge in edges}
    assert set(got["edge_id"]) == set(wanted)
    closed = {night: oracle.rings(edges, night, nightly.SHAPE_DAYS) for night in {e.received_on for e in edges}}
    for row in got.iter_rows(named=True):
        edge = wanted[row["edge_id"]]
        on = closed[edge.received_on].get(edge.edge_id, {})
        assert [row[f"asof_ring_{n}"] for n in range(2, 7)] == [on.get(n, 0) for n in range(2, 7)]
        assert row["asof_chain_before"] == oracle.hops_before(edges, edge)
        expected = {**oracle.before(edges, edge), **oracle.shapes(edges, edge, nightly.SHAPE_DAYS)}
        assert differing(row, expected) == {}
    assert {(row["node_id"], row["received_on"]) for row in nodes.iter_rows(named=True)} == {
        (node, edge.received_on) for edge in edges for node in (edge.src, edge.dst)
    }
    for row in nodes.iter_rows(named=True):
        assert differing(row, oracle.account(edges, row["node_id"], row["received_on"])) == {}


# ------------------------------------------------------------------------------------------------------- the laws


def crowd(count: int = 400) -> list[dict[str, Any]]:
    """A busy world with uneven amounts, late rows and ties."""
    rows = []
    for i in range(count):
        occurred = (i * 7) % 40
        rows.append(
            movement(
                f"n{i * i % 17}",
                f"n{i * 5 % 13}",
                f"{(i * 7919) % 100000 / 7:.4f}",
                at(occurred, (i * 997) % 86400 // 600 * 600),
                id=f"t{i}",
                received_on=day(min(occurred + (0, 1, 1, 1, 9, 33)[i % 6], LAST)),
                channel=("cash", "transfer")[i % 2],
            )
        )
    return rows


def test_threads_and_order_change_nothing(tmp_path: Path) -> None:
    rows = crowd()
    nights = Nights(day(30), day(44))
    one = world(tmp_path / "one", rows)
    two = world(tmp_path / "two", list(reversed(rows)))
    for build in (transactions.build, accounts.build):
        first = build(one, nights, quick(tmp_path / "one", threads=1))
        assert first.height > 50
        assert first.equals(build(two, nights, quick(tmp_path / "two", threads=2)))


def test_a_range_equals_its_nights(tmp_path: Path) -> None:
    lake = world(tmp_path, crowd())
    some = quick(tmp_path)
    nights = Nights(day(28), day(40))
    for build, contract in ((transactions.build, TRANSACTION_FEATURES), (accounts.build, ACCOUNT_FEATURES)):
        single = [build(lake, Nights.of(night), some) for night in days(nights)]
        assert build(lake, nights, some).equals(pl.concat(single).sort(contract.key))


def test_small_parts_and_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = world(tmp_path, crowd())
    nights = Nights(day(30), day(40))
    whole = transactions.build(lake, nights, quick(tmp_path))
    monkeypatch.setattr(measures, "BLOCK_ROWS", 7)
    monkeypatch.setattr(Measures.blocks, "__defaults__", (7,))
    assert whole.equals(transactions.build(lake, nights, quick(tmp_path)))
    parts = nightly.ranges(lake, nights, 200)
    assert len(parts) > 2
    assert (parts[0].first, parts[-1].last) == (nights.first, nights.last)
    assert all(b.first - a.last == timedelta(days=1) for a, b in itertools.pairwise(parts))
    again = [transactions.build(lake, part, quick(tmp_path)) for part in parts]
    assert whole.equals(pl.concat(again).sort(TRANSACTION_FEATURES.key))


def test_later_reports_change_no_earlier_row(tmp_path: Path) -> None:
    rows = crowd()
    night = day(33)
    nights = Nights(day(30), night)
    past = [row for row in rows if row["received_on"] <= night]
    assert len(past) < len(rows)
    some = quick(tmp_path)
    full = world(
        tmp_path / "full",
        rows,
        [
            {"report_key": "r", "received_on": day(0), "report_reference": "A"},
            {"report_key": "later", "received_on": day(34), "report_reference": "A", "relation": "delete"},
        ],
    )
    cut = world(tmp_path / "cut", past)
    for build in (transactions.build, accounts.build):
        assert build(full, nights, some).equals(build(cut, nights, some))


def test_what_occurs_later_changes_no_point_in_time_feature(tmp_path: Path) -> None:
    rows = [movement("a", "b", 100 + i, at(3, i * 600), id=f"t{i}") for i in range(20)]
    pit = [name for name in catalog.model_features() if name.startswith("pit_")]
    whole = table(tmp_path / "whole", rows, 3, 3).select("edge_id", *pit)
    half = table(tmp_path / "half", rows[:10], 3, 3).select("edge_id", *pit)
    assert half.equals(whole.filter(pl.col("edge_id").is_in(half["edge_id"].to_list())))


def test_an_empty_lake_gives_typed_empty_tables(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    nights = Nights.of(day(0))
    assert transactions.build(lake, nights, quick(tmp_path)).equals(TRANSACTION_FEATURES.empty())
    assert accounts.build(lake, nights, quick(tmp_path)).equals(ACCOUNT_FEATURES.empty())
    assert lake.files(TRANSACTIONS) == lake.files(REPORTS) == []


# ---------------------------------------------------------------------------------------------------- the contract


def test_the_portable_twin_gives_the_same(tmp_path: Path) -> None:
    rows = [{**row, "report_key": "old" if i % 9 == 0 else "r"} for i, row in enumerate(crowd())]
    lake = world(tmp_path, rows, VERSIONS)
    nights = Nights(day(5), day(44))
    some = quick(tmp_path)
    for fast, found, keys in (
        (accounts.build(lake, nights, some), portable.accounts(lake, nights, some), ACCOUNT_FEATURES.key),
        (transactions.build(lake, nights, some), portable.transactions(lake, nights, some), TRANSACTION_FEATURES.key),
    ):
        twin = found.sort(keys)
        assert fast.select(keys).equals(twin.select(keys))
        shared = [name for name in twin.columns if name in catalog.feature_names()]
        assert len(shared) > 60
        for name in shared:
            a, b = fast[name].cast(pl.Float64), twin[name].cast(pl.Float64)
            assert a.is_null().equals(b.is_null()), name
            tolerance = 2e-2 if "_z_" in name else 1e-5
            assert ((a - b).abs() <= tolerance * (1 + b.abs())).fill_null(value=True).all(), name


def test_every_feature_has_words() -> None:
    for feature in catalog.FEATURES:
        assert feature.meaning_en
        assert feature.meaning_ru
        assert "{side}" not in feature.meaning_en + feature.meaning_ru
        assert "{value}" in feature.reason_en
    assert len(set(catalog.model_features())) == len(catalog.TRANSACTION) >= 400
    assert set(catalog.CHANNEL_FEATURES) < set(catalog.model_features())
    assert catalog.feature("asof_src_in_fan_7d").window == "7d"


def test_every_sql_file_opens_with_its_words_and_keeps_the_width() -> None:
    folders = (nightly.SQL, nightly.SQL.parent / "typologies")
    for path in (file for folder in folders for file in folder.glob("*.sql")):
        lines = path.read_text(encoding="utf-8").splitlines()
        names = {path.stem, path.stem.rpartition(".")[2], path.stem.partition("_")[0], "candidates"}
        assert any(lines[0].startswith(f"-- {name}") for name in names), path.name
        assert any("inputs:" in line and line.startswith("--") for line in lines[:12]), path.name
        assert max(map(len, lines)) <= 100, path.name
