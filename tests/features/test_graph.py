"""Measures of the account graph: hand-made networks, a naive oracle on random ones, and equality to the bit."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import graph
from features.catalog import GRAPH
from features.kernels import compiled
from tests.features import graph_oracle as oracle

CAP = 3
NOBODY = np.array([], dtype=np.int64)


def frame(pairs: oracle.Pairs) -> pl.DataFrame:
    rows = [(src, dst, float(cents)) for (src, dst), cents in pairs.items()]
    return pl.DataFrame(rows, schema={"src": pl.Int64, "dst": pl.Int64, "cents": pl.Float64}, orient="row")


def measured(pairs: oracle.Pairs, confirmed: list[int] | None = None, cap: int = CAP) -> dict[int, dict[str, Any]]:
    found = graph.measure(frame(pairs), np.array(confirmed or [], dtype=np.int64), cap)
    return {row["node_id"]: row for row in found.iter_rows(named=True)}


@st.composite
def networks(draw: st.DrawFn) -> tuple[dict[tuple[int, int], int], list[int]]:
    """Up to 14 accounts with a hub among them, pairs both ways, sums of zero, and some confirmed ones."""
    nodes = draw(st.lists(st.integers(1, 2**59), min_size=2, max_size=14, unique=True))
    ends = st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)).filter(lambda pair: pair[0] != pair[1])
    cents = st.one_of(st.just(0), st.integers(1, 10**6), st.just(10**14))
    pairs = draw(st.dictionaries(ends, cents, min_size=1, max_size=40))
    hub = nodes[0]
    for other in nodes[1 : draw(st.integers(0, len(nodes)))]:
        pairs[(hub, other) if draw(st.booleans()) else (other, hub)] = draw(cents)
    return pairs, draw(st.lists(st.sampled_from([*nodes, 7]), max_size=3, unique=True))


@settings(max_examples=60, deadline=None)
@given(networks())
def test_measures_equal_the_oracle(world: tuple[dict[tuple[int, int], int], list[int]]) -> None:
    pairs, confirmed = world
    found = measured(pairs, confirmed)
    beside = oracle.partners(pairs)
    assert set(found) == set(beside)
    for node, row in found.items():
        payers = {src for src, dst in pairs if dst == node}
        receivers = {dst for src, dst in pairs if src == node}
        assert (row["graph_in_fan"], row["graph_out_fan"]) == (len(payers), len(receivers))
        assert row["graph_component_size"] == oracle.component_size(pairs, node)
        assert row["graph_cycle_size"] == oracle.cycle_size(pairs, node)
        assert row["graph_core"] == oracle.core(pairs, node)
        assert row["graph_triangles"] == oracle.triangles(pairs, node)
        degree = len(beside[node])
        closed = None if degree < 2 else pytest.approx(oracle.triangles(pairs, node) / math.comb(degree, 2))
        assert row["graph_clustering"] == closed
        assert row["graph_confirmed_hops"] == oracle.hops(pairs, confirmed, node, graph.FAR)
        cut = False
        for side in ("in", "out"):
            count, cents, passed_over = oracle.two_hops(pairs, node, side, CAP)
            assert row[f"graph_{side}_2hop_fan"] == count
            assert row[f"graph_{side}_2hop_sum"] == pytest.approx(cents / 100)
            cut = cut or passed_over
        assert row["graph_is_capped"] == cut
        gains = {n: sum((dst == n) * c - (src == n) * c for (src, dst), c in pairs.items()) > 0 for n in beside}
        for side, others in (("in", payers), ("out", receivers)):
            share = sum(gains[n] for n in others) / len(others) if others else None
            assert row[f"graph_{side}_receiving_share"] == share
            fans = [
                len({d for s, d in pairs if s == n} if side == "in" else {s for s, d in pairs if d == n})
                for n in others
            ]
            mean = pytest.approx(sum(fans) / len(fans)) if fans else None
            assert row[f"graph_{side}_partner_fan"] == mean


@settings(max_examples=40, deadline=None)
@given(networks())
def test_ranks_equal_a_dense_power_iteration(world: tuple[dict[tuple[int, int], int], list[int]]) -> None:
    pairs, confirmed = world
    found = measured(pairs, confirmed)
    nodes = sorted(found)
    seeds = [node for node in confirmed if node in found]
    everyone = np.full(len(nodes), 1 / len(nodes))
    chosen = np.array([float(node in seeds) for node in nodes]) / max(1, len(seeds))
    for reverse, way in ((False, ""), (True, "reverse_")):
        plain = oracle.rank(pairs, nodes, everyone, graph.DAMPING, reverse=reverse) * len(nodes)
        assert [found[n][f"graph_{way}rank"] for n in nodes] == pytest.approx(plain.tolist(), rel=1e-4, abs=1e-5)
        values = [found[n][f"graph_{way}confirmed_rank"] for n in nodes]
        if seeds:
            from_seeds = oracle.rank(pairs, nodes, chosen, graph.DAMPING, reverse=reverse) * len(seeds)
            assert values == pytest.approx(from_seeds.tolist(), rel=1e-4, abs=1e-5)
        else:
            assert values == [None] * len(nodes)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_what_is_said_of_communities_follows_from_who_is_in_them(
    world: tuple[dict[tuple[int, int], int], list[int]],
) -> None:
    pairs, confirmed = world
    found = measured(pairs, confirmed)
    label = {node: row["community_id"] for node, row in found.items()}
    for node, row in found.items():
        members = {n for n in label if label[n] == label[node]}
        assert label[node] == min(members)
        assert members <= oracle.reached(oracle.partners(pairs), node)
        inner = sum(c for (s, d), c in pairs.items() if s in members and d in members)
        paid_out = sum(c for (s, d), c in pairs.items() if s in members and d not in members)
        came_in = sum(c for (s, d), c in pairs.items() if s not in members and d in members)
        dealing = sum(s in members and d in members for s, d in pairs)
        expected = {
            "community_size": len(members),
            "community_pairs": dealing / len(members),
            "community_inner_share": inner / (inner + paid_out + came_in) if inner + paid_out + came_in else None,
            "community_balance": (came_in - paid_out) / (came_in + paid_out) if came_in + paid_out else None,
            "community_confirmed_share": len(members & set(confirmed)) / len(members),
        }
        for side in ("in", "out"):
            own = {p: c for p, c in pairs.items() if p[side == "in"] == node}
            kept = sum(c for (s, d), c in own.items() if {s, d} <= members)
            expected[f"community_{side}_share"] = kept / sum(own.values()) if sum(own.values()) else None
        for name, value in expected.items():
            assert row[f"graph_{name}"] == (value if value is None else pytest.approx(value)), name


@settings(max_examples=30, deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_no_bit(world: tuple[dict[tuple[int, int], int], list[int]], chance: Any) -> None:
    pairs, confirmed = world
    shuffled = list(pairs.items())
    chance.shuffle(shuffled)
    chosen = np.array(confirmed, dtype=np.int64)
    once = graph.measure(frame(pairs), chosen, CAP)
    assert once.equals(graph.measure(frame(dict(shuffled)), chosen[::-1], CAP))
    assert once["node_id"].is_sorted()


def test_communities_are_the_cliques_of_a_ring_of_cliques() -> None:
    pairs = {}
    for clique in range(5):
        members = range(10 * clique + 1, 10 * clique + 6)
        pairs.update({(a, b): 10_000 for a in members for b in members if a != b})
        pairs[10 * clique + 1, (10 * clique + 12) % 50] = 10_000
    found = measured(pairs)
    assert {node: row["community_id"] for node, row in found.items()} == {n: n - n % 10 + 1 for n in found}
    assert found[3]["graph_community_size"] == 5
    assert found[3]["graph_community_in_share"] == 1


def test_one_huge_payment_does_not_decide_every_community() -> None:
    groups = [[10 * g + m for m in range(6)] for g in range(4)]
    pairs = {(a, b): 50_000 for members in groups for a in members for b in members if a != b}
    pairs[0, 10] = 10**13
    label = {node: row["community_id"] for node, row in measured(pairs).items()}
    assert len({label[members[-1]] for members in groups}) == 4


def test_communities_of_a_random_graph_are_near_the_planted_ones() -> None:
    chance = np.random.default_rng(11)
    planted = {node: node // 20 for node in range(200)}
    pairs = {}
    for a in range(200):
        inside = chance.integers(20 * planted[a], 20 * planted[a] + 20, 6)
        for b in [*inside.tolist(), int(chance.integers(200))]:
            if a != b:
                pairs[a, b] = int(chance.integers(1000, 100_000))
    label = {node: row["community_id"] for node, row in measured(pairs).items()}
    weights = {pair: math.log2(2 + cents / 100) for pair, cents in pairs.items()}
    assert oracle.modularity(weights, label) > oracle.modularity(weights, planted) - 0.02


def test_a_confirmed_account_is_felt_along_the_way() -> None:
    pairs = {(1, 2): 100, (2, 3): 100, (3, 4): 100, (4, 5): 100, (5, 6): 100, (8, 9): 100}
    found = measured(pairs, [1])
    assert [found[n]["graph_confirmed_hops"] for n in (1, 2, 3, 4, 5, 6, 8)] == [0, 1, 2, 3, 4, None, None]
    coming = [found[n]["graph_confirmed_rank"] for n in (1, 2, 3, 4, 5, 6)]
    assert coming == sorted(coming, reverse=True)
    assert found[8]["graph_confirmed_rank"] == 0
    assert found[2]["graph_reverse_confirmed_rank"] == 0
    assert measured({(2, 1): 100}, [1])[2]["graph_reverse_confirmed_rank"] > 0


def test_no_pair_gives_a_typed_empty_table() -> None:
    empty = graph.measure(frame({}), NOBODY, CAP)
    assert empty.height == 0
    assert dict(empty.schema) == graph.SCHEMA
    assert [name for name in graph.SCHEMA if name.startswith("graph_")] == [feature.name for feature in GRAPH]


def test_a_kernel_runs_where_nothing_can_be_kept_on_disk() -> None:
    code = "def double(x):\n    return 2 * x\n"
    names: dict[str, Any] = {}
    exec(compile(code, "<nowhere>", "exec"), names)  # noqa: S102 (a function without a file)
    assert compiled(names["double"])(21) == 42
