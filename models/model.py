"""A model: a booster, its calibrators and the card that says what it was made of. Nothing here trains or stores."""

import dataclasses
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from models.dataset import Matrix

_TIE_BREAK = 1e-3
"""The share of the uncalibrated probability in the risk: it orders rows that isotonic calibration puts on one step."""

Calibrator: TypeAlias = IsotonicRegression | LogisticRegression


@dataclass(frozen=True)
class Part:
    """The rows of one slice of time."""

    first_night: date
    last_night: date
    rows: int
    positives: int
    weak_negatives: int

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Part":
        """The part that a card's JSON describes."""
        days = {day: date.fromisoformat(given[day]) for day in ("first_night", "last_night")}
        return cls(**{**given, **days})


@dataclass(frozen=True)
class Card:
    """What a model is, what it was made of, and how it fared on rows that it had not seen.

    `fitted_on` and `calibrated_on` name the parts that made the model that scores; `evaluation` was measured on the
    part named there, with the model that was fitted and calibrated on the parts named there.
    """

    model_id: str
    level: str
    as_of: date
    window_end: date
    features: tuple[str, ...]
    parameters: Mapping[str, Any]
    recipe: Mapping[str, Any]
    parts: Mapping[str, Part]
    fitted_on: tuple[str, ...]
    calibrated_on: tuple[str, ...]
    calibration: str
    threshold: float
    evaluation: Mapping[str, Any]
    usual: Mapping[str, float | None]
    rows_digest: str
    table_versions: Mapping[str, int | None]
    code_version: str
    libraries: Mapping[str, str]
    files: Mapping[str, str]

    def to_json(self) -> str:
        """The card as JSON text, keys in order."""
        return json.dumps(dataclasses.asdict(self), default=date.isoformat, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Card":
        """The card that `to_json` wrote."""
        given = json.loads(text)
        days = ("as_of", "window_end")
        parts = {name: Part.from_json(part) for name, part in given["parts"].items()}
        tuples = {name: tuple(given[name]) for name in ("features", "fitted_on", "calibrated_on")}
        return cls(**{**given, **{day: date.fromisoformat(given[day]) for day in days}, **tuples, "parts": parts})


@dataclass(frozen=True)
class Model:
    """A booster of transactions with its calibrators."""

    card: Card
    booster: HistGradientBoostingClassifier
    calibrator: Calibrator
    account_calibrator: Calibrator

    def risk(self, matrix: Matrix) -> NDArray[np.float64]:
        """The calibrated probability that each transaction belongs to laundering."""
        return calibrated(self.calibrator, margins(self.booster, matrix))

    def account_risk(self, combined: NDArray[np.float64]) -> NDArray[np.float64]:
        """The calibrated probability of an account from the combined risk of its transactions."""
        return calibrated(self.account_calibrator, logit(combined))

    def contributions(self, matrix: Matrix) -> NDArray[np.float64]:
        """The SHAP value of every feature of every row, in log-odds before calibration."""
        if not len(matrix):
            return np.empty((0, len(self.card.features)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of numba and shap themselves, while they load
            import shap

        values = shap.TreeExplainer(self.booster).shap_values(matrix.astype(np.float64))
        return np.asarray(values, dtype=np.float64)


def margins(booster: HistGradientBoostingClassifier, matrix: Matrix) -> NDArray[np.float64]:
    """The booster's log-odds."""
    if not len(matrix):
        return np.empty(0)
    return np.asarray(booster.decision_function(matrix), dtype=np.float64)


def logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of probabilities, kept finite."""
    safe = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(safe / (1 - safe)), dtype=np.float64)


def calibrated(calibrator: Calibrator, margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of log-odds: never falling, and strictly ordered as the log-odds are."""
    if not len(margin):
        return np.empty(0)
    raw = 1 / (1 + np.exp(-np.clip(margin, -500, 500)))
    if isinstance(calibrator, IsotonicRegression):
        fitted = calibrator.predict(margin)
    else:
        fitted = calibrator.predict_proba(margin.reshape(-1, 1))[:, 1]
    return np.asarray(np.clip((1 - _TIE_BREAK) * fitted + _TIE_BREAK * raw, 0.0, 1.0), dtype=np.float64)


def calibrate(
    margin: NDArray[np.float64],
    positive: NDArray[np.bool_],
    weight: NDArray[np.float64],
    isotonic_positives: int,
) -> Calibrator:
    """A map from log-odds to probability: isotonic, or a sigmoid below `isotonic_positives` positive rows.

    A sigmoid whose slope comes out negative (too few rows to tell) is replaced by isotonic, which can't fall.
    """
    if int(positive.sum()) < isotonic_positives:
        sigmoid = LogisticRegression(max_iter=1000).fit(
            margin.reshape(-1, 1), positive.astype(int), sample_weight=weight
        )
        if float(sigmoid.coef_[0, 0]) > 0:
            return sigmoid
    isotonic = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    return isotonic.fit(margin, positive.astype(float), sample_weight=weight)


def usual_values(matrix: Matrix, features: Sequence[str]) -> dict[str, float | None]:
    """The median of every feature; None where it is always empty."""
    filled = ~np.all(np.isnan(matrix), axis=0) if len(matrix) else np.zeros(len(features), dtype=bool)
    return {
        name: float(np.nanmedian(matrix[:, column])) if filled[column] else None for column, name in enumerate(features)
    }
