"""A naive account of what the account graph says: sets, queues and dense matrices, for small worlds only."""

from collections import deque
from collections.abc import Iterable, Mapping

import numpy as np

Pairs = Mapping[tuple[int, int], int]


def partners(pairs: Pairs) -> dict[int, set[int]]:
    """Who deals with whom, either way."""
    beside: dict[int, set[int]] = {}
    for src, dst in pairs:
        beside.setdefault(src, set()).add(dst)
        beside.setdefault(dst, set()).add(src)
    return beside


def reached(ways: Mapping[int, set[int]], start: int) -> set[int]:
    """Every node that can be reached, the start included."""
    seen, queue = {start}, deque([start])
    while queue:
        for other in ways.get(queue.popleft(), set()) - seen:
            seen.add(other)
            queue.append(other)
    return seen


def component_size(pairs: Pairs, node: int) -> int:
    return len(reached(partners(pairs), node))


def cycle_size(pairs: Pairs, node: int) -> int:
    ahead: dict[int, set[int]] = {}
    back: dict[int, set[int]] = {}
    for src, dst in pairs:
        ahead.setdefault(src, set()).add(dst)
        back.setdefault(dst, set()).add(src)
    return len(reached(ahead, node) & reached(back, node))


def core(pairs: Pairs, node: int) -> int:
    """The largest k for which the node is left when nodes of fewer than k partners are taken away again and again."""
    k = 0
    while True:
        left = {n: set(others) for n, others in partners(pairs).items()}
        while weak := [n for n, others in left.items() if len(others) < k + 1]:
            for n in weak:
                for other in left.pop(n):
                    left.get(other, set()).discard(n)
        if node not in left:
            return k
        k += 1


def triangles(pairs: Pairs, node: int) -> int:
    beside = partners(pairs)
    return sum(a < b and b in beside[a] for a in beside[node] for b in beside[node])


def hops(pairs: Pairs, confirmed: Iterable[int], node: int, far: int) -> int | None:
    beside, reach = partners(pairs), {node}
    targets = set(confirmed)
    for step in range(far + 1):
        if reach & targets:
            return step
        reach = reach | {other for n in reach for other in beside[n]}
    return None


def two_hops(pairs: Pairs, node: int, side: str, cap: int) -> tuple[int, int, bool]:
    """Distinct accounts, cents, and was somebody passed over, within two steps of one side."""
    flows = {(src, dst) if side == "out" else (dst, src): cents for (src, dst), cents in pairs.items()}
    near = {b for a, b in flows if a == node}
    hubs = {n for n in near if sum(a == n for a, _ in flows) > cap}
    steps = {(a, b) for a, b in flows if a == node or (a in near - hubs and b != node)}
    return len({b for _, b in steps}), sum(flows[step] for step in steps), bool(hubs)


def rank(pairs: Pairs, nodes: list[int], restart: np.ndarray, damping: float, *, reverse: bool) -> np.ndarray:
    """PageRank by power iteration over a dense matrix, 500 rounds."""
    place = {node: at for at, node in enumerate(nodes)}
    flow = np.zeros((len(nodes), len(nodes)))
    for (src, dst), cents in pairs.items():
        a, b = (place[dst], place[src]) if reverse else (place[src], place[dst])
        flow[b, a] = cents
    sums = flow.sum(axis=0)
    step = np.where(sums > 0, flow / np.where(sums > 0, sums, 1), restart[:, None])
    now = restart
    for _ in range(500):
        now = damping * step @ now + (1 - damping) * restart
    return now


def modularity(weights: Mapping[tuple[int, int], float], label: Mapping[int, int]) -> float:
    """Newman's modularity of an undirected weighted graph; a pair both ways has the sum of both weights."""
    total = sum(weights.values())
    strength: dict[int, float] = {}
    inside = 0.0
    for (src, dst), weight in weights.items():
        for node in (src, dst):
            strength[label[node]] = strength.get(label[node], 0.0) + weight
        inside += weight if label[src] == label[dst] else 0.0
    return inside / total - sum((value / (2 * total)) ** 2 for value in strength.values())
