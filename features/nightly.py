"""What a range of nights knows: the inputs that features and typologies share, in chunks that fit in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from features.engine import SQL, Engine
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.steps import days
from pipelines.tables import EDGES, NODES, REPORTS

DAY_S = 86_400
WINDOW_DAYS = 30
LOOKBACK_DAYS = 5 * 366
"""Reports tell of the past: windows reach 30 days back from every new edge, but never further back than this."""
SHAPE_DAYS = 14
HUB_CAP = 200
EDGES_A_GIGABYTE = 2_500_000
"""Edges that are looked at together for each gigabyte of memory."""

REPORTED_DAYS = 90
"""How far back reports of suspicion are read; no typology counts them over a longer time."""

EARLY_DAYS = 1
"""A transaction may be dated one day after the day of its receipt (time zones)."""


def cutoff_s(night: date) -> int:
    """The last second of the night's day (UTC), in seconds since 1970."""
    return int(datetime.combine(night, time(23, 59, 59), UTC).timestamp())


def day_number(night: date) -> int:
    """The night's day, counted from 1970."""
    return (night - date(1970, 1, 1)).days


def parameters(threshold: float) -> dict[str, object]:
    """The parameters of the shared SQL files; `threshold` is the national reporting threshold."""
    return {
        "window_s": WINDOW_DAYS * DAY_S,
        "lookback_s": LOOKBACK_DAYS * DAY_S,
        "shape_s": SHAPE_DAYS * DAY_S,
        "hub_cap": HUB_CAP,
        "threshold": threshold,
    }


def nights_frame(nights: Nights) -> pl.DataFrame:
    """The range as a table: night, cutoff_s."""
    every = list(days(nights))
    return pl.DataFrame(
        {"night": every, "cutoff_s": [cutoff_s(night) for night in every]},
        schema={"night": pl.Date, "cutoff_s": pl.Int64},
    )


def reach(lake: Lake, nights: Nights, window_days: int = WINDOW_DAYS) -> Nights:
    """The nights whose partitions may hold an edge that the range looks at: a window before its oldest new edge."""
    oldest_s = lake.scan(EDGES, nights).select(pl.col("occurred_s").min()).collect().item()
    oldest = nights.first if oldest_s is None else min(nights.first, datetime.fromtimestamp(oldest_s, UTC).date())
    bounded = max(oldest, nights.first - timedelta(days=LOOKBACK_DAYS - window_days))
    return Nights(bounded - timedelta(days=window_days + EARLY_DAYS), nights.last)


@contextmanager
def knowing(
    lake: Lake, nights: Nights, settings: Settings, window_days: int = WINDOW_DAYS, share: float = 1.0
) -> Iterator[Engine]:
    """An engine with `nights`, `edges`, `nodes`, `reports` and `known_edges` of a range that looks back so far.

    It may use a share of the memory of the settings.
    """
    with Engine.open(settings, share) as engine:
        far = reach(lake, nights, window_days)
        engine.register("nights", nights_frame(nights))
        for table in (EDGES, NODES):
            engine.register_table(lake, table, far)
        told = min(far.first, nights.first - timedelta(days=REPORTED_DAYS))
        engine.register_table(lake, REPORTS, Nights(told, nights.last))
        engine.materialise("versions", SQL / "versions.sql")
        engine.materialise("known_edges", SQL / "known_edges.sql")
        yield engine


def ranges(lake: Lake, nights: Nights, edge_budget: float, window_days: int = WINDOW_DAYS) -> list[Nights]:
    """The range halved until each part looks at no more than `edge_budget` edges, or is one night."""
    return _halved(lake, nights, edge_budget, lambda part: reach(lake, part, window_days))


def learnt(lake: Lake, nights: Nights, edge_budget: float) -> list[Nights]:
    """The range halved until each part learnt of no more than `edge_budget` edges, or is one night."""
    return _halved(lake, nights, edge_budget, lambda part: part)


def _halved(lake: Lake, nights: Nights, edge_budget: float, counted: Callable[[Nights], Nights]) -> list[Nights]:
    edges = lake.scan(EDGES, counted(nights)).select(pl.len()).collect().item()
    if edges <= edge_budget or nights.first == nights.last:
        return [nights]
    return [part for half in halves(nights) for part in _halved(lake, half, edge_budget, counted)]


def halves(nights: Nights) -> tuple[Nights, Nights]:
    """The two halves of a range of at least two nights."""
    middle = nights.first + (nights.last - nights.first) // 2
    return Nights(nights.first, middle), Nights(middle + timedelta(days=1), nights.last)
