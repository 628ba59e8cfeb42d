"""The graph generator: the promised sizes, shapes and truth, and the same rows for the same seed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.checks import check_table
from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, NODES, REPORTS
from synthetic import graph
from synthetic.graph import PRESETS, Graph, Spec, make, write
from synthetic.shapes import SHAPES, templates

SMALL = replace(PRESETS["small"], edges=40_000, countries=3, late_share=0.1)


@pytest.fixture(scope="module")
def made() -> Graph:
    return make(SMALL)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(made: Graph) -> None:
    again, other = make(SMALL), make(replace(SMALL, seed=8))
    for name in ("movements", "truth", "accounts"):
        assert getattr(made, name).equals(getattr(again, name), null_equal=True), name
    assert made.edges().write_ipc(None).getvalue() == again.edges().write_ipc(None).getvalue()
    assert not made.movements["src"].equals(other.movements["src"])


def test_the_lake_holds_the_tables_as_their_contracts_say(made: Graph, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(made, lake)
    assert [check_table(lake, table) for table in (EDGES, NODES, REPORTS)] == [[], [], []]
    edges, nodes = lake.read(EDGES), lake.read(NODES)
    assert len(edges) == SMALL.edges
    assert lake.nights(EDGES)[0] == SMALL.first_day
    assert set(edges["report_key"]) == set(lake.read(REPORTS)["report_key"])
    named = nodes.select("node_id", "received_on")
    for end in ("src", "dst"):
        assert edges.join(
            named, left_on=[end, "received_on"], right_on=["node_id", "received_on"], how="anti"
        ).is_empty()


def test_some_nights_are_the_same_rows_as_in_the_whole(made: Graph) -> None:
    nights = Nights(SMALL.nights.first, SMALL.nights.first)
    part, whole = made.edges(nights), made.edges().filter(pl.col("received_on") == nights.first)
    assert 0 < len(part) < SMALL.edges
    assert part.equals(whole, null_equal=True)


def test_activity_has_a_heavy_tail_and_pairs_recur(made: Graph) -> None:
    edges = made.movements
    degrees = edges["src"].value_counts()["count"].sort(descending=True).to_numpy()
    assert degrees[: len(degrees) // 10].sum() > 0.3 * len(edges)
    pairs = edges.group_by("src", "dst").len()["len"].to_numpy()
    assert 0.35 < pairs[pairs > 2].sum() / len(edges) < 0.65
    assert (edges["src"] != edges["dst"]).all()


def test_a_hub_has_its_edges(made: Graph) -> None:
    hubs = SMALL.accounts - 1 - np.arange(SMALL.hubs)
    for hub in hubs:
        assert made.movements.filter((pl.col("src") == hub) | (pl.col("dst") == hub)).height >= SMALL.hub_edges


def test_every_attempt_is_its_template(made: Graph) -> None:
    """Found by edge in the written rows: number of edges and of accounts as the template has them, stages in order."""
    rows = made.edges().join(made.truth, on=["edge_id", "transaction_id"]).sort("attempt", "occurred_s")
    assert len(rows) == len(made.truth)
    assert set(rows["shape"]) == set(SHAPES)
    sizes = {(t.shape, len(t.hops), t.slots) for t in templates()}
    for (_, shape), attempt in rows.group_by("attempt", "shape"):
        accounts = {*attempt["src"], *attempt["dst"]}
        assert (shape, len(attempt), len(accounts)) in sizes
    for attempt in rows.filter(pl.col("shape") == "chain").partition_by("attempt"):
        assert attempt["dst"].to_list()[:-1] == attempt["src"].to_list()[1:]


def test_laundering_passes_on_what_it_got_and_a_near_copy_does_not(made: Graph) -> None:
    rows = made.edges().drop("transaction_id").join(made.truth.filter(shape="scatter_gather"), on="edge_id")
    middle = rows.join(rows, left_on=["attempt", "dst"], right_on=["attempt", "src"])
    kept = middle.select(
        "is_laundering", (pl.col("amount_local_right") / pl.col("amount_local")).cast(float).alias("kept")
    )
    is_kept = kept.group_by("is_laundering").agg(pl.col("kept").is_between(0.7, 1.2).mean())
    shares = dict(is_kept.iter_rows())
    assert shares[True] > 0.9
    assert shares[False] < 0.5


def test_a_late_report_comes_after_its_day_and_never_before(made: Graph) -> None:
    edges = made.edges()
    late = (edges["received_on"] - edges["occurred_at"].dt.date()).dt.total_days()
    assert late.min() == 0
    assert 0.03 < (late > 0).mean() < 0.12  # type: ignore[operator]
    assert (make(replace(SMALL, late_share=0.0)).edges()["received_on"] == edges["occurred_at"].dt.date()).mean() > 0.9


def test_a_graph_without_times_stands_at_the_end_of_its_days() -> None:
    edges = make(replace(PRESETS["small"], edges=4_000, hub_edges=100, is_date_only=True)).edges()
    assert edges["is_date_only"].all()
    assert set(edges["occurred_s"] % 86_400) == {86_399}
    assert set(edges["occurred_at"].dt.time().cast(pl.Int64)) == {0}


def test_countries_bring_their_currencies(made: Graph) -> None:
    edges = made.edges()
    assert (edges["is_cross_currency"] == (edges["src_currency"] != edges["dst_currency"])).all()
    assert edges["src_country"].n_unique() == 3
    assert 0.1 < edges["is_cross_currency"].mean() < 0.9  # type: ignore[operator]


@pytest.mark.parametrize("wrong", [{"accounts": 10}, {"hub_edges": 30_000}, {"countries": 99}, {"days": 0}])
def test_a_graph_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="hubs take|a graph needs"):
        replace(SMALL, **wrong)  # type: ignore[arg-type]


def test_the_command_writes_what_its_flags_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--preset", "small", "--edges", "5000", "--days", "3", "--hub-edges", "50", "--date-only"]
    assert graph.main([*flags, "--lake", str(tmp_path / "lake")]) == 0
    assert "5,000 edges, 2,000 accounts, 3 days" in capsys.readouterr().out
    edges = Lake(tmp_path / "lake").read(EDGES)
    assert (len(edges), edges["is_date_only"].all()) == (5_000, True)
    assert pl.read_parquet(tmp_path / "truth.parquet").columns == [
        *("edge_id", "transaction_id", "attempt", "shape", "is_laundering")
    ]


def test_the_presets_are_as_dense_as_they_say() -> None:
    assert PRESETS["amlworld"].edges / PRESETS["amlworld"].days == 540_000
    assert 16_500 < PRESETS["sparse"].edges / PRESETS["sparse"].days < 17_500
    assert isinstance(PRESETS["large"], Spec)
