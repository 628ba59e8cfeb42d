"""Where the number of a feature comes from: recomputed in plain Python over what the night knew, with its edges.

A second account of what features mean, independent of the passes and the SQL that write the tables; it reads the lake
and writes nothing. `tests/features/test_trace.py` holds both together.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from features import account_graph, nightly
from features.catalog import ACCOUNT_FEATURES, ACCOUNT_GRAPH, FEATURES, TRANSACTION_FEATURES, Feature, feature
from features.trace import accounts, past, shapes
from features.trace.known import DAY_S, WINDOWS_S, Bounds, Found, Known, Move, TooBusy, Unread, ratio, reading
from pipelines.home import Settings, UserError
from pipelines.lake import Lake, Nights

__all__ = [
    "Bounds",
    "Found",
    "Known",
    "Move",
    "Number",
    "Subject",
    "Trace",
    "behind",
    "of_edge",
    "of_node",
    "trace",
    "traceable",
]

RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""How far a recomputed value may lie from the stored one, which has single precision."""


@dataclass(frozen=True)
class Subject:
    """A row of a feature table: an edge, or an account, on the night that computed it."""

    table: str
    night: date
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Trace:
    """A feature's stored value and where it comes from."""

    feature: Feature
    stored: float | None
    found: Found | None
    """None where the feature is read from where it was computed, and not recomputed."""
    window_from: datetime | None
    """The window in which the rows lie, later than this (UTC)."""
    window_to: datetime
    source: str
    """What the value stands in, in words."""

    @property
    def agrees(self) -> bool:
        """Whether the recomputed value is the stored one; a value that can't be recomputed agrees."""
        if self.found is None:
            return True
        value = self.found.value
        if value is None or self.stored is None:
            return value is None and self.stored is None
        return math.isclose(value, self.stored, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def of_edge(lake: Lake, edge_id: int) -> Subject | None:
    """The row of an edge, from the night that learnt of it."""
    return _row(lake, TRANSACTION_FEATURES, pl.col("edge_id") == edge_id)


def of_transaction(lake: Lake, transaction_id: str) -> Subject | None:
    """The row of a transaction."""
    return _row(lake, TRANSACTION_FEATURES, pl.col("transaction_id") == transaction_id)


def of_node(lake: Lake, node_id: int, night: date) -> Subject | None:
    """The newest row of an account up to a night."""
    known = (pl.col("node_id") == node_id) & (pl.col("received_on") <= night)
    return _row(lake, ACCOUNT_FEATURES, known)


def _row(lake: Lake, table: Any, chosen: pl.Expr) -> Subject | None:
    rows = lake.scan(table).filter(chosen).collect().sort("received_on", descending=True)
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    return Subject(table.name, row["received_on"], row)


def traceable(name: str) -> bool:
    """Whether a feature can be recomputed from edges."""
    if name.startswith("graph_"):
        return _bare_graph(name)[1] in GRAPH_RULES
    return _rule(name) is not None


def trace(lake: Lake, settings: Settings, subject: Subject, names: Iterable[str]) -> list[Trace]:
    """Where the values of some features of a row come from, in the order given.

    Raises:
        UserError: the row has no such feature, or the lake no longer knows its edge.
    """
    wanted = [_known_feature(subject, name) for name in names]
    with reading(lake, settings, Nights.of(subject.night), _from_s(settings, subject)) as edges:
        known = Known(lake, settings, subject.night, edges)
        edge = None
        if subject.table == TRANSACTION_FEATURES.name:
            known.look([subject.row["src"], subject.row["dst"]])
            edge = known.edge(subject.row["edge_id"], subject.row["src"])
            if edge is None:
                raise UserError(
                    "The lake no longer holds the edges that this row was computed from. Run the night again: "
                    f"sluice night --date {subject.night}."
                )
        return [_trace(known, subject, edge, item) for item in wanted]


@dataclass(frozen=True)
class Number:
    """A feature's value of a transaction, as the night computed it that learnt of the transaction."""

    transaction_id: str
    src: int
    dst: int
    occurred_s: int
    night: date
    feature: str
    value: float | None


def behind(lake: Lake, settings: Settings, numbers: Sequence[Number], bounds: Bounds) -> list[Trace | None]:
    """Where many numbers come from, in the order given; what is read of the edges is read for all of them together.

    None where it can't be told: the feature is gone or not traceable, the lake no longer says what was computed, or
    more would have to be looked at than the bounds allow. What is told of a number does not depend on the others.
    """
    chosen = {number: _subject_of(number) for number in numbers if traceable(number.feature)}
    if not chosen:
        return [None] * len(numbers)
    nights = Nights(min(number.night for number in chosen), max(number.night for number in chosen))
    from_s = min(_from_s(settings, subject) for subject in chosen.values())
    found: dict[Number, Trace | None] = {}
    with reading(lake, settings, nights, from_s, bounds) as edges:
        known = {night: Known(lake, settings, night, edges) for night in {number.night for number in chosen}}
        missing = {end for number in chosen for end in (number.src, number.dst)}
        while missing:
            edges.read(missing)
            missing = set()
            for number in chosen.keys() - found.keys():
                try:
                    found[number] = _behind(known[number.night], number, chosen[number])
                except Unread as unread:
                    missing |= unread.nodes
    return [found.get(number) for number in numbers]


def _subject_of(number: Number) -> Subject:
    given = {"src": number.src, "dst": number.dst, "occurred_s": number.occurred_s, number.feature: number.value}
    return Subject(TRANSACTION_FEATURES.name, number.night, given)


def _behind(known: Known, number: Number, subject: Subject) -> Trace | None:
    known.begin()
    try:
        same = (move for move in known.ever(number.src) if move.transaction_id == number.transaction_id)
        edge = next((move for move in same if move.received_on == number.night), None)
        found = _trace(known, subject, edge, feature(number.feature)) if edge else None
    except TooBusy:
        return None
    return found if found and found.agrees else None


def _known_feature(subject: Subject, name: str) -> Feature:
    if name not in subject.row or name not in {item.name for item in FEATURES}:
        raise UserError(f"There is no feature {name} of {subject.table}. See: sluice features list.")
    return feature(name)


def _from_s(settings: Settings, subject: Subject) -> int:
    """Where the oldest window of a row's features begins, in seconds since 1970."""
    graph_s = nightly.cutoff_s(account_graph.anchor_of(subject.night, settings.graph_days))
    return min(graph_s, int(subject.row.get("occurred_s", graph_s))) - WINDOWS_S["30d"]


def _trace(known: Known, subject: Subject, edge: Move | None, item: Feature) -> Trace:
    stored = subject.row[item.name]
    if item.horizon == "graph":
        return _graph_trace(known, subject, item)
    rule = _rule(item.name)
    found = None
    if rule is not None:
        found = rule(known, edge, subject.row.get("node_id"))
    last_s = edge.occurred_s if edge and item.horizon in ("pit", "raw") else known.cutoff_s
    _, window = accounts.split_window(item.name)
    span_s = WINDOWS_S[window] if window else _unnamed_window_s(item.name)
    return Trace(
        item,
        None if stored is None else float(stored),
        found,
        None if item.horizon == "raw" else _when(last_s - span_s),
        _when(last_s),
        _SOURCES[item.horizon].format(night=known.night),
    )


_SOURCES = {
    "raw": "the transaction alone",
    "pit": "what had occurred before the transaction, as known on {night}",
    "asof": "what was known at the cut-off of {night}",
}


def _unnamed_window_s(name: str) -> int:
    """The window of a feature that does not bear it in its name: shapes are searched in fewer days than the rest."""
    is_shape = name.startswith("asof_") and shapes.rule(name.removeprefix("asof_")) is not None
    return nightly.SHAPE_DAYS * DAY_S if is_shape else WINDOWS_S["30d"]


def _when(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


Rule = Callable[[Known, Move | None, int | None], Found]


def _rule(name: str) -> Rule | None:
    """How to recompute a feature from its name; none where it is not known how."""
    horizon, _, rest = name.partition("_")
    if horizon in ("raw", "pit"):
        of_edge = past.raw_rule(rest) if horizon == "raw" else past.rule(rest)
        return _for_edge(of_edge) if of_edge else None
    if horizon != "asof":
        return None
    around = shapes.rule(rest) or AGAINST.get(rest)
    if around:
        return _for_edge(around)
    end, _, of_end = rest.partition("_")
    if end in ("src", "dst"):
        of_account = accounts.rule(of_end)
        return _for_edge(_at(end, of_account)) if of_account else None
    account = accounts.rule(rest)
    return _for_either(account) if account else None


def _at(end: str, rule: Callable[[Known, int], Found]) -> Callable[[Known, Move], Found]:
    return lambda known, edge: rule(known, getattr(edge, end))


def _for_edge(rule: Callable[[Known, Move], Found]) -> Rule:
    def found(known: Known, edge: Move | None, node: int | None) -> Found:
        if edge is None:
            raise ValueError("the feature is one of edges")
        return rule(known, edge)

    return found


def _for_either(rule: Callable[[Known, int], Found]) -> Rule:
    """A value of an account; of an edge, the greater of its ends'."""

    def found(known: Known, edge: Move | None, node: int | None) -> Found:
        ends = [node] if node is not None else [edge.src, edge.dst] if edge else []
        return max((rule(known, end) for end in ends), key=lambda item: item.value or 0)

    return found


def _against_mean(end: str, side: str) -> Callable[[Known, Move], Found]:
    def found(known: Known, edge: Move) -> Found:
        moves = accounts.of_side_in(known, getattr(edge, end), side, "30d")
        return Found(ratio(edge.cents * len(moves), accounts.total(moves)), tuple(moves))

    return found


def _against_spread(end: str, side: str) -> Callable[[Known, Move], Found]:
    def found(known: Known, edge: Move) -> Found:
        mean, spread = (accounts.rule(f"{side}_{what}_30d") for what in ("mean", "std"))
        node = getattr(edge, end)
        if mean is None or spread is None:
            raise ValueError("the catalogue of rules lacks a mean")
        usual, away = mean(known, node), spread(known, node)
        less = None if usual.value is None else edge.cents / 100 - usual.value
        return Found(ratio(less, away.value), usual.rows)

    return found


def _fan_product(window: str) -> Callable[[Known, Move], Found]:
    def found(known: Known, edge: Move) -> Found:
        out = accounts.of_side_in(known, edge.src, "out", window)
        into = accounts.of_side_in(known, edge.dst, "in", window)
        receivers, payers = {move.dst for move in out}, {move.src for move in into}
        note = f"{len(receivers)} receivers x {len(payers)} payers"
        return Found(len(receivers) * len(payers), (*out, *into), note)

    return found


AGAINST: dict[str, Callable[[Known, Move], Found]] = {
    **{f"amount_to_{end}_{side}_mean_30d": _against_mean(end, side) for end, side in (("src", "out"), ("dst", "in"))},
    **{f"amount_z_{end}_{side}_30d": _against_spread(end, side) for end, side in (("src", "out"), ("dst", "in"))},
    **{f"fan_product_{window}": _fan_product(window) for window in ("7d", "30d")},
}
"""The transaction against what its ends do."""


# ------------------------------------------------------------------------------------------------------------- graph


def _bare_graph(name: str) -> tuple[str, str]:
    """The end that a graph feature is of (src, dst, or none), and its name without it."""
    rest = name.removeprefix("graph_")
    end, _, of_end = rest.partition("_")
    return (end, of_end) if end in ("src", "dst") else ("", rest)


def _graph_trace(known: Known, subject: Subject, item: Feature) -> Trace:
    end, bare = _bare_graph(item.name)
    node = subject.row[end] if end else subject.row["node_id"]
    day = account_graph.anchor_of(subject.night, known.settings.graph_days)
    rows = known.lake.scan(ACCOUNT_GRAPH, Nights.of(day)).filter(pl.col("node_id") == node).collect()
    source = f"the account graph of {day}, over the 30 days before the end of that day"
    stored = subject.row[item.name]
    found = None
    if rows.is_empty():
        source += "; the account is not in it"
        found = Found(None)
    elif bare in GRAPH_RULES:
        found = GRAPH_RULES[bare](known, day, node, rows.row(0, named=True))
    last_s = nightly.cutoff_s(day)
    return Trace(
        item, None if stored is None else float(stored), found, _when(last_s - WINDOWS_S["30d"]), _when(last_s), source
    )


def _graph_fan(side: str) -> Callable[[Known, date, int, Mapping[str, Any]], Found]:
    def found(known: Known, day: date, node: int, row: Mapping[str, Any]) -> Found:
        then = known.on(day)
        moves = [move for move in accounts.of_side_in(then, node, side, "30d") if not move.is_self]
        others = sorted({move.other(side) for move in moves})
        return Found(len(others), tuple(moves), f"{len(others)} counterparties", tuple(others))

    return found


def _community(known: Known, day: date, node: int, row: Mapping[str, Any]) -> Found:
    same = known.lake.scan(ACCOUNT_GRAPH, Nights.of(day)).filter(pl.col("community_id") == row["community_id"])
    members = same.select("node_id").collect()["node_id"].sort().to_list()
    return Found(len(members), (), f"community {row['community_id']}: {len(members)} accounts", tuple(members))


GRAPH_RULES: dict[str, Callable[[Known, date, int, Mapping[str, Any]], Found]] = {
    "in_fan": _graph_fan("in"),
    "out_fan": _graph_fan("out"),
    "community_size": _community,
}
"""Of the graph's values, those that a trace counts again; the others are read from the day's graph."""
