"""What a night knew, edge by edge, in the order of time: what traces are recomputed from. Computes no feature."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import polars as pl

from features import nightly
from features.engine import SQL, Engine
from features.typology import reporting_threshold
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, REPORTS

DAY_S = nightly.DAY_S
_UNBOUNDED = 1 << 40
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


class TooBusy(Exception):
    """A trace would look at more accounts, or at an account with more edges, than it may."""


class Unread(Exception):
    """A trace needs the edges of accounts that have not been read yet."""

    def __init__(self, nodes: set[int]) -> None:
        super().__init__()
        self.nodes = nodes


@dataclass(frozen=True)
class Bounds:
    """What one of many traces may look at.

    Attributes:
        edges: of one account.
        accounts: in all.
    """

    edges: int
    accounts: int


class Edges:
    """The edges that some nights and those before them knew, read account by account, each once.

    Without bounds an account is read when it is asked for. With bounds, for many traces at once, asking for one that
    is not read raises `Unread`, so that what all of them need is read in one pass, and they try again.
    """

    def __init__(self, engine: Engine, from_s: int, last_night: date, bounds: Bounds | None) -> None:
        self._engine, self.bounds = engine, bounds
        self._most = bounds.edges if bounds else _UNBOUNDED
        self._given = {"from_s": from_s, "last_night": last_night, "most": self._most}
        self._of: dict[int, list[Move]] = {}

    def read(self, nodes: Iterable[int]) -> None:
        """Read the edges of those accounts that have not been read yet, in one pass."""
        wanted = sorted({node for node in nodes if node not in self._of})
        if not wanted:
            return
        self._engine.register("wanted", pl.DataFrame({"node_id": wanted}, schema={"node_id": pl.Int64}))
        rows = self._engine.plain(SQL / "traced.sql", self._given)
        self._of.update({node: [] for node in wanted})
        for row in rows.iter_rows(named=True):
            self._of[row.pop("node_id")].append(Move(**row))

    def need(self, nodes: Iterable[int]) -> None:
        """Have the edges of accounts ready.

        Raises:
            Unread: some are not, and are to be read together with others.
        """
        missing = {node for node in nodes if node not in self._of}
        if missing and self.bounds:
            raise Unread(missing)
        self.read(missing)

    def of(self, node: int) -> list[Move]:
        """The edges of an account, by time.

        Raises:
            TooBusy: it has more of them than are read.
            Unread: see `need`.
        """
        self.need([node])
        if len(self._of[node]) > self._most:
            raise TooBusy
        return self._of[node]


@contextmanager
def reading(
    lake: Lake, settings: Settings, nights: Nights, from_s: int, bounds: Bounds | None = None
) -> Iterator[Edges]:
    """The edges later than `from_s` that some of the nights, or those before them, knew.

    Args:
        lake: holds edges and reports.
        settings: threads, memory and scratch folder of the engine.
        nights: the nights for which traces are made.
        from_s: where the oldest window begins, in seconds since 1970.
        bounds: of many traces at once; see `Edges`.
    """
    first = datetime.fromtimestamp(from_s, UTC).date() - timedelta(days=nightly.EARLY_DAYS)
    since = max(min(first, nights.first), nights.first - timedelta(days=nightly.LOOKBACK_DAYS))
    told = min(since, nights.first - timedelta(days=nightly.REPORTED_DAYS))
    with Engine.open(settings) as engine:
        engine.register_table(lake, EDGES, Nights(since, nights.last))
        engine.register_table(lake, REPORTS, Nights(told, nights.last))
        engine.materialise("versions", SQL / "versions.sql")
        engine.view("known_edges", SQL / "known_edges.sql")
        yield Edges(engine, from_s, nights.last, bounds)


class Known:
    """The edges that a night, and the nights before it, knew."""

    def __init__(self, lake: Lake, settings: Settings, night: date, edges: Edges) -> None:
        self.lake, self.settings, self.night = lake, settings, night
        self.cutoff_s = nightly.cutoff_s(night)
        self.threshold = reporting_threshold(settings.country)
        self._edges = edges
        self._ends: dict[int, list[tuple[Move, str]]] = {}
        self._by_other: dict[tuple[int, int], tuple[dict[int, list[Move]], dict[int, list[Move]]]] = {}
        self._looked_at: set[int] = set()

    def on(self, night: date) -> "Known":
        """What another night knew, as far as edges are read so far back."""
        return Known(self.lake, self.settings, night, self._edges)

    @cached_property
    def hub_cap(self) -> int:
        """Most transactions in 30 days, or pairs in 14, of an account that pairs and shapes are searched at."""
        return nightly.HUB_CAP

    def begin(self) -> None:
        """Count anew the accounts that a trace looks at."""
        self._looked_at.clear()

    def look(self, nodes: Iterable[int]) -> None:
        """Look at accounts that will be asked for, together.

        Raises:
            TooBusy: the trace has looked at more than it may.
        """
        wanted = list(nodes)
        self._looked_at.update(wanted)
        bounds = self._edges.bounds
        if bounds and len(self._looked_at) > bounds.accounts:
            raise TooBusy
        self._edges.need(wanted)

    def edge(self, edge_id: int, end: int) -> Move | None:
        """One edge of an account, if any night up to this one knew it."""
        return next((move for move in self.ever(end) if move.edge_id == edge_id), None)

    def ever(self, node: int) -> list[Move]:
        """The edges of a node that some night up to this one knew, by time; for what earlier nights saw."""
        self.look([node])
        return [move for move in self._edges.of(node) if move.received_on <= self.night]

    def ends(self, node: int) -> list[tuple[Move, str]]:
        """The node's known edges by time, each with the side (in, out) on which it lies; a self transfer twice."""
        self.look([node])
        if node not in self._ends:
            known = [move for move in self.ever(node) if move.is_known(self.night)]
            sides = (("out", "src"), ("in", "dst"))
            self._ends[node] = [(move, side) for move in known for side, end in sides if getattr(move, end) == node]
        return self._ends[node]

    def by_other(self, node: int, span_s: int) -> tuple[dict[int, list[Move]], dict[int, list[Move]]]:
        """What the node paid and received in the time before the cut-off, by counterparty; no self transfers."""
        self.look([node])
        if (node, span_s) not in self._by_other:
            paid: dict[int, list[Move]] = defaultdict(list)
            received: dict[int, list[Move]] = defaultdict(list)
            for move, side in self.ends(node):
                if self.cutoff_s - span_s < move.occurred_s <= self.cutoff_s and not move.is_self:
                    (paid if side == "out" else received)[move.other(side)].append(move)
            self._by_other[node, span_s] = (dict(paid), dict(received))
        return self._by_other[node, span_s]

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
    among: int | None = None
    """Of a share of transactions: how many there are in all."""


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient; none where a part is missing or the denominator is 0."""
    return None if above is None or not below else above / below
