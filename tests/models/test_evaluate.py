"""Every figure equals the one that its definition gives, counted by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from models import evaluate

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40)


def arrays(rows: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([positive for positive, _ in rows]), np.array([score / 6 for _, score in rows])


def naive_order(score: np.ndarray) -> list[int]:
    return sorted(range(len(score)), key=lambda row: (-score[row], row))


@settings(deadline=None)
@given(ROWS)
def test_average_precision_is_the_area_under_the_steps(rows: list[tuple[bool, int]]) -> None:
    positive, score = arrays(rows)
    area, recall = 0.0, 0.0
    for threshold in sorted(set(score), reverse=True):
        called = score >= threshold
        now = (positive & called).sum() / max(positive.sum(), 1)
        area += (now - recall) * (positive & called).sum() / called.sum()
        recall = now
    assert evaluate.average_precision(positive, score) == pytest.approx(area)


def test_average_precision_with_weights_equals_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    positive, score, weight = random.random(500) < 0.1, random.integers(0, 50, 500) / 50, random.random(500)
    expected = average_precision_score(positive, score, sample_weight=weight)
    assert evaluate.average_precision(positive, score, weight) == pytest.approx(expected)


@settings(deadline=None)
@given(ROWS, st.integers(1, 50))
def test_precision_and_recall_at_k(rows: list[tuple[bool, int]], k: int) -> None:
    positive, score = arrays(rows)
    first = naive_order(score)[:k]
    found = sum(bool(positive[row]) for row in first)
    assert evaluate.precision_at(positive, score, k) == pytest.approx(found / len(first))
    assert evaluate.recall_at(positive, score, k) == pytest.approx(found / positive.sum() if positive.any() else 0)


@settings(deadline=None)
@given(ROWS)
def test_no_threshold_has_a_higher_f1_than_the_best(rows: list[tuple[bool, int]]) -> None:
    positive, score = arrays(rows)
    best = evaluate.f1_at(positive, score, evaluate.best_threshold(positive, score))
    assert best == pytest.approx(max(evaluate.f1_at(positive, score, threshold) for threshold in set(score)))


def test_f1_equals_that_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    positive, score = random.random(200) < 0.3, random.random(200)
    assert evaluate.f1_at(positive, score, 0.6) == pytest.approx(f1_score(positive, score >= 0.6))


def test_calibration_error_is_the_mean_gap_of_equal_groups() -> None:
    positive = np.array([True, True, False, False])
    probability = np.array([0.9, 0.7, 0.4, 0.2])
    assert evaluate.calibration_error(positive, probability, bins=2) == pytest.approx((0.2 + 0.3) / 2)
    assert evaluate.brier(positive, probability) == pytest.approx((0.01 + 0.09 + 0.16 + 0.04) / 4)


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    random = np.random.default_rng(2)
    probability = random.random(20_000)
    positive = random.random(20_000) < probability
    assert evaluate.calibration_error(positive, probability) < 0.02
    assert evaluate.calibration_error(positive, probability**3) > 0.1


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 6)), min_size=1, max_size=30))
def test_an_attempt_is_found_by_a_row_or_by_half_of_its_rows(rows: list[tuple[str | None, int]]) -> None:
    score = np.array([value / 6 for _, value in rows])
    attempts = [name for name, _ in rows]
    order = naive_order(score)
    for found in evaluate.attempt_recall(pl.Series(attempts, dtype=pl.String), score, [3, 10]):
        first = [attempts[row] for row in order[: found.budget]]
        names = {name for name in attempts if name}
        any_row = sum(name in first for name in names)
        half = sum(2 * first.count(name) >= attempts.count(name) for name in names)
        assert found.any_row == pytest.approx(any_row / max(len(names), 1))
        assert found.half_of_rows == pytest.approx(half / max(len(names), 1))


def test_the_interval_by_attempt_is_wider_than_that_by_row() -> None:
    """Ten attempts of twenty rows each, found or missed as a whole, are ten observations and not two hundred."""
    random = np.random.default_rng(4)
    attempt = [f"a{row // 20}" if row < 200 else None for row in range(2000)]
    positive = np.arange(2000) < 200
    found = np.repeat(random.random(10) < 0.5, 20)
    score = random.random(2000) + np.concatenate([found, np.zeros(1800)])
    by_attempt = evaluate.average_precision_interval(positive, score, pl.Series(attempt), seed=1)
    by_row = evaluate.average_precision_interval(positive, score, pl.Series([None] * 2000, dtype=pl.String), seed=1)
    assert by_attempt.low < evaluate.average_precision(positive, score) < by_attempt.high
    assert by_attempt.high - by_attempt.low > 2 * (by_row.high - by_row.low)
    assert by_attempt == evaluate.average_precision_interval(positive, score, pl.Series(attempt), seed=1)


def test_nothing_to_find_is_no_error() -> None:
    none = np.zeros(3, dtype=bool)
    assert evaluate.average_precision(none, np.arange(3.0)) == 0
    assert (
        evaluate.average_precision_interval(none, np.arange(3.0), pl.Series([None] * 3, dtype=pl.String), 1).high == 0
    )
    assert evaluate.attempt_recall(pl.Series([None] * 3, dtype=pl.String), np.arange(3.0), [2])[0].any_row == 0
