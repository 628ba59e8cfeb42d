"""How the memory of a run is shared: the engine has a part of it, the arrays of the compiled passes another.

A pass looks at some nodes at a time, with all rows of each, so that its arrays follow the limit and the result doesn't.
"""

from collections.abc import Iterator
from math import ceil

from features.engine import Share

ENGINE_SHARE = 0.7
"""Part of memory_limit_gb that the engine may use; the rest is for arrays, hits and what libraries hold back."""

ROWS_A_GIGABYTE = 600_000
"""Rows of nodes that a pass may look at together for each gigabyte of memory_limit_gb: about 400 bytes each."""


def shares(rows: int, rows_max: float) -> Iterator[Share]:
    """As many shares as make about `rows_max` rows each, at least one; a node is in one of them with all its rows."""
    of = max(1, ceil(rows / rows_max))
    return (Share(number, of) for number in range(of))
