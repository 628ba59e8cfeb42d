"""A world is made from its seed alone, and behaves like money does."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from synthetic.world import World, make_world

FRAMES = ("persons", "entities", "accounts", "transactions", "schemes", "suspicions")


def test_same_seed_same_world(small_world: World) -> None:
    again = make_world(11, small_world.first_day, 30, 0.3)
    for name in FRAMES:
        assert_frame_equal(getattr(small_world, name), getattr(again, name))


def test_another_seed_is_another_world(small_world: World) -> None:
    other = make_world(12, small_world.first_day, 30, 0.3)
    assert not small_world.transactions.equals(other.transactions)


def test_size_of_the_demo_world(world: World) -> None:
    assert 2_300 <= len(world.accounts) <= 2_700
    assert 400 * 60 <= len(world.transactions) <= 450 * 60


def test_identifiers_are_unique(world: World) -> None:
    assert world.transactions["transaction_number"].is_unique().all()
    assert world.accounts["account"].is_unique().all()
    assert world.persons["document"].is_unique().all()
    assert world.persons["national_id"].is_unique().all()


def test_every_transaction_has_two_sides_and_a_positive_amount(world: World) -> None:
    rows = world.transactions
    for side in ("from", "to"):
        is_one = pl.col(f"{side}_account_id").is_null() != pl.col(f"{side}_person_id").is_null()
        assert rows.select(is_one.all()).item()
    assert rows["amount"].dtype == pl.Decimal(18, 2)
    assert rows.select((pl.col("amount") > 0).all()).item()


def test_times_are_utc_and_inside_the_local_days(world: World) -> None:
    rows = world.transactions
    assert rows["occurred_at"].dtype == pl.Datetime("us", "UTC")
    assert rows.select((pl.col("local_time") - pl.col("occurred_at").dt.replace_time_zone(None)).unique()).rows() == [
        (timedelta(hours=3),)
    ]
    assert rows["local_date"].is_between(world.first_day, world.last_day).all()
    assert rows["local_date"].n_unique() == world.days


def test_merchants_are_hubs_and_payments_are_heavy_tailed(world: World) -> None:
    shops = world.transactions.filter(pl.col("kind") == "purchase")
    payers = shops.group_by("to_account_id").agg(pl.col("from_account_id").n_unique().alias("payers"))["payers"]
    assert payers.max() > 300  # type: ignore[operator]
    assert payers.max() > 10 * payers.median()  # type: ignore[operator]


def test_two_in_five_friend_payments_recur(world: World) -> None:
    friends = world.transactions.filter(
        (pl.col("kind") == "p2p") & pl.col("look_alike").is_null() & ~pl.col("is_laundering")
    )
    owner = world.accounts["person_id"]
    pairs = pl.DataFrame({"a": owner[friends["from_account_id"]], "b": owner[friends["to_account_id"]]})
    repeated = pairs.group_by("a", "b").len().filter(pl.col("len") > 1)["len"].sum() / len(pairs)
    assert 0.36 <= repeated <= 0.46


def test_cash_moves_between_a_person_and_their_own_account(world: World) -> None:
    cash = world.transactions.filter(pl.col("channel") == "CASH")
    account = cash.select(pl.coalesce("from_account_id", "to_account_id")).to_series()
    person = cash.select(pl.coalesce("from_person_id", "to_person_id")).to_series()
    assert world.accounts["person_id"][account].to_list() == person.to_list()


def test_accounts_are_opened_before_they_move(world: World) -> None:
    assert world.accounts["opened_on"].max() < world.first_day  # type: ignore[operator]


def test_suspicion_reports_name_guilty_and_innocent(world: World) -> None:
    core = set(world.schemes["core_account_ids"].explode().to_list())
    guilty = [account in core for account in world.suspicions["account_id"].to_list()]
    assert 0.25 <= sum(guilty) / len(guilty) <= 0.75


@pytest.mark.parametrize(("days", "scale"), [(19, 1.0), (30, 0.01)])
def test_a_world_too_small_is_refused(days: int, scale: float) -> None:
    with pytest.raises(ValueError, match="days must be at least"):
        make_world(1, date(2025, 9, 1), days, scale)
