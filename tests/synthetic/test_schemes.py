"""Planted schemes keep the definitions of the catalogue, recounted here from the transactions alone."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from synthetic.world import World, make_world

Row = dict[str, Any]
DAY = timedelta(days=1)
THRESHOLD = Decimal(600_000)
SEEDS = (7, 8, 9)


@pytest.fixture(scope="module", params=SEEDS)
def seeded(request: pytest.FixtureRequest) -> World:
    return make_world(request.param, date(2025, 9, 1), 60)


def played(world: World, typology: str) -> Iterator[list[Row]]:
    rows = world.transactions.filter(pl.col("typology") == typology).sort("occurred_at", "transaction_number")
    parts = rows.partition_by("scheme_id", maintain_order=True)
    assert parts, f"no {typology} was planted"
    yield from (part.to_dicts() for part in parts)


def most_payers_in_a_day(rows: list[Row], window: timedelta) -> int:
    """Largest number of distinct paying accounts that one account has within a window."""
    return _most(rows, window, "to_account_id", "from_account_id")


def _most(rows: list[Row], window: timedelta, hub: str, other: str) -> int:
    best = 0
    for start in rows:
        others = defaultdict(set)
        for row in rows:
            inside = start["occurred_at"] <= row["occurred_at"] < start["occurred_at"] + window
            if inside and row[hub] is not None and row[other] is not None:
                others[row[hub]].add(row[other])
        best = max([best, *(len(found) for found in others.values())])
    return best


def test_many_payers(seeded: World) -> None:
    for rows in played(seeded, "DRP-01"):
        assert most_payers_in_a_day(rows, DAY) > 10


def test_mixed_shop_has_many_payers_and_quick_exits(seeded: World) -> None:
    for rows in played(seeded, "MIXED"):
        assert most_payers_in_a_day(rows, DAY) > 10
        assert {row["channel"] for row in rows} >= {"TRANSFER", "CASH", "CRYPTO", "REMIT"}


def test_pass_through(seeded: World) -> None:
    for rows in played(seeded, "DRP-04"):
        pairs = [
            (came, left)
            for came in rows
            for left in rows
            if came["to_account_id"] == left["from_account_id"]
            and timedelta(0) < left["occurred_at"] - came["occurred_at"] <= timedelta(seconds=60)
            and Decimal("0.8") <= left["amount"] / came["amount"] <= Decimal("1.02")
        ]
        assert len(pairs) >= 5
        assert pairs[-1][1]["occurred_at"] - pairs[0][0]["occurred_at"] <= 7 * DAY


def test_structuring(seeded: World) -> None:
    for rows in played(seeded, "CSH-01"):
        cash = [row for row in rows if row["channel"] == "CASH"]
        assert len(cash) >= 4
        assert all(THRESHOLD * Decimal("0.8") <= row["amount"] < THRESHOLD for row in cash)
        assert sum(row["amount"] for row in cash) >= 3 * THRESHOLD
        assert cash[-1]["occurred_at"] - cash[0]["occurred_at"] <= 10 * DAY
        assert len({row["to_account_id"] for row in cash}) == 1
        assert all(row["from_account_id"] is None and row["from_person_id"] is not None for row in cash)


@pytest.mark.parametrize(
    ("typology", "hub", "other"),
    [("NET-05", "to_account_id", "from_account_id"), ("NET-06", "from_account_id", "to_account_id")],
)
def test_fans(seeded: World, typology: str, hub: str, other: str) -> None:
    for rows in played(seeded, typology):
        assert _most(rows, 7 * DAY, hub, other) >= 10


def test_cycle(seeded: World) -> None:
    for rows in played(seeded, "NET-03"):
        assert 3 <= len(rows) <= 6
        assert rows[-1]["to_account_id"] == rows[0]["from_account_id"]
        assert len({row["from_account_id"] for row in rows}) == len(rows)
        for earlier, later in itertools.pairwise(rows):
            assert earlier["to_account_id"] == later["from_account_id"]
            assert timedelta(0) < later["occurred_at"] - earlier["occurred_at"] <= 10 * DAY
            assert Decimal("0.8") <= later["amount"] / earlier["amount"] <= 1


def test_share_of_laundering(seeded: World) -> None:
    assert 0.015 <= seeded.transactions["is_laundering"].mean() <= 0.03  # type: ignore[operator]


def core_of(world: World) -> dict[str, set[int]]:
    return {row["scheme_id"]: set(row["core_account_ids"]) for row in world.schemes.to_dicts()}


def test_no_core_account_takes_part_in_another_scheme(seeded: World) -> None:
    cores = core_of(seeded)
    for row in seeded.transactions.filter("is_laundering").to_dicts():
        ends = {row["from_account_id"], row["to_account_id"]}
        assert not any(ends & core for scheme, core in cores.items() if scheme != row["scheme_id"])


def test_last_ten_days_hold_fresh_schemes_of_most_kinds(seeded: World) -> None:
    spans = (
        seeded.transactions.filter("is_laundering")
        .group_by("scheme_id", "typology")
        .agg(pl.col("local_date").min().alias("starts"))
    )
    fresh = spans.filter(pl.col("starts") > seeded.last_day - timedelta(days=10))
    assert fresh["typology"].n_unique() >= 6
    assert len(spans) - len(fresh) > len(fresh)


def test_most_core_accounts_also_live_an_ordinary_life(seeded: World) -> None:
    innocent = seeded.transactions.filter(~pl.col("is_laundering"))
    ordinary = {*innocent["from_account_id"].to_list(), *innocent["to_account_id"].to_list()}
    cores = set().union(*core_of(seeded).values())
    assert len(cores & ordinary) > 0.8 * len(cores)


def innocents_with_many_payers(world: World) -> set[str | None]:
    rows = world.transactions.filter(
        ~pl.col("is_laundering"), pl.col("to_account_id").is_not_null(), pl.col("from_account_id").is_not_null()
    )
    daily = rows.group_by("to_account_id", "local_date").agg(
        pl.col("from_account_id").n_unique().alias("payers"), pl.col("look_alike").max()
    )
    return set(daily.filter(pl.col("payers") > 10)["look_alike"].to_list())


def test_innocents_trip_the_naive_rule_of_many_payers(seeded: World) -> None:
    assert innocents_with_many_payers(seeded) >= {"collection", "taxi", "charity"}


def test_innocent_deposits_never_meet_structuring(seeded: World) -> None:
    near = seeded.transactions.filter(
        ~pl.col("is_laundering"),
        pl.col("channel") == "CASH",
        pl.col("to_account_id").is_not_null(),
        pl.col("amount").is_between(THRESHOLD * Decimal("0.8"), THRESHOLD, closed="left"),
    )
    assert near.group_by("to_account_id").len().filter(pl.col("len") >= 4).is_empty()


CHECKS: tuple[Callable[[World], None], ...] = (
    test_many_payers,
    test_pass_through,
    test_structuring,
    test_cycle,
)


@pytest.mark.parametrize(("days", "scale"), [(20, 0.2), (33, 0.5), (90, 0.4)])
def test_small_and_long_worlds_keep_the_definitions(days: int, scale: float) -> None:
    for check in CHECKS:
        check(make_world(5, date(2024, 2, 10), days, scale))
