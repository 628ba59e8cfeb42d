"""The network sorted: every account's edges in the order of time, and the counterparty of each as a small number."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.kernels import compiled
from features.kernels.ahead import fetch

OUT, SELF, ROUND, BELOW, CASH, ABROAD, EXCHANGE, TIMED = 1, 2, 4, 8, 16, 32, 64, 128
"""Bits of an end of an edge."""


class Edges(NamedTuple):
    """Edges in the order of time and then of edge id; one entry an edge in each array."""

    time_s: NDArray[np.int64]
    src: NDArray[np.int32]
    """Accounts are numbered from 0, in any order."""
    dst: NDArray[np.int32]
    cents: NDArray[np.int64]
    log_m: NDArray[np.int32]
    """Thousandths of the logarithm of 1 + amount."""
    bits: NDArray[np.uint8]
    known_from: NDArray[np.int32]
    """The day since 1970 from which the edge is known."""
    known_until: NDArray[np.int32]
    """The day from which it is no longer known."""
    src_country: NDArray[np.uint8]
    """A number of the country, 0 where it is not known."""
    dst_country: NDArray[np.uint8]
    src_currency: NDArray[np.uint8]
    dst_currency: NDArray[np.uint8]


END = np.dtype(
    [
        ("time_s", np.int64),
        ("cents", np.int64),
        ("edge", np.int32),  # the place of the edge among the edges
        ("other", np.int32),  # the counterparty
        ("slot", np.int32),  # the counterparty, numbered from 0 within the account
        ("log_m", np.int32),
        ("known_from", np.int32),
        ("known_until", np.int32),
        ("corridor", np.uint16),  # 256 times the payer's country and the receiver's; 0 where one is not known
        ("bits", np.uint8),
        ("country", np.uint8),  # the other side's
        ("currency", np.uint8),  # the other side's
    ],
    align=True,
)
"""One end of an edge: what a pass wants of it lies together, as most passes meet ends in no order of memory."""


class Ends(NamedTuple):
    """Both ends of every edge, grouped by account and in the order of time within it.

    A self transfer has two ends, one after the other.
    """

    start: NDArray[np.int64]
    """Account n has the ends `start[n]` to `start[n + 1]`."""
    at: NDArray[np.void]
    """The ends, as END."""
    src_place: NDArray[np.int64]
    """For each edge, the place of its payer's end among the ends."""
    dst_place: NDArray[np.int64]
    most_partners: int


def ends_of(edges: Edges, accounts: int) -> Ends:
    """The ends of the edges of so many accounts."""
    start, at, src_place, dst_place = _placed(edges, accounts, np.empty(2 * edges.src.size, END))
    return Ends(start, at, src_place, dst_place, int(_numbered(start, at, accounts)))


@compiled
def _placed(
    edges: Edges, accounts: int, at: NDArray[np.void]
) -> tuple[NDArray[np.int64], NDArray[np.void], NDArray[np.int64], NDArray[np.int64]]:
    """A counting sort of the ends by account, which keeps the order of time."""
    n = edges.src.size
    start = np.zeros(accounts + 1, np.int64)
    for e in range(n):
        start[edges.src[e] + 1] += 1
        start[edges.dst[e] + 1] += 1
    for a in range(accounts):
        start[a + 1] += start[a]
    free = start[:-1].copy()
    src_place, dst_place = np.empty(n, np.int64), np.empty(n, np.int64)
    for e in range(n):
        src, dst = edges.src[e], edges.dst[e]
        own = edges.bits[e] | (SELF if src == dst else 0)
        payer, receiver = edges.src_country[e], edges.dst_country[e]
        route = np.uint16(payer) * np.uint16(256) + np.uint16(receiver) if payer and receiver else np.uint16(0)
        for side in range(2):
            is_out = 1 - side
            place = free[src if is_out else dst]
            free[src if is_out else dst] = place + 1
            if is_out:
                src_place[e] = place
            else:
                dst_place[e] = place
            end = at[place]
            end.time_s, end.cents, end.log_m, end.edge = edges.time_s[e], edges.cents[e], edges.log_m[e], e
            end.other = dst if is_out else src
            end.known_from, end.known_until = edges.known_from[e], edges.known_until[e]
            end.bits = own | is_out
            end.corridor = route
            end.country = receiver if is_out else payer
            end.currency = edges.dst_currency[e] if is_out else edges.src_currency[e]
    return start, at, src_place, dst_place


@compiled
def _numbered(start: NDArray[np.int64], at: NDArray[np.void], accounts: int) -> int:
    """Number the counterparties of each account as they are met; the most that one account has."""
    given = np.full(accounts, -1, np.int64)  # the place of the end at which the account last numbered this partner
    most = 0
    for a in range(accounts):
        count = 0
        for place in range(start[a], start[a + 1]):
            other = at[place].other
            if given[other] < start[a]:
                at[place].slot = count
                count += 1
            else:
                at[place].slot = at[given[other]].slot
            given[other] = place
        most = max(most, count)
    return most


@compiled
def expect(ends: Ends, place: int) -> None:
    """Ask for an end, and the one before it, that will be looked at soon; there need be none at the place."""
    at = ends.at.ctypes.data + place * ends.at.itemsize
    fetch(at)
    fetch(at - ends.at.itemsize)


@compiled
def latest(ends: Ends, first: int, near: int, beyond: int, until_s: int) -> int:
    """The place of the latest of an account's ends not after a second, `first - 1` where there is none.

    `near` is one of these ends, at best the one looked for: to look there first spares most of the search.
    """
    low, high = first, near
    if ends.at[near].time_s <= until_s:
        low, high = near + 1, beyond
        if low < beyond and ends.at[low].time_s > until_s:
            high = low
    while low < high:
        middle = (low + high) // 2
        if ends.at[middle].time_s > until_s:
            high = middle
        else:
            low = middle + 1
    return low - 1
