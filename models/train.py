"""Trains a model of transactions on what is known as of a date, and measures it on later nights that it did not see.

Every split is by night. Nothing here writes; `models.store` keeps what comes out.
"""

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from features.catalog import TRANSACTION_FEATURES
from models import VERSION, accounts, dataset, evaluate
from models.dataset import Matrix, Rows, Unlabelled
from models.model import Calibrator, Card, Model, Part, calibrate, calibrated, logit, margins, usual_values
from pipelines.home import Settings, UserError
from pipelines.lake import Lake
from pipelines.progress import Progress, silent
from pipelines.tables import LABELS, OUTCOMES

PARTS = ("train", "validation", "calibration", "test")
LEAST_POSITIVES = {"train": 20, "validation": 5, "calibration": 5, "test": 5}
BUDGETS = (100, 500, 1000)
_ROUNDS = 500
_PATIENCE = 30
_BINS = 127
_LOOK_EVERY = 5
_MOST_LOOKS = 60
_FEW_ROWS = 50_000
_THREADS = 2
"""Threads of a fit of more than `_FEW_ROWS` rows; smaller ones take one, as threads would mostly wait for each other.

A fit must not differ from run to run: a sum of two partial sums does not depend on which is first, one of three may.
"""

_GRID: Mapping[str, Sequence[Any]] = {
    "learning_rate": (0.03, 0.05, 0.08, 0.12),
    "max_leaf_nodes": (15, 31, 63),
    "min_samples_leaf": (10, 20, 50, 100),
    "l2_regularization": (0.0, 1.0, 10.0),
    "max_features": (0.2, 0.4, 0.7, 1.0),
    "positive_weight": (1.0, 2.0, 5.0),
}
_FIRST = {
    "learning_rate": 0.05,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "max_features": 0.4,
    "positive_weight": 1.0,
}


class TooFewLabels(UserError):
    """Not enough is known to train; the cold start stays in force."""


@dataclass(frozen=True)
class Split:
    """Where time is cut: shares of the rows, or the last night of each of the first three parts."""

    shares: tuple[float, float, float, float] = (0.6, 0.1, 0.1, 0.2)
    last_nights: tuple[date, date, date] | None = None

    def parts(self, keys: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The rows of each of `PARTS`, in the order of time; no night is in two of them.

        Raises:
            TooFewLabels: there are fewer than four nights.
        """
        ends = self.last_nights or self._ends(keys)
        part = pl.sum_horizontal((pl.col("received_on") > end).cast(pl.Int8) for end in ends)
        numbered = keys.with_columns(part.alias("part"))
        return {name: numbered.filter(pl.col("part") == number).drop("part") for number, name in enumerate(PARTS)}

    def _ends(self, keys: pl.DataFrame) -> list[date]:
        nights = keys.group_by("received_on").len().sort("received_on")
        if nights.height < len(PARTS):
            raise TooFewLabels(
                f"{nights.height} nights hold labelled transactions; training needs {len(PARTS)} or more."
            )
        done = nights["len"].cum_sum().to_numpy() / nights["len"].sum()
        goals = np.cumsum(self.shares[:3]) / sum(self.shares)
        ends: list[int] = []
        for number, goal in enumerate(goals):
            nearest = int(np.argmin(np.abs(done - goal)))
            lowest = ends[-1] + 1 if ends else 0
            ends.append(min(max(nearest, lowest), nights.height - len(PARTS) + number))
        return [nights["received_on"][end] for end in ends]


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. Part of its identity.

    Attributes:
        unlabelled: what unlabelled rows are (`models.dataset.labelled`).
        weak_weight: what a weak negative weighs.
        exclude: patterns of features left out.
        trials: parameter sets tried on validation; the first is fixed, the others are drawn with the seed.
        most_train_rows: above this, negatives are drawn by chance for fitting; calibration restores the rate.
        isotonic_positives: calibration rows with a positive label from which on calibration is isotonic.
        is_refitted: fit the model that scores on all parts but the last, and calibrate it on the last; its card still
            shows what the model that had not seen the last part did on it. False returns that model itself.
    """

    unlabelled: Unlabelled = "negative"
    weak_weight: float = 0.3
    exclude: tuple[str, ...] = ()
    trials: int = 8
    most_train_rows: int = 300_000
    isotonic_positives: int = 200
    is_refitted: bool = True


DEFAULT_SPLIT = Split()
DEFAULT_RECIPE = Recipe()


@dataclass(frozen=True)
class TrainedModel:
    """A model, and the held-back rows that it was measured on: transaction_id, received_on, risk and label."""

    model: Model
    held_back: pl.DataFrame


@dataclass(frozen=True)
class _Fitted:
    booster: HistGradientBoostingClassifier
    calibrator: Calibrator
    account_calibrator: Calibrator

    def risk(self, rows: Rows) -> NDArray[np.float64]:
        return calibrated(self.calibrator, margins(self.booster, rows.matrix))


def train(
    lake: Lake,
    as_of: date,
    settings: Settings,
    progress: Progress = silent,
    *,
    split: Split = DEFAULT_SPLIT,
    recipe: Recipe = DEFAULT_RECIPE,
) -> TrainedModel:
    """A model of transactions from all that is known as of a date, with its evaluation on the held-back last nights.

    1. Parameters are chosen on validation, by average precision, with early stopping there.
    2. The measured model is fitted on train and validation, calibrated on calibration, measured on test.
    3. The model that scores is the same, or (`is_refitted`) fitted on train, validation and calibration, and
       calibrated on test.

    Raises:
        TooFewLabels: a part holds too few nights or positive rows.
    """
    features = dataset.features_without(recipe.exclude)
    keys = dataset.labelled(lake, as_of, unlabelled=recipe.unlabelled, weak_weight=recipe.weak_weight)
    parts = split.parts(keys)
    _require_labels(parts)
    rows: dict[str, Rows] = {}
    for done, (name, part) in enumerate(parts.items()):
        progress("reading training rows", done, len(PARTS))
        rows[name] = dataset.load(lake, part, features)
    with _fixed_threads(sum(len(part.matrix) for part in rows.values())) as threads:
        share = min(1.0, recipe.most_train_rows / max(len(rows["train"].matrix), 1))
        parameters = _choose(rows["train"], rows["validation"], share, recipe.trials, settings.seed, progress)
        progress("fitting", 0, 2)
        measured = _fit([rows["train"], rows["validation"]], rows["calibration"], parameters, recipe, settings.seed)
        progress("fitting", 1, 2)
        deployed = measured
        fitted_on: tuple[str, ...] = PARTS[:2]
        calibrated_on: tuple[str, ...] = PARTS[2:3]
        if recipe.is_refitted:
            fitted_on, calibrated_on = PARTS[:3], PARTS[3:]
            deployed = _fit([rows[name] for name in fitted_on], rows["test"], parameters, recipe, settings.seed)
        threshold = evaluate.best_threshold(rows["calibration"].positive, measured.risk(rows["calibration"]))
        held_risk = measured.risk(rows["test"])
    identity = {
        "rows": {name: part.digest() for name, part in rows.items()},
        "recipe": dataclasses.asdict(recipe),
        "parameters": parameters,
        "features": features,
        "seed": settings.seed,
        "threads": threads,
        "code": VERSION,
        "libraries": _libraries(),
    }
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    seen = pl.concat([parts[name] for name in (*fitted_on, *calibrated_on)])
    card = Card(
        model_id=digest[:16],
        level="transaction",
        as_of=as_of,
        window_end=max(seen["received_on"].max(), seen["known_on"].max()),  # type: ignore[type-var, arg-type]
        features=features,
        parameters={**parameters, "seed": settings.seed, "threads": threads},
        recipe=identity["recipe"],  # type: ignore[arg-type]
        parts={name: _describe(parts[name]) for name in PARTS},
        fitted_on=fitted_on,
        calibrated_on=calibrated_on,
        calibration=type(deployed.calibrator).__name__,
        threshold=threshold,
        evaluation={
            "fitted_on": PARTS[:2],
            "calibrated_on": PARTS[2:3],
            "measured_on": "test",
            **measure(rows["test"], held_risk, threshold, settings.seed),
        },
        usual=usual_values(rows["train"].matrix[~rows["train"].positive], features),
        rows_digest=hashlib.sha256(json.dumps(identity["rows"], sort_keys=True).encode()).hexdigest(),
        table_versions={table.name: lake.version(table) for table in (TRANSACTION_FEATURES, LABELS, OUTCOMES)},
        code_version=VERSION,
        libraries=_libraries(),
        files={},
    )
    held_back = (
        rows["test"]
        .keys.select(
            "edge_id",
            "transaction_id",
            "received_on",
            "src",
            "dst",
            "is_laundering",
            "weight",
            "is_weak",
            "known_on",
            "attempt",
        )
        .with_columns(pl.Series("risk", held_risk))
    )
    progress("fitting", 2, 2)
    model = Model(card, deployed.booster, deployed.calibrator, deployed.account_calibrator)
    return TrainedModel(model, held_back)


def measure(rows: Rows, risk: NDArray[np.float64], threshold: float, seed: int) -> dict[str, Any]:
    """Every figure of the card's evaluation. Weak negatives count as negative, so precision is a lower bound."""
    positive, attempt = rows.positive, rows.keys["attempt"]
    interval = evaluate.average_precision_interval(positive, risk, attempt, seed)
    return {
        "rows": len(positive),
        "positives": int(positive.sum()),
        "attempts": attempt.drop_nulls().n_unique(),
        "average_precision": evaluate.average_precision(positive, risk),
        "average_precision_interval_90": [interval.low, interval.high],
        "f1": evaluate.f1_at(positive, risk, threshold),
        "f1_threshold_from": "calibration",
        "precision_at": {str(k): evaluate.precision_at(positive, risk, k) for k in BUDGETS},
        "recall_at": {str(k): evaluate.recall_at(positive, risk, k) for k in BUDGETS},
        "attempts_found": {
            str(found.budget): {"any_row": found.any_row, "half_of_rows": found.half_of_rows}
            for found in evaluate.attempt_recall(attempt, risk, BUDGETS)
        },
        "calibration_error": evaluate.calibration_error(positive, risk),
        "brier": evaluate.brier(positive, risk),
    }


@contextmanager
def _fixed_threads(rows: int) -> Iterator[int]:
    threads = min(_THREADS, os.cpu_count() or 1) if rows > _FEW_ROWS else 1
    with threadpool_limits(limits=threads, user_api="openmp"):
        yield threads


def _require_labels(parts: Mapping[str, pl.DataFrame]) -> None:
    for name, least in LEAST_POSITIVES.items():
        positives = int(parts[name]["is_laundering"].sum())
        negatives = parts[name].height - positives
        if positives < least or negatives < least:
            raise TooFewLabels(
                f"The {name} part has {positives} positive and {negatives} negative transactions, training needs "
                f"{least} of each. Record more outcomes; until then the cold start scores every night."
            )


def configurations(trials: int, seed: int) -> list[dict[str, Any]]:
    """The parameter sets to try: a fixed one, then different ones drawn with the seed."""
    random = np.random.default_rng(seed)
    tried = [dict(_FIRST)]
    while len(tried) < trials:
        drawn = {name: values[int(random.integers(len(values)))] for name, values in _GRID.items()}
        if drawn not in tried:
            tried.append(drawn)
    return tried


def _choose(
    train_rows: Rows, validation: Rows, share: float, trials: int, seed: int, progress: Progress
) -> dict[str, Any]:
    """The parameters and number of rounds of the highest average precision on validation; the first of equals."""
    best: tuple[float, dict[str, Any]] | None = None
    for done, parameters in enumerate(configurations(trials, seed)):
        progress("choosing parameters", done, trials)
        booster = _booster(parameters, _ROUNDS, seed)
        booster.set_params(early_stopping=True, n_iter_no_change=_PATIENCE, scoring="loss")
        chosen = _weighed(train_rows, {**parameters, "negative_share": share}, seed)
        booster.fit(
            _fillable(train_rows.matrix[chosen]),
            train_rows.positive[chosen].astype(int),
            X_val=validation.matrix,
            y_val=validation.positive.astype(int),
        )
        rounds, score = _best_rounds(booster, validation)
        if best is None or score > best[0]:
            found = {"negative_share": share, "rounds": rounds, "validation_average_precision": score}
            best = (score, {**parameters, **found})
    if best is None:
        raise ValueError("trials is 1 or more")
    return best[1]


def _best_rounds(booster: HistGradientBoostingClassifier, validation: Rows) -> tuple[int, float]:
    """The number of rounds with the highest average precision on validation, every fifth looked at, and that figure.

    Early stopping watches the loss, which costs one round's trees a round; average precision would cost all of them.
    """
    every = max(_LOOK_EVERY, booster.n_iter_ // _MOST_LOOKS)
    scores = [
        (evaluate.average_precision(validation.positive, margin.ravel()), number)
        for number, margin in enumerate(booster.staged_decision_function(validation.matrix), start=1)
        if number % every == 0 or number == booster.n_iter_
    ]
    score, rounds = max(scores, key=lambda pair: (pair[0], -pair[1]))
    return rounds, score


def _booster(parameters: Mapping[str, Any], rounds: int, seed: int) -> HistGradientBoostingClassifier:
    own = {name: value for name, value in parameters.items() if name in _GRID and name != "positive_weight"}
    return HistGradientBoostingClassifier(
        max_iter=rounds, early_stopping=False, categorical_features=None, max_bins=_BINS, random_state=seed, **own
    )


def _weighed(rows: Rows, parameters: Mapping[str, Any], seed: int) -> NDArray[np.int64]:
    """The positions of the rows to fit on: each as often as it weighs, the fraction drawn with the seed.

    Rows rather than weights, because scikit-learn 1.9 finds the bins of weighted rows about ten times slower.
    """
    weight = rows.weight * np.where(rows.positive, parameters["positive_weight"], parameters["negative_share"])
    drawn = np.random.default_rng(seed).random(len(weight)) < weight % 1
    return np.repeat(np.arange(len(weight)), weight.astype(np.int64) + drawn)


def _fillable(matrix: Matrix) -> Matrix:
    """The matrix, changed in place: a column without one number in it, as the hour of date-only reports, becomes 0.

    scikit-learn 1.9 finds no bins of an empty column and stops; no tree can split on either.
    """
    matrix[:, np.isnan(matrix).all(axis=0)] = 0.0
    return matrix


def _fit(fit_on: Sequence[Rows], later: Rows, parameters: Mapping[str, Any], recipe: Recipe, seed: int) -> _Fitted:
    """A booster of `fit_on`, with calibrators of `later`."""
    rows = dataset.concat(fit_on)
    booster = _booster(parameters, parameters["rounds"], seed)
    chosen = _weighed(rows, parameters, seed)
    booster.fit(_fillable(rows.matrix[chosen]), rows.positive[chosen].astype(int))
    margin = margins(booster, later.matrix)
    # A weak negative weighs full here: the risk is the probability that an analyst would confirm, not less.
    weight = np.where(later.keys["is_weak"].to_numpy(), 1.0, later.weight)
    calibrator = calibrate(margin, later.positive, weight, recipe.isotonic_positives)
    transactions = later.keys.with_columns(pl.Series("risk", calibrated(calibrator, margin)))
    nights = later.keys["received_on"].unique().sort().to_list()
    combined = accounts.combined(transactions, nights)
    account_calibrator = calibrate(
        logit(combined["combined"].to_numpy()),
        combined["is_laundering"].to_numpy().astype(np.bool_),
        np.ones(combined.height),
        recipe.isotonic_positives,
    )
    return _Fitted(booster, calibrator, account_calibrator)


def _describe(part: pl.DataFrame) -> Part:
    return Part(
        first_night=part["received_on"][0],
        last_night=part["received_on"][-1],
        rows=part.height,
        positives=int(part["is_laundering"].sum()),
        weak_negatives=int(part["is_weak"].sum()),
    )


def _libraries() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scikit-learn", "skops")}
