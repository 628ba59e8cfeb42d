"""What a night knew, edge by edge, in the order of time: what traces are recomputed from. Computes no feature."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from features import nightly
from features.engine import SQL
from features.typology import reporting_threshold
from pipelines.home import Settings
from pipelines.lake import Lake, Nights

DAY_S = nightly.DAY_S
WINDOWS_S = {"1d": DAY_S, "7d": 7 * DAY_S, "14d": 14 * DAY_S, "30d": 30 * DAY_S}


@dataclass(frozen=True, slots=True)
class Move:
    """One edge; amounts in cents of the local currency."""

    edge_id: int
    transaction_id: str
    report_key: str
    src: int
    dst: int
    occurred_s: int
    received_on: date
    superseded_on: date | None
    cents: int
    log_m: int
    """Thousandths of the logarithm of 1 + amount."""
    channel: str | None
    is_date_only: bool
    is_cross_currency: bool
    is_cross_border: bool
    src_country: str | None
    dst_country: str | None
    src_currency: str | None
    dst_currency: str | None

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the order of time."""
        return self.occurred_s, self.edge_id

    @property
    def is_self(self) -> bool:
        """Whether payer and receiver are one."""
        return self.src == self.dst

    def other(self, side: str) -> int:
        """The counterparty of the node on whose side (in, out) the edge lies."""
        return self.src if side == "in" else self.dst

    def is_known(self, night: date) -> bool:
        """Whether a night knew it."""
        return self.received_on <= night and (self.superseded_on is None or self.superseded_on > night)


class Known:
    """The edges that a night, and the nights before it, knew."""

    def __init__(self, lake: Lake, settings: Settings, night: date, from_s: int) -> None:
        self.lake, self.settings, self.night = lake, settings, night
        self.cutoff_s = nightly.cutoff_s(night)
        self.threshold = reporting_threshold(settings.country)
        with nightly.knowing(lake, Nights.of(night), settings) as engine:
            self._rows = engine.plain(SQL / "traced.sql", {"from_s": from_s})
        self._ever: dict[int, list[Move]] = {}
        self._ends: dict[int, list[tuple[Move, str]]] = {}

    @cached_property
    def hub_cap(self) -> int:
        """Most transactions in 30 days, or pairs in 14, of an account that pairs and shapes are searched at."""
        return nightly.HUB_CAP

    def edge(self, edge_id: int) -> Move | None:
        """One edge, if any night knew it."""
        rows = self._rows.filter(pl.col("edge_id") == edge_id)
        return Move(**rows.row(0, named=True)) if rows.height else None

    def ever(self, node: int) -> list[Move]:
        """The edges of a node that some night up to this one knew, by time; for what earlier nights saw."""
        if node not in self._ever:
            rows = self._rows.filter((pl.col("src") == node) | (pl.col("dst") == node))
            self._ever[node] = [Move(**row) for row in rows.iter_rows(named=True)]
        return self._ever[node]

    def ends(self, node: int) -> list[tuple[Move, str]]:
        """The node's known edges by time, each with the side (in, out) on which it lies; a self transfer twice."""
        if node not in self._ends:
            known = [move for move in self.ever(node) if move.is_known(self.night)]
            sides = (("out", "src"), ("in", "dst"))
            self._ends[node] = [(move, side) for move in known for side, end in sides if getattr(move, end) == node]
        return self._ends[node]

    def at_cutoff(self, node: int, window: str) -> list[tuple[Move, str]]:
        """The node's ends in a window that ends with the night's cut-off."""
        since = self.cutoff_s - WINDOWS_S[window]
        return [(move, side) for move, side in self.ends(node) if since < move.occurred_s <= self.cutoff_s]

    def before(self, node: int, edge: Move, window: str) -> list[tuple[Move, str]]:
        """The node's ends in a window that ends with an edge, without the edge itself and ties that come after it."""
        since = edge.occurred_s - WINDOWS_S[window]
        return [(move, side) for move, side in self.ends(node) if move.occurred_s > since and move.place < edge.place]


@dataclass(frozen=True)
class Found:
    """A value and what it was made from."""

    value: float | None
    rows: tuple[Move, ...] = ()
    note: str = ""
    """Which rows, in words: counterparties, days, what was left out."""
    nodes: tuple[int, ...] = ()
    """Accounts that the value counts."""


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient; none where a part is missing or the denominator is 0."""
    return None if above is None or not below else above / below
