"""The model store: bit-identical after a round trip, closed to anything else, and clear about who scores when."""

import dataclasses
import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.ensemble import IsolationForest

from models import store
from models.model import Card
from models.store import NotPromoted, UntrustedModel
from models.train import Recipe, TrainedModel, train
from pipelines.home import Home, Settings, UserError
from tests.models.world import SMALL, World


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(Settings(home=tmp_path / "home"))


def folder(home: Home, card: Card) -> Path:
    return home.models / "transaction" / card.model_id


def replace_model(home: Home, card: Card, content: bytes) -> None:
    """Put other content into a kept model, with a card that matches it."""
    (folder(home, card) / "model.skops").write_bytes(content)
    files = {**card.files, "model.skops": hashlib.sha256(content).hexdigest()}
    (folder(home, card) / "card.json").write_text(dataclasses.replace(card, files=files).to_json())


def test_a_kept_model_scores_and_explains_bit_for_bit_as_before(home: Home, trained: TrainedModel) -> None:
    card = store.save(home, trained)
    loaded = store.load(home, card.model_id)
    matrix = np.random.default_rng(0).normal(size=(300, len(card.features))).astype(np.float32)
    matrix[::7, 3] = np.nan
    np.testing.assert_array_equal(loaded.risk(matrix), trained.model.risk(matrix))
    np.testing.assert_array_equal(loaded.contributions(matrix[:20]), trained.model.contributions(matrix[:20]))
    combined = np.linspace(0, 1, 50)
    np.testing.assert_array_equal(loaded.account_risk(combined), trained.model.account_risk(combined))
    assert loaded.card == Card.from_json(card.to_json())
    assert store.held_back(home, card.model_id).equals(trained.held_back)


def test_saving_again_changes_nothing_and_leaves_nothing_else(home: Home, trained: TrainedModel) -> None:
    card = store.save(home, trained)
    before = {file.name: file.read_bytes() for file in folder(home, card).iterdir()}
    assert store.save(home, trained) == Card.from_json(card.to_json())
    assert {file.name: file.read_bytes() for file in folder(home, card).iterdir()} == before
    assert set(before) == {"model.skops", "held_back.parquet", "card.json"}
    assert [entry.name for entry in (home.models / "transaction").iterdir()] == [card.model_id]


def test_contributions_add_up_to_the_log_odds(trained: TrainedModel) -> None:
    import shap

    model = trained.model
    matrix = np.random.default_rng(1).normal(size=(40, len(model.card.features))).astype(np.float32)
    base = float(np.ravel(shap.TreeExplainer(model.booster).expected_value)[0])
    np.testing.assert_allclose(model.contributions(matrix).sum(axis=1) + base, model.booster.decision_function(matrix))


@pytest.mark.parametrize("file", ["model.skops", "held_back.parquet"])
def test_a_tampered_file_is_refused(home: Home, trained: TrainedModel, file: str) -> None:
    card = store.save(home, trained)
    content = bytearray((folder(home, card) / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder(home, card) / file).write_bytes(bytes(content))
    with pytest.raises(UntrustedModel, match=file):
        store.load(home, card.model_id)
        store.held_back(home, card.model_id)


def test_a_foreign_type_is_refused_though_the_card_vouches_for_it(home: Home, trained: TrainedModel) -> None:
    card = store.save(home, trained)
    forest = IsolationForest(n_estimators=2, random_state=0).fit(np.zeros((10, 2)))
    replace_model(home, card, skops.io.dumps({"booster": forest}))
    with pytest.raises(UntrustedModel, match=r"sklearn\.tree\._tree\.Tree"):
        store.load(home, card.model_id)


def test_trusted_types_in_the_wrong_place_are_refused(home: Home, trained: TrainedModel) -> None:
    card = store.save(home, trained)
    replace_model(home, card, skops.io.dumps({"booster": {}, "calibrator": {}, "account_calibrator": {}}))
    with pytest.raises(UntrustedModel, match="another type"):
        store.load(home, card.model_id)
    replace_model(home, card, skops.io.dumps([1]))
    with pytest.raises(UntrustedModel, match="not a model"):
        store.load(home, card.model_id)


def test_a_model_of_another_scikit_learn_is_refused(home: Home, trained: TrainedModel) -> None:
    card = store.save(home, trained)
    other = dataclasses.replace(card, libraries={**card.libraries, "scikit-learn": "1.2.3"})
    (folder(home, card) / "card.json").write_text(other.to_json())
    with pytest.raises(UserError, match="train it again"):
        store.load(home, card.model_id)


@pytest.mark.parametrize("name", ["../../etc", "", "0" * 15, "G" * 16])
def test_an_id_that_is_none_reaches_no_file(home: Home, name: str) -> None:
    with pytest.raises(UserError, match="not a model id"):
        store.load(home, name)


def test_an_unknown_model_is_an_error_that_says_so(home: Home) -> None:
    with pytest.raises(UserError, match="There is no model"):
        store.load(home, "0" * 16)


def promote(world: World, model_id: str, night: date, by: str = "chief", reason: str = "why") -> store.Promotion:
    return store.promote(world.home, world.lake, model_id, from_night=night, promoted_by=by, reason=reason)


def test_the_first_model_scores_the_nights_from_its_own_on(world: World, trained: TrainedModel) -> None:
    card = store.save(world.home, trained)
    assert store.in_force(world.home, world.last + timedelta(days=9)) is None
    with pytest.raises(NotPromoted, match="can score nights after"):
        promote(world, card.model_id, card.window_end)
    with pytest.raises(NotPromoted, match="who decided"):
        promote(world, card.model_id, card.window_end + timedelta(days=1), by=" ")
    promotion = promote(world, card.model_id, card.window_end + timedelta(days=2))
    assert store.promotions(world.home) == [promotion]
    assert store.in_force(world.home, card.window_end + timedelta(days=1)) is None
    for days in (2, 400):
        model = store.in_force(world.home, card.window_end + timedelta(days=days))
        assert model is not None
        assert model.card.model_id == card.model_id


def test_a_card_changed_after_promotion_is_refused(world: World, trained: TrainedModel) -> None:
    card = store.save(world.home, trained)
    promote(world, card.model_id, card.window_end + timedelta(days=1))
    other = dataclasses.replace(card, window_end=card.window_end - timedelta(days=300))
    (folder(world.home, card) / "card.json").write_text(other.to_json())
    with pytest.raises(UntrustedModel, match="promoted"):
        store.in_force(world.home, card.window_end + timedelta(days=1))


def test_a_challenger_must_win_on_rows_that_are_new_to_both(world: World) -> None:
    """A champion of the first half of time meets a better and a worse challenger, trained later."""
    settings, home = world.home.settings, world.home
    middle = world.last - timedelta(days=14)
    blind = (*SMALL.exclude, "raw_log_amount", "asof_fan_product_7d")
    champion = store.save(home, train(world.lake, middle, settings, recipe=Recipe(exclude=blind, trials=1)))
    better = store.save(home, train(world.lake, world.last, settings, recipe=SMALL))
    worse_recipe = Recipe(exclude=(*blind, "asof_cycles_3"), trials=1)
    worse = store.save(home, train(world.lake, world.last, settings, recipe=worse_recipe))
    promote(world, champion.model_id, champion.window_end + timedelta(days=1))
    night = world.last + timedelta(days=1)
    with pytest.raises(NotPromoted, match="does not win"):
        promote(world, worse.model_id, night)
    won = promote(world, better.model_id, night)
    assert won.champion_id == champion.model_id
    assert won.champion_average_precision is not None
    assert won.challenger_average_precision > won.champion_average_precision
    fresh = store.held_back(home, better.model_id).filter(pl.col("received_on") > champion.window_end)
    assert won.compared_rows == fresh.height
    assert [entry["model_id"] for entry in json.loads((home.models / "transaction/in_force.json").read_text())] == [
        champion.model_id,
        better.model_id,
    ]
    before, after = store.in_force(home, world.last), store.in_force(home, night)
    assert before is not None
    assert after is not None
    assert (before.card.model_id, after.card.model_id) == (champion.model_id, better.model_id)
    with pytest.raises(NotPromoted, match="in force already"):
        promote(world, better.model_id, night)
    with pytest.raises(NotPromoted, match="too few"):
        promote(world, worse.model_id, night)
    with pytest.raises(NotPromoted, match="earlier nights keep"):
        promote(world, champion.model_id, champion.window_end + timedelta(days=1))
