"""The scores of nights: of every transaction that a night learnt of, and of every account that these name.

A night's scores follow from its features, its hits, the model in force that night and nothing else: neither from when
they are computed nor from which other nights are computed with them. Nothing here writes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalog import TRANSACTION_FEATURES, model_features
from models import accounts, cold_start, dataset, store
from models.dataset import Matrix
from models.model import Model
from pipelines.home import Home
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.tables import HITS, SCORES

_EXPLAINED_PER_ALERT = 5
_MOST_EXPLAINED = 1000
_REASONS = 5
_KEYS = ("edge_id", "transaction_id", "received_on", "src", "dst")
_SCORED = ("risk", "anomaly", "subject_id", "level", "explanation")


@dataclass
class _Past:
    """What earlier nights contribute, kept while a range is scored: functions of night, model and seed alone."""

    lake: Lake
    seed: int
    nights: list[date]
    backgrounds: dict[date, Matrix] = field(default_factory=dict)
    risks: dict[tuple[date, str], pl.DataFrame] = field(default_factory=dict)

    def rows(self, night: date) -> pl.DataFrame:
        """The features of the transactions that a night learnt of, ordered by edge."""
        return self.lake.scan(TRANSACTION_FEATURES, Nights.of(night)).collect().sort("edge_id")

    def background(self, night: date, tonight: Matrix) -> list[Matrix]:
        """The sampled rows of the nights that say what is usual, `night` included."""
        first = night - timedelta(days=cold_start.BACKGROUND_NIGHTS - 1)
        for past in [day for day in self.backgrounds if day < first]:
            del self.backgrounds[past]
        self.backgrounds[night] = cold_start.sample_night(tonight, night, self.seed)
        for day in self._known(first, night):
            if day not in self.backgrounds:
                matrix = dataset.matrix(self.rows(day), model_features())
                self.backgrounds[day] = cold_start.sample_night(matrix, day, self.seed)
        return [self.backgrounds[day] for day in sorted(self.backgrounds) if first <= day <= night]

    def window(self, night: date, model: Model, tonight: pl.DataFrame) -> pl.DataFrame:
        """The risk, by the model in force tonight, of every transaction of the accounts' window."""
        first = night - timedelta(days=accounts.WINDOW_NIGHTS - 1)
        for key in [key for key in self.risks if key[0] < first]:
            del self.risks[key]
        model_id = model.card.model_id
        self.risks[night, model_id] = tonight.select(*_KEYS, "risk")
        for day in self._known(first, night):
            if (day, model_id) not in self.risks:
                rows = self.rows(day)
                risk = model.risk(dataset.matrix(rows, model.card.features))
                self.risks[day, model_id] = rows.select(_KEYS).with_columns(pl.Series("risk", risk, pl.Float64))
        return pl.concat(
            [self.risks[key] for key in sorted(self.risks) if key[1] == model_id and first <= key[0] <= night]
        )

    def _known(self, first: date, last: date) -> list[date]:
        return [night for night in self.nights if first <= night <= last]


def build(
    lake: Lake, home: Home, nights: Nights, digests: Mapping[date, str], progress: Progress = silent
) -> pl.DataFrame:
    """The rows of SCORES of a range of nights.

    Transactions are scored by the model in force that night, or by the cold start. Accounts are scored from the five
    riskiest of their transactions of the last seven nights, and calibrated as such; on a cold start from tonight's
    transactions and the hits on the account itself. The riskiest transactions of a night, five for every alert that
    the analysts can read and 1000 at most, carry an explanation where a model scored them.

    Args:
        lake: holds the features and hits of the nights and of the 30 nights before.
        home: holds the models; its settings give seed and capacity.
        nights: the nights to score.
        digests: for every night, the hash of all that its scores are computed from.
        progress: told after each night.
    """
    past = _Past(lake, home.settings.seed, lake.nights(TRANSACTION_FEATURES))
    wanted = [night for night in past.nights if nights.first <= night <= nights.last]
    frames = [SCORES.empty()]
    for done, night in enumerate(wanted):
        progress("scoring", done, len(wanted))
        frames.append(_night(past, home, night, digests[night]))
    progress("scoring", len(wanted), len(wanted))
    return pl.concat(frames).sort(SCORES.key)


def _night(past: _Past, home: Home, night: date, digest: str) -> pl.DataFrame:
    rows = past.rows(night)
    model = store.in_force(home, night)
    every = dataset.matrix(rows, model_features())
    forest = cold_start.fit(past.background(night, every), past.seed)
    scored = rows.select(_KEYS).with_columns(pl.Series("anomaly", forest.anomaly(every), pl.Float64))
    explanation: Sequence[str | None] = [None] * rows.height
    earlier = SCORES.empty().select(_SCORED)
    if model is None:
        hits = past.lake.scan(HITS, Nights.of(night)).collect().sort("hit_id")
        scored = _cold_transactions(scored, hits)
        by_account = _cold_accounts(scored, hits)
    else:
        matrix = dataset.matrix(rows, model.card.features)
        scored = scored.with_columns(pl.Series("risk", model.risk(matrix), pl.Float64))
        window = past.window(night, model, scored)
        by_account = _model_accounts(window, model, night)
        explanation = _explanations(model, matrix, scored, home.settings.capacity)
        earlier = _earlier(past.lake, _drivers(window, by_account, night, home.settings.capacity), model, forest)
    common = {
        "received_on": pl.lit(night, pl.Date),
        "is_calibrated": pl.lit(model is not None),
        "model_id": pl.lit(cold_start.MODEL_ID if model is None else model.card.model_id),
        "inputs_digest": pl.lit(digest),
    }
    transactions = scored.select(
        "risk",
        "anomaly",
        pl.col("transaction_id").alias("subject_id"),
        pl.lit("transaction").alias("level"),
        pl.Series("explanation", explanation, pl.String),
    )
    subjects = by_account.join(_account_anomaly(scored), on="node_id", how="left").select(
        "risk",
        "anomaly",
        pl.col("node_id").cast(pl.String).alias("subject_id"),
        pl.lit("account").alias("level"),
        pl.lit(None, pl.String).alias("explanation"),
    )
    return SCORES.conform(pl.concat([transactions, subjects, earlier]).with_columns(**common))


def _cold_transactions(scored: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    risk = cold_start.risk(cold_start.strengths(scored, hits), scored["anomaly"].to_numpy())
    return scored.with_columns(pl.Series("risk", risk, pl.Float64))


def _cold_accounts(scored: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """The strongest of an account's transactions of tonight together with the hits on the account itself.

    Tonight's hits reach back over their own windows, so earlier nights need not be read.
    """
    riskiest = accounts.sides(scored).group_by("node_id").agg(pl.col("risk").max(), pl.col("anomaly").max())
    subjects = riskiest.sort("node_id")
    own = cold_start.risk(cold_start.subject_strengths(subjects, hits), subjects["anomaly"].to_numpy())
    highest = np.maximum(own, subjects["risk"].to_numpy())
    return subjects.select("node_id").with_columns(pl.Series("risk", highest, pl.Float64))


def _model_accounts(window: pl.DataFrame, model: Model, night: date) -> pl.DataFrame:
    combined = accounts.combined(window, [night])
    risk = model.account_risk(combined["combined"].to_numpy())
    return combined.select("node_id").with_columns(pl.Series("risk", risk, pl.Float64))


def _drivers(window: pl.DataFrame, by_account: pl.DataFrame, night: date, capacity: int) -> pl.DataFrame:
    """The earlier transactions that the night's riskiest accounts rest on: `edge_id`, `received_on`."""
    most = min(capacity * _EXPLAINED_PER_ALERT, _MOST_EXPLAINED)
    riskiest = by_account.sort("risk", "node_id", descending=[True, False]).head(most)
    return (
        accounts.sides(window)
        .join(riskiest.select("node_id"), on="node_id", how="semi")
        .sort("node_id", "risk", "edge_id", descending=[False, True, False])
        .group_by("node_id", maintain_order=True)
        .head(accounts.TOP)
        .filter(pl.col("received_on") < night)
        .select("edge_id", "received_on")
        .unique()
    )


def _earlier(lake: Lake, drivers: pl.DataFrame, model: Model, forest: cold_start.Forest) -> pl.DataFrame:
    """The rows of SCORES of these earlier transactions, by tonight's model, each with its explanation."""
    if drivers.is_empty():
        return SCORES.empty().select(_SCORED)
    nights = Nights(drivers["received_on"].min(), drivers["received_on"].max())  # type: ignore[arg-type]
    wanted = drivers.select("edge_id").lazy()
    rows = lake.scan(TRANSACTION_FEATURES, nights).join(wanted, on="edge_id", how="semi").collect().sort("edge_id")
    matrix = dataset.matrix(rows, model.card.features)
    reasons = zip(matrix, model.contributions(matrix), strict=True)
    return rows.select(
        pl.Series("risk", model.risk(matrix), pl.Float64),
        pl.Series("anomaly", forest.anomaly(dataset.matrix(rows, model_features())), pl.Float64),
        pl.col("transaction_id").alias("subject_id"),
        pl.lit("window").alias("level"),
        pl.Series("explanation", [json.dumps(_reasons(model, *pair), allow_nan=False) for pair in reasons], pl.String),
    )


def _account_anomaly(scored: pl.DataFrame) -> pl.DataFrame:
    """The percentile, among the night's accounts, of an account's most unusual transaction of tonight."""
    highest = accounts.sides(scored).group_by("node_id").agg(pl.col("anomaly").max()).sort("node_id")
    return highest.with_columns(pl.Series("anomaly", cold_start.percentile(highest["anomaly"].to_numpy()), pl.Float64))


def _explanations(model: Model, matrix: Matrix, scored: pl.DataFrame, capacity: int) -> list[str | None]:
    """The reasons of the night's riskiest rows as JSON text, in the order of the rows."""
    most = min(capacity * _EXPLAINED_PER_ALERT, _MOST_EXPLAINED)
    order = scored.with_row_index("row").sort("risk", "transaction_id", descending=[True, False]).head(most)
    chosen = order["row"].to_numpy()
    texts: list[str | None] = [None] * scored.height
    for row, contribution in zip(chosen, model.contributions(matrix[chosen]), strict=True):
        texts[row] = json.dumps(_reasons(model, matrix[row], contribution), allow_nan=False)
    return texts


def _reasons(model: Model, values: NDArray[np.float32], contribution: NDArray[np.float64]) -> list[dict[str, Any]]:
    """The features that moved the score most, up or down, strongest first."""
    strongest = np.lexsort((np.arange(len(contribution)), -np.abs(contribution)))[:_REASONS]
    return [
        {
            "feature": model.card.features[column],
            "value": None if np.isnan(values[column]) else float(values[column]),
            "usual": model.card.usual[model.card.features[column]],
            "contribution": round(float(contribution[column]), 6),
        }
        for column in strongest
        if abs(contribution[column]) > 0
    ]
