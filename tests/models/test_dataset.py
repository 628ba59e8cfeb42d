"""What training may know: labels as of a date, decisions, and what an unlabelled row is worth."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.catalog import TRANSACTION_FEATURES, model_features
from models import dataset
from pipelines.home import UserError
from pipelines.lake import Lake
from pipelines.tables import LABELS, OUTCOMES, TRANSACTIONS
from tests.models.world import FIRST, SUBMISSION, World, feature_rows, label_rows, write


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Ten nights of six rows each, t-1 to t-60 in the order of edges, with nothing known of any."""
    rows = feature_rows(nights=10, per_night=6).with_columns((pl.int_range(60) + 1).alias("edge_id"))
    rows = rows.with_columns(pl.format("t-{}", "edge_id").alias("transaction_id"))
    lake = Lake(tmp_path / "lake")
    write(lake, TRANSACTION_FEATURES, TRANSACTION_FEATURES.conform(rows))
    return lake


def decide(lake: Lake, *decisions: tuple[str, int, int, str, list[str]]) -> None:
    columns = ("alert_id", "on", "ordinal", "code", "evidence")
    rows = [dict(zip(columns, decision, strict=True)) for decision in decisions]
    write(lake, OUTCOMES, OUTCOMES.frame({**row, "received_on": day(row["on"]), "node_id": 1} for row in rows))


def state(lake: Lake, kind: str, subject: str, known: int, *, is_laundering: bool) -> None:
    row = {
        "source": "truth",
        "subject_kind": kind,
        "subject_id": subject,
        "received_on": day(0),
        "submission_id": SUBMISSION,
        "known_on": day(known),
        "is_laundering": is_laundering,
        "pattern": "p",
    }
    write(lake, LABELS, LABELS.frame([row]))


def known(keys: pl.DataFrame) -> dict[str, tuple[bool, float]]:
    rows = keys.filter(~pl.col("is_weak"))
    return {row["transaction_id"]: (row["is_laundering"], row["weight"]) for row in rows.iter_rows(named=True)}


def test_decisions_become_labels_by_their_code(lake: Lake) -> None:
    decide(lake, *((f"a{number}", 12, 1, f"D{number}", [f"t-{number}"]) for number in range(1, 11)))
    expected = {
        "t-1": (True, 1.0),
        "t-2": (True, 1.0),
        "t-3": (True, 1.0),
        "t-4": (True, 0.5),
        "t-5": (False, 1.0),
        "t-7": (False, 1.0),
    }
    assert known(dataset.labelled(lake, day(12))) == expected


def test_the_last_decision_on_an_alert_counts_and_a_positive_wins_between_alerts(lake: Lake) -> None:
    decide(
        lake,
        ("a", 11, 1, "D1", ["t-1", "t-2"]),
        ("a", 12, 2, "D5", ["t-1", "t-2"]),
        ("b", 12, 1, "D4", ["t-2", "t-3"]),
        ("c", 12, 1, "D1", ["t-3"]),
        ("d", 12, 1, "D7", ["t-3"]),
    )
    assert known(dataset.labelled(lake, day(11))) == {"t-1": (True, 1.0), "t-2": (True, 1.0)}
    assert known(dataset.labelled(lake, day(12))) == {"t-1": (False, 1.0), "t-2": (True, 0.5), "t-3": (True, 1.0)}


def test_no_label_is_used_before_it_is_known(lake: Lake) -> None:
    state(lake, "transaction", "t-5", known=8, is_laundering=True)
    assert known(dataset.labelled(lake, day(7))) == {}
    keys = dataset.labelled(lake, day(8), unlabelled="ignore")
    assert keys.select("transaction_id", "known_on", "attempt").rows() == [("t-5", day(8), "p")]


def test_no_row_is_used_before_it_is_received(lake: Lake) -> None:
    """A label known early of a transaction that is reported late does not bring the transaction forward."""
    state(lake, "transaction", "t-60", known=0, is_laundering=True)
    assert dataset.labelled(lake, day(8)).is_empty()
    assert known(dataset.labelled(lake, day(9))) == {"t-60": (True, 1.0)}


def test_a_label_by_transaction_number_finds_its_transaction(lake: Lake) -> None:
    state(lake, "transaction_number", "N-7", known=3, is_laundering=False)
    row = {
        "transaction_id": "t-7",
        "report_key": "r",
        "transaction_ordinal": 1,
        "received_on": day(1),
        "submission_id": SUBMISSION,
        "transaction_number": "N-7",
        "occurred_at": datetime(2024, 1, 1, tzinfo=UTC),
        "is_date_only": False,
        "amount_local": 1,
        "movement_count": 1,
        "channel": "cash",
    }
    write(lake, TRANSACTIONS, TRANSACTIONS.frame([row]))
    assert known(dataset.labelled(lake, day(5))) == {"t-7": (False, 1.0)}


def test_unlabelled_rows_are_weak_negatives_until_the_last_judged_night(lake: Lake) -> None:
    state(lake, "transaction", "t-20", known=5, is_laundering=True)
    weak = dataset.labelled(lake, day(9), weak_weight=0.25).filter("is_weak")
    assert weak["received_on"].max() == day(3)
    assert weak.height == 23
    assert set(weak["weight"]) == {0.25}
    assert not weak["is_laundering"].any()
    assert set(weak["known_on"]) == {day(9)}
    assert dataset.labelled(lake, day(9), unlabelled="ignore").height == 1


def test_a_complete_source_leaves_nothing_unlabelled(world: World) -> None:
    keys = dataset.labelled(world.lake, world.last + timedelta(days=1))
    assert keys.height == world.rows.height
    assert not keys["is_weak"].any()
    assert keys["edge_id"].to_list() == world.rows.sort("received_on", "edge_id")["edge_id"].to_list()


def test_later_knowledge_changes_no_earlier_rows(world: World) -> None:
    """No look-ahead: the rows of a date are the same after the labels and nights that follow it are gone."""
    as_of = FIRST + timedelta(days=20)
    before = dataset.labelled(world.lake, as_of)
    digest = dataset.load(world.lake, before, model_features()).digest()
    early = world.rows.filter(pl.col("received_on") <= as_of)
    other = Lake(world.home.root / "other")
    write(other, TRANSACTION_FEATURES, TRANSACTION_FEATURES.conform(early.sample(fraction=1, shuffle=True, seed=1)))
    write(other, LABELS, label_rows(early).filter(pl.col("known_on") <= as_of))
    after = dataset.labelled(other, as_of)
    assert after.equals(before)
    assert dataset.load(other, after, model_features()).digest() == digest


def test_the_matrix_holds_the_rows_of_the_keys_in_order(read_world: World) -> None:
    keys = dataset.labelled(read_world.lake, read_world.last).sample(100, seed=1, shuffle=True)
    rows = dataset.load(read_world.lake, keys, ["raw_log_amount", "asof_cycles_4"])
    expected = keys.select("edge_id").join(read_world.rows, on="edge_id").sort("received_on", "edge_id")
    assert rows.matrix.dtype == np.float32
    assert rows.keys["edge_id"].equals(expected["edge_id"])
    np.testing.assert_array_equal(rows.matrix[:, 0], expected["raw_log_amount"].cast(pl.Float32).to_numpy())
    assert np.isnan(rows.matrix[:, 1]).sum() == expected["asof_cycles_4"].null_count()


def test_infinite_values_are_empty() -> None:
    frame = pl.DataFrame({"a": [1.0, float("inf"), None], "b": [float("-inf"), float("nan"), 1e300]})
    assert np.isnan(dataset.matrix(frame, ["a", "b"])).tolist() == [[False, True], [True, True], [True, True]]


def test_excluded_features_are_left_out_and_a_pattern_without_a_feature_is_an_error() -> None:
    kept = dataset.features_without(("raw_channel_*",))
    assert set(model_features()) - set(kept) == {name for name in model_features() if name.startswith("raw_channel_")}
    with pytest.raises(UserError, match="no_such"):
        dataset.features_without(("no_such_*",))
