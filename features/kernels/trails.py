"""Money followed from hand to hand: chains that pass an amount on, and rings that bring it back.

Both go through edges one after another in time, each soon after the last and of nearly its amount.
"""

import numpy as np
from numpy.typing import NDArray

from features.kernels import compiled
from features.kernels.network import OUT, SELF, Edges, Ends, expect
from features.layout import LONGEST_RING

HOP_S = 3 * 86_400
RING_HOP_S = 5 * 86_400
MOST_HOPS = 6
AHEAD = 8
"""Edges whose ends are asked for before they are looked at: they lie in no order of memory."""
LEAST_SHARE, MOST_SHARE = 80, 105
"""A payment passes an arrival on when it is of 80 to 105 hundredths of its amount."""


@compiled
def chains(
    edges: Edges, ends: Ends, order: NDArray[np.int32], hop_s: int, looks: int, before: NDArray[np.float32]
) -> None:
    """How many hands money went through before each edge, as known on the night that learnt of the edge.

    Args:
        edges: the edges.
        ends: their ends.
        order: the edges by the night that learnt of them, and by time within it.
        hop_s: the longest wait between two hops, in seconds.
        looks: how many known ends of an account are looked at before one hop, at most.
        before: filled, shape (edges, 4): hops before the edge, at most 6; share of the last hop's amount; hours since
            it; how many edges could be it. Where `looks` was reached, the last value is -1 less that number.
    """
    for k in range(order.size):
        if k + AHEAD < order.size:
            expect(ends, ends.src_place[order[k + AHEAD]])
        e = order[k]
        account, day, time_s, cents = edges.src[e], edges.known_from[e], edges.time_s[e], edges.cents[e]
        hops = branches = looked = 0
        share, wait_h, is_cut = np.nan, np.nan, False
        j = ends.src_place[e] - 1
        if edges.src[e] == edges.dst[e] or cents <= 0:
            j = -1
        while j >= ends.start[account] and time_s - ends.at[j].time_s <= hop_s:
            end = ends.at[j]
            if end.known_from <= day < end.known_until:
                if looked >= looks:
                    is_cut = True
                    break
                looked += 1
                came, f = end.cents, end.edge
                if not end.bits & (OUT | SELF) and _is_passed_on(came, cents) and end.other != edges.dst[e]:
                    branches += 1
                    longer = min(np.int64(before[f, 0]) + 1, MOST_HOPS)
                    if longer > hops:
                        hops, share = longer, cents / came
                        wait_h = (time_s - end.time_s) / 3600.0
            j -= 1
        before[e, 0], before[e, 1], before[e, 2] = hops, share, wait_h
        before[e, 3] = -1 - branches if is_cut else branches


@compiled
def _is_passed_on(came: int, left: int) -> bool:
    return left * 100 >= came * LEAST_SHARE and left * 100 <= came * MOST_SHARE


@compiled
def chains_after(
    edges: Edges,
    ends: Ends,
    wanted: NDArray[np.int32],
    first_row: int,
    day: int,
    cut: int,
    hop_s: int,
    looks: int,
    before: NDArray[np.float32],
    after: NDArray[np.int8],
    out: NDArray[np.float32],
    first_column: int,
) -> None:
    """Fill the chain columns of the edges that a night learnt of.

    Args:
        edges: the edges.
        ends: their ends.
        wanted: the edges that the night learnt of, by time.
        first_row: the row of the first; the others follow.
        day: the night.
        cut: its last second.
        hop_s: the longest wait between two hops, in seconds.
        looks: how many known ends of an account are looked at after one hop, at most.
        before: what `chains` filled.
        after: one value an edge, filled for the night's own.
        out: shape (columns, rows).
        first_column: where the chain columns begin.
    """
    c = first_column
    for k in range(wanted.size - 1, -1, -1):
        if k >= AHEAD:
            expect(ends, ends.dst_place[wanted[k - AHEAD]] + 1)
        e, r = wanted[k], first_row + k
        account, time_s, cents = edges.dst[e], edges.time_s[e], edges.cents[e]
        hops, looked, is_cut = 0, 0, before[e, 3] < 0
        j = ends.dst_place[e] + 1
        if edges.src[e] == edges.dst[e] or cents <= 0:
            j = ends.start[account + 1]
        while j < ends.start[account + 1] and ends.at[j].time_s - time_s <= hop_s and ends.at[j].time_s <= cut:
            end = ends.at[j]
            if end.known_from <= day < end.known_until:
                if looked >= looks:
                    is_cut = True
                    break
                looked += 1
                is_leaving = end.bits & (OUT | SELF) == OUT
                if is_leaving and _is_passed_on(cents, end.cents) and end.other != edges.src[e]:
                    further = np.int64(after[end.edge]) if end.known_from == day else 0
                    hops = max(hops, min(further + 1, MOST_HOPS))
            j += 1
        after[e] = hops
        out[c, r], out[c + 1, r], out[c + 2, r] = before[e, 0], hops, before[e, 0] + 1 + hops
        out[c + 3, r], out[c + 4, r] = before[e, 1], before[e, 2]
        out[c + 5, r] = -1 - before[e, 3] if before[e, 3] < 0 else before[e, 3]
        out[c + 6, r] = 1 if is_cut else 0


@compiled
def rings(
    edges: Edges,
    ends: Ends,
    wanted: NDArray[np.int32],
    first_row: int,
    row_of: NDArray[np.int32],
    base: int,
    day: int,
    cut: int,
    span_s: int,
    hop_s: int,
    looks: int,
    out: NDArray[np.float32],
    first_column: int,
) -> None:
    """Fill the ring columns: rings that an edge the night learnt of closes, on every one of its edges new that night.

    Args:
        edges: the edges.
        ends: their ends.
        wanted: the edges that the night learnt of, by time.
        first_row: the row of the first; the others follow.
        row_of: the row of each edge, plus `base`.
        base: what is taken off it.
        day: the night.
        cut: its last second.
        span_s: rings begin no longer before the cut-off, in seconds.
        hop_s: the longest wait between two edges of a ring, in seconds.
        looks: how many known ends are looked at for one closing edge, at most.
        out: shape (columns, rows).
        first_column: where the ring columns begin.
    """
    path = np.empty(LONGEST_RING, np.int64)  # edges, the closing one first
    at = np.empty(LONGEST_RING, np.int64)  # the next end to look at behind each edge of the path
    c = first_column
    for r in range(first_row, first_row + wanted.size):
        for i in range(c, c + LONGEST_RING + 3):
            out[i, r] = 0
        for i in range(c + LONGEST_RING - 1, c + LONGEST_RING + 2):
            out[i, r] = np.nan
    for k in range(wanted.size):
        if k + AHEAD < wanted.size:
            expect(ends, ends.dst_place[wanted[k + AHEAD]])
            expect(ends, ends.src_place[wanted[k + AHEAD]])
        closing = np.int64(wanted[k])
        goal = edges.dst[closing]
        if edges.src[closing] == goal or edges.cents[closing] <= 0 or edges.time_s[closing] > cut:
            continue
        if not _has_paid(ends, ends.dst_place[closing], ends.start[goal], day, cut - span_s):
            continue
        depth, looked = 0, 0
        path[0], at[0] = closing, ends.src_place[closing] - 1
        while depth >= 0:
            e, j = path[depth], at[depth]
            is_over = j < ends.start[edges.src[e]] or depth == LONGEST_RING - 1
            if not is_over:
                is_over = edges.time_s[e] - ends.at[j].time_s > hop_s or ends.at[j].time_s <= cut - span_s
            if is_over:
                depth -= 1
                continue
            at[depth] = j - 1
            end = ends.at[j]
            if not end.known_from <= day < end.known_until:
                continue
            looked += 1
            if looked > looks:
                out[c + LONGEST_RING + 2, first_row + k] = 1
                break
            if end.bits & (OUT | SELF) or not _is_passed_on(end.cents, edges.cents[e]):
                continue
            f, payer = np.int64(end.edge), end.other
            is_met = False
            for d in range(depth + 1):
                is_met |= edges.src[path[d]] == payer
            if is_met:
                continue
            path[depth + 1] = f
            if payer == goal:
                _note(edges, path, depth + 2, row_of, base, day, out, c)
                continue
            depth += 1
            at[depth] = ends.src_place[f] - 1


@compiled
def _has_paid(ends: Ends, place: int, lowest: int, day: int, since_s: int) -> bool:
    """Did the account pay anything in time to be at the start of a ring."""
    j = place - 1
    while j >= lowest and ends.at[j].time_s > since_s:
        end = ends.at[j]
        if end.bits & (OUT | SELF) == OUT and end.known_from <= day < end.known_until:
            return True
        j -= 1
    return False


@compiled
def _note(
    edges: Edges,
    path: NDArray[np.int64],
    length: int,
    row_of: NDArray[np.int32],
    base: int,
    day: int,
    out: NDArray[np.float32],
    first_column: int,
) -> None:
    """Write a ring of so many edges on those that are new."""
    closing, opening = path[0], path[length - 1]
    kept = np.float32(edges.cents[closing] / edges.cents[opening])
    span_days = np.float32((edges.time_s[closing] - edges.time_s[opening]) / 86400.0)
    c = first_column + LONGEST_RING - 1
    for d in range(length):
        e = path[d]
        if edges.known_from[e] != day:
            continue
        r = row_of[e] - base
        out[first_column + length - 2, r] += 1
        share = np.float32(edges.cents[e] / edges.cents[opening])
        if np.isnan(out[c, r]):
            out[c, r], out[c + 1, r], out[c + 2, r] = kept, span_days, share
        else:
            out[c, r] = max(out[c, r], kept)
            out[c + 1, r] = min(out[c + 1, r], span_days)
            out[c + 2, r] = max(out[c + 2, r], share)
