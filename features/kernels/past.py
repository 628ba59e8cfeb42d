"""What an account had done before each of its edges: windows that slide along its edges in the order of time.

An account whose edges became known in the order in which they occurred needs one sweep for all nights; what a night
knew of the past is then the past. Any other account is swept once for each night, over what that night knew.
"""

import numpy as np
from numpy.typing import NDArray

from features import layout
from features.kernels import compiled
from features.kernels.ahead import fetch
from features.kernels.network import OUT, Ends

_WIDTH = len(layout.PAST_END)
DAY_S = 86_400
AHEAD = 16
"""Ends whose rows are asked for before they are written: they lie in no order of memory."""


@compiled
def measure(
    ends: Ends,
    first: int,
    last: int,
    nights: tuple[int, int],
    windows_s: NDArray[np.int64],
    untidy_s: int,
    row_of: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    """Fill the columns of the edges of the accounts `first` to `last` that became known on some nights.

    Args:
        ends: the network.
        first: the first account.
        last: the account after the last.
        nights: the first and the last night, in days since 1970.
        windows_s: the three windows, in seconds, each at least as long as the one before.
        untidy_s: edges that became known so long after they occurred need a sweep of their own.
        row_of: for each edge, its row, or -1.
        out: shape (rows; columns of the payer, of the receiver, of the pair): rows come in no order of memory, so that
            the values of one lie together.
    """
    most = ends.most_partners
    places = np.empty(0, np.int64)
    counts, sums = np.zeros((2, most), np.int32), np.zeros((2, most), np.int64)
    shorter, latest_s = np.zeros((2, most), np.int32), np.full(most, np.iinfo(np.int64).min, np.int64)
    for account in range(first, last):
        begin, beyond = ends.start[account], ends.start[account + 1]
        if begin == beyond:
            continue
        if places.size < beyond - begin:
            places = np.empty(2 * (beyond - begin), np.int64)
        is_tidy, is_wanted, before = True, False, ends.at[begin].known_from
        for place in range(begin, beyond):
            end = ends.at[place]
            day = end.known_from
            late_s = np.int64(day) * DAY_S + DAY_S - 1 - end.time_s
            if day < before or end.known_until != np.iinfo(np.int32).max or late_s >= untidy_s:
                is_tidy = False
            before = day
            is_wanted |= nights[0] <= day <= nights[1]
        if not is_wanted:
            continue
        if is_tidy:
            for place in range(begin, beyond):
                places[place - begin] = place
            _sweep(ends, places, beyond - begin, nights, windows_s, row_of, out, counts, sums, shorter, latest_s)
            continue
        days = np.unique(np.array([ends.at[place].known_from for place in range(begin, beyond)]))
        for day in days:
            if not nights[0] <= day <= nights[1]:
                continue
            oldest_s, newest_s = np.iinfo(np.int64).max, np.iinfo(np.int64).min
            for place in range(begin, beyond):
                end = ends.at[place]
                if end.known_from == day:
                    oldest_s, newest_s = min(oldest_s, end.time_s), max(newest_s, end.time_s)
                    _forget(end.bits & OUT, row_of[end.edge], out)  # an edge of too long ago has no past
            n = 0
            farthest_s = np.int64(day) * DAY_S + DAY_S - 1 - untidy_s - windows_s[2]
            for place in range(begin, beyond):
                end = ends.at[place]
                is_known = end.known_from <= day < end.known_until
                if is_known and max(oldest_s - windows_s[2], farthest_s) < end.time_s <= newest_s:
                    places[n] = place
                    n += 1
            _sweep(ends, places, n, (day, day), windows_s, row_of, out, counts, sums, shorter, latest_s)


@compiled
def _forget(own: int, row: int, out: NDArray[np.float32]) -> None:
    """Nothing is known before an end of the edge of a row, if it has one."""
    if row >= 0:
        out[row, (0 if own else _WIDTH) : (_WIDTH if own else 2 * _WIDTH)] = np.nan
        if own:
            out[row, 2 * _WIDTH :] = np.nan


@compiled
def _expect(own: int, row: int, out: NDArray[np.float32]) -> None:
    """Ask for what an end of the edge of a row, if it has one, is to write."""
    if row >= 0:
        first = out.ctypes.data + (row * out.shape[1] + (0 if own else _WIDTH)) * out.itemsize
        fetch(first)
        fetch(first + 64)
        if own:
            fetch(first + 2 * _WIDTH * out.itemsize)


@compiled
def _sweep(
    ends: Ends,
    places: NDArray[np.int64],
    n: int,
    nights: tuple[int, int],
    windows_s: NDArray[np.int64],
    row_of: NDArray[np.int32],
    out: NDArray[np.float32],
    counts: NDArray[np.int32],
    sums: NDArray[np.int64],
    shorter: NDArray[np.int32],
    latest_s: NDArray[np.int64],
) -> None:
    """One sweep over the known ends at `places`; the scratch of partners is left as it was found: empty."""
    never = np.iinfo(np.int64).min
    held, value = np.zeros((3, 2), np.int64), np.zeros((3, 2), np.int64)
    logs, squares = np.zeros(2, np.int64), np.zeros(2, np.int64)
    fan, short_fan = np.zeros(2, np.int64), np.zeros(2, np.int64)
    newest_s = np.full(2, never, np.int64)
    oldest = np.zeros(3, np.int64)
    i = 0
    while i < n:
        if places[i] + AHEAD < ends.at.size:
            soon = ends.at[places[i] + AHEAD]
            _expect(soon.bits & OUT, row_of[soon.edge], out)
        time_s, edge = ends.at[places[i]].time_s, ends.at[places[i]].edge
        for k in range(3):
            while ends.at[places[oldest[k]]].time_s <= time_s - windows_s[k]:
                gone = ends.at[places[oldest[k]]]
                side, slot = gone.bits & OUT, gone.slot
                held[k, side] -= 1
                value[k, side] -= gone.cents
                if k == 1:
                    shorter[side, slot] -= 1
                    short_fan[side] -= 1 if shorter[side, slot] == 0 else 0
                elif k == 2:
                    counts[side, slot] -= 1
                    sums[side, slot] -= gone.cents
                    fan[side] -= 1 if counts[side, slot] == 0 else 0
                    log_m = np.int64(gone.log_m)
                    logs[side] -= log_m
                    squares[side] -= log_m * log_m
                oldest[k] += 1
        j = i
        while j < n and ends.at[places[j]].edge == edge:  # both ends of a self transfer; neither has met the other
            end = ends.at[places[j]]
            row = row_of[edge]
            if row >= 0 and nights[0] <= end.known_from <= nights[1]:
                own = end.bits & OUT
                c = 0 if own else _WIDTH
                for k in range(3):
                    for side in range(2):
                        out[row, c] = held[k, side]
                        out[row, c + 1] = value[k, side] / 100.0
                        c += 2
                out[row, c], out[row, c + 1] = short_fan[own], fan[own]
                for side in range(2):
                    is_near = newest_s[side] > time_s - windows_s[2]
                    out[row, c + 2 + side] = (time_s - newest_s[side]) / 3600.0 if is_near else np.nan
                some = held[2, 0] + held[2, 1]
                out[row, c + 4] = (time_s - ends.at[places[oldest[2]]].time_s) / 86400.0 if some else np.nan
                m = held[2, own]
                mean = logs[own] / m if m else np.nan
                out[row, c + 5] = mean / 1000.0
                out[row, c + 6] = np.sqrt(max(squares[own] / m - mean * mean, 0.0)) / 1000.0 if m else np.nan
                if own:
                    slot = end.slot
                    c = 2 * _WIDTH
                    out[row, c] = counts[1, slot]
                    out[row, c + 1] = sums[1, slot] / 100.0
                    out[row, c + 2] = counts[0, slot]
                    is_near = latest_s[slot] > time_s - windows_s[2]
                    out[row, c + 3] = (time_s - latest_s[slot]) / 3600.0 if is_near else np.nan
            j += 1
        for k in range(i, j):
            end = ends.at[places[k]]
            side, slot, cents = end.bits & OUT, end.slot, end.cents
            for w in range(3):
                held[w, side] += 1
                value[w, side] += cents
            fan[side] += 1 if counts[side, slot] == 0 else 0
            short_fan[side] += 1 if shorter[side, slot] == 0 else 0
            counts[side, slot] += 1
            shorter[side, slot] += 1
            sums[side, slot] += cents
            log_m = np.int64(end.log_m)
            logs[side] += log_m
            squares[side] += log_m * log_m
            latest_s[slot] = time_s
            newest_s[side] = time_s
        i = j
    for i in range(n):
        slot = ends.at[places[i]].slot
        for side in range(2):
            counts[side, slot] = shorter[side, slot] = 0
            sums[side, slot] = 0
        latest_s[slot] = never


@compiled
def turned(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same with one row a column."""
    columns = np.empty((rows.shape[1], rows.shape[0]), np.float32)
    for r in range(rows.shape[0]):
        for c in range(rows.shape[1]):
            columns[c, r] = rows[r, c]
    return columns
