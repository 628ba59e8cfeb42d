"""The shared inputs of typologies: what each is made from; each is made once for a range, when first asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from time import perf_counter

import polars as pl

from features import account_graph, nightly
from features.catalog import ACCOUNT_GRAPH
from features.engine import SQL, Engine
from features.typology import countries
from pipelines import side_tables
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.steps import days
from pipelines.tables import ACCOUNTS, EDGES, OUTCOMES, PARTIES, ROLES, TRANSACTIONS, Table

MADE_FROM: dict[str, tuple[str, ...]] = {
    "fresh": (),
    "sides": ("fresh",),
    "peaks": ("sides",),
    "untidy": ("sides",),
    "subjects": (),
    "reported": ("told",),
    "owners": ("told",),
    "incomes": ("declared_incomes", "owners"),
    "placed": ("transactions", "places"),
    "purposes": ("transactions",),
}
"""Inputs that are SQL files of their own name, and the inputs that they read."""

_READ_WHERE_USED = ("sides",)
"""Inputs of which every reader wants a part: made again for each, of the rows that it wants."""

_VIEWS: dict[str, tuple[Table, ...]] = {
    "told": (ROLES, ACCOUNTS, PARTIES),
    "transactions": (TRANSACTIONS,),
    "roles": (ROLES,),
    "accounts": (ACCOUNTS,),
    "parties": (PARTIES,),
}
"""Inputs that are tables of the lake, over the nights that the range looks at."""

PAST_DAYS = 400
"""How far back `past_edges` goes: the edges that some night of the range may ask about an account's silence."""

SIDE_VIEWS = tuple(side_tables.BY_NAME)
"""Inputs that are side tables: every row told by the last night, with `known_until` where a later one replaces it."""


@dataclass(frozen=True)
class Reach:
    """How many days before the oldest new edge a run looks at edges, and how many of them its time lines hold."""

    edges_days: int
    timeline_days: int


class Inputs:
    """The inputs of a range of nights, in an engine that holds `nights`, `known_edges`, `nodes` and `reports`.

    Compiled passes look at about `rows_max` rows together.
    """

    def __init__(
        self,
        engine: Engine,
        lake: Lake,
        nights: Nights,
        settings: Settings,
        reach: Reach,
        rows_max: float,
        *,
        is_portable: bool = False,
    ) -> None:
        self.rows_max = rows_max
        self.engine, self.lake, self.nights, self.settings = engine, lake, nights, settings
        self._made: set[str] = set()
        self._swept = () if is_portable else ("peaks", "untidy")
        self._reach = nightly.reach(lake, nights, reach.edges_days)
        self.parameters = {
            **nightly.parameters(countries.reporting_threshold(settings.country, nights.last)),
            "reach_s": reach.timeline_days * nightly.DAY_S,
            "offset_s": countries.offset_s(settings.country),
            "country": settings.country,
        }
        engine.register("thresholds", countries.thresholds(settings.country))
        self.need("allow_list")
        engine.materialise("allowed", SQL / "allowed.sql")

    def need(self, name: str) -> None:
        """Make an input and what it is made from, where it is not there yet.

        Raises:
            ValueError: no input has the name.
        """
        if name not in self._made:
            self._make(name)
            self._made.add(name)

    def _make(self, name: str) -> None:
        if name in SIDE_VIEWS:
            self._register_side(name)
        elif name == "account_graph":
            self._register_graph()
        elif name in _VIEWS:
            for table in _VIEWS[name]:
                self.engine.register_table(self.lake, table, self._told())
        elif name == "past_edges":
            past = Nights(self.nights.first - timedelta(days=PAST_DAYS), self.nights.last)
            self.engine.register_table(self.lake, EDGES, past, name)
        elif name in MADE_FROM:
            for source in MADE_FROM[name]:
                self.need(source)
            if name in self._swept:
                self._sweep()
            elif name in _READ_WHERE_USED:
                self.engine.view(name, SQL / f"{name}.sql", self.parameters)
            else:
                self.engine.materialise(name, SQL / f"{name}.sql", self.parameters)
        else:
            raise ValueError(f"no typology input is named {name}")

    def _sweep(self) -> None:
        """Make what one compiled pass finds."""
        from features.typology import peaks  # compiled passes are loaded when there is something to look at

        start = perf_counter()
        found = peaks.measure(self.engine, self.nights, self.parameters, self.settings.threads, self.rows_max)
        rows = {name: self.engine.keep(name, parts) for name, parts in zip(self._swept, found, strict=True)}
        self._made |= set(rows)
        self.engine.tell("peaks", rows["peaks"], start)

    def _told(self) -> Nights:
        """The nights whose reports the range may look at."""
        first = min(self._reach.first, self.nights.first - timedelta(days=nightly.REPORTED_DAYS))
        return Nights(first, self.nights.last)

    def _register_graph(self) -> None:
        """The account graphs in force on the nights, and `graph_nights`: which is in force on which."""
        graph_days = self.settings.graph_days
        anchors = account_graph.anchors(self.nights, graph_days)
        self.engine.register_table(self.lake, ACCOUNT_GRAPH, Nights(anchors[0], anchors[-1]))
        every = list(days(self.nights))
        in_force = [account_graph.anchor_of(night, graph_days) for night in every]
        schema = {"night": pl.Date, "anchor_on": pl.Date}
        self.engine.register("graph_nights", pl.DataFrame({"night": every, "anchor_on": in_force}, schema=schema))

    def _register_side(self, name: str) -> None:
        side = side_tables.BY_NAME[name]
        rows = self.lake.read(side.table, Nights(date(1, 1, 1), self.nights.last))
        known = rows.sort(*side.replaces, "received_on", "submission_id", "ordinal").with_columns(
            pl.col("received_on")
            .shift(-1)
            .over(side.replaces, order_by=["received_on", "submission_id", "ordinal"])
            .alias("known_until")
        )
        self.engine.register(
            name, known.filter(pl.col("known_until").is_null() | (pl.col("known_until") > pl.col("received_on")))
        )


def first_told(lake: Lake, nights: Nights) -> dict[str, date]:
    """The first day on which each side table, and the decisions of analysts, brought a row, if by the last night."""
    return {name: day for name, day in _first_days(lake) if day <= nights.last}


def _first_days(lake: Lake) -> Iterator[tuple[str, date]]:
    for table in (*(side.table for side in side_tables.SIDE_TABLES), OUTCOMES):
        known = lake.nights(table)
        if known:
            yield table.name, known[0]
