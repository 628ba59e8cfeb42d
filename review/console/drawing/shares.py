"""Shares with their intervals: one on a line from 0 to 1, and what was said against what came true.

Knows no colour, no language and no store.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LINE_WIDTH = 180
LINE_HEIGHT = 16
SIDE = 300
_EDGE = 6
_LEFT = 44
_TOP = 10
_BOTTOM = 46
_RIGHT = 22
_DOT_MIN = 3
_DOT_MAX = 9


@dataclass(frozen=True)
class Line:
    """A share on its line: the dot, the ends of its interval and the mark of the average, by x."""

    left: int
    right: int
    middle: int
    low: int
    high: int
    dot: int
    average: int | None


def line(low: float, share: float, high: float, average: float | None = None) -> Line:
    """The picture of one share."""

    def x(value: float) -> int:
        return round(_EDGE + value * (LINE_WIDTH - 2 * _EDGE))

    mark = None if average is None else x(average)
    return Line(x(0), x(1), LINE_HEIGHT // 2, x(low), x(high), x(share), mark)


@dataclass(frozen=True)
class Said:
    """One group of alerts: what was said on average, what came true with its interval, how many, and if too few."""

    said: float
    low: float
    share: float
    high: float
    count: int
    is_few: bool = False


@dataclass(frozen=True)
class Point:
    """A group in the picture: the dot with its radius, and the ends of its interval."""

    x: int
    y: int
    radius: int
    low_y: int
    high_y: int
    is_few: bool


@dataclass(frozen=True)
class Mark:
    """A line across at a share, with its place on both axes."""

    share: float
    x: int
    y: int


@dataclass(frozen=True)
class Calibration:
    """The picture: its frame, lines at quarters, and the points from left to right."""

    width: int
    height: int
    left: int
    right: int
    top: int
    floor: int
    marks: tuple[Mark, ...]
    points: tuple[Point, ...]


def calibration(groups: Sequence[Said]) -> Calibration | None:
    """What was said (across) against what came true (up); a dot's area grows with its count. None without a group."""
    if not groups:
        return None
    right, floor = _LEFT + SIDE, _TOP + SIDE

    def x(value: float) -> int:
        return round(_LEFT + value * SIDE)

    def y(value: float) -> int:
        return round(floor - value * SIDE)

    most = max(group.count for group in groups)
    points = tuple(
        Point(
            x(group.said),
            y(group.share),
            max(_DOT_MIN, round(_DOT_MAX * (group.count / most) ** 0.5)),
            y(group.low),
            y(group.high),
            group.is_few,
        )
        for group in groups
    )
    marks = tuple(Mark(quarter / 4, x(quarter / 4), y(quarter / 4)) for quarter in range(5))
    return Calibration(right + _RIGHT, floor + _BOTTOM, _LEFT, right, _TOP, floor, marks, points)
