"""The money around many subjects at once: the pictures of `review.flow`, made by joins over a whole night's alerts."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from review.flow import HOPS, Flow, FlowColumn, FlowEdge, FlowHop

PAIRS_KEPT = 60
"""Pairs kept per hop, so that the console can expand what the terminal's `EDGES_SHOWN` folds."""
_PAIR = ["alert_id", "src", "dst"]


def flows(alerts: pl.DataFrame, edges: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """By alert, the stored form of its flow: two hops in, two out, 60 pairs each and what the others sum up to.

    Args:
        alerts: `alert_id`, `node_id`, and the window that is drawn: `drawn_from`, `drawn_to`.
        edges: the night's known edges: `src`, `dst`, `occurred_at`, `amount_local`.
    """
    subjects = alerts.select("alert_id", pl.col("node_id").alias("subject"), "drawn_from", "drawn_to")
    hops: dict[int, tuple[pl.DataFrame, pl.DataFrame]] = {}
    for side in (-1, 1):
        far, near = ("src", "dst") if side < 0 else ("dst", "src")
        direct = _pairs(
            _in_window(edges.join(subjects, left_on=near, right_on="subject", coalesce=False)).filter(
                pl.col(far) != pl.col("subject")
            )
        )
        hops[side] = direct
        turning = direct[0].select("alert_id", pl.col(far).alias(near), "first_at", "last_at")
        onward = _in_window(edges.join(turning, on=near).join(subjects, on="alert_id"))
        onward = onward.filter((pl.col(far) != pl.col("subject")) & (pl.col(far) != pl.col(near)))
        in_time = (
            pl.col("occurred_at") <= pl.col("last_at") if side < 0 else pl.col("occurred_at") >= pl.col("first_at")
        )
        hops[2 * side] = _pairs(onward.filter(in_time))
    return _stored(subjects, hops)


def _in_window(edges: pl.DataFrame) -> pl.DataFrame:
    return edges.filter(pl.col("occurred_at").is_between("drawn_from", "drawn_to"))


def _pairs(edges: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The largest pairs of each alert, and what the others of each sum up to."""
    pairs = (
        edges.group_by(_PAIR)
        .agg(
            pl.col("amount_local").sum(),
            pl.len().alias("count"),
            pl.col("occurred_at").min().alias("first_at"),
            pl.col("occurred_at").max().alias("last_at"),
        )
        .sort("alert_id", "amount_local", "src", "dst", descending=[False, True, False, False])
        .with_columns(pl.int_range(pl.len()).over("alert_id").alias("place"))
    )
    others = (
        pairs.filter(pl.col("place") >= PAIRS_KEPT)
        .group_by("alert_id")
        .agg(pl.len().alias("others"), pl.col("amount_local").sum().alias("amount"))
    )
    return pairs.filter(pl.col("place") < PAIRS_KEPT).drop("place"), others


def _stored(subjects: pl.DataFrame, hops: Mapping[int, tuple[pl.DataFrame, pl.DataFrame]]) -> dict[str, dict[str, Any]]:
    edges: dict[str, dict[int, list[list[Any]]]] = defaultdict(lambda: {hop: [] for hop in HOPS})
    others: dict[tuple[str, int], tuple[int, str]] = {}
    for hop, (shown, rest) in hops.items():
        for alert, src, dst, amount, count, first, last in shown.iter_rows():
            edges[alert][hop].append([src, dst, plain(amount), count, _iso(first), _iso(last)])
        for alert, number, amount in rest.iter_rows():
            others[alert, hop] = (number, plain(amount))
    made = {}
    for alert, first, last in subjects.select("alert_id", "drawn_from", "drawn_to").iter_rows():
        made[alert] = {
            "from": first.date().isoformat(),
            "to": last.date().isoformat(),
            "hops": [
                {
                    "hop": hop,
                    "edges": edges[alert][hop],
                    "others_count": others.get((alert, hop), (0, "0"))[0],
                    "others_amount": others.get((alert, hop), (0, "0"))[1],
                }
                for hop in HOPS
            ],
        }
    return made


def plain(amount: Decimal) -> str:
    """An amount as text without exponent and trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def node_ids(stored: Mapping[str, Any]) -> set[int]:
    """Every node that a stored flow names."""
    return {node for hop in stored.get("hops", []) for edge in hop["edges"] for node in edge[:2]}


def from_stored(stored: Mapping[str, Any], subject: int, names: Mapping[int, str]) -> Flow:
    """The flow of a stored form.

    Args:
        stored: what `flows` made.
        subject: the node in the middle.
        names: what to call each node.
    """
    hops = tuple(_hop(hop, names) for hop in stored["hops"])
    columns = [FlowColumn(hop.hop, _column(hop)) for hop in hops]
    columns.append(FlowColumn(0, ((subject, names.get(subject, "")),)))
    return Flow(tuple(sorted(columns, key=lambda column: column.hop)), hops)


def _hop(hop: Mapping[str, Any], names: Mapping[int, str]) -> FlowHop:
    edges = tuple(
        FlowEdge(
            src,
            names.get(src, ""),
            dst,
            names.get(dst, ""),
            Decimal(amount),
            count,
            datetime.fromisoformat(first),
            datetime.fromisoformat(last),
        )
        for src, dst, amount, count, first, last in hop["edges"]
    )
    return FlowHop(hop["hop"], edges, hop["others_count"], Decimal(hop["others_amount"]))


def _column(hop: FlowHop) -> tuple[tuple[int, str], ...]:
    far = [(edge.src, edge.src_name) if hop.hop < 0 else (edge.dst, edge.dst_name) for edge in hop.edges]
    return tuple(dict.fromkeys(far))
