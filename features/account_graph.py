"""The account graph of every week: which days it is computed on, what it is computed from, and which one is in force.

A graph costs as much as its window, not as its night; so it is computed at the end of every Sunday (`graph_days` = 7)
and a night uses the newest that lies on or before it. The measures themselves are in `graph.py`.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from features.catalog import ACCOUNT_GRAPH, GRAPH
from features.engine import SQL, Engine
from features.kernels.graphs import Ints
from features.nightly import DAY_S, EARLY_DAYS, HUB_CAP, REPORTED_DAYS, WINDOW_DAYS, cutoff_s
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.steps import digest_of
from pipelines.tables import EDGES, OUTCOMES, REPORTS

FEATURES = GRAPH
"""What the graph says of an account."""

GRAPH_DAYS = 7
CONFIRMED = ("D1", "D2", "D3")
"""Dispositions that confirm the subject of an alert."""

_A_SUNDAY = date(1970, 1, 4)
_EARLIEST = date(1900, 1, 1)


def anchor_of(night: date, graph_days: int = GRAPH_DAYS) -> date:
    """The newest day on or before the night on which the graph is computed."""
    return night - timedelta(days=(night - _A_SUNDAY).days % graph_days)


def anchors(nights: Nights, graph_days: int = GRAPH_DAYS) -> list[date]:
    """The days whose graphs are in force on some night of the range, in order."""
    first, last = anchor_of(nights.first, graph_days), anchor_of(nights.last, graph_days)
    return [first + timedelta(days=day) for day in range(0, (last - first).days + 1, graph_days)]


def read(lake: Lake, night: date, graph_days: int = GRAPH_DAYS) -> pl.DataFrame:
    """The rows of ACCOUNT_GRAPH that are in force on a night, by `node_id`; none before the first graph."""
    return lake.read(ACCOUNT_GRAPH, Nights.of(anchor_of(night, graph_days)))


def build(lake: Lake, days: Sequence[date], settings: Settings, progress: Progress = silent) -> pl.DataFrame:
    """The graphs of the given days, as ACCOUNT_GRAPH: each as known at the end of its day."""
    parts = [ACCOUNT_GRAPH.empty()]
    for done, day in enumerate(days):
        progress("account graph", done, len(days))
        parts.append(_graph(lake, day, settings))
    progress("account graph", len(days), len(days))
    return pl.concat(parts).sort(ACCOUNT_GRAPH.key)


def confirmed(lake: Lake, day: date) -> Ints:
    """The node ids of accounts that are the subject of an alert whose last decision by the day confirms it, sorted."""
    return _decisions(lake, day).filter(pl.col("code").is_in(CONFIRMED))["node_id"].unique().sort().to_numpy()


def outcomes_digests(lake: Lake, days: Sequence[date]) -> dict[date, str]:
    """For each day, a hash of the decisions that its graph rests on."""
    return {day: digest_of(*confirmed(lake, day).tolist()) for day in days}


def _decisions(lake: Lake, day: date) -> pl.DataFrame:
    """The last decision on each alert by the end of a day."""
    return (
        lake.scan(OUTCOMES, Nights(_EARLIEST, day))
        .filter(pl.col("received_on") <= day)
        .select("alert_id", "received_on", "ordinal", "code", "node_id")
        .collect()
        .sort("alert_id", "received_on", "ordinal")
        .unique("alert_id", keep="last", maintain_order=True)
    )


def _graph(lake: Lake, day: date, settings: Settings) -> pl.DataFrame:
    from features.graph import measure

    found = measure(_pairs(lake, day, settings), confirmed(lake, day), HUB_CAP)
    return ACCOUNT_GRAPH.conform(found.with_columns(pl.lit(day).alias("received_on")))


def _pairs(lake: Lake, day: date, settings: Settings) -> pl.DataFrame:
    """Payer, receiver and cents of every pair in the window that ends with the day, as known by then."""
    with Engine.open(settings) as engine:
        engine.register_table(lake, EDGES, Nights(day - timedelta(days=WINDOW_DAYS + EARLY_DAYS), day))
        engine.register_table(lake, REPORTS, Nights(day - timedelta(days=REPORTED_DAYS), day))
        engine.materialise("versions", SQL / "versions.sql")
        engine.view("known_edges", SQL / "known_edges.sql")
        window = {"night": day, "cutoff_s": cutoff_s(day), "window_s": WINDOW_DAYS * DAY_S}
        return engine.plain(SQL / "graph_pairs.sql", window)
