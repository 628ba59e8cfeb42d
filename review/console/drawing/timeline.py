"""The subject's movements over time as geometry: bars in above and out below a line, and the running difference.

A bar stands for a day; for an hour where the window is short, for a week or month where it is long. Knows no colour,
no language and no store.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WIDTH = 640
HEIGHT = 150
_LEFT, _RIGHT = 8, 8
_TOP, _AXIS_HEIGHT = 12, 26
_PLOT = HEIGHT - _TOP - _AXIS_HEIGHT
_HOURS_MAX, _DAYS_MAX, _WEEKS_MAX = 7, 124, 868
"""Days up to which a bar is an hour, a day, a week."""
_LABELS_MAX = 6
_LEAST_BAR = 1
_MARK_WIDTH = 9


@dataclass(frozen=True)
class Flowed:
    """Movements of the subject in one hour and one way: their sum, how many, and how many of them at night."""

    day: date
    amount: Decimal
    is_incoming: bool
    hour: int = 0
    count: int = 1
    night_count: int = 0
    is_evidence: bool = False


@dataclass(frozen=True)
class Bar:
    """One day (hour, week, month): its sums and the frames of its two bars; `hour` is None but for hours."""

    first: date
    last: date
    hour: int | None
    x: int
    width: int
    incoming: Decimal
    outgoing: Decimal
    count: int
    in_y: int
    in_height: int
    out_y: int
    out_height: int
    is_evidence: bool
    night_count: int

    @property
    def middle(self) -> int:
        """The middle of the bar."""
        return self.x + self.width // 2


@dataclass(frozen=True)
class Mark:
    """The end of a day on which something else happened: a report came in, the alert was raised by its night."""

    kind: str
    day: date
    x: int


@dataclass(frozen=True)
class Label:
    """A day, or hour of it, written below the axis; `anchor` is SVG's."""

    day: date
    hour: int | None
    x: int
    anchor: str


@dataclass(frozen=True)
class Timeline:
    """The picture.

    Attributes:
        unit: hour, day, week or month.
        zero_y: the line between in and out.
        balance: the path of the running difference between in and out, from the window's start.
        brush_x, brush_width: the chosen period; None where none is chosen.
    """

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    first: date
    last: date
    unit: str
    zero_y: int
    bars: tuple[Bar, ...]
    balance: str
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]
    brush_x: int | None = None
    brush_width: int | None = None
    net: Decimal = Decimal(0)


def draw(
    flowed: Iterable[Flowed],
    first: date,
    last: date,
    marks: Iterable[tuple[str, date]] = (),
    period: tuple[date, date] | None = None,
) -> Timeline:
    """The picture of a window.

    Args:
        flowed: the subject's movements; those outside the window are left out.
        first: the window's first day.
        last: its last day.
        marks: kinds and days of what else happened, what must keep its place first; those outside stand at the edge.
        period: the chosen days.
    """
    last = max(first, last)
    spans, unit = _spans(first, last)
    place = _places(spans)
    sums: dict[tuple[int, bool], Decimal] = defaultdict(Decimal)
    counts: dict[int, int] = defaultdict(int)
    nights: dict[int, int] = defaultdict(int)
    evident: set[int] = set()
    for item in flowed:
        at = place.get((item.day, item.hour))
        if at is None:
            continue
        sums[at, item.is_incoming] += item.amount
        counts[at] += item.count
        nights[at] += item.night_count
        if item.is_evidence:
            evident.add(at)
    edges = _edges(len(spans))
    most_in = max((sums[at, True] for at in range(len(spans))), default=Decimal(0))
    most_out = max((sums[at, False] for at in range(len(spans))), default=Decimal(0))
    zero = _TOP + _share(most_in, most_in + most_out, _PLOT) if most_in + most_out else _TOP + _PLOT // 2
    bars, running, points = [], Decimal(0), []
    for at, (start, end, hour) in enumerate(spans):
        incoming, outgoing = sums[at, True], sums[at, False]
        up = _tall(incoming, most_in, zero - _TOP)
        down = _tall(outgoing, most_out, _TOP + _PLOT - zero)
        width = max(edges[at + 1] - edges[at] - (1 if edges[at + 1] - edges[at] > 3 else 0), 1)
        bar = Bar(
            *(start, end, hour, edges[at], width, incoming, outgoing, counts[at], zero - up, up, zero, down),
            is_evidence=at in evident,
            night_count=nights[at],
        )
        bars.append(bar)
        running += incoming - outgoing
        points.append((bar.middle, running))
    chosen = _brush(period, spans, edges)
    return Timeline(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        top=_TOP,
        bottom=_TOP + _PLOT,
        first=first,
        last=last,
        unit=unit,
        zero_y=zero,
        bars=tuple(bars),
        balance=_line(points, zero),
        marks=_marks(marks, first, last, place, edges),
        labels=_labels(spans, edges),
        brush_x=chosen[0] if chosen else None,
        brush_width=chosen[1] if chosen else None,
        net=running,
    )


_Span = tuple[date, date, int | None]


def _spans(first: date, last: date) -> tuple[list[_Span], str]:
    """What each bar stands for, in order."""
    days = (last - first).days + 1
    if days <= _HOURS_MAX:
        return [(day, day, hour) for day in _days(first, last) for hour in range(24)], "hour"
    if days <= _DAYS_MAX:
        return [(day, day, None) for day in _days(first, last)], "day"
    step, unit = (7, "week") if days <= _WEEKS_MAX else (max(30, -(-days // _DAYS_MAX)), "month")
    starts = [first + timedelta(days=at) for at in range(0, days, step)]
    return [(start, min(start + timedelta(days=step - 1), last), None) for start in starts], unit


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]


def _places(spans: list[_Span]) -> dict[tuple[date, int], int]:
    """By day and hour the bar that it falls into."""
    return {
        (day, hour): at
        for at, (start, end, only) in enumerate(spans)
        for day in _days(start, end)
        for hour in (range(24) if only is None else (only,))
    }


def _edges(count: int) -> list[int]:
    room = WIDTH - _LEFT - _RIGHT
    return [_LEFT + room * at // count for at in range(count + 1)]


def _share(part: Decimal, whole: Decimal, room: int) -> int:
    return round(room * part / whole) if whole else 0


def _tall(amount: Decimal, most: Decimal, room: int) -> int:
    """The height of a bar; what is not nothing is seen."""
    if not amount or room <= 0:
        return 0
    return min(room, max(_LEAST_BAR, _share(amount, most, room)))


def _line(points: list[tuple[int, Decimal]], zero: int) -> str:
    """The running difference as steps, scaled so that it stays within the plot on both sides of zero."""
    above = max((value for _x, value in points), default=Decimal(0))
    below = -min((value for _x, value in points), default=Decimal(0))
    scales = []
    if above > 0:
        scales.append(Decimal(zero - _TOP) / above)
    if below > 0:
        scales.append(Decimal(_TOP + _PLOT - zero) / below)
    scale = min((s for s in scales if s > 0), default=Decimal(0))
    parts, at_y = [f"M{_LEFT} {zero}"], None
    for x, value in points:
        y = min(max(zero - round(value * scale), _TOP), _TOP + _PLOT)
        if y != at_y:
            parts.append(f"H{x}V{y}")
            at_y = y
    return "".join([*parts, f"H{WIDTH - _RIGHT}"])


def _marks(
    marks: Iterable[tuple[str, date]], first: date, last: date, place: dict[tuple[date, int], int], edges: list[int]
) -> tuple[Mark, ...]:
    """Marks at the end of their days, after all that moved; a second one at the same place stands left of the first."""
    made: dict[int, Mark] = {}
    for kind, day in marks:
        x = edges[0] if day < first else edges[place[min(day, last), 23] + 1]
        while x in made and x > edges[0]:
            x = max(x - _MARK_WIDTH, edges[0])
        made[x] = Mark(kind, day, x)
    return tuple(made.values())


def _labels(spans: list[_Span], edges: list[int]) -> tuple[Label, ...]:
    """First and last day and some between them, at equal steps; of the hours of several days, where each day begins."""
    if spans[0][2] is not None and spans[0][0] != spans[-1][0]:
        begun = [at for at, span in enumerate(spans) if span[2] == 0]
        return tuple(Label(spans[at][0], None, edges[at], "start") for at in begun)
    count = min(_LABELS_MAX, len(spans))
    places = [round(at * (len(spans) - 1) / (count - 1)) for at in range(count)]
    made = []
    for number, at in enumerate(places):
        anchor = "start" if number == 0 else "end" if number == count - 1 else "middle"
        x = edges[0] if number == 0 else edges[-1] if number == count - 1 else (edges[at] + edges[at + 1]) // 2
        made.append(Label(spans[at][1] if number == count - 1 else spans[at][0], spans[at][2], x, anchor))
    return tuple(made)


def _brush(period: tuple[date, date] | None, spans: list[_Span], edges: list[int]) -> tuple[int, int] | None:
    if period is None:
        return None
    inside = [at for at, (start, end, _hour) in enumerate(spans) if start <= period[1] and end >= period[0]]
    if not inside:
        return None
    return edges[inside[0]], edges[inside[-1] + 1] - edges[inside[0]]
