"""The most that any window of an account held: a window slides along its edges once for each length."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.kernels import compiled

MEASURES = 8
"""Counts in and out, sums in and out, the same of cash."""


class Sides(NamedTuple):
    """Both sides of every edge, grouped by account and in the order of time within it; no self transfers."""

    start: NDArray[np.int64]
    """Account n has the sides `start[n]` to `start[n + 1]`."""
    other: NDArray[np.int32]
    time_s: NDArray[np.int64]
    cents: NDArray[np.int64]
    count: NDArray[np.int64]
    """Movements that a row stands for."""
    is_out: NDArray[np.bool_]
    is_cash: NDArray[np.bool_]


@compiled
def sides_of(
    src: NDArray[np.int32],
    dst: NDArray[np.int32],
    time_s: NDArray[np.int64],
    cents: NDArray[np.int64],
    count: NDArray[np.int64],
    is_cash: NDArray[np.bool_],
    known_from: NDArray[np.int32],
    is_superseded: NDArray[np.bool_],
    from_s: NDArray[np.int64],
) -> tuple[Sides, NDArray[np.bool_]]:
    """The sides, later than `from_s` of their account, of edges in the order of time; a counting sort by account.

    Also, for each account, is it untidy: were its edges not known in the order of time, or are they known no longer.
    """
    is_untidy = np.zeros(from_s.size, np.bool_)
    newest_day, newest_s = np.full(from_s.size, np.iinfo(np.int32).min, np.int32), np.zeros(from_s.size, np.int64)
    start = np.zeros(from_s.size + 1, np.int64)
    for e in range(src.size):
        if src[e] != dst[e]:
            start[src[e] + 1] += time_s[e] > from_s[src[e]]
            start[dst[e] + 1] += time_s[e] > from_s[dst[e]]
    for a in range(from_s.size):
        start[a + 1] += start[a]
    free, n = start[:-1].copy(), start[-1]
    other, times, sums, counts = (
        np.empty(n, np.int32),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
    )
    out, cash = np.empty(n, np.bool_), np.empty(n, np.bool_)
    for e in range(src.size):
        for side in range(2):
            own = src[e] if side else dst[e]
            if time_s[e] > from_s[own]:
                is_tied = time_s[e] == newest_s[own] and known_from[e] != newest_day[own]
                is_untidy[own] |= is_superseded[e] or known_from[e] < newest_day[own] or is_tied
                newest_day[own], newest_s[own] = known_from[e], time_s[e]
                if src[e] == dst[e]:
                    continue
                place = free[own]
                free[own] = place + 1
                other[place] = dst[e] if side else src[e]
                times[place], sums[place], counts[place] = time_s[e], cents[e], count[e]
                out[place], cash[place] = side == 1, is_cash[e]
    return Sides(start, other, times, sums, counts, out, cash), is_untidy


@compiled
def measure(sides: Sides, first: int, last: int, windows_s: NDArray[np.int64], found: NDArray[np.int64]) -> None:
    """Fill the rows of the accounts `first` to `last`.

    Args:
        sides: the sides.
        first: the first account.
        last: the account after the last.
        windows_s: the lengths of the windows, in seconds.
        found: shape (accounts, 2 + lengths * MEASURES): distinct payers and receivers, then the measures by length.
    """
    payer, receiver = np.full((2, sides.start.size - 1), -1, np.int32)
    held = np.zeros(MEASURES, np.int64)
    for account in range(first, last):
        begin, end = sides.start[account], sides.start[account + 1]
        for place in range(begin, end):
            met = receiver if sides.is_out[place] else payer
            if met[sides.other[place]] != account:
                met[sides.other[place]] = account
                found[account, 1 if sides.is_out[place] else 0] += 1
        for w in range(windows_s.size):
            held[:] = 0
            oldest = begin
            column = 2 + w * MEASURES
            for place in range(begin, end):
                while sides.time_s[oldest] <= sides.time_s[place] - windows_s[w]:
                    _add(sides, oldest, held, -1)
                    oldest += 1
                _add(sides, place, held, 1)
                for m in range(MEASURES):
                    found[account, column + m] = max(found[account, column + m], held[m])


@compiled
def _add(sides: Sides, place: int, held: NDArray[np.int64], sign: int) -> None:
    side = 1 if sides.is_out[place] else 0
    held[side] += sign * sides.count[place]
    held[2 + side] += sign * sides.cents[place]
    if sides.is_cash[place]:
        held[4 + side] += sign * sides.count[place]
        held[6 + side] += sign * sides.cents[place]
