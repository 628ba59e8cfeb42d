"""Loops over sparse graphs, compiled. A graph is `indptr` and `indices` of sorted rows; nothing here knows money."""

import numpy as np
from numpy.typing import NDArray

from features.kernels import compiled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@compiled
def triangles(indptr: NDArray[np.int32], indices: NDArray[np.int32]) -> Ints:
    """For every node of an undirected simple graph, the number of pairs of its neighbours that are neighbours.

    Every edge points to the end of the higher degree, so that a hub has few edges that leave it; a triangle is met
    once, at its lowest end.
    """
    n = indptr.size - 1
    starts = np.zeros(n + 1, np.int64)
    ends = np.empty(indices.size // 2, np.int32)
    filled = 0
    for node in range(n):
        degree = indptr[node + 1] - indptr[node]
        for place in range(indptr[node], indptr[node + 1]):
            other = indices[place]
            other_degree = indptr[other + 1] - indptr[other]
            if other_degree > degree or (other_degree == degree and other > node):
                ends[filled] = other
                filled += 1
        starts[node + 1] = filled
    found = np.zeros(n, np.int64)
    mark = np.full(n, -1, np.int32)
    for low in range(n):
        for place in range(starts[low], starts[low + 1]):
            mark[ends[place]] = low
        for place in range(starts[low], starts[low + 1]):
            middle = ends[place]
            for beyond in range(starts[middle], starts[middle + 1]):
                high = ends[beyond]
                if mark[high] == low:
                    found[low] += 1
                    found[middle] += 1
                    found[high] += 1
    return found


@compiled
def two_hops(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], weights: Floats, cap: int
) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """For every node: distinct others within two steps, the weight of the steps' edges, was a neighbour passed over.

    A neighbour with more than `cap` edges is counted and not looked behind. Edges back to the node are left out.
    """
    n = indptr.size - 1
    count = np.zeros(n, np.int64)
    total = np.zeros(n, np.float64)
    is_cut = np.zeros(n, np.bool_)
    mark = np.full(n, -1, np.int32)
    for node in range(n):
        mark[node] = node
        for place in range(indptr[node], indptr[node + 1]):
            mark[indices[place]] = node
            count[node] += 1
            total[node] += weights[place]
        for place in range(indptr[node], indptr[node + 1]):
            middle = indices[place]
            if indptr[middle + 1] - indptr[middle] > cap:
                is_cut[node] = True
                continue
            for beyond in range(indptr[middle], indptr[middle + 1]):
                far = indices[beyond]
                if far == node:
                    continue
                total[node] += weights[beyond]
                if mark[far] != node:
                    mark[far] = node
                    count[node] += 1
    return count, total, is_cut


@compiled
def settle(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    weights: Floats,
    start: Floats,
    tolerance: float,
    rounds: int,
) -> Floats:
    """The solution x of x = W x + start for two columns at once, by Gauss-Seidel in the order of the nodes.

    It stands when a round moves less than `tolerance` of all weight in both columns, or after `rounds`.
    """
    n = indptr.size - 1
    now = start.copy()
    for _ in range(rounds):
        moved_0 = moved_1 = all_0 = all_1 = 0.0
        for node in range(n):
            first, second = start[node, 0], start[node, 1]
            for place in range(indptr[node], indptr[node + 1]):
                first += weights[place] * now[indices[place], 0]
                second += weights[place] * now[indices[place], 1]
            moved_0 += abs(first - now[node, 0])
            moved_1 += abs(second - now[node, 1])
            now[node, 0] = first
            now[node, 1] = second
            all_0 += first
            all_1 += second
        if moved_0 <= tolerance * all_0 and moved_1 <= tolerance * all_1:
            break
    return now
