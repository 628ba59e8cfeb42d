"""The benchmark's own sums: what is kept, what is compared, what the page says. Nothing here measures a time."""

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_limits

from benchmarks import child, features, hub_bounds, performance_page
from benchmarks.columns import informative
from benchmarks.graphs import GRAPHS, array
from synthetic.graph import Spec, make

MACHINE = {"machine": {"processor": "one", "cores": 2, "system": "Linux"}, "versions": {"python": "3.11"}}


def run_of(commit: str, *keys: str) -> dict[str, object]:
    runs = [{"side": "ours", "what": "edges", "cpu_s": 1.5}, {"side": "peer", "what": "run", "cpu_s": 1234.5}]
    return {"keys": list(keys), "date": "2026-11-25", "commit": commit, **MACHINE, "repetitions": runs}


def test_a_part_measured_again_leaves_the_others_with_their_own_commit() -> None:
    first = features.merged({}, "dense", {"ratio_dense_1t": 120.0}, run_of("a" * 40, "ratio_dense_1t"))
    both = features.merged(first, "bounds", {"ap_loss_points": 0.2}, run_of("b" * 40, "ap_loss_points"))
    again = features.merged(both, "bounds", {"ap_loss_points": 0.9}, run_of("c" * 40, "ap_loss_points"))
    assert again["figures"] == {"ratio_dense_1t": 120.0, "ap_loss_points": 0.9}
    assert {name: part["commit"][0] for name, part in again["parts"].items()} == {"dense": "a", "bounds": "c"}
    page = performance_page.page(again)
    assert "| >= 100 | 120 | reached | 2026-11-25, `aaaaaaaaaa` |" in page
    assert "| <= 0.5 | 0.9 | missed | 2026-11-25, `cccccccccc` |" in page
    assert "1,234" in page


def test_every_key_has_a_meaning_and_belongs_to_one_part() -> None:
    assert len(set(features.KEYS)) == len(features.KEYS)
    assert set(performance_page.TARGETS) | {"columns_ours", "columns_peer"} == set(features.KEYS)


def test_the_column_count_compares_the_two_sides() -> None:
    figures = {"columns_ours": 100, "columns_peer": 120}
    entry = features.merged({}, "sparse", figures, run_of("a" * 40, *figures))
    assert "| >= 120 | 100 | missed |" in performance_page.page(entry)


def test_columns_that_are_constant_or_copies_are_not_informative() -> None:
    rising, empty = np.arange(1.0, 6.0), np.full(5, np.nan)
    holed = np.array([np.nan, 1.0, 1.0, 1.0, 1.0])
    assert informative([rising, rising + 1e-12, np.ones(5), empty, holed]) == 2


def test_a_measurement_that_fails_says_which_and_why() -> None:
    with pytest.raises(child.Failed, match=r"(?s)benchmarks.peer_snapml nowhere.npy.*failed \(1\).*nowhere.npy"):
        child.run("benchmarks.peer_snapml", "nowhere.npy", threads=1, cap_s=60)


def test_the_peer_gets_the_rows_in_the_order_of_time() -> None:
    graph = make(Spec(edges=2_000, accounts=500, days=3, hub_edges=50))
    rows = array(graph)
    assert (np.diff(rows[:, 3]) >= 0).all()
    assert rows[:, 4].sum() == pytest.approx(graph.movements["cents"].sum() / 100)
    assert len(np.unique(rows[:, 0])) == len(rows) == 2_000


def test_the_long_graph_is_the_short_one_with_more_history() -> None:
    short, long = GRAPHS["short"], GRAPHS["long"]
    assert short.edges / short.days == long.edges / long.days
    assert (long.days - short.days) % 7 == 0
    assert short.hub_edges / short.days == long.hub_edges / long.days


def test_the_loss_is_what_the_bounded_features_do_not_show() -> None:
    random = np.random.default_rng(5)
    count = 4_000
    is_laundering = random.random(count) < 0.1
    keys = pl.DataFrame({"edge_id": random.permutation(count), "occurred_s": np.arange(count)})
    truth = keys.select("edge_id", pl.Series("is_laundering", is_laundering))
    telling = keys.select("edge_id", pl.Series("x", is_laundering + random.normal(0, 0.5, count)))
    weaker = keys.select("edge_id", pl.Series("x", is_laundering + random.normal(0, 2.0, count)))
    shuffled = telling.sample(fraction=1.0, shuffle=True, seed=1)
    with threadpool_limits(1):
        same = hub_bounds.compared(truth, keys, {"hubs": shuffled, "none": telling}, rounds=5)
        worse = hub_bounds.compared(truth, keys, {"hubs": weaker, "none": telling}, rounds=5)
    assert same["loss_points"] == 0
    assert worse["loss_points"] > 20
    assert worse["positives"] == is_laundering.sum()
