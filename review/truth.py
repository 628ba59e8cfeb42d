"""How good a queue is where the truth is known: which schemes its first alerts find, and how many of them are right.

For made-up worlds and public benchmarks; the truth is a table of transactions that no step of the night reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.lake import Lake, Nights
from pipelines.tables import ALERTS, SCORES, TRANSACTIONS

RIGHT_SHARE = 1 / 3
"""An alert is right when at least this share of its evidence is laundering: reading it shows the deed."""


@dataclass(frozen=True)
class Line:
    """The first k alerts of each night: schemes found of all, and the share of the alerts that are right."""

    k: int
    found: int
    recall: float
    precision: float


@dataclass(frozen=True)
class TruthReport:
    """How good some nights' queues and risks were.

    Attributes:
        scheme_count: schemes with a laundering transaction among those that the nights learnt of.
        transaction_count: transactions of the nights that are scored.
        positive_count: those of them that are laundering.
        average_precision: of the transactions' risk; equal risks count as one step.
        lines: one for each k.
    """

    scheme_count: int
    transaction_count: int
    positive_count: int
    average_precision: float
    lines: tuple[Line, ...]


def first_seen(alerts: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """For each scheme the best rank of an alert that shows it; null where none does. Columns `scheme`, `rank`.

    A scheme is seen where at least one evidence transaction belongs to it. Alerts are read by rank, each night anew.

    Args:
        alerts: rows of ALERTS of one or more nights.
        truth: `transaction_id`, `scheme`; rows without a scheme are left out.
    """
    schemes = truth.drop_nulls("scheme").select("transaction_id", "scheme").unique()
    read = alerts.select("rank", pl.col("evidence").alias("transaction_id")).explode(
        "transaction_id", empty_as_null=True
    )
    seen = read.join(schemes, on="transaction_id").group_by("scheme").agg(pl.col("rank").min())
    return schemes.select("scheme").unique().join(seen, on="scheme", how="left").sort("scheme")


def recall_by_scheme(
    alerts: pl.DataFrame, truth: pl.DataFrame, ks: Sequence[int], transactions: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row per k: `k`, `schemes`, `found`, `recall` among the first k alerts of each night, leads and folded alike.

    Args:
        alerts: rows of ALERTS of one or more nights.
        truth: `scheme` and `transaction_id`, or `transaction_number` with `transactions` given.
        ks: how many alerts are read a night.
        transactions: `transaction_id`, `transaction_number`: what each number stands for.
    """
    seen = first_seen(alerts, _identified(truth, transactions))
    found = [seen.filter(pl.col("rank") <= k).height for k in ks]
    return pl.DataFrame(
        {
            "k": list(ks),
            "schemes": [len(seen)] * len(ks),
            "found": found,
            "recall": [number / max(len(seen), 1) for number in found],
        },
        schema={"k": pl.Int64, "schemes": pl.Int64, "found": pl.Int64, "recall": pl.Float64},
    )


def precision(
    alerts: pl.DataFrame, truth: pl.DataFrame, ks: Sequence[int], transactions: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row per k: `k`, `alerts`, `right`, `precision` of the first k alerts of each night.

    An alert is right when at least a third of its evidence is laundering, of whatever scheme or none. Every row of
    `truth` is a laundering transaction; arguments as in `recall_by_scheme`.
    """
    laundering = _identified(truth, transactions).select("transaction_id").unique()
    read = alerts.select(
        "rank", pl.col("evidence").list.eval(pl.element().is_in(laundering["transaction_id"].implode()))
    )
    judged = read.select("rank", (pl.col("evidence").list.mean() >= RIGHT_SHARE).alias("is_right"))
    counts = [judged.filter(pl.col("rank") <= k)["is_right"] for k in ks]
    return pl.DataFrame(
        {
            "k": list(ks),
            "alerts": [len(count) for count in counts],
            "right": [int(count.sum()) for count in counts],
            "precision": [int(count.sum()) / max(len(count), 1) for count in counts],
        },
        schema={"k": pl.Int64, "alerts": pl.Int64, "right": pl.Int64, "precision": pl.Float64},
    )


def _identified(truth: pl.DataFrame, transactions: pl.DataFrame | None) -> pl.DataFrame:
    """The truth by transaction_id; a number that repeats stands for each of its transactions."""
    if "transaction_id" in truth.columns:
        return truth
    if transactions is None:
        raise ValueError("truth by transaction_number needs the transactions that the numbers stand for")
    return truth.join(transactions.select("transaction_id", "transaction_number").unique(), on="transaction_number")


def average_precision(risk: pl.Series, is_positive: pl.Series) -> float:
    """The mean precision over the positives, highest risk first; 0 where there is none. Equal risks are one step."""
    positives = int(is_positive.sum())
    steps = (
        pl.DataFrame({"risk": risk, "positive": is_positive.cast(pl.Int64)})
        .group_by("risk")
        .agg(pl.len().cast(pl.Int64).alias("rows"), pl.col("positive").sum())
        .sort("risk", descending=True)
        .with_columns((pl.col("positive").cum_sum() / pl.col("rows").cum_sum()).alias("precision"))
    )
    return float((steps["precision"] * steps["positive"]).sum()) / positives if positives else 0.0


def against_truth(lake: Lake, nights: Nights, truth: pl.DataFrame, ks: Sequence[int]) -> TruthReport:
    """How good the queues of these nights are.

    Only schemes with a laundering transaction that became known on these nights count.

    Args:
        lake: where alerts, scores and transactions are.
        nights: the nights.
        truth: `transaction_number`, `is_laundering`, `scheme_id` (null where a transaction belongs to no scheme).
        ks: how many alerts are read a night.
    """
    transactions = lake.scan(TRANSACTIONS).select("transaction_id", "transaction_number", "received_on").collect()
    dirty = truth.filter("is_laundering").select("transaction_number", pl.col("scheme_id").alias("scheme"))
    laundering = _identified(dirty, transactions)
    moved = transactions.filter(pl.col("received_on").is_between(nights.first, nights.last))
    schemes = laundering.join(moved, on="transaction_id", how="semi").select("scheme").drop_nulls().unique()
    current = laundering.join(schemes, on="scheme", how="semi")
    alerts = lake.scan(ALERTS, nights).select("rank", "evidence").collect()
    scores = _scored(lake, nights, laundering)
    return TruthReport(
        scheme_count=len(schemes),
        transaction_count=len(scores),
        positive_count=int(scores["is_laundering"].sum()),
        average_precision=average_precision(scores["risk"], scores["is_laundering"]),
        lines=_lines(recall_by_scheme(alerts, current, ks), precision(alerts, laundering, ks)),
    )


def _scored(lake: Lake, nights: Nights, laundering: pl.DataFrame) -> pl.DataFrame:
    return (
        lake.scan(SCORES, nights)
        .filter(pl.col("level") == "transaction")
        .select("risk", pl.col("subject_id").is_in(laundering["transaction_id"].implode()).alias("is_laundering"))
        .collect()
    )


def _lines(recall: pl.DataFrame, right: pl.DataFrame) -> tuple[Line, ...]:
    rows = zip(recall.iter_rows(named=True), right.iter_rows(named=True), strict=True)
    return tuple(Line(r["k"], r["found"], r["recall"], p["precision"]) for r, p in rows)
