"""The money around a subject by hop: two hops in, two hops out, as far as the FIU knew on a night."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl

from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, NODES, REPORTS

EDGES_SHOWN = 15
"""Pairs shown per hop; the rest is folded into a count and a sum."""
HOPS = (-2, -1, 1, 2)
SHOWN_NIGHTS = 7
"""Nights that every picture shows at least, as many as the model judges an account by."""


@dataclass(frozen=True)
class FlowEdge:
    """What moved from one node to another in the alert's window."""

    src: int
    src_name: str
    dst: int
    dst_name: str
    amount_local: Decimal
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class FlowHop:
    """The largest pairs of one hop, and what the others sum up to; hop -1 pays the subject, hop 1 is paid by it."""

    hop: int
    edges: tuple[FlowEdge, ...]
    others_count: int
    others_amount: Decimal


@dataclass(frozen=True)
class FlowColumn:
    """The nodes that stand in one column of the picture, largest first; column 0 is the subject."""

    hop: int
    nodes: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Flow:
    """The picture: columns -2 to 2 and the hops between them."""

    columns: tuple[FlowColumn, ...]
    hops: tuple[FlowHop, ...]


def window_of(first: datetime, last: datetime, night: date) -> tuple[datetime, datetime]:
    """What the pictures of an alert show: whole days (UTC), from its evidence to the end of the night that judged it.

    Money that left after the last evidence, or came before the first, is part of the picture; seven nights at least.

    Args:
        first: the alert's first evidence.
        last: its last.
        night: the night whose alert it is.
    """
    since = min(first.astimezone(UTC).date(), night - timedelta(days=SHOWN_NIGHTS - 1))
    until = max(last.astimezone(UTC).date(), night)
    return datetime.combine(since, time(), UTC), datetime.combine(until, time.max, UTC)


def known_edges(lake: Lake, window: tuple[datetime, datetime], night: date) -> pl.DataFrame:
    """The edges that occurred in the window and were known on the night, superseded report versions left out."""
    # An edge is received no earlier than a day before it occurs.
    since = min(window[0].date() - timedelta(days=1), night)
    edges = (
        lake.scan(EDGES, Nights(since, night))
        .filter(pl.col("occurred_at").is_between(window[0], window[1]))
        .select("transaction_id", "report_key", "src", "dst", "occurred_at", "occurred_s", "amount_local")
        .collect()
    )
    gone = _superseded(lake, edges["report_key"].unique(), night)
    return edges.join(gone, on="report_key", how="anti")


def _superseded(lake: Lake, report_keys: pl.Series, night: date) -> pl.DataFrame:
    """Those of the report versions that no longer spoke for their report on the night; the rule of known_edges.sql."""
    reference = ["jurisdiction", "reporting_entity_id", "report_reference"]
    versions = lake.scan(REPORTS, Nights(date(1, 1, 1), night))
    named = versions.filter(pl.col("report_key").is_in(report_keys.to_list())).select(reference).unique()
    order = ["received_on", "reported_at", "submission_id", "report_ordinal", "report_key"]
    rows = versions.join(named, on=reference, how="semi").collect().sort(*order, nulls_last=False)
    replaces = pl.col("relation").is_in(["supplement", "duplicate"]).not_()
    later = replaces.cast(pl.Int64).cum_sum(reverse=True).over(reference) - replaces.cast(pl.Int64)
    is_repeat = (pl.col("relation") == "duplicate") & (pl.int_range(pl.len()).over(reference) > 0)
    return rows.filter((later > 0) | (pl.col("relation") == "delete") | is_repeat).select("report_key")


def around(subject: int, edges: pl.DataFrame, lake: Lake, nights: Nights) -> Flow:
    """The flow around a subject.

    A second hop is only followed from nodes that the first hop shows, and only where time allows that it is the same
    money: into a payer before its last payment to the subject, out of a receiver after the first one from it.

    Args:
        subject: the node in the middle.
        edges: see `known_edges`.
        lake: where names are.
        nights: the nights whose names count; the latest wins.
    """
    hops = {}
    for side in (-1, 1):
        direct = _pairs(edges.filter(pl.col(_near(side)) == subject, pl.col(_far(side)) != subject))
        shown = direct.head(EDGES_SHOWN)
        onward = _pairs(_onward(edges, shown, subject, side))
        hops[side] = (shown, direct[EDGES_SHOWN:])
        hops[2 * side] = (onward.head(EDGES_SHOWN), onward[EDGES_SHOWN:])
    nodes = pl.concat([hops[hop][0][end] for hop in HOPS for end in ("src", "dst")])
    names = names_of(lake, [subject, *nodes.to_list()], nights)
    made = tuple(_hop(hop, *hops[hop], names) for hop in HOPS)
    columns = [FlowColumn(hop.hop, _column(hop)) for hop in made]
    columns.append(FlowColumn(0, ((subject, names[subject]),)))
    return Flow(tuple(sorted(columns, key=lambda column: column.hop)), made)


def _near(side: int) -> str:
    """The end of an edge that lies nearer to the subject."""
    return "dst" if side < 0 else "src"


def _far(side: int) -> str:
    return "src" if side < 0 else "dst"


def _pairs(edges: pl.DataFrame) -> pl.DataFrame:
    """One row per pair of nodes, the largest amount first."""
    return (
        edges.group_by("src", "dst")
        .agg(
            pl.col("amount_local").sum(),
            pl.len().alias("count"),
            pl.col("occurred_at").min().alias("first_at"),
            pl.col("occurred_at").max().alias("last_at"),
        )
        .sort("amount_local", "src", "dst", descending=[True, False, False])
    )


def _onward(edges: pl.DataFrame, shown: pl.DataFrame, subject: int, side: int) -> pl.DataFrame:
    """Edges of the second hop on one side."""
    far, near = _far(side), _near(side)
    turning = shown.select(pl.col(far).alias(near), "first_at", "last_at")
    reached = edges.join(turning, on=near).filter((pl.col(far) != subject) & (pl.col(far) != pl.col(near)))
    in_time = pl.col("occurred_at") <= pl.col("last_at") if side < 0 else pl.col("occurred_at") >= pl.col("first_at")
    return reached.filter(in_time).drop("first_at", "last_at")


def _hop(hop: int, shown: pl.DataFrame, others: pl.DataFrame, names: dict[int, str]) -> FlowHop:
    edges = tuple(
        FlowEdge(
            row["src"],
            names[row["src"]],
            row["dst"],
            names[row["dst"]],
            row["amount_local"],
            row["count"],
            row["first_at"],
            row["last_at"],
        )
        for row in shown.iter_rows(named=True)
    )
    return FlowHop(hop, edges, len(others), sum(others["amount_local"], Decimal(0)))


def _column(hop: FlowHop) -> tuple[tuple[int, str], ...]:
    """The far nodes of a hop, each once, in the order of their largest pair."""
    far = [(edge.src, edge.src_name) if hop.hop < 0 else (edge.dst, edge.dst_name) for edge in hop.edges]
    return tuple(dict.fromkeys(far))


def names_of(lake: Lake, node_ids: list[int], nights: Nights) -> dict[int, str]:
    """What to call each node: its last name, or its key, or its number where no night of the range names it."""
    wanted = pl.DataFrame({"node_id": sorted(set(node_ids))}, schema={"node_id": pl.Int64})
    named = (
        lake.scan(NODES, nights)
        .join(wanted.lazy(), on="node_id", how="semi")
        .select("node_id", "received_on", "name", "node_key")
        .collect()
        .sort("received_on", "node_key")
        .group_by("node_id")
        .agg(pl.col(column).drop_nulls().last() for column in ("name", "node_key"))
    )
    shown = wanted.join(named, on="node_id", how="left", maintain_order="left").select(
        "node_id", pl.coalesce("name", "node_key", pl.format("node {}", "node_id"))
    )
    return dict(shown.iter_rows())
