"""The network sorted: every account's edges in the order of time, and the counterparty of each as a small number."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.kernels import compiled

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


class Ends(NamedTuple):
    """Both ends of every edge, grouped by account and in the order of time within it.

    A self transfer has two ends, one after the other.
    """

    start: NDArray[np.int64]
    """Account n has the ends `start[n]` to `start[n + 1]`."""
    edge: NDArray[np.int32]
    """The place of the edge among the edges."""
    slot: NDArray[np.int32]
    """The counterparty, numbered from 0 within the account."""
    time_s: NDArray[np.int64]
    cents: NDArray[np.int64]
    log_m: NDArray[np.int32]
    bits: NDArray[np.uint8]
    known_from: NDArray[np.int32]
    known_until: NDArray[np.int32]
    country: NDArray[np.uint8]
    """The other side's."""
    currency: NDArray[np.uint8]
    """The other side's."""
    corridor: NDArray[np.uint16]
    """256 times the payer's country and the receiver's; 0 where one is not known."""
    src_place: NDArray[np.int64]
    """For each edge, the place of its payer's end among the ends."""
    dst_place: NDArray[np.int64]
    most_partners: int


def ends_of(edges: Edges, accounts: int) -> Ends:
    """The ends of the edges of so many accounts."""
    n = edges.src.size
    start, edge, src_place, dst_place, is_out = _placed(edges.src, edges.dst, accounts)
    slot, most = _slots(start, edge, is_out, edges.src, edges.dst, accounts)
    time_s, cents, log_m = np.empty(2 * n, np.int64), np.empty(2 * n, np.int64), np.empty(2 * n, np.int32)
    bits, country, currency = np.empty(2 * n, np.uint8), np.empty(2 * n, np.uint8), np.empty(2 * n, np.uint8)
    known_from, known_until = np.empty(2 * n, np.int32), np.empty(2 * n, np.int32)
    corridor = np.empty(2 * n, np.uint16)
    _copied(
        edges, src_place, dst_place, time_s, cents, log_m, bits, known_from, known_until, country, currency, corridor
    )
    return Ends(
        start, edge, slot, time_s, cents, log_m, bits, known_from, known_until, country, currency, corridor,
        src_place, dst_place, int(most),
    )  # fmt: skip


@compiled
def _placed(
    src: NDArray[np.int32], dst: NDArray[np.int32], accounts: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """A counting sort of the ends by account, which keeps the order of time."""
    n = src.size
    start = np.zeros(accounts + 1, np.int64)
    for e in range(n):
        start[src[e] + 1] += 1
        start[dst[e] + 1] += 1
    for a in range(accounts):
        start[a + 1] += start[a]
    free = start[:-1].copy()
    edge = np.empty(2 * n, np.int32)
    is_out = np.empty(2 * n, np.uint8)
    src_place, dst_place = np.empty(n, np.int64), np.empty(n, np.int64)
    for e in range(n):
        place = free[src[e]]
        free[src[e]] = place + 1
        edge[place], is_out[place], src_place[e] = e, 1, place
        place = free[dst[e]]
        free[dst[e]] = place + 1
        edge[place], is_out[place], dst_place[e] = e, 0, place
    return start, edge, src_place, dst_place, is_out


@compiled
def _slots(
    start: NDArray[np.int64],
    edge: NDArray[np.int32],
    is_out: NDArray[np.uint8],
    src: NDArray[np.int32],
    dst: NDArray[np.int32],
    accounts: int,
) -> tuple[NDArray[np.int32], int]:
    """The counterparties of each account numbered as they are met; and the most that one account has."""
    slot = np.empty(edge.size, np.int32)
    given = np.full(accounts, -1, np.int64)  # the place of the end at which the account last numbered this partner
    most = 0
    for a in range(accounts):
        count = 0
        for place in range(start[a], start[a + 1]):
            e = edge[place]
            other = dst[e] if is_out[place] else src[e]
            if given[other] < start[a]:
                slot[place] = count
                count += 1
            else:
                slot[place] = slot[given[other]]
            given[other] = place
        most = max(most, count)
    return slot, most


@compiled
def _copied(
    edges: Edges,
    src_place: NDArray[np.int64],
    dst_place: NDArray[np.int64],
    time_s: NDArray[np.int64],
    cents: NDArray[np.int64],
    log_m: NDArray[np.int32],
    bits: NDArray[np.uint8],
    known_from: NDArray[np.int32],
    known_until: NDArray[np.int32],
    country: NDArray[np.uint8],
    currency: NDArray[np.uint8],
    corridor: NDArray[np.uint16],
) -> None:
    for e in range(edges.src.size):
        own = edges.bits[e] | (2 if edges.src[e] == edges.dst[e] else 0)
        payer, receiver = edges.src_country[e], edges.dst_country[e]
        for side in range(2):
            place = src_place[e] if side else dst_place[e]
            time_s[place], cents[place], log_m[place] = edges.time_s[e], edges.cents[e], edges.log_m[e]
            known_from[place], known_until[place] = edges.known_from[e], edges.known_until[e]
            bits[place] = own | side
            country[place] = receiver if side else payer
            currency[place] = edges.dst_currency[e] if side else edges.src_currency[e]
            corridor[place] = np.uint16(payer) * np.uint16(256) + np.uint16(receiver) if payer and receiver else 0
