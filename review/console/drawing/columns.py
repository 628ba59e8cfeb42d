"""Twelve months as columns of stacked parts. Knows no colour, no language and no store."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 720
HEIGHT = 150
_LEFT = 52
_TOP = 10
_BOTTOM = 22
_GAP = 10
_STEPS = 2


@dataclass(frozen=True)
class Part:
    """One part of a column: which series, how many, and its frame."""

    series: int
    count: int
    y: int
    height: int


@dataclass(frozen=True)
class Column:
    """One month: its number from 1, its frame, its sum and its parts from the line upwards."""

    month: int
    x: int
    width: int
    middle: int
    total: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Mark:
    """A line across with its number."""

    y: int
    count: int


@dataclass(frozen=True)
class Columns:
    """The picture: a frame, columns from left to right and lines across; `floor` is where columns stand."""

    width: int
    height: int
    left: int
    floor: int
    columns: tuple[Column, ...]
    marks: tuple[Mark, ...]


def draw(series: Sequence[Sequence[int]]) -> Columns | None:
    """The columns of some series of twelve counts; None where all of them are nothing.

    A part that is not nothing is at least one unit high, so that one alert among thousands is still seen.
    """
    totals = [sum(counts) for counts in zip(*series, strict=True)]
    most = max(totals, default=0)
    if not most:
        return None
    top = _round_up(most)
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    step = (WIDTH - _LEFT) // len(totals)
    columns = []
    for month, total in enumerate(totals, 1):
        x, y, parts = _LEFT + (month - 1) * step + _GAP // 2, floor, []
        for place, counts in enumerate(series):
            count = counts[month - 1]
            height = max(round(count / top * room), 1) if count else 0
            y -= height
            parts.append(Part(place, count, y, height))
        columns.append(Column(month, x, step - _GAP, x + (step - _GAP) // 2, total, tuple(parts)))
    marks = tuple(Mark(floor - room * at // _STEPS, top * at // _STEPS) for at in range(_STEPS + 1))
    return Columns(WIDTH, HEIGHT, _LEFT, floor, tuple(columns), marks)


def _round_up(most: int) -> int:
    """The next even number of one digit and zeros, or 2."""
    size: int = 10 ** max(len(str(most)) - 1, 0)
    return next(digit * size for digit in (2, 4, 6, 8, 10) if digit * size >= most)
