"""The ends of the network: where an account's latest end before a second is, wherever the search begins."""

import numpy as np

from features.kernels.network import Edges, ends_of, expect, latest


def _edges(random: np.random.Generator, count: int, accounts: int) -> Edges:
    time_s = np.sort(random.integers(0, 50, count))
    src, dst = random.integers(0, accounts, (2, count)).astype(np.int32)
    whole, small = np.ones(count, np.int32), np.zeros(count, np.uint8)
    return Edges(time_s, src, dst, time_s, whole, small, whole, whole, small, small, small, small)


def test_the_latest_end_is_found_from_any_other() -> None:
    random = np.random.default_rng(7)
    for count in (1, 12, 60):
        ends = ends_of(_edges(random, count, 4), 4)
        for account in range(4):
            first, beyond = int(ends.start[account]), int(ends.start[account + 1])
            times = ends.at["time_s"][first:beyond]
            for near in range(first, beyond):
                expect(ends, near)
                for until_s in range(-1, 52):
                    found = first + int((times <= until_s).sum()) - 1
                    assert latest(ends, first, near, beyond, until_s) == found
