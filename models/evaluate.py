"""How good an order or a probability is: pure functions on arrays. Nothing here reads, trains or scores.

Every function takes rows in one fixed order; rows of equal score keep that order where a cut at k has to choose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Interval:
    """A bootstrap interval of a figure: its 5th and 95th percentile."""

    low: float
    high: float


@dataclass(frozen=True)
class AttemptRecall:
    """The share of laundering attempts that the first `budget` rows find."""

    budget: int
    any_row: float
    half_of_rows: float


def ranking(score: Floats) -> NDArray[np.int64]:
    """Row positions, highest score first; rows of equal score in their given order."""
    return np.argsort(-np.asarray(score, dtype=np.float64), kind="stable").astype(np.int64)


def average_precision(positive: Bools, score: Floats, weight: Floats | None = None) -> float:
    """Average precision: precision summed over the steps of recall; rows of equal score make one step.

    Without a positive row there is nothing to find: the result is 0.
    """
    counts = np.ones(len(positive)) if weight is None else np.asarray(weight, dtype=np.float64)
    order = ranking(score)
    ends = _tie_ends(np.asarray(score, dtype=np.float64)[order])
    return _average_precision(np.asarray(positive, dtype=np.float64)[order], counts[order], ends)


def precision_at(positive: Bools, score: Floats, k: int) -> float:
    """The share of positives among the first k rows (all rows, where there are fewer)."""
    first = ranking(score)[:k]
    return float(np.mean(positive[first])) if len(first) else 0.0


def recall_at(positive: Bools, score: Floats, k: int) -> float:
    """The share of all positives that the first k rows hold; 0 without positives."""
    total = int(np.sum(positive))
    return float(np.sum(positive[ranking(score)[:k]])) / total if total else 0.0


def f1_at(positive: Bools, score: Floats, threshold: float) -> float:
    """F1 of the positive class where every row with `score >= threshold` is called positive."""
    called = score >= threshold
    found = float(np.sum(positive & called))
    wrong_or_found = float(np.sum(positive) + np.sum(called))
    return 2 * found / wrong_or_found if wrong_or_found else 0.0


def best_threshold(positive: Bools, score: Floats) -> float:
    """The score at which F1 is highest; the highest such score. Choose it on other rows than those it is judged on."""
    order = ranking(score)
    ordered = np.asarray(score, dtype=np.float64)[order]
    ends = _tie_ends(ordered)
    if not len(ends):
        return 0.5
    found = np.cumsum(np.asarray(positive, dtype=np.float64)[order])[ends]
    f1 = 2 * found / (found[-1] + ends + 1)
    return float(ordered[ends[int(np.argmax(f1))]])


def calibration_error(positive: Bools, probability: Floats, bins: int = 10) -> float:
    """Expected calibration error: mean |predicted - observed| over `bins` groups of equal size, by probability.

    Groups of equal size, because at a few per mille of positives groups of equal width would hold one full group.
    """
    if not len(positive):
        return 0.0
    groups = np.array_split(ranking(probability), min(bins, len(positive)))
    gaps = [len(rows) * abs(float(np.mean(probability[rows])) - float(np.mean(positive[rows]))) for rows in groups]
    return float(sum(gaps) / len(positive))


def brier(positive: Bools, probability: Floats) -> float:
    """Mean squared distance of the probability from what came true."""
    return float(np.mean((np.asarray(probability, dtype=np.float64) - positive) ** 2)) if len(positive) else 0.0


def attempt_recall(attempt: pl.Series, score: Floats, budgets: Sequence[int]) -> list[AttemptRecall]:
    """For each budget, the share of attempts with a row, and with at least half of their rows, among the first rows.

    Args:
        attempt: the attempt of each row, or null; rows without one only take up places.
        score: the score of each row.
        budgets: how many rows are looked at.
    """
    place = np.empty(len(score), dtype=np.int64)
    place[ranking(score)] = np.arange(len(score))
    rows = pl.DataFrame({"attempt": attempt, "place": place}).filter(pl.col("attempt").is_not_null())
    if rows.is_empty():
        return [AttemptRecall(budget, 0.0, 0.0) for budget in budgets]
    shares = (
        rows.group_by("attempt")
        .agg((pl.col("place") < budget).mean().alias(f"share_{budget}") for budget in dict.fromkeys(budgets))
        .sort("attempt")
    )
    return [
        AttemptRecall(
            budget,
            int((shares[f"share_{budget}"] > 0).sum()) / shares.height,
            int((shares[f"share_{budget}"] >= 0.5).sum()) / shares.height,
        )
        for budget in budgets
    ]


def average_precision_interval(
    positive: Bools, score: Floats, attempt: pl.Series, seed: int, repeats: int = 200
) -> Interval:
    """The 90 % interval of average precision when attempts, not rows, are drawn with replacement.

    Rows of one attempt stand or fall together, so rows drawn one by one would feign certainty. A positive row without
    an attempt is an attempt of its own. Negative rows stay as they are.
    """
    cluster = _clusters(positive, attempt)
    clusters = int(cluster.max()) + 1 if len(cluster) else 0
    if clusters <= 0:
        return Interval(0.0, 0.0)
    order = ranking(score)
    ends = _tie_ends(np.asarray(score, dtype=np.float64)[order])
    truth, member = np.asarray(positive, dtype=np.float64)[order], cluster[order]
    random = np.random.default_rng(seed)
    figures = []
    for _ in range(repeats):
        drawn = np.bincount(random.integers(0, clusters, clusters), minlength=clusters).astype(np.float64)
        figures.append(_average_precision(truth, np.where(member >= 0, drawn[member], 1.0), ends))
    low, high = np.quantile(figures, [0.05, 0.95])
    return Interval(float(low), float(high))


def _clusters(positive: Bools, attempt: pl.Series) -> NDArray[np.int64]:
    """The number of each positive row's attempt from 0; -1 for a negative row."""
    names = pl.DataFrame({"attempt": attempt, "positive": positive}).with_row_index("row")
    found = names.filter(pl.col("positive")).select(
        "row", pl.coalesce(pl.lit("a:") + pl.col("attempt"), pl.format("r:{}", "row")).rank("dense").alias("cluster")
    )
    cluster = np.full(len(positive), -1, dtype=np.int64)
    cluster[found["row"].to_numpy()] = found["cluster"].to_numpy().astype(np.int64) - 1
    return cluster


def _tie_ends(ordered: NDArray[np.float64]) -> NDArray[np.int64]:
    """The last position of every run of equal scores."""
    if not len(ordered):
        return np.empty(0, dtype=np.int64)
    return np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1).astype(np.int64)


def _average_precision(truth: Floats, counts: Floats, ends: NDArray[np.int64]) -> float:
    """Average precision of rows in order, each counted `counts` times, with one step per run of equal scores."""
    if not len(ends):
        return 0.0
    found = np.cumsum(truth * counts)[ends]
    seen = np.cumsum(counts)[ends]
    if found[-1] <= 0:
        return 0.0
    precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
    return float(np.sum(np.diff(found, prepend=0.0) * precision) / found[-1])
