"""Measures of the account graph: arrays of payers, receivers and amounts in, one row of features per account out.

Pure: no lake, no clock, no chance. Nodes are taken in the order of their ids and pairs in that of payer and receiver,
so that the same pairs give the same bits, whatever the order of rows or the number of threads.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sknetwork.clustering import Louvain
from sknetwork.topology import get_core_decomposition

from features.catalog import GRAPH
from features.kernels.graphs import Floats, Ints, settle, triangles, two_hops

DAMPING = 0.85
ROUNDS = 100
TOLERANCE = 1e-6
"""A rank stands when a round moves less than this part of all weight."""

RANK_DIGITS = 6
FAR = 4
"""Steps to a confirmed account are counted up to this."""

SCHEMA = {"node_id": pl.Int64(), "community_id": pl.Int64(), **{feature.name: pl.Float64() for feature in GRAPH}}


@dataclass(frozen=True)
class Network:
    """The pairs of one window as matrices over the sorted nodes; amounts in cents, no self transfer."""

    nodes: Ints
    src: NDArray[np.int32]
    dst: NDArray[np.int32]
    cents: Floats
    paid: sparse.csr_matrix
    received: sparse.csr_matrix
    beside: sparse.csr_matrix

    @property
    def size(self) -> int:
        """The number of accounts."""
        return int(self.nodes.size)

    def total(self, ends: NDArray[np.int32], cents: Floats | None = None) -> Floats:
        """The sum of the pairs' cents at each node, in the order of the pairs."""
        weights = self.cents if cents is None else cents
        return np.bincount(ends, weights=weights, minlength=self.size).astype(np.float64)


def network(pairs: pl.DataFrame) -> Network:
    """The network of distinct pairs: `src`, `dst`, `cents`, in any order; `src` is never `dst`."""
    ordered = pairs.sort("src", "dst")
    ends = ordered.select(pl.concat([pl.col("src"), pl.col("dst")]).unique().sort()).to_series()
    nodes = ends.to_numpy()
    src = np.searchsorted(nodes, ordered["src"].to_numpy()).astype(np.int32)
    dst = np.searchsorted(nodes, ordered["dst"].to_numpy()).astype(np.int32)
    cents = ordered["cents"].to_numpy().astype(np.float64)
    shape = (nodes.size, nodes.size)
    paid = _matrix(cents, src, dst, shape)
    ones = _matrix(np.ones(src.size), src, dst, shape)
    beside = (ones + ones.T).tocsr()
    beside.sort_indices()
    return Network(nodes, src, dst, cents, paid, _matrix(cents, dst, src, shape), beside)


def measure(pairs: pl.DataFrame, confirmed: Ints, hub_cap: int) -> pl.DataFrame:
    """One row per account that pays or is paid: `node_id`, `community_id` and the features of the graph.

    Args:
        pairs: distinct `src`, `dst` (node ids, never equal) and `cents`, in any order.
        confirmed: node ids of the accounts that analysts confirmed; those that are in no pair are passed over.
        hub_cap: a partner with more partners than this on one side is not looked behind.
    """
    if pairs.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    graph = network(pairs)
    is_confirmed = np.isin(graph.nodes, confirmed)
    labels = communities(graph)
    columns = {
        **_partners(graph),
        **_two_hops(graph, hub_cap),
        **_shape(graph),
        **_ranks(graph, is_confirmed),
        "confirmed_hops": hops(graph, is_confirmed),
        **_community(graph, labels, is_confirmed),
    }
    frame = pl.DataFrame(
        {
            "node_id": graph.nodes,
            "community_id": graph.nodes[labels],
            **{f"graph_{name}": values for name, values in columns.items()},
        }
    )
    numbers = [name for name in SCHEMA if name not in {"node_id", "community_id"}]
    return frame.select("node_id", "community_id", pl.col(numbers).cast(pl.Float64).fill_nan(None))


def communities(graph: Network) -> NDArray[np.int64]:
    """For each node, the place of the first node of its community: Louvain over the logarithms of amounts.

    Logarithms, because a few payments of a thousand times the usual size would otherwise decide every community.
    """
    weights = np.log2(2 + graph.cents / 100)
    one_way = _matrix(weights, graph.src, graph.dst, graph.paid.shape)
    method = Louvain(modularity="newman", sort_clusters=False, return_probs=False, return_aggregate=False)
    labels = method.fit_predict((one_way + one_way.T).tocsr())
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    found: NDArray[np.int64] = first[inverse].astype(np.int64)
    return found


def hops(graph: Network, is_confirmed: NDArray[np.bool_]) -> Floats:
    """Steps to the nearest confirmed account, either way along payments; NaN beyond `FAR`."""
    steps = np.where(is_confirmed, 0.0, np.nan)
    for step in range(1, FAR + 1):
        reached = graph.beside @ (~np.isnan(steps)).astype(np.float64) > 0
        steps[reached & np.isnan(steps)] = step
    return steps


def rank(arriving: sparse.csr_matrix, leaving: Floats, restart: Floats) -> Floats:
    """PageRank for the two columns of `restart`: where weight ends that follows the amounts, each column summing to 1.

    What stands on an account that passes nothing on starts anew, as `restart` says (Page et al. 1999, with weights);
    so the ranks are, but for their scale, the solution of x = damping * shares * x + restart.

    Args:
        arriving: row r, column c: the amount that goes from c to r.
        leaving: the sum of each column.
        restart: accounts x 2: where weight starts; a column may be empty, and then so are its ranks.
    """
    share = np.divide(DAMPING, leaving, out=np.zeros_like(leaving), where=leaving > 0)
    weights = arriving.data * share[arriving.indices]
    found = settle(arriving.indptr, arriving.indices, weights, restart, TOLERANCE, ROUNDS)
    totals = found.sum(axis=0)
    scaled: Floats = np.divide(found, totals, out=np.zeros_like(found), where=totals > 0)
    return scaled


def _partners(graph: Network) -> dict[str, Floats]:
    """Payers and receivers of each account, and what they are like."""
    in_fan, out_fan = _degree(graph.received), _degree(graph.paid)
    receives = (graph.total(graph.dst) > graph.total(graph.src)).astype(np.float64)
    return {
        "in_fan": in_fan,
        "out_fan": out_fan,
        "in_partner_fan": _ratio(graph.total(graph.dst, out_fan[graph.src]), in_fan),
        "out_partner_fan": _ratio(graph.total(graph.src, in_fan[graph.dst]), out_fan),
        "in_receiving_share": _ratio(graph.total(graph.dst, receives[graph.src]), in_fan),
        "out_receiving_share": _ratio(graph.total(graph.src, receives[graph.dst]), out_fan),
    }


def _two_hops(graph: Network, hub_cap: int) -> dict[str, NDArray[Any]]:
    """What comes in and goes out within two steps of each account."""
    found: dict[str, NDArray[Any]] = {}
    is_cut = np.zeros(graph.size, np.bool_)
    for side, matrix in (("in", graph.received), ("out", graph.paid)):
        count, cents, cut = two_hops(matrix.indptr, matrix.indices, matrix.data, hub_cap)
        found[f"{side}_2hop_fan"] = count
        found[f"{side}_2hop_sum"] = cents / 100
        is_cut |= cut
    return {**found, "is_capped": is_cut}


def _shape(graph: Network) -> dict[str, NDArray[Any]]:
    """How dense the network is around each account."""
    degree = _degree(graph.beside)
    closed = triangles(graph.beside.indptr, graph.beside.indices)
    return {
        "triangles": closed,
        "clustering": _ratio(2.0 * closed, degree * (degree - 1)),
        "core": get_core_decomposition(graph.beside),
        "component_size": _sizes(graph.beside, "weak"),
        "cycle_size": _sizes(graph.paid, "strong"),
    }


def _sizes(matrix: sparse.csr_matrix, connection: str) -> Ints:
    _, label = connected_components(matrix, directed=True, connection=connection)
    sizes: Ints = np.bincount(label)[label]
    return sizes


def _ranks(graph: Network, is_confirmed: NDArray[np.bool_]) -> dict[str, Floats]:
    """PageRank both ways, scaled so that the mean is 1; from the confirmed, so that all of it is their number."""
    seeds = int(is_confirmed.sum())
    everyone = np.full(graph.size, 1 / graph.size)
    restart = np.column_stack([everyone, is_confirmed / max(seeds, 1)])
    found: dict[str, Floats] = {}
    ways = (
        ("", graph.received, graph.total(graph.src)),
        ("reverse_", graph.paid, graph.total(graph.dst)),
    )
    for way, arriving, leaving in ways:
        ranks = rank(arriving, leaving, restart)
        found[f"{way}rank"] = np.round(ranks[:, 0] * graph.size, RANK_DIGITS)
        from_confirmed = np.round(ranks[:, 1] * seeds, RANK_DIGITS) if seeds else np.full(graph.size, np.nan)
        found[f"{way}confirmed_rank"] = from_confirmed
    return found


def _community(graph: Network, labels: NDArray[np.int64], is_confirmed: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """What the community of each account is like, and how much of the account's flow stays in it."""
    size = graph.size
    inside = labels[graph.src] == labels[graph.dst]
    kept = np.where(inside, graph.cents, 0.0)
    members = np.bincount(labels, minlength=size)
    paid, received, inner = (
        np.bincount(labels[ends], weights=cents, minlength=size)
        for ends, cents in ((graph.src, graph.cents), (graph.dst, graph.cents), (graph.src, kept))
    )
    pairs = np.bincount(labels[graph.src], weights=inside, minlength=size)
    known = np.bincount(labels, weights=is_confirmed, minlength=size)
    by_community = {
        "community_size": members,
        "community_pairs": _ratio(pairs, members),
        "community_inner_share": _ratio(inner, paid + received - inner),
        "community_balance": _ratio(received - paid, paid + received - 2 * inner),
        "community_confirmed_share": _ratio(known, members),
    }
    return {
        **{name: values[labels] for name, values in by_community.items()},
        "community_in_share": _ratio(graph.total(graph.dst, kept), graph.total(graph.dst)),
        "community_out_share": _ratio(graph.total(graph.src, kept), graph.total(graph.src)),
    }


def _matrix(
    values: Floats, rows: NDArray[np.int32], columns: NDArray[np.int32], shape: tuple[int, int]
) -> sparse.csr_matrix:
    made = sparse.csr_matrix((values, (rows, columns)), shape=shape)
    made.sort_indices()
    return made


def _degree(matrix: sparse.csr_matrix) -> Floats:
    degrees: Floats = np.diff(matrix.indptr).astype(np.float64)
    return degrees


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    """The quotient, NaN where it has no meaning."""
    result: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return result
