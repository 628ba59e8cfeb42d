"""The scores of a night: whole, in range, explained, and the same however and whenever they are computed."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.catalog import TRANSACTION_FEATURES
from models import accounts, cold_start, dataset, score, store
from models.train import TrainedModel
from pipelines.lake import Lake, Nights
from pipelines.tables import HITS, SCORES
from tests.models.world import World, copied, feature_rows, make_world, write


def scores(world: World, nights: Nights) -> pl.DataFrame:
    days = (nights.last - nights.first).days + 1
    digests = {nights.first + timedelta(days=day): f"digest-{day}" for day in range(days)}
    return score.build(world.lake, world.home, nights, digests).drop("inputs_digest")


def level(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.filter(pl.col("level") == name)


def tonight(world: World, night: date) -> pl.DataFrame:
    return world.rows.filter(pl.col("received_on") == night)


@pytest.fixture(scope="module")
def modelled(read_world: World, trained: TrainedModel, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, date]:
    """The world with six further nights, of which the model in force scores the last five; and the last night."""
    world = copied(read_world, tmp_path_factory.mktemp("modelled") / "home")
    more = feature_rows(seed=9, nights=46).with_columns(pl.col("edge_id") + 10_000)
    more = more.with_columns(pl.format("t-{}", "edge_id").alias("transaction_id"))
    rows = pl.concat([world.rows, more.filter(pl.col("received_on") > world.last)])
    write(world.lake, TRANSACTION_FEATURES, TRANSACTION_FEATURES.conform(rows))
    card = store.save(world.home, trained)
    store.promote(
        world.home,
        world.lake,
        card.model_id,
        from_night=card.window_end + timedelta(days=2),
        promoted_by="chief",
        reason="first",
    )
    grown = World(world.lake, world.home, rows)
    return grown, grown.last


def test_a_cold_night_has_an_order_and_no_probability(world: World) -> None:
    frame = scores(world, Nights.of(world.last))
    rows = tonight(world, world.last)
    assert SCORES.split(frame.with_columns(pl.lit("d").alias("inputs_digest"))).bad.is_empty()
    assert set(level(frame, "transaction")["subject_id"]) == set(rows["transaction_id"])
    named = {str(node) for node in [*rows["src"], *rows["dst"]]}
    assert set(level(frame, "account")["subject_id"]) == named
    assert not frame["is_calibrated"].any()
    assert set(frame["model_id"]) == {cold_start.MODEL_ID}
    assert frame["explanation"].null_count() == frame.height
    evidence = rows.sort("edge_id")["transaction_id"][:2].to_list()
    top = level(frame, "transaction").sort("risk", descending=True)
    assert set(top["subject_id"][:2]) == set(evidence)
    assert top["risk"].n_unique() > top.height / 2
    sides = rows.filter(pl.col("transaction_id").is_in(evidence))
    first = level(frame, "account").sort("risk", descending=True)["subject_id"][:4]
    assert set(first) == {str(node) for node in [*sides["src"], *sides["dst"]]}


def test_digests_are_kept_night_by_night(world: World) -> None:
    nights = Nights(world.last - timedelta(days=1), world.last)
    frame = score.build(world.lake, world.home, nights, {nights.first: "x", nights.last: "y"})
    assert dict(frame.select("received_on", "inputs_digest").unique().iter_rows()) == {
        nights.first: "x",
        nights.last: "y",
    }


def test_the_model_in_force_scores_its_nights_and_the_cold_start_those_before(modelled: tuple[World, date]) -> None:
    world, last = modelled
    frame = scores(world, Nights(last - timedelta(days=6), last))
    by_night = dict(frame.group_by("received_on").agg(pl.col("is_calibrated").all()).iter_rows())
    assert [by_night[night] for night in sorted(by_night)] == [False] * 2 + [True] * 5


def test_a_calibrated_risk_is_about_as_often_true(modelled: tuple[World, date]) -> None:
    world, last = modelled
    frame = level(scores(world, Nights(last - timedelta(days=4), last)), "transaction")
    joined = frame.join(world.rows, left_on="subject_id", right_on="transaction_id")
    assert joined["risk"].mean() == pytest.approx(joined["is_laundering"].mean(), abs=0.05)
    top = joined.sort("risk", descending=True)["is_laundering"]
    assert top.head(20).mean() > 3 * top.mean()


def test_the_riskiest_rows_and_no_others_are_explained(modelled: tuple[World, date]) -> None:
    world, last = modelled
    frame = level(scores(world, Nights.of(last)), "transaction").sort("risk", "subject_id", descending=[True, False])
    most = world.home.settings.capacity * 5
    assert frame["explanation"].is_not_null().to_list() == [True] * most + [False] * (frame.height - most)
    reasons = json.loads(frame["explanation"][0])
    assert len(reasons) == 5
    sizes = [abs(reason["contribution"]) for reason in reasons]
    assert sizes == sorted(sizes, reverse=True)
    row = world.rows.row(by_predicate=pl.col("transaction_id") == frame["subject_id"][0], named=True)
    model = store.in_force(world.home, last)
    assert model is not None
    for reason in reasons:
        expected = row[reason["feature"]]
        assert reason["value"] == (None if expected is None else pytest.approx(expected, rel=1e-6))
        assert reason["usual"] == model.card.usual[reason["feature"]]


def test_a_range_equals_its_nights_one_by_one_in_any_order(modelled: tuple[World, date]) -> None:
    """A backfill of many nights, and a rerun of one of them, give the same rows: nothing is carried over.

    Two of the nights lie before the model.
    """
    world, last = modelled
    nights = [last - timedelta(days=day) for day in range(3, 7)]
    whole = scores(world, Nights(nights[-1], nights[0]))
    single = pl.concat([scores(world, Nights.of(night)) for night in nights]).sort(SCORES.key)
    assert whole.equals(single)


def test_later_nights_change_no_earlier_scores(modelled: tuple[World, date], tmp_path: Path) -> None:
    """No look-ahead: the lake cut off after a night gives the night's scores as the whole lake does."""
    world, last = modelled
    night = last - timedelta(days=2)
    before = scores(world, Nights.of(night))
    cut = Lake(tmp_path / "cut")
    early = world.rows.filter(pl.col("received_on") <= night).sample(fraction=1, shuffle=True, seed=4)
    write(cut, TRANSACTION_FEATURES, TRANSACTION_FEATURES.conform(early))
    hits = world.lake.read(HITS).filter(pl.col("received_on") <= night)
    write(cut, HITS, hits)
    assert scores(World(cut, world.home, early), Nights.of(night)).equals(before)


def test_a_night_without_transactions_has_no_scores(world: World) -> None:
    assert scores(world, Nights.of(world.last + timedelta(days=100))).is_empty()


def test_a_night_of_one_transaction_is_scored(tmp_path_factory: pytest.TempPathFactory) -> None:
    lone = make_world(tmp_path_factory.mktemp("lone") / "home", feature_rows(nights=1, per_night=2).head(1))
    frame = scores(lone, Nights.of(lone.last))
    assert level(frame, "transaction")["anomaly"].to_list() == [0.5]
    assert frame["risk"].is_between(0, 1).all()


def test_the_account_risk_is_that_of_its_riskiest_transactions(world: World) -> None:
    """Against a naive count, with accounts that have more transactions than count."""
    random = np.random.default_rng(1)
    keys = dataset.labelled(world.lake, world.last)
    moved = keys.with_columns(
        pl.Series("risk", random.random(keys.height)), src=pl.col("src") % 9, dst=pl.col("dst") % 7
    )
    night = world.last - timedelta(days=3)
    found = accounts.combined(moved, [night])
    first = night - timedelta(days=accounts.WINDOW_NIGHTS - 1)
    window = moved.filter(pl.col("received_on").is_between(first, night))
    today = moved.filter(pl.col("received_on") == night)
    assert found["node_id"].to_list() == sorted({*today["src"], *today["dst"]})
    for node, combined, is_laundering in found.select("node_id", "combined", "is_laundering").iter_rows():
        own = window.filter((pl.col("src") == node) | (pl.col("dst") == node))
        top = sorted(own["risk"], reverse=True)[: accounts.TOP]
        assert combined == pytest.approx(1 - float(np.prod([1 - risk for risk in top])))
        assert is_laundering == own["is_laundering"].any()
