"""Small shapes around the pairs that a night learnt of: fans behind fans, shared middles, layers, short cycles.

A night's pairs are those of its last days, without accounts of too many pairs (hubs). Paths of two hops are counted
once for each payer and each receiver that has something new, never once an edge.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.kernels import compiled
from features.kernels.network import Edges

PAIR = np.dtype(
    [
        ("cents", np.int64),
        ("first_s", np.int32),  # of its first edge, since the time of the first edge of all
        ("last_s", np.int32),
        ("other", np.int32),  # the receiver in the order of payers, the payer in the order of receivers
        ("edge_count", np.int32),
        ("row", np.int32),  # among the pairs with an edge that the night learnt of, -1 for the others
    ],
    align=True,
)
_MOVE = np.dtype([("cents", np.int64), ("time_s", np.int32), ("receiver", np.int32), ("is_new", np.int32)], align=True)
_AHEAD = np.dtype(
    [
        ("kept", np.int64),
        ("most", np.int64),
        ("timed", np.int32),
        ("middles", np.int32),
        ("met", np.int32),
        ("reach", np.int32),
    ],
    align=True,
)
"""What the paths of two hops from one account found at another: `timed` and `met` say for which account it holds."""
_BESIDE = np.dtype([(name, np.int32) for name in ("shared_at", "shared", "back_at", "back", "mark", "beside")])


class Pairs(NamedTuple):
    """The pairs of a night without those of a hub, grouped by payer, and again by receiver."""

    out_start: NDArray[np.int32]
    out: NDArray[np.void]
    """As PAIR."""
    in_start: NDArray[np.int32]
    into: NDArray[np.void]
    """The same pairs."""
    is_hub: NDArray[np.uint8]
    paid: NDArray[np.int64]
    received: NDArray[np.int64]
    rows: int
    """How many have an edge that the night learnt of."""


class Scratch(NamedTuple):
    """Memory for the pairs of one night after another: made once, since fresh memory costs more than its use."""

    starts: NDArray[np.int32]
    """Shape (6, accounts + 1)."""
    sums: NDArray[np.int64]
    """Shape (2, accounts)."""
    is_hub: NDArray[np.uint8]
    moves: NDArray[np.void]
    out: NDArray[np.void]
    into: NDArray[np.void]
    ahead: NDArray[np.void]
    sides: NDArray[np.void]


def scratch(accounts: int, edges: int) -> Scratch:
    """Memory for so many accounts, and at most so many edges a night."""
    return Scratch(
        np.empty((6, accounts + 1), np.int32),
        np.empty((2, accounts), np.int64),
        np.empty(accounts, np.uint8),
        np.empty(edges, _MOVE),
        np.empty(edges, PAIR),
        np.empty(edges, PAIR),
        np.empty(accounts, _AHEAD),
        np.empty(accounts, _BESIDE),
    )


@compiled
def pairs_of(edges: Edges, scratch: Scratch, day: int, lowest: int, highest: int, hub_cap: int) -> Pairs:
    """The pairs of the edges `lowest` to `highest` that are known on a night, in the memory of `scratch`."""
    start, free, pair_start, at, out_start, in_start = (
        scratch.starts[0], scratch.starts[1], scratch.starts[2], scratch.starts[3], scratch.starts[4],
        scratch.starts[5],
    )  # fmt: skip
    accounts = start.size - 1
    start[:] = 0
    n = 0
    for e in range(lowest, highest):
        if edges.known_from[e] <= day < edges.known_until[e] and edges.src[e] != edges.dst[e]:
            start[edges.src[e] + 1] += 1
            n += 1
    for a in range(accounts):
        start[a + 1] += start[a]
    free[:] = start
    moves, out, into, is_hub = scratch.moves, scratch.out, scratch.into, scratch.is_hub
    for e in range(lowest, highest):
        src, dst = edges.src[e], edges.dst[e]
        if edges.known_from[e] <= day < edges.known_until[e] and src != dst:
            move = moves[free[src]]
            free[src] += 1
            move.cents, move.time_s, move.receiver = edges.cents[e], edges.time_s[e] - edges.time_s[lowest], dst
            move.is_new = edges.known_from[e] == day
    # one entry a pair, in the order in which its payer first paid
    at[:] = -1
    degree = free
    degree[:] = 0
    made = 0
    for a in range(accounts):
        pair_start[a] = made
        for i in range(start[a], start[a + 1]):
            move = moves[i]
            p = at[move.receiver]
            if p < pair_start[a]:
                p = made
                at[move.receiver] = p
                made += 1
                pair = out[p]
                pair.other, pair.cents, pair.edge_count = move.receiver, 0, 0
                pair.first_s, pair.row = move.time_s, -1
                degree[a] += 1
                degree[move.receiver] += 1
            pair = out[p]
            pair.cents += move.cents
            pair.edge_count += 1
            pair.last_s = move.time_s
            if move.is_new:
                pair.row = 0
    pair_start[accounts] = made
    for a in range(accounts):
        is_hub[a] = degree[a] > hub_cap
    # without hubs, in place
    paid, received = scratch.sums[0], scratch.sums[1]
    in_start[:], paid[:], received[:] = 0, 0, 0
    kept = rows = 0
    for a in range(accounts):
        out_start[a] = kept
        for p in range(pair_start[a], pair_start[a + 1]):
            other = out[p].other
            if is_hub[a] or is_hub[other]:
                continue
            out[kept] = out[p]
            if out[kept].row == 0:
                out[kept].row = rows
                rows += 1
            in_start[other + 1] += 1
            paid[a] += out[kept].cents
            received[other] += out[kept].cents
            kept += 1
    out_start[accounts] = kept
    for a in range(accounts):
        in_start[a + 1] += in_start[a]
    free[:] = in_start
    for a in range(accounts):
        for p in range(out_start[a], out_start[a + 1]):
            receiver = out[p].other
            into[free[receiver]] = out[p]
            into[free[receiver]].other = a
            free[receiver] += 1
    return Pairs(out_start, out[:kept], in_start, into[:kept], is_hub, paid, received, rows)


@compiled
def measure(pairs: Pairs, scratch: Scratch, found: NDArray[np.float32]) -> None:
    """Fill `found`, shape (pairs with something new, columns)."""
    accounts = pairs.out_start.size - 1
    out_start, out, in_start, into = pairs.out_start, pairs.out, pairs.in_start, pairs.into
    ahead, sides = scratch.ahead, scratch.sides
    for a in range(accounts):
        ahead[a].timed = ahead[a].met = -1
        sides[a].shared_at = sides[a].back_at = sides[a].mark = sides[a].beside = -1
    for u in range(accounts):
        if not _has_new(out, out_start[u], out_start[u + 1]):
            continue
        for i in range(out_start[u], out_start[u + 1]):  # u -> m -> w, and u -> m <- x
            first = out[i]
            m = first.other
            for j in range(out_start[m], out_start[m + 1]):
                second = out[j]
                w = ahead[second.other]
                if w.met != u:
                    w.met, w.reach = u, 0
                w.reach += 1
                if second.other != u and first.first_s <= second.last_s:
                    if w.timed != u:
                        w.timed, w.middles, w.kept, w.most = u, 0, 0, 0
                    w.middles += 1
                    w.kept += min(first.cents, second.cents)
                    w.most += max(first.cents, second.cents)
            for j in range(in_start[m], in_start[m + 1]):
                x = sides[into[j].other]
                if x.shared_at != u:
                    x.shared_at, x.shared = u, 0
                x.shared += 1
        for j in range(in_start[u], in_start[u + 1]):  # x -> y -> u
            y = into[j].other
            sides[y].mark = u
            for k in range(in_start[y], in_start[y + 1]):
                x = sides[into[k].other]
                if x.back_at != u:
                    x.back_at, x.back = u, 0
                x.back += 1
        for i in range(out_start[u], out_start[u + 1]):
            first = out[i]
            if first.row < 0:
                continue
            v = first.other
            best = paths = ends = wide = cycles_3 = cycles_4 = 0
            share = np.nan
            both_ways = sides[v].mark == u
            if both_ways:
                for j in range(in_start[v], in_start[v + 1]):
                    sides[into[j].other].beside = i
            for j in range(out_start[v], out_start[v + 1]):
                second = out[j]
                if second.other != u and first.first_s <= second.last_s:
                    w = ahead[second.other]
                    paths += 1
                    best = max(best, w.middles)
                    ends += 1 if w.middles >= 2 else 0
                    wide += 1 if w.middles >= 5 else 0
                    if w.most > 0:
                        here = w.kept / w.most
                        share = here if np.isnan(share) else max(share, here)
                x = sides[second.other]
                if x.mark == u:
                    cycles_3 += 1
                if second.other != u and x.back_at == u:
                    cycles_4 += x.back - (1 if both_ways and x.beside == i else 0)
            layer = widest = 0
            for j in range(in_start[v], in_start[v + 1]):
                x = sides[into[j].other]
                if into[j].other != u and x.shared_at == u and x.shared >= 2:
                    layer += 1
                    widest = max(widest, x.shared)
            row = first.row
            found[row, 0], found[row, 1], found[row, 2], found[row, 3], found[row, 4] = best, paths, share, ends, wide
            found[row, 10] = ahead[v].reach if ahead[v].met == u else 0
            found[row, 11], found[row, 12], found[row, 13] = both_ways, cycles_3, cycles_4
            found[row, 14], found[row, 15] = layer, widest
            found[row, 16] = min(layer, ends)
            found[row, 17], found[row, 18] = first.edge_count, first.cents / 100.0
            found[row, 19] = first.cents / pairs.paid[u] if pairs.paid[u] else np.nan
            found[row, 20] = first.cents / pairs.received[v] if pairs.received[v] else np.nan
            found[row, 21], found[row, 22] = out_start[u + 1] - out_start[u], in_start[v + 1] - in_start[v]
            found[row, 23], found[row, 24] = in_start[u + 1] - in_start[u], out_start[v + 1] - out_start[v]
            found[row, 25] = 0
    for a in range(accounts):
        ahead[a].timed = -1
    for v in range(accounts):
        if not _has_new(into, in_start[v], in_start[v + 1]):
            continue
        for j in range(in_start[v], in_start[v + 1]):  # s -> m -> v
            leg = into[j]
            for k in range(in_start[leg.other], in_start[leg.other + 1]):
                before = into[k]
                if before.other != v and before.first_s <= leg.last_s:
                    s = ahead[before.other]
                    if s.timed != v:
                        s.timed, s.middles, s.kept, s.most = v, 0, 0, 0
                    s.middles += 1
                    s.kept += min(before.cents, leg.cents)
                    s.most += max(before.cents, leg.cents)
        for j in range(in_start[v], in_start[v + 1]):
            leg = into[j]
            if leg.row < 0:
                continue
            best = paths = starts = wide = 0
            share = np.nan
            for k in range(in_start[leg.other], in_start[leg.other + 1]):
                before = into[k]
                if before.other != v and before.first_s <= leg.last_s:
                    s = ahead[before.other]
                    paths += 1
                    best = max(best, s.middles)
                    starts += 1 if s.middles >= 2 else 0
                    wide += 1 if s.middles >= 5 else 0
                    if s.most > 0:
                        here = s.kept / s.most
                        share = here if np.isnan(share) else max(share, here)
            row = leg.row
            found[row, 5], found[row, 6], found[row, 7], found[row, 8], found[row, 9] = best, paths, share, starts, wide


@compiled
def _has_new(pairs: NDArray[np.void], first: int, beyond: int) -> bool:
    for place in range(first, beyond):
        if pairs[place].row >= 0:
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
                if pairs.out[j].other == v:
                    place = pairs.out[j].row
                    break
        if place >= 0:
            for i in range(columns):
                out[c + i, r] = found[place, i]
            continue
        for i in range(columns):
            out[c + i, r] = 0
        out[c + 2, r] = out[c + 7, r] = out[c + 19, r] = out[c + 20, r] = np.nan
        out[c + columns - 1, r] = 1 if u != v and (pairs.is_hub[u] or pairs.is_hub[v]) else 0
