"""How good the order of the queues is, by what people decided: useful share of what was read, recall, calibration.

What was read by rank says nothing of what was not read: that is told by the random sample alone, which the day's list
draws from what would else stay below the cut. Closed alerts alone count, each once, by its newest decision; decisions
that say nothing about the subject (D6, D8, D9) are left out. Every share carries its counts and its 95 % interval.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import pi, sqrt
from statistics import fmean

from django.db.models import Count, QuerySet

from review.console.models import Alert, QueueEntry
from review.console.models.queues import QueueKind
from review.console.services import access
from review.console.services.actor import Actor
from review.daily import BELOW_CUT, RANDOM
from review.dispositions import Disposition, Label

FEW = 30
"""With fewer decisions than this a share is shown as its counts alone, and nothing is concluded from it."""
RANKED = "0123"
CLASSES = (*RANKED, RANDOM, BELOW_CUT)
"""How an alert came before a person: the class of the day's list, or chosen from below the cut."""
BANDS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Ends of the bands of risk, narrower where most alerts are."""
CALIBRATION_ALARM = 0.05
BELOW_CUT_ALARM = 2.0
_Z = 1.96
_ROWS_MAX = 50_000
_CELLS_MAX = 30


@dataclass(frozen=True)
class Share:
    """Useful ones among decisions that say something, with the 95 % interval of the share (Wilson, 1927)."""

    useful: int
    decided: int

    @property
    def value(self) -> float | None:
        """The share; None where nothing was decided."""
        return self.useful / self.decided if self.decided else None

    @property
    def is_few(self) -> bool:
        """Are there too few to conclude anything."""
        return self.decided < FEW

    @property
    def low(self) -> float:
        """The lower end."""
        return self._ends()[0]

    @property
    def high(self) -> float:
        """The upper end."""
        return self._ends()[1]

    def _ends(self) -> tuple[float, float]:
        if not self.decided:
            return 0.0, 1.0
        share, z2 = self.useful / self.decided, _Z**2 / self.decided
        middle = share + z2 / 2
        spread = _Z * sqrt(share * (1 - share) / self.decided + z2 / (4 * self.decided))
        # Rounding must not leave a share of 0 or 1 outside its own interval.
        return min(share, max(0.0, (middle - spread) / (1 + z2))), max(share, min(1.0, (middle + spread) / (1 + z2)))


@dataclass(frozen=True)
class Band:
    """Alerts of the random sample whose risk lay in a band: what was said, and what came true."""

    low: float
    high: float
    said: float
    share: Share


@dataclass(frozen=True)
class Recall:
    """Of all that is useful, the share that was found by rank; an estimate.

    Attributes:
        found: useful alerts that the day's lists brought, the random sample left out.
        unranked: alerts of the period that no list brought by rank: below the cut, closed unreviewed, drawn at random,
            or chosen by hand.
        value: the estimate; None where there are too few random decisions.
        low: the estimate with the upper end of the random sample's share.
        high: the same with the lower end.
    """

    found: int
    unranked: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Cell:
    """One theme and territory: what was read by rank, and the random sample."""

    theme: str
    territory: str
    ranked: Share
    drawn: Share
    is_alarming: bool


@dataclass(frozen=True)
class Quality:
    """A year's table S16.

    Attributes:
        by_class: by class of the day's list, in the order of CLASSES; those without a decision are left out.
        ranked: all that the day's lists brought by rank (classes 0 to 3).
        drawn: the random sample.
        recall: see there.
        bands: of the random sample, by risk; bands without an alert are left out.
        calibration_error: mean distance of what was said from what came true; None with too few.
        calibration_chance: about what a model without fault would show with as few alerts, by chance alone.
        cells: by theme and territory, those with most decisions first.
        silent: decided alerts that say nothing about their subject.
        unknown: decided alerts of which the class was not yet kept when they were taken.
    """

    by_class: tuple[tuple[str, Share], ...]
    ranked: Share
    drawn: Share
    recall: Recall
    bands: tuple[Band, ...]
    calibration_error: float | None
    calibration_chance: float
    cells: tuple[Cell, ...]
    silent: int
    unknown: int

    @property
    def is_miscalibrated(self) -> bool:
        """Is the error above what raises an alarm, and more than chance explains."""
        return self.calibration_error is not None and self.calibration_error > max(
            CALIBRATION_ALARM, self.calibration_chance
        )


_Shares = dict[tuple[str, str, str], Share]
"""By class, theme and territory."""


def quality_of(actor: Actor, start: datetime, end: datetime) -> Quality:
    """The table of the alerts that were closed from `start` until before `end` and that the person may see."""
    closed = access.alerts_for(actor).filter(closed_at__gte=start, closed_at__lt=end)
    by_people = closed.exclude(disposition=Disposition.UNREVIEWED)
    columns = ("taken_as", "theme", "territory", "disposition")
    shares, silent, unknown = _counted(by_people.values_list(*columns).annotate(n=Count("pk")).order_by())
    by_class = {name: _sum(shares, name) for name in CLASSES}
    drawn, ranked = by_class[RANDOM], _sum(shares, RANKED)
    below = QueueEntry.objects.filter(access.sight(actor, "alert__"), queue__kind=QueueKind.HOME, is_below_cut=True)
    waiting = below.filter(alert__first_night__gte=start.date(), alert__first_night__lt=end.date())
    never_read = waiting.count() + closed.filter(disposition=Disposition.UNREVIEWED).count()
    unranked = never_read + drawn.decided + by_class[BELOW_CUT].decided
    bands = _bands(by_people.filter(taken_as=RANDOM))
    return Quality(
        by_class=tuple((name, share) for name, share in by_class.items() if share.decided),
        ranked=ranked,
        drawn=drawn,
        recall=_recall(ranked.useful, unranked, drawn),
        bands=bands,
        calibration_error=_error(bands),
        calibration_chance=_chance(bands),
        cells=_cells(shares, drawn),
        silent=silent,
        unknown=unknown,
    )


def _counted(rows: Iterable[tuple[str, str, str, str, int]]) -> tuple[_Shares, int, int]:
    """Shares, and how many alerts say nothing about their subject, and how many were taken before classes were kept."""
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    silent = unknown = 0
    for taken_as, theme, territory, code, count in rows:
        label = Disposition(code).label
        if label is Label.EXCLUDED:
            silent += count
        elif not taken_as:
            unknown += count
        else:
            counts[taken_as, theme, territory][0] += count * (label is Label.POSITIVE)
            counts[taken_as, theme, territory][1] += count
    return {key: Share(useful, decided) for key, (useful, decided) in counts.items()}, silent, unknown


def _sum(shares: _Shares, classes: str) -> Share:
    of_them = [share for (name, _, _), share in shares.items() if name in classes]
    return Share(sum(share.useful for share in of_them), sum(share.decided for share in of_them))


def _recall(found: int, unranked: int, drawn: Share) -> Recall:
    if drawn.value is None or drawn.is_few:
        return Recall(found, unranked, None, 0.0, 1.0)

    def of(rate: float) -> float:
        return found / (found + rate * unranked) if found else 0.0

    return Recall(found, unranked, of(drawn.value), of(drawn.high), of(drawn.low) if drawn.low else 1.0)


def _bands(drawn: QuerySet[Alert]) -> tuple[Band, ...]:
    rows = drawn.filter(taken_risk__isnull=False).order_by("-closed_at", "pk").values_list("taken_risk", "disposition")
    found: list[list[tuple[float, bool]]] = [[] for _ in BANDS[1:]]
    for risk, code in rows[:_ROWS_MAX]:
        label = Disposition(code).label
        if risk is not None and label is not Label.EXCLUDED:
            place = min(bisect_right(BANDS, risk), len(BANDS) - 1) - 1
            found[place].append((risk, label is Label.POSITIVE))
    return tuple(
        Band(low, high, fmean(risk for risk, _ in band), Share(sum(true for _, true in band), len(band)))
        for low, high, band in zip(BANDS, BANDS[1:], found, strict=False)
        if band
    )


def _error(bands: Sequence[Band]) -> float | None:
    count = sum(band.share.decided for band in bands)
    if count < FEW:
        return None
    return sum(band.share.decided * abs(band.said - (band.share.value or 0.0)) for band in bands) / count


def _chance(bands: Sequence[Band]) -> float:
    """The error that is expected where what was said is right: mean absolute deviation of normal shares."""
    count = sum(band.share.decided for band in bands)
    parts = (sqrt(band.share.decided * band.said * (1 - band.said)) for band in bands)
    return sqrt(2 / pi) * sum(parts) / count if count else 0.0


def _cells(shares: _Shares, drawn: Share) -> tuple[Cell, ...]:
    """Themes and territories; alarming is one whose useful share below the cut is surely above twice the others'."""
    parts: dict[tuple[str, str], _Shares] = defaultdict(dict)
    for (name, theme, territory), share in shares.items():
        parts[theme, territory][name, theme, territory] = share
    made = []
    for (theme, territory), part in parts.items():
        own = _sum(part, RANDOM)
        others = Share(drawn.useful - own.useful, drawn.decided - own.decided)
        is_alarming = not own.is_few and others.value is not None and own.low > BELOW_CUT_ALARM * others.value
        made.append(Cell(theme, territory, _sum(part, RANKED), own, is_alarming))
    made.sort(key=lambda cell: (-cell.ranked.decided - cell.drawn.decided, cell.theme, cell.territory))
    return tuple(made[:_CELLS_MAX])
