"""The order of a night before any outcome is known: typology strength, and how unlike others a transaction is.

An order, never a probability. Nothing here reads or writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from models.dataset import Matrix

MODEL_ID = "cold-start"
BACKGROUND_NIGHTS = 30
BACKGROUND_ROWS = 50_000
_LEAST_ROWS = 20
_MEMBER_SHARE = 0.3
"""What a hit counts for a transaction that names its subject but is not its evidence."""

_STRENGTH_SHARE, _ANOMALY_SHARE, _ANOMALY_POWER = 0.9, 0.2, 4
"""A hit outweighs any anomaly; among rows without one only the most unusual rise."""


@dataclass(frozen=True)
class Forest:
    """An isolation forest, or None where too few rows are known to tell what is usual."""

    forest: IsolationForest | None
    medians: NDArray[np.float32]

    def anomaly(self, matrix: Matrix) -> NDArray[np.float64]:
        """The share of the rows given that are not more unusual than each row, 0 to 1; 0.5 without a forest."""
        if self.forest is None or not len(matrix):
            return np.full(len(matrix), 0.5)
        return percentile(-self.forest.score_samples(_filled(matrix, self.medians)))


def sample_night(matrix: Matrix, night: date, seed: int) -> Matrix:
    """At most one night's share of the background, drawn with the seed and the night only."""
    most = BACKGROUND_ROWS // BACKGROUND_NIGHTS
    if len(matrix) <= most:
        return matrix
    drawn = np.random.default_rng([seed, night.toordinal()]).choice(len(matrix), most, replace=False)
    return np.asarray(matrix[np.sort(drawn)], dtype=np.float32)


def fit(background: Sequence[Matrix], seed: int) -> Forest:
    """A forest of the sampled nights up to the one that is scored, its own included."""
    rows = np.concatenate([*background]) if background else np.empty((0, 0), dtype=np.float32)
    if len(rows) < _LEAST_ROWS:
        return Forest(None, np.zeros(rows.shape[1], dtype=np.float32))
    empty = np.all(np.isnan(rows), axis=0)
    medians = np.zeros(rows.shape[1], dtype=np.float32)
    medians[~empty] = np.nanmedian(rows[:, ~empty], axis=0)
    forest = IsolationForest(n_estimators=100, max_samples=min(256, len(rows)), random_state=seed)
    return Forest(forest.fit(_filled(rows, medians)), medians)


def percentile(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the values that are not larger than each, 0 to 1."""
    return np.searchsorted(np.sort(values), values, side="right") / max(len(values), 1)


def strengths(transactions: pl.DataFrame, hits: pl.DataFrame) -> NDArray[np.float64]:
    """How strongly tonight's hits point at each transaction, 0 to 1, in the order of `transactions`.

    A hit counts in full for its evidence and `_MEMBER_SHARE` for other transactions of its subject. Hits of one family
    see the same thing, so the strongest of a family counts; families add up as 1 - prod(1 - strength).
    """
    evidence = (
        hits.select("family", "strength", pl.col("evidence").alias("transaction_id"))
        .explode("transaction_id", empty_as_null=False, keep_nulls=False)
        .select("transaction_id", "family", "strength")
    )
    subjects = hits.select("node_id", "family", pl.col("strength") * _MEMBER_SHARE)
    members = [
        transactions.select("transaction_id", node_id=side).join(subjects, on="node_id").drop("node_id")
        for side in ("src", "dst")
    ]
    found = (
        pl.concat([evidence, *(member.select(evidence.columns) for member in members)])
        .group_by("transaction_id", "family")
        .agg(pl.col("strength").max())
    )
    return _noisy_or(transactions.select("transaction_id"), found)


def subject_strengths(subjects: pl.DataFrame, hits: pl.DataFrame) -> NDArray[np.float64]:
    """How strongly tonight's hits point at each subject (`node_id`), 0 to 1, in the order of `subjects`."""
    found = hits.group_by("node_id", "family").agg(pl.col("strength").max())
    return _noisy_or(subjects.select("node_id"), found)


def risk(strength: NDArray[np.float64], anomaly: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two signals as one order, 0 to 1."""
    unusual = _ANOMALY_SHARE * anomaly**_ANOMALY_POWER
    return np.clip(1 - (1 - _STRENGTH_SHARE * strength) * (1 - unusual), 0.0, 1.0)


def _noisy_or(subjects: pl.DataFrame, found: pl.DataFrame) -> NDArray[np.float64]:
    key = subjects.columns[0]
    total = (
        found.sort(key, "family")
        .group_by(key, maintain_order=True)
        .agg((1 - (1 - pl.col("strength")).product()).alias("strength"))
    )
    joined = subjects.join(total, on=key, how="left", maintain_order="left")
    return joined["strength"].fill_null(0.0).to_numpy().astype(np.float64)


def _filled(matrix: Matrix, medians: NDArray[np.float32]) -> Matrix:
    return np.where(np.isnan(matrix), medians, matrix)
