"""Training: time decides every split, the same inputs give the same model, and calibration helps."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import evaluate, train
from models.dataset import Rows
from models.model import calibrate, calibrated
from models.train import PARTS, Recipe, Split, TooFewLabels, TrainedModel, configurations
from tests.models.world import FIRST, SMALL, World, feature_rows, make_world


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=300), st.tuples(*[st.floats(0.01, 1)] * 4))
def test_no_night_is_in_two_parts_and_parts_follow_in_time(days: list[int], shares: tuple[float, ...]) -> None:
    keys = pl.DataFrame({"received_on": [FIRST + timedelta(days=day) for day in sorted(days)]})
    if len(set(days)) < len(PARTS):
        with pytest.raises(TooFewLabels):
            Split(shares).parts(keys)
        return
    parts = Split(shares).parts(keys)
    assert sum(part.height for part in parts.values()) == keys.height
    for earlier, later in pairwise(PARTS):
        assert parts[earlier]["received_on"].max() < parts[later]["received_on"].min()


def test_given_last_nights_cut_there() -> None:
    keys = pl.DataFrame({"received_on": [FIRST + timedelta(days=day) for day in range(10)]})
    ends = tuple(FIRST + timedelta(days=day) for day in (4, 5, 7))
    assert [part.height for part in Split(last_nights=ends).parts(keys).values()] == [5, 1, 2, 2]


def test_the_measured_model_has_not_seen_the_rows_that_it_is_measured_on(trained: TrainedModel) -> None:
    card = trained.model.card
    first = trained.held_back["received_on"].min()
    assert card.evaluation["measured_on"] == "test"
    for part in (*card.evaluation["fitted_on"], *card.evaluation["calibrated_on"]):
        assert card.parts[part].last_night < first
    assert trained.held_back.height == card.parts["test"].rows == card.evaluation["rows"]


def test_labels_of_the_held_back_rows_do_not_change_the_measured_model(world: World) -> None:
    """Proof by change: turning every held-back label leaves the risk of the held-back rows as it was."""
    before = train.train(world.lake, world.last + timedelta(days=1), world.home.settings, recipe=SMALL)
    first = before.held_back["received_on"].min()
    turned = pl.when(pl.col("received_on") >= first).then(~pl.col("is_laundering")).otherwise("is_laundering")
    other = make_world(world.home.root / "turned", world.rows.with_columns(turned.alias("is_laundering")))
    after = train.train(other.lake, world.last + timedelta(days=1), world.home.settings, recipe=SMALL)
    assert after.held_back["risk"].equals(before.held_back["risk"])
    assert not after.held_back["is_laundering"].equals(before.held_back["is_laundering"])
    assert after.model.card.model_id != before.model.card.model_id


def test_the_model_finds_what_shows(trained: TrainedModel) -> None:
    measured = trained.model.card.evaluation
    base = measured["positives"] / measured["rows"]
    assert measured["average_precision"] > 3 * base
    low, high = measured["average_precision_interval_90"]
    assert low < measured["average_precision"] < high
    assert measured["calibration_error"] < 0.1


def test_the_same_inputs_give_the_same_model(tmp_path: Path, trained: TrainedModel) -> None:
    """Another lake with the rows in another order, and the same model, score for score."""
    world = make_world(tmp_path / "home", feature_rows().sample(fraction=1, shuffle=True, seed=4))
    again = train.train(world.lake, world.last, world.home.settings, recipe=SMALL)
    assert again.model.card.model_id == trained.model.card.model_id
    assert again.model.card.evaluation == trained.model.card.evaluation
    matrix = np.random.default_rng(0).normal(size=(500, len(again.model.card.features))).astype(np.float32)
    np.testing.assert_array_equal(again.model.risk(matrix), trained.model.risk(matrix))


@pytest.mark.parametrize("change", ["seed", "recipe", "as_of"])
def test_other_inputs_have_another_id(world: World, trained: TrainedModel, change: str) -> None:
    settings = world.home.settings.model_copy(update={"seed": 12} if change == "seed" else {})
    recipe = Recipe(SMALL.unlabelled, 0.2, SMALL.exclude, trials=1) if change == "recipe" else SMALL
    as_of = world.last - timedelta(days=1) if change == "as_of" else world.last
    other = train.train(world.lake, as_of, settings, recipe=recipe)
    assert other.model.card.model_id != trained.model.card.model_id


def test_the_window_ends_with_the_last_thing_that_the_model_saw(world: World, trained: TrainedModel) -> None:
    card = trained.model.card
    assert card.fitted_on == PARTS[:3]
    assert card.calibrated_on == PARTS[3:]
    assert card.window_end == card.as_of == world.last
    recipe = Recipe(exclude=SMALL.exclude, trials=1, is_refitted=False)
    card = train.train(world.lake, world.last, world.home.settings, recipe=recipe).model.card
    assert card.calibrated_on == ("calibration",)
    assert card.window_end == card.parts["calibration"].last_night + timedelta(days=1)


def test_excluded_features_are_not_in_the_model(trained: TrainedModel) -> None:
    assert not [name for name in trained.model.card.features if name.startswith("pit_")]
    assert set(trained.model.card.usual) == set(trained.model.card.features)


def test_rows_are_fitted_as_often_as_they_weigh() -> None:
    keys = feature_rows().select("edge_id", "is_laundering").with_columns(pl.lit(1.0).alias("weight"))
    rows = Rows(keys, np.zeros((keys.height, 1), dtype=np.float32), ("x",))
    parameters = {"positive_weight": 2.0, "negative_share": 0.25}
    chosen = train._weighed(rows, parameters, seed=1)
    positives = int(rows.positive.sum())
    assert int(rows.positive[chosen].sum()) == 2 * positives
    assert (len(chosen) - 2 * positives) / (keys.height - positives) == pytest.approx(0.25, abs=0.03)
    assert np.array_equal(chosen, train._weighed(rows, parameters, seed=1))


def test_configurations_are_seeded_and_start_with_the_fixed_one() -> None:
    tried = configurations(6, seed=1)
    assert tried == configurations(6, seed=1) != configurations(6, seed=2)
    assert tried[0] == configurations(1, seed=9)[0]
    assert len({str(one) for one in tried}) == 6


def test_too_few_labels_are_an_error_that_says_how_many(world: World) -> None:
    with pytest.raises(TooFewLabels, match="cold start"):
        train.train(world.lake, FIRST + timedelta(days=6), world.home.settings, recipe=SMALL)
    with pytest.raises(TooFewLabels, match="nights"):
        train.train(world.lake, FIRST, world.home.settings, recipe=SMALL)


def test_a_feature_that_is_empty_everywhere_stops_no_training(tmp_path: Path, trained: TrainedModel) -> None:
    """Date-only reports know no hour of the day."""
    empty = pl.lit(None, pl.Float64)
    rows = feature_rows().with_columns(empty.alias("raw_hour_sin"), empty.alias("raw_hour_cos"))
    world = make_world(tmp_path / "home", rows)
    found = train.train(world.lake, world.last, world.home.settings, recipe=SMALL)
    known = trained.model.card.evaluation["average_precision"]
    assert found.model.card.evaluation["average_precision"] == pytest.approx(known, abs=0.1)
    assert found.model.card.usual["raw_hour_sin"] is None


@pytest.mark.parametrize("isotonic_positives", [0, 10**9])
def test_calibration_brings_the_probability_nearer_to_the_truth(isotonic_positives: int) -> None:
    random = np.random.default_rng(5)
    margin = random.normal(size=20_000)
    positive = random.random(20_000) < 1 / (1 + np.exp(-(2 * margin - 3)))
    half = slice(0, 10_000), slice(10_000, 20_000)
    fitted = calibrate(margin[half[0]], positive[half[0]], np.ones(10_000), isotonic_positives)
    after = calibrated(fitted, margin[half[1]])
    before = 1 / (1 + np.exp(-margin[half[1]]))
    error = evaluate.calibration_error
    assert error(positive[half[1]], after) < error(positive[half[1]], before) / 5
    assert evaluate.brier(positive[half[1]], after) < evaluate.brier(positive[half[1]], before)


@pytest.mark.parametrize("isotonic_positives", [0, 10**9])
def test_calibration_keeps_the_order_without_ties(isotonic_positives: int) -> None:
    random = np.random.default_rng(6)
    margin = np.sort(random.normal(size=2000))
    fitted = calibrate(margin, random.random(2000) < 0.1 + 0.2 * (margin > 0), np.ones(2000), isotonic_positives)
    risk = calibrated(fitted, margin)
    assert (np.diff(risk) > 0).all()
    assert 0 <= risk.min() <= risk.max() <= 1
