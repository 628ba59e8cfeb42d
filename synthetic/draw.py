"""How a world draws chance: one generator per purpose, times of day, heavy-tailed amounts, weighted picks in groups.

Holds no rule of behaviour. Times are whole seconds since the first day's local midnight; money is whole kopecks.
"""

from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

DAY = 86_400
# Shares of the hours 0..23, local time.
DAYTIME = np.array(
    [2, 1, 1, 1, 1, 2, 5, 12, 22, 30, 34, 36, 38, 36, 34, 34, 36, 40, 44, 42, 36, 26, 14, 6], dtype=float
)
OFFICE = np.array([0, 0, 0, 0, 0, 0, 0, 1, 6, 20, 30, 30, 22, 18, 26, 28, 22, 12, 4, 1, 0, 0, 0, 0], dtype=float)
EVENING = np.array([1, 0, 0, 0, 0, 0, 1, 2, 4, 6, 8, 8, 10, 9, 8, 9, 12, 20, 34, 40, 36, 24, 10, 3], dtype=float)


def generator(seed: int, purpose: str) -> np.random.Generator:
    """The generator of one purpose: adding a purpose never changes what another one draws."""
    return np.random.default_rng([seed, crc32(purpose.encode())])


def seconds(rng: np.random.Generator, day: ArrayLike, hours: Reals = DAYTIME) -> Ints:
    """A time in each of the given days (0 is the first), the hour by its share."""
    days = np.asarray(day, dtype=np.int64)
    hour = rng.choice(24, size=len(days), p=hours / hours.sum())
    return days * DAY + hour * 3600 + rng.integers(0, 3600, len(days))


def amounts(
    rng: np.random.Generator, count: int, median: float, sigma: float, *, step: float = 0.01, low: float, high: float
) -> Ints:
    """Log-normal amounts in kopecks; all money arguments are roubles, `step` is what amounts are rounded to."""
    roubles = np.clip(median * np.exp(sigma * rng.standard_normal(count)), low, high)
    return np.asarray(np.maximum(np.round(roubles / step), 1) * round(step * 100), dtype=np.int64)


def event_days(rng: np.random.Generator, days: int, per_day: float, first_weekday: int) -> Ints:
    """The day of each event: a Poisson number a day, fewer at weekends."""
    weekday = (np.arange(days) + first_weekday) % 7
    rate = per_day * np.where(weekday >= 5, 0.86, 1.056)
    return np.repeat(np.arange(days, dtype=np.int64), rng.poisson(rate))


class Picker:
    """Draws members of groups with chance in proportion to their weights."""

    def __init__(self, members: Ints, groups: ArrayLike, weights: Reals) -> None:
        """Group the members; three arrays of one length."""
        order = np.argsort(np.asarray(groups), kind="stable")
        self._members = members[order]
        self._groups = np.asarray(groups)[order]
        self._upper = np.cumsum(weights[order])

    def pick(self, rng: np.random.Generator, groups: ArrayLike) -> Ints:
        """One member for each of the given groups; a group without members draws from everybody."""
        wanted = np.asarray(groups)
        start = np.searchsorted(self._groups, wanted, side="left")
        stop = np.searchsorted(self._groups, wanted, side="right")
        start, stop = np.where(start == stop, 0, start), np.where(start == stop, len(self._members), stop)
        below = np.where(start > 0, self._upper[start - 1], 0.0)
        point = below + rng.random(len(wanted)) * (self._upper[stop - 1] - below)
        return np.asarray(self._members[np.clip(np.searchsorted(self._upper, point, side="right"), start, stop - 1)])

    def any(self, rng: np.random.Generator, count: int) -> Ints:
        """Members drawn from everybody."""
        point = rng.random(count) * self._upper[-1]
        return np.asarray(self._members[np.minimum(np.searchsorted(self._upper, point), len(self._members) - 1)])


MOVE_SCHEMA: dict[str, pl.DataType] = {
    "src": pl.Int64(),
    "dst": pl.Int64(),
    "second": pl.Int64(),
    "kopecks": pl.Int64(),
    "channel": pl.String(),
    "kind": pl.String(),
    "scheme": pl.String(),
    "look_alike": pl.String(),
}


def as_person(person: Ints) -> Ints:
    """Persons as an end of a movement: accounts are 0, 1, 2, ..., persons are -1, -2, -3, ..."""
    return -(person + 1)


def moves(
    src: ArrayLike,
    dst: ArrayLike,
    second: ArrayLike,
    kopecks: ArrayLike,
    *,
    channel: str,
    kind: str,
    look_alike: str | None = None,
) -> pl.DataFrame:
    """Movements of value, one a row, without those from an account to itself."""
    ends, columns = (src, dst, second, kopecks), list(MOVE_SCHEMA)
    arrays = np.broadcast_arrays(*(np.asarray(end, dtype=np.int64) for end in ends))
    frame = pl.DataFrame({name: np.atleast_1d(array) for name, array in zip(columns[:4], arrays, strict=True)})
    text = {"channel": channel, "kind": kind, "scheme": None, "look_alike": look_alike}
    frame = frame.with_columns(pl.lit(value, pl.String).alias(name) for name, value in text.items())
    return frame.filter(pl.col("src") != pl.col("dst"))
