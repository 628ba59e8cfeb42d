"""Recall, precision and average precision against a truth written by hand."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.lake import Lake, Nights
from pipelines.tables import ALERTS, SCORES, TRANSACTIONS
from review import truth
from tests.review.world import NIGHT

ALERTS_READ = pl.DataFrame(
    {
        "rank": [1, 2, 3, 1],
        "evidence": [["a1", "x", "y"], ["x", "y", "z", "b1"], ["b1", "b2"], ["q"]],
    }
)
LAUNDERING = pl.DataFrame({"transaction_id": ["a1", "b1", "b2", "c1", "q"], "scheme": ["A", "B", "B", "C", None]})


def test_first_seen() -> None:
    """The best rank over the nights; never seen is null; no scheme is no row."""
    assert truth.first_seen(ALERTS_READ, LAUNDERING).rows() == [("A", 1), ("B", 2), ("C", None)]


def test_recall_by_scheme() -> None:
    """One evidence transaction is enough, within the first k of each night."""
    assert truth.recall_by_scheme(ALERTS_READ, LAUNDERING, [1, 2, 9]).rows() == [
        (1, 3, 1, pytest.approx(1 / 3)),
        (2, 3, 2, pytest.approx(2 / 3)),
        (9, 3, 2, pytest.approx(2 / 3)),
    ]


def test_precision_wants_a_third_of_the_evidence() -> None:
    """One of three is right, one of four is not; laundering without a scheme counts."""
    assert truth.precision(ALERTS_READ, LAUNDERING, [1, 2, 3]).rows() == [
        (1, 2, 2, 1.0),
        (2, 3, 2, pytest.approx(2 / 3)),
        (3, 4, 3, 0.75),
    ]


def test_truth_by_number() -> None:
    """A number that repeats stands for each of its transactions; without a translation it stands for none."""
    numbers = pl.DataFrame({"transaction_id": ["a1", "b1", "b2"], "transaction_number": ["1", "2", "2"]})
    by_number = pl.DataFrame({"transaction_number": ["1", "2"], "scheme": ["A", "B"]})
    assert truth.recall_by_scheme(ALERTS_READ, by_number, [2], numbers).rows() == [(2, 2, 2, 1.0)]
    with pytest.raises(ValueError, match="transaction_number"):
        truth.recall_by_scheme(ALERTS_READ, by_number, [2])


def test_no_alert_and_no_scheme() -> None:
    """Empty queues and worlds divide by nothing."""
    assert truth.recall_by_scheme(ALERTS_READ.clear(), LAUNDERING, [5])["recall"].to_list() == [0]
    assert truth.precision(ALERTS_READ.clear(), LAUNDERING, [5])["precision"].to_list() == [0]
    assert truth.average_precision(pl.Series([0.5]), pl.Series([False])) == 0


def test_average_precision_by_hand() -> None:
    """Positives at 1 and 3 of four; equal risks are one step."""
    risk = pl.Series([0.9, 0.8, 0.7, 0.1])
    assert truth.average_precision(risk, pl.Series([True, False, True, False])) == pytest.approx((1 + 2 / 3) / 2)
    assert truth.average_precision(pl.Series([0.5] * 4), pl.Series([True, False, False, False])) == pytest.approx(0.25)


def test_against_truth_counts_schemes_of_these_nights(tmp_path: Path) -> None:
    """A scheme whose money moved on another night is not missed by this one."""
    lake = Lake(tmp_path / "lake")
    moment = datetime(2026, 2, 3, 12, tzinfo=UTC)
    moved = [
        {"transaction_id": f"t{n}", "transaction_number": f"n{n}", "received_on": night, "occurred_at": moment}
        for n, night in ((1, NIGHT), (2, NIGHT), (3, NIGHT.replace(month=1)))
    ]
    usual = {"report_key": "r", "transaction_ordinal": 1, "submission_id": "s", "is_date_only": False}
    usual |= {"amount_local": 1, "movement_count": 1, "channel": "transfer"}
    rows = TRANSACTIONS.frame([{**usual, **row} for row in moved])
    lake.replace_nights(TRANSACTIONS, rows, Nights(NIGHT.replace(month=1), NIGHT), {})
    scores = [
        {"received_on": NIGHT, "level": "transaction", "subject_id": f"t{n}", "risk": risk, "is_calibrated": True}
        | {"anomaly": 0.5, "model_id": "m", "inputs_digest": "d"}
        for n, risk in ((1, 0.9), (2, 0.1))
    ]
    lake.replace_nights(SCORES, SCORES.frame(scores), Nights.of(NIGHT), {})
    alert = {column.name: 0 for column in ALERTS.columns if column.required}
    alert |= {name: "x" for name, kind in ALERTS.polars_schema.items() if kind == pl.String}
    alert |= {"received_on": NIGHT, "rank": 1, "is_lead": True, "is_calibrated": True, "evidence": ["t1"]}
    alert |= {"window_from": moment, "window_to": moment}
    lake.replace_nights(ALERTS, ALERTS.frame([alert]), Nights.of(NIGHT), {})
    known = pl.DataFrame(
        {
            "transaction_number": ["n1", "n2", "n3"],
            "is_laundering": [True, False, True],
            "scheme_id": ["S1", None, "S3"],
        }
    )
    report = truth.against_truth(lake, Nights.of(NIGHT), known, [1])
    assert report == truth.TruthReport(1, 2, 1, 1.0, (truth.Line(1, 1, 1.0, 1.0),))
