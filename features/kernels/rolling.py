"""What the frames of sorted rows hold: where each frame lies, and the most, the least and the distinct within it.

Rows are sorted by group and, within it, by key; both borders of a frame move on with its row. Functions do a part of
the work, which begins and ends with a group, so that threads share it.
"""

import numpy as np
from numpy.typing import NDArray

from features.kernels import compiled

Ints = NDArray[np.int64]


@compiled
def grouped(code: Ints, groups: int) -> tuple[Ints, Ints]:
    """Where the rows of each group begin, and the rows in the order of their groups; a counting sort."""
    start = np.zeros(groups + 1, np.int64)
    for c in code:
        start[c + 1] += 1
    for g in range(groups):
        start[g + 1] += start[g]
    free, order = start[:-1].copy(), np.empty(code.size, np.int64)
    for i in range(code.size):
        order[free[code[i]]] = i
        free[code[i]] += 1
    return start, order


@compiled
def refined(start: Ints, order: Ints, value: Ints, values: int) -> tuple[Ints, int]:
    """Groups of the rows that agree in their group so far and in a value from 0; how many they are."""
    code, count = np.empty(order.size, np.int64), 0
    group_of, code_of = np.full(values, -1, np.int64), np.empty(values, np.int64)
    for g in range(start.size - 1):
        for i in order[start[g] : start[g + 1]]:
            if group_of[value[i]] != g:
                group_of[value[i]], code_of[value[i]] = g, count
                count += 1
            code[i] = code_of[value[i]]
    return code, count


@compiled
def sort(start: Ints, key: Ints, low: int, high: int, order: Ints) -> None:
    """Put the rows of groups `low` to `high` in the order of their keys."""
    for g in range(low, high):
        a, b = start[g], start[g + 1]
        for i in range(a + 1, b):
            if key[order[i]] < key[order[i - 1]]:
                rows = order[a:b].copy()
                order[a:b] = rows[np.argsort(key[rows])]
                break


@compiled
def settle(start: Ints, key: Ints, tie: Ints, low: int, high: int, order: Ints) -> None:
    """Put rows of one group and key, already side by side, in the order of `tie`."""
    for g in range(low, high):
        a = start[g]
        while a < start[g + 1]:
            b = a + 1
            while b < start[g + 1] and key[order[b]] == key[order[a]]:
                b += 1
            if b > a + 1:
                rows = order[a:b].copy()
                order[a:b] = rows[np.argsort(tie[rows])]
            a = b


@compiled
def frames(start: Ints, key: Ints, low: int, high: int, from_back: int, to_back: int, first: Ints, end: Ints) -> None:
    """Write where each row's frame begins, and where it has ended: keys from `from_back` to `to_back` before its own.

    Rows of one key are peers: a frame up to its own row (`to_back` 0) holds them all. A `from_back` below 0 has no
    limit. For the rows of groups `low` to `high`.
    """
    for g in range(low, high):
        a = b = start[g]
        for i in range(start[g], start[g + 1]):
            if from_back >= 0:
                while key[a] < key[i] - from_back:
                    a += 1
            while b < start[g + 1] and key[b] <= key[i] - to_back:
                b += 1
            first[i], end[i] = a, max(a, b)


@compiled
def most(value: Ints, is_known: NDArray[np.bool_], first: Ints, end: Ints, low: int, high: int, found: Ints) -> None:
    """Write the largest known value of each row's frame; a frame without one is left as it is."""
    line = np.empty(high - low, np.int64)
    head = tail = 0
    taken = low
    for i in range(low, high):
        if taken < first[i]:
            taken, head, tail = first[i], 0, 0
        while taken < end[i]:
            if is_known[taken]:
                while tail > head and value[line[tail - 1]] <= value[taken]:
                    tail -= 1
                line[tail] = taken
                tail += 1
            taken += 1
        while head < tail and line[head] < first[i]:
            head += 1
        if head < tail:
            found[i] = value[line[head]]


@compiled
def distinct(code: NDArray[np.int32], first: Ints, end: Ints, low: int, high: int, codes: int, found: Ints) -> None:
    """Write how many different codes each row's frame holds; a code below 0 is no value."""
    held = np.zeros(codes, np.int32)
    a = b = low
    count = 0
    for i in range(low, high):
        while b < end[i]:
            if code[b] >= 0:
                count += held[code[b]] == 0
                held[code[b]] += 1
            b += 1
        while a < first[i]:
            if code[a] >= 0:
                held[code[a]] -= 1
                count -= held[code[a]] == 0
            a += 1
        found[i] = count
