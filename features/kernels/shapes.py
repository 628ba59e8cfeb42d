"""Small shapes around the pairs that a night learnt of: fans behind fans, shared middles, layers, short cycles.

A night's pairs are those of its last days, without accounts of too many pairs (hubs). Paths of two hops are counted
once for each payer and each receiver that has something new, never once an edge.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.kernels import compiled
from features.kernels.network import Edges


class Pairs(NamedTuple):
    """The pairs of a night without those of a hub, grouped by payer, and again by receiver."""

    out_start: NDArray[np.int32]
    other: NDArray[np.int32]
    cents: NDArray[np.int64]
    edge_count: NDArray[np.int32]
    first_s: NDArray[np.int64]
    last_s: NDArray[np.int64]
    is_new: NDArray[np.uint8]
    in_start: NDArray[np.int32]
    payer: NDArray[np.int32]
    """Of each pair in the order of receivers."""
    pair: NDArray[np.int32]
    """The place, in the order of payers, of each pair in the order of receivers."""
    is_hub: NDArray[np.uint8]
    paid: NDArray[np.int64]
    received: NDArray[np.int64]


@compiled
def pairs_of(edges: Edges, day: int, since_s: int, until_s: int, accounts: int, hub_cap: int) -> Pairs:
    """The pairs of the edges known on a night that occurred after `since_s` and not after `until_s`."""
    lowest = np.searchsorted(edges.time_s, since_s, side="right")
    highest = np.searchsorted(edges.time_s, until_s, side="right")
    start = np.zeros(accounts + 1, np.int32)
    n = 0
    for e in range(lowest, highest):
        if edges.known_from[e] <= day < edges.known_until[e] and edges.src[e] != edges.dst[e]:
            start[edges.src[e] + 1] += 1
            n += 1
    for a in range(accounts):
        start[a + 1] += start[a]
    free = start[:-1].copy()
    order = np.empty(n, np.int32)
    for e in range(lowest, highest):
        if edges.known_from[e] <= day < edges.known_until[e] and edges.src[e] != edges.dst[e]:
            order[free[edges.src[e]]] = e
            free[edges.src[e]] += 1
    # one entry a pair, in the order in which its payer first paid
    other, cents, count = np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int32)
    first_s, last_s, is_new = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.uint8)
    pair_start = np.zeros(accounts + 1, np.int32)
    at = np.full(accounts, -1, np.int32)
    degree = np.zeros(accounts, np.int32)
    made = 0
    for a in range(accounts):
        pair_start[a] = made
        for i in range(start[a], start[a + 1]):
            e = order[i]
            receiver = edges.dst[e]
            p = at[receiver]
            if p < pair_start[a]:
                p = made
                at[receiver] = p
                made += 1
                other[p], cents[p], count[p] = receiver, 0, 0
                first_s[p], is_new[p] = edges.time_s[e], 0
                degree[a] += 1
                degree[receiver] += 1
            cents[p] += edges.cents[e]
            count[p] += 1
            last_s[p] = edges.time_s[e]
            is_new[p] |= edges.known_from[e] == day
    pair_start[accounts] = made
    is_hub = np.zeros(accounts, np.uint8)
    for a in range(accounts):
        is_hub[a] = degree[a] > hub_cap
    # without hubs, in place
    out_start, in_start = np.zeros(accounts + 1, np.int32), np.zeros(accounts + 1, np.int32)
    paid, received = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    kept = 0
    for a in range(accounts):
        out_start[a] = kept
        for p in range(pair_start[a], pair_start[a + 1]):
            if is_hub[a] or is_hub[other[p]]:
                continue
            other[kept], cents[kept], count[kept] = other[p], cents[p], count[p]
            first_s[kept], last_s[kept], is_new[kept] = first_s[p], last_s[p], is_new[p]
            in_start[other[kept] + 1] += 1
            paid[a] += cents[kept]
            received[other[kept]] += cents[kept]
            kept += 1
    out_start[accounts] = kept
    for a in range(accounts):
        in_start[a + 1] += in_start[a]
    free = in_start[:-1].copy()
    payer, pair = np.empty(kept, np.int32), np.empty(kept, np.int32)
    for a in range(accounts):
        for p in range(out_start[a], out_start[a + 1]):
            place = free[other[p]]
            free[other[p]] = place + 1
            payer[place], pair[place] = a, p
    return Pairs(
        out_start, other[:kept], cents[:kept], count[:kept], first_s[:kept], last_s[:kept], is_new[:kept],
        in_start, payer, pair, is_hub, paid, received,
    )  # fmt: skip


@compiled
def measure(pairs: Pairs, found: NDArray[np.float32]) -> None:
    """Fill `found`, shape (pairs, columns), for the pairs with something new."""
    accounts = pairs.out_start.size - 1
    out_start, other, in_start = pairs.out_start, pairs.other, pairs.in_start
    stamp, timed = np.full(accounts, -1, np.int32), np.full(accounts, -1, np.int32)
    reach, middles = np.zeros(accounts, np.int32), np.zeros(accounts, np.int32)
    kept, most = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    shared, shared_at = np.zeros(accounts, np.int32), np.full(accounts, -1, np.int32)
    back, back_at = np.zeros(accounts, np.int32), np.full(accounts, -1, np.int32)
    mark, beside = np.full(accounts, -1, np.int32), np.full(accounts, -1, np.int32)
    for u in range(accounts):
        if not _has_new_out(pairs, u):
            continue
        for i in range(out_start[u], out_start[u + 1]):  # u -> m -> w, and u -> m <- x
            m = other[i]
            for j in range(out_start[m], out_start[m + 1]):
                w = other[j]
                if stamp[w] != u:
                    stamp[w], reach[w] = u, 0
                reach[w] += 1
                if w != u and pairs.first_s[i] <= pairs.last_s[j]:
                    if timed[w] != u:
                        timed[w], middles[w], kept[w], most[w] = u, 0, 0, 0
                    middles[w] += 1
                    kept[w] += min(pairs.cents[i], pairs.cents[j])
                    most[w] += max(pairs.cents[i], pairs.cents[j])
            for j in range(in_start[m], in_start[m + 1]):
                x = pairs.payer[j]
                if shared_at[x] != u:
                    shared_at[x], shared[x] = u, 0
                shared[x] += 1
        for j in range(in_start[u], in_start[u + 1]):  # x -> y -> u
            y = pairs.payer[j]
            mark[y] = u
            for k in range(in_start[y], in_start[y + 1]):
                x = pairs.payer[k]
                if back_at[x] != u:
                    back_at[x], back[x] = u, 0
                back[x] += 1
        for i in range(out_start[u], out_start[u + 1]):
            if not pairs.is_new[i]:
                continue
            v = other[i]
            best = paths = ends = wide = cycles_3 = cycles_4 = 0
            share = np.nan
            both_ways = mark[v] == u
            if both_ways:
                for j in range(in_start[v], in_start[v + 1]):
                    beside[pairs.payer[j]] = i
            for j in range(out_start[v], out_start[v + 1]):
                w = other[j]
                if w != u and pairs.first_s[i] <= pairs.last_s[j]:
                    paths += 1
                    best = max(best, middles[w])
                    ends += 1 if middles[w] >= 2 else 0
                    wide += 1 if middles[w] >= 5 else 0
                    if most[w] > 0:
                        here = kept[w] / most[w]
                        share = here if np.isnan(share) else max(share, here)
                if mark[w] == u:
                    cycles_3 += 1
                if w != u and back_at[w] == u:
                    cycles_4 += back[w] - (1 if both_ways and beside[w] == i else 0)
            layer = widest = 0
            for j in range(in_start[v], in_start[v + 1]):
                x = pairs.payer[j]
                if x != u and shared_at[x] == u and shared[x] >= 2:
                    layer += 1
                    widest = max(widest, shared[x])
            row = found[i]
            row[0], row[1], row[2], row[3], row[4] = best, paths, share, ends, wide
            row[10] = reach[v] if stamp[v] == u else 0
            row[11], row[12], row[13] = both_ways, cycles_3, cycles_4
            row[14], row[15] = layer, widest
            row[16] = min(layer, ends)
            row[17], row[18] = pairs.edge_count[i], pairs.cents[i] / 100.0
            row[19] = pairs.cents[i] / pairs.paid[u] if pairs.paid[u] else np.nan
            row[20] = pairs.cents[i] / pairs.received[v] if pairs.received[v] else np.nan
            row[21], row[22] = out_start[u + 1] - out_start[u], in_start[v + 1] - in_start[v]
            row[23], row[24] = in_start[u + 1] - in_start[u], out_start[v + 1] - out_start[v]
            row[25] = 0
    timed[:] = -1
    for v in range(accounts):
        if not _has_new_in(pairs, v):
            continue
        for j in range(in_start[v], in_start[v + 1]):  # s -> m -> v
            m, leg = pairs.payer[j], pairs.pair[j]
            for k in range(in_start[m], in_start[m + 1]):
                s, before = pairs.payer[k], pairs.pair[k]
                if s != v and pairs.first_s[before] <= pairs.last_s[leg]:
                    if timed[s] != v:
                        timed[s], middles[s], kept[s], most[s] = v, 0, 0, 0
                    middles[s] += 1
                    kept[s] += min(pairs.cents[before], pairs.cents[leg])
                    most[s] += max(pairs.cents[before], pairs.cents[leg])
        for j in range(in_start[v], in_start[v + 1]):
            i = pairs.pair[j]
            if not pairs.is_new[i]:
                continue
            u = pairs.payer[j]
            best = paths = starts = wide = 0
            share = np.nan
            for k in range(in_start[u], in_start[u + 1]):
                s = pairs.payer[k]
                if s != v and pairs.first_s[pairs.pair[k]] <= pairs.last_s[i]:
                    paths += 1
                    best = max(best, middles[s])
                    starts += 1 if middles[s] >= 2 else 0
                    wide += 1 if middles[s] >= 5 else 0
                    if most[s] > 0:
                        here = kept[s] / most[s]
                        share = here if np.isnan(share) else max(share, here)
            row = found[i]
            row[5], row[6], row[7], row[8], row[9] = best, paths, share, starts, wide


@compiled
def _has_new_out(pairs: Pairs, account: int) -> bool:
    for i in range(pairs.out_start[account], pairs.out_start[account + 1]):
        if pairs.is_new[i]:
            return True
    return False


@compiled
def _has_new_in(pairs: Pairs, account: int) -> bool:
    for j in range(pairs.in_start[account], pairs.in_start[account + 1]):
        if pairs.is_new[pairs.pair[j]]:
            return True
    return False


@compiled
def spread(
    edges: Edges,
    pairs: Pairs,
    found: NDArray[np.float32],
    wanted: NDArray[np.int32],
    first_row: int,
    since_s: int,
    until_s: int,
    out: NDArray[np.float32],
    first_column: int,
) -> None:
    """Copy what was found of a pair to the rows of its edges; an edge without a pair has nothing around it."""
    columns, c = found.shape[1], first_column
    for k in range(wanted.size):
        e, r = wanted[k], first_row + k
        u, v = edges.src[e], edges.dst[e]
        place = -1
        if u != v and since_s < edges.time_s[e] <= until_s:
            for j in range(pairs.out_start[u], pairs.out_start[u + 1]):
                if pairs.other[j] == v:
                    place = j
                    break
        if place >= 0:
            for i in range(columns):
                out[c + i, r] = found[place, i]
            continue
        for i in range(columns):
            out[c + i, r] = 0
        out[c + 2, r] = out[c + 7, r] = out[c + 19, r] = out[c + 20, r] = np.nan
        out[c + columns - 1, r] = 1 if u != v and (pairs.is_hub[u] or pairs.is_hub[v]) else 0
