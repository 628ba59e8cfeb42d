"""Long lists in pieces that every database takes as parameters of one statement."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
SIZE = 500


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in runs of at most 500."""
    for start in range(0, len(items), SIZE):
        yield items[start : start + SIZE]
