"""What is known of an account at a night's cut-off: one look at its latest edges, newest first.

`layout.account` names what a row holds, in order; `measure` fills it. Windows end at the cut-off; each holds the one
before, so that its values are read off when the look passes its border.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features import layout
from features.kernels import compiled
from features.kernels.network import ABROAD, BELOW, CASH, EXCHANGE, OUT, ROUND, SELF, TIMED, Ends, expect, latest

SHORT, LONG, AFTER_SIDE = len(layout.A_SIDE), len(layout.A_SIDE) + len(layout.A_LONG_SIDE), len(layout.AFTER_SIDE)

N, D1, D2, D3, D4, L1, L2, L3, L4, A1, A2, G1, G2, G3, G4, GAPS = range(16)
SUM, TOP, LEAST, CASH_SUM, FIRST_CENTS, FIRST_LOG, LAST_S, NEWEST_S, FAN, FIRST_GAP = range(10)
HOUR_S, DAY_S = 3600, 86_400
PASS_S = 3 * DAY_S
AHEAD = 6
"""Rows whose ends are asked for before they are looked at: they lie in no order of memory."""


class Rows(NamedTuple):
    """Accounts and the nights that learnt something of them."""

    account: NDArray[np.int32]
    day: NDArray[np.int32]
    """The night, in days since 1970."""
    newest: NDArray[np.int64]
    """The place of the latest of its ends that this night learnt of."""


@compiled
def measure(
    ends: Ends, rows: Rows, first: int, last: int, windows_s: NDArray[np.int64], hub_cap: int, out: NDArray[np.float32]
) -> None:
    """Fill the columns `out[:, first:last]` of the rows `first` to `last`; what is not defined is NaN.

    Args:
        ends: the network.
        rows: an account and a night each.
        first: the first row.
        last: the row after the last.
        windows_s: the three windows, in seconds, each at least as long as the one before.
        hub_cap: most edges in the longest window for which pairs of edges are searched.
        out: shape (columns, rows).
    """
    acc = np.empty((2, 16), np.float64)
    whole = np.empty((2, 10), np.int64)
    most = ends.most_partners
    count, total = np.zeros((2, most), np.int32), np.zeros((2, most), np.int64)
    marks = np.zeros(most, np.uint8)
    touched = np.empty(most, np.int32)
    known = np.empty(hub_cap, np.int64)
    seen_country, seen_currency = np.full((2, 256), -1, np.int64), np.full((2, 256), -1, np.int64)
    seen_corridor = np.full(65_536, -1, np.int64)
    variety = np.empty((2, 2), np.int64)
    daily = np.empty((2, 32), np.int64)
    sums = np.empty((3, 2), np.int64)
    fans = np.empty((3, 2), np.int64)
    longest_s = windows_s[2]
    n_days = min((longest_s + DAY_S - 1) // DAY_S, 32)
    for r in range(first, last):
        if r + AHEAD < last:
            expect(ends, rows.newest[r + AHEAD])
        account, day = rows.account[r], rows.day[r]
        cut = np.int64(day) * DAY_S + DAY_S - 1
        acc[:] = 0
        whole[:] = 0
        whole[:, LAST_S] = -1
        variety[:] = 0
        daily[:, :n_days] = 0
        n_all = n_round = n_below = n_below_7d = n_abroad = n_exchange = n_timed = n_night = corridors = 0
        hours, days = np.int64(0), np.int64(0)
        oldest_s = latest_known_s = newest_s = np.int64(-1)
        pause_s = np.int64(0)
        n_touched = window = old_in = old_out = 0
        centre_in = centre_out = 0.0
        lowest = ends.start[account]
        place = latest(ends, lowest, rows.newest[r], ends.start[account + 1], cut)
        while place >= lowest and ends.at[place].time_s > cut - longest_s:
            end = ends.at[place]
            place -= 1
            if not end.known_from <= day < end.known_until:
                continue
            time_s = end.time_s
            age_s = cut - time_s
            while age_s >= windows_s[window]:
                _window(acc, whole, out, r, window, sums, fans)
                window += 1
            bits, cents = end.bits, end.cents
            side = bits & OUT
            log_m = np.int64(end.log_m)
            if acc[side, N] == 0:
                whole[side, FIRST_CENTS], whole[side, FIRST_LOG], whole[side, LEAST], whole[side, NEWEST_S] = (
                    cents,
                    log_m,
                    cents,
                    age_s,
                )
            else:
                gap = whole[side, LAST_S] - time_s
                if acc[side, GAPS] == 0:
                    whole[side, FIRST_GAP] = gap
                acc[side, GAPS] += 1
                g = np.float64(gap - whole[side, FIRST_GAP])
                acc[side, G1] += g
                acc[side, G2] += g * g
                acc[side, G3] += g * g * g
                acc[side, G4] += g * g * g * g
            whole[side, LAST_S] = time_s
            acc[side, N] += 1
            whole[side, SUM] += cents
            whole[side, TOP] = max(whole[side, TOP], cents)
            whole[side, LEAST] = min(whole[side, LEAST], cents)
            d = np.float64(cents - whole[side, FIRST_CENTS])
            square = d * d
            acc[side, D1] += d
            acc[side, D2] += square
            acc[side, D3] += square * d
            acc[side, D4] += square * square
            d = np.float64(log_m - whole[side, FIRST_LOG])
            square = d * d
            acc[side, L1] += d
            acc[side, L2] += square
            acc[side, L3] += square * d
            acc[side, L4] += square * square
            age_m = np.float64(age_s // 60)
            acc[side, A1] += age_m
            acc[side, A2] += age_m * age_m
            slot = end.slot
            if count[side, slot] == 0:
                whole[side, FAN] += 1
                if marks[slot] == 0:
                    touched[n_touched] = slot
                    n_touched += 1
                    marks[slot] = 1
                if window < 2:
                    marks[slot] |= 2 << side
            elif window == 2 and marks[slot] & (2 << side):
                marks[slot] &= ~np.uint8(2 << side)
                old_in += 1 - side
                old_out += side
            count[side, slot] += 1
            total[side, slot] += cents
            code = end.country
            if code and seen_country[side, code] != r:
                seen_country[side, code] = r
                variety[side, 0] += 1
            code = end.currency
            if code and seen_currency[side, code] != r:
                seen_currency[side, code] = r
                variety[side, 1] += 1
            route = end.corridor
            if route and seen_corridor[route] != r:
                seen_corridor[route] = r
                corridors += 1
            days_old = min(age_s // DAY_S, 31)
            daily[side, days_old] += 1
            days |= np.int64(1) << days_old
            if side:
                centre_out += np.float64(cents) * age_s
            else:
                centre_in += np.float64(cents) * age_s
            n_round += 1 if bits & ROUND else 0
            if bits & BELOW:
                n_below += 1
                n_below_7d += 1 if window < 2 else 0
            if bits & CASH:
                whole[side, CASH_SUM] += cents
            n_abroad += 1 if bits & ABROAD else 0
            n_exchange += 1 if bits & EXCHANGE else 0
            if bits & TIMED:
                hour = (time_s % DAY_S) // HOUR_S
                n_timed += 1
                n_night += 1 if hour < 6 else 0
                hours |= np.int64(1) << hour
            if end.known_from < day and latest_known_s < 0:
                latest_known_s = age_s
            if newest_s >= 0:
                pause_s = max(pause_s, age_s - oldest_s)
            else:
                newest_s = age_s
            oldest_s = age_s
            if n_all < hub_cap:
                known[n_all] = place + 1
            n_all += 1
        while window < 3:
            _window(acc, whole, out, r, window, sums, fans)
            window += 1

        c = 2 * SHORT + 4 * LONG
        both = 0
        for s in range(2):
            n = acc[s, N]
            chaos = 0.0
            top = np.int64(0)
            once = twice = often = regular = 0
            for i in range(n_touched):
                times = count[s, touched[i]]
                if times:
                    part = total[s, touched[i]]
                    top = max(top, part)
                    if 0 < part < whole[s, SUM]:
                        share = part / whole[s, SUM]
                        chaos -= share * np.log(share)
                    once += 1 if times == 1 else 0
                    twice += 1 if times == 2 else 0
                    often += 1 if 3 <= times <= 4 else 0
                    regular += 1 if times > 4 else 0
            fan_7d = fans[1, s]
            busiest, squares = np.int64(0), np.float64(0)
            for d in range(n_days):
                busiest = max(busiest, daily[s, d])
                squares += np.float64(daily[s, d]) * daily[s, d]
            old = old_out if s else old_in
            out[c, r] = (fan_7d - old) / fan_7d if fan_7d else np.nan
            out[c + 1, r] = top / whole[s, SUM] if whole[s, SUM] else np.nan
            out[c + 2, r] = chaos if whole[s, SUM] else np.nan
            out[c + 3, r] = whole[s, NEWEST_S] / 86400.0 if n else np.nan
            out[c + 4, r] = whole[s, CASH_SUM] / whole[s, SUM] if whole[s, SUM] else np.nan
            out[c + 5, r] = once
            out[c + 6, r] = twice
            out[c + 7, r] = often
            out[c + 8, r] = regular
            out[c + 9, r] = variety[s, 0]
            out[c + 10, r] = variety[s, 1]
            out[c + 11, r] = busiest
            out[c + 12, r] = np.sqrt(max(squares / n_days - (n / n_days) * (n / n_days), 0.0))
            c += AFTER_SIDE
        for i in range(n_touched):
            slot = touched[i]
            both += 1 if count[0, slot] and count[1, slot] else 0
            count[0, slot] = count[1, slot] = 0
            total[0, slot] = total[1, slot] = 0
            marks[slot] = 0
        for k in range(3):
            turnover = sums[k, 0] + sums[k, 1]
            out[c, r] = (sums[k, 0] - sums[k, 1]) / 100.0
            out[c + 1, r] = (sums[k, 0] - sums[k, 1]) / turnover if turnover else np.nan
            c += 2
        n_pass, n_pass_7d, sum_pass, sum_pass_7d, wait_s = 0, 0, np.int64(0), np.int64(0), np.int64(-1)
        if n_all <= hub_cap:
            n_pass, n_pass_7d, sum_pass, sum_pass_7d, wait_s = _passes(ends, known, n_all, cut, windows_s[1])
        out[c, r] = n_pass_7d
        out[c + 1, r] = sum_pass_7d / 100.0
        out[c + 2, r] = sum_pass_7d / sums[1, 1] if sums[1, 1] else np.nan
        out[c + 3, r] = n_pass
        out[c + 4, r] = sum_pass / 100.0
        out[c + 5, r] = sum_pass / sums[2, 1] if sums[2, 1] else np.nan
        for k in range(1, 3):
            highest = max(sums[k, 0], sums[k, 1])
            product = np.float64(fans[k, 0] * fans[k, 1])
            out[c + 5 + k, r] = product * min(sums[k, 0], sums[k, 1]) / highest if highest else np.nan
        out[c + 8, r] = wait_s / 3600.0 if wait_s >= 0 else np.nan
        has_both = whole[0, SUM] > 0 and whole[1, SUM] > 0
        held_s = centre_in / whole[0, SUM] - centre_out / whole[1, SUM] if has_both else np.nan
        out[c + 9, r] = held_s / 3600.0
        union = whole[0, FAN] + whole[1, FAN] - both
        out[c + 10, r] = both / union if union else np.nan
        out[c + 11, r] = n_round / n_all if n_all else np.nan
        out[c + 12, r] = n_below_7d
        out[c + 13, r] = n_below
        out[c + 14, r] = n_abroad / n_all if n_all else np.nan
        out[c + 15, r] = n_exchange / n_all if n_all else np.nan
        out[c + 16, r] = n_night / n_timed if n_timed else np.nan
        out[c + 17, r] = _ones(hours)
        out[c + 18, r] = _ones(days)
        out[c + 19, r] = oldest_s / 86400.0 if n_all else np.nan
        out[c + 20, r] = latest_known_s / 86400.0 if latest_known_s >= 0 else np.nan
        out[c + 21, r] = pause_s / 86400.0 if n_all > 1 else np.nan
        out[c + 22, r] = corridors
        out[c + 23, r] = 1.0 if n_all > hub_cap else 0.0


@compiled
def _window(
    acc: NDArray[np.float64],
    whole: NDArray[np.int64],
    out: NDArray[np.float32],
    r: int,
    window: int,
    sums: NDArray[np.int64],
    fans: NDArray[np.int64],
) -> None:
    """Write the columns of a window that the look has just left."""
    c = 0 if window == 0 else 2 * SHORT if window == 1 else 2 * SHORT + 2 * LONG
    for side in range(2):
        n = acc[side, N]
        sums[window, side], fans[window, side] = whole[side, SUM], whole[side, FAN]
        if n == 0:
            out[c, r] = out[c + 1, r] = out[c + 5, r] = 0
            out[c + 2, r] = out[c + 3, r] = out[c + 4, r] = np.nan
            c += SHORT
            if window:
                for i in range(LONG - SHORT):
                    out[c + i, r] = np.nan
                c += LONG - SHORT
            continue
        mean = acc[side, D1] / n
        variance = max(acc[side, D2] / n - mean * mean, 0.0)
        out[c, r] = n
        out[c + 1, r] = whole[side, SUM] / 100.0
        out[c + 2, r] = whole[side, TOP] / 100.0
        out[c + 3, r] = whole[side, SUM] / n / 100.0
        out[c + 4, r] = np.sqrt(variance) / 100.0
        out[c + 5, r] = whole[side, FAN]
        c += SHORT
        if window == 0:
            continue
        out[c, r] = whole[side, LEAST] / 100.0
        out[c + 1, r], out[c + 2, r] = _shape(mean, variance, acc[side, D2] / n, acc[side, D3] / n, acc[side, D4] / n)
        mean = acc[side, L1] / n
        variance = max(acc[side, L2] / n - mean * mean, 0.0)
        out[c + 3, r] = np.sqrt(variance) / 1000.0
        out[c + 4, r], out[c + 5, r] = _shape(mean, variance, acc[side, L2] / n, acc[side, L3] / n, acc[side, L4] / n)
        mean = acc[side, A1] / n
        out[c + 6, r] = mean / 1440.0
        out[c + 7, r] = np.sqrt(max(acc[side, A2] / n - mean * mean, 0.0)) / 1440.0
        gaps = acc[side, GAPS]
        if gaps == 0:
            out[c + 8, r] = out[c + 9, r] = out[c + 10, r] = out[c + 11, r] = np.nan
        else:
            mean = acc[side, G1] / gaps
            variance = max(acc[side, G2] / gaps - mean * mean, 0.0)
            out[c + 8, r] = (mean + whole[side, FIRST_GAP]) / 3600.0
            out[c + 9, r] = np.sqrt(variance) / 3600.0
            out[c + 10, r], out[c + 11, r] = _shape(
                mean, variance, acc[side, G2] / gaps, acc[side, G3] / gaps, acc[side, G4] / gaps
            )
        c += LONG - SHORT


@compiled
def _shape(mean: float, variance: float, m2: float, m3: float, m4: float) -> tuple[float, float]:
    """Skewness and kurtosis from moments about some value; NaN where there is no spread."""
    if variance <= 1.0:
        return np.nan, np.nan
    third = m3 - 3 * mean * m2 + 2 * mean * mean * mean
    fourth = m4 - 4 * mean * m3 + 6 * mean * mean * m2 - 3 * mean * mean * mean * mean
    return third / (variance * np.sqrt(variance)), fourth / (variance * variance)


@compiled
def _passes(ends: Ends, known: NDArray[np.int64], n: int, cut: int, shorter_s: int) -> tuple[int, int, int, int, int]:
    """Payments that follow, within 72 hours, an arrival of nearly the same amount: counts, sums, the shortest wait."""
    n_pass = n_short = 0
    sum_pass = sum_short = np.int64(0)
    shortest_s = np.int64(-1)
    for i in range(n):
        departure = ends.at[known[i]]
        cents, time_s = departure.cents, departure.time_s
        if departure.bits & (OUT | SELF) != OUT or cents <= 0:
            continue
        for j in range(i + 1, n):
            arrival = ends.at[known[j]]
            wait_s = time_s - arrival.time_s
            if wait_s > PASS_S:
                break
            if arrival.bits & (OUT | SELF):
                continue
            came = arrival.cents
            if came > 0 and cents * 10 >= came * 9 and cents * 10 <= came * 11:
                n_pass += 1
                sum_pass += cents
                if cut - time_s < shorter_s:
                    n_short += 1
                    sum_short += cents
                shortest_s = wait_s if shortest_s < 0 else min(shortest_s, wait_s)
                break
    return n_pass, n_short, sum_pass, sum_short, shortest_s


@compiled
def _ones(mask: int) -> int:
    found = 0
    while mask:
        mask &= mask - 1
        found += 1
    return found
