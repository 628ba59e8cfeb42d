"""Typologies of group A, drops and wallets: both sides of every threshold, exact evidence of what is planted."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from features import typology
from tests.features.test_typology import hits
from tests.features.worlds import at, movement

Rows = list[dict[str, Any]]


def operations(count: int, number: int, **more: Any) -> Rows:
    """Operations of one day, a minute apart, with a few people in turn."""
    return [movement(f"p{i % 5}", "drop", 10, at(number, i * 60), id=f"d{number}-{i:02}", **more) for i in range(count)]


@pytest.mark.parametrize(
    ("first", "second", "apart", "found"), [(31, 31, 5, 1), (30, 31, 5, 0), (31, 31, 29, 1), (31, 31, 30, 0)]
)
def test_operation_count(tmp_path: Path, first: int, second: int, apart: int, found: int) -> None:
    got = hits(tmp_path, [*operations(first, 0), *operations(second, apart)], "DRP-02", last=31)
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"d{day}-{i:02}" for day in (0, apart) for i in range(31)]
        assert "Больше 30 операций с другими людьми за день: 2 дня из 30" in typology.sentence(got[0], "ru")


def test_operation_count_takes_summed_rows_for_what_they_are(tmp_path: Path) -> None:
    rows = [movement("p", "drop", 10, at(day), movement_count=31) for day in (0, 1)]
    assert {hit["node_id"] for hit in hits(tmp_path, rows, "DRP-02")} == {_node("p"), _node("drop")}


@pytest.mark.parametrize("more", [{"channel": "cash"}, {"from_kind": "entity"}])
def test_operation_count_is_of_transfers_between_people(tmp_path: Path, more: dict[str, Any]) -> None:
    assert hits(tmp_path, [*operations(40, 0, **more), *operations(40, 1, **more)], "DRP-02") == []


@pytest.mark.parametrize(
    ("amount", "apart", "found"), [(500, 0, 0), (500.01, 0, 1), (5000, 20, 2), (4500, 20, 2), (900, 20, 0)]
)
def test_turnover_between_people(tmp_path: Path, amount: float, apart: int, found: int) -> None:
    rows = [movement("a", "drop", amount, at(0), id="x"), movement("drop", "b", amount, at(apart, 60), id="y")]
    got = [hit for hit in hits(tmp_path, rows, "DRP-03") if hit["node_id"] == _node("drop")]
    assert len(got) == found


@pytest.mark.parametrize(("last", "found"), [(400, 0), (400.01, 1)])
def test_turnover_of_a_month(tmp_path: Path, last: float, found: int) -> None:
    rows = [movement("a", "drop", 800, at(2 * i), id=f"m{i:02}") for i in range(12)]
    rows.append(movement("b", "drop", last, at(24), id="m12"))
    got = [hit for hit in hits(tmp_path, rows, "DRP-03") if hit["node_id"] == _node("drop")]
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"m{i:02}" for i in range(13)]
        assert got[0]["strength"] == pytest.approx(0.5, abs=1e-4)
        assert "предел семьи 10\u2009000" in typology.sentence(got[0], "ru")


def _node(key: str) -> int:
    return int(sha256(key.encode()).hexdigest()[:15], 16)


def shifts(days: int, hours: int, by_night: int) -> Rows:
    """One operation in each of some hours of each day, the first of them after midnight."""
    return [
        movement(
            f"p{hour}", "drop", 10, at(day, (hour if hour < by_night else hour + 6) * 3600), id=f"s{day}-{hour:02}"
        )
        for day in range(days)
        for hour in range(hours)
    ]


@pytest.mark.parametrize(
    ("days", "hours", "by_night", "found"), [(5, 12, 4, 1), (4, 12, 4, 0), (5, 11, 4, 0), (5, 12, 3, 0), (5, 16, 5, 1)]
)
def test_round_the_clock_shift(tmp_path: Path, days: int, hours: int, by_night: int, found: int) -> None:
    got = hits(tmp_path, shifts(days, hours, by_night), "DRP-05")
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [row["transaction_id"] for row in shifts(days, hours, by_night)]
        assert json.loads(got[0]["facts"])["long_days"] == 5


def test_a_shift_needs_times(tmp_path: Path) -> None:
    assert hits(tmp_path, [{**row, "is_date_only": True} for row in shifts(6, 12, 6)], "DRP-05") == []


def emptied(days: int, out: float) -> Rows:
    """Each day 1000 comes in and `out` leaves."""
    rows = []
    for day in range(days):
        rows.append(movement(f"a{day}", "drop", 1000, at(day), id=f"i{day}"))
        rows.append(movement("drop", f"b{day}", out, at(day, 7200), id=f"o{day}"))
    return rows


@pytest.mark.parametrize(
    ("days", "out", "found"),
    [(3, 1000, 1), (2, 1000, 0), (3, 818.19, 1), (3, 818.18, 0), (3, 1222.22, 1), (3, 1222.23, 0)],
)
def test_empty_at_night(tmp_path: Path, days: int, out: float, found: int) -> None:
    got = hits(tmp_path, emptied(days, out), "DRP-06")
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"{side}{day}" for day in range(3) for side in "io"]
        assert "за 3 дня с операциями" in typology.sentence(got[0], "ru")


@pytest.mark.parametrize(("amount", "found"), [(1000, 0), (1000.01, 1)])
def test_empty_at_night_needs_turnover(tmp_path: Path, amount: float, found: int) -> None:
    rows = []
    for day in range(3):
        share = amount / 3 if day else amount - 2 * round(amount / 3, 2)
        rows.append(movement("a", "drop", f"{share:.2f}", at(day)))
        rows.append(movement("drop", "b", f"{share:.2f}", at(day, 60)))
    assert len(hits(tmp_path, rows, "DRP-06")) == found


def lifeless(count: int, amount: float = 160) -> Rows:
    return [movement(f"p{i}", "drop", amount, at(i), id=f"l{i:02}") for i in range(count)]


@pytest.mark.parametrize(("count", "amount", "found"), [(20, 160, 1), (19, 160, 0), (20, 150, 0), (20, 150.01, 1)])
def test_no_life_on_the_card(tmp_path: Path, count: int, amount: float, found: int) -> None:
    got = hits(tmp_path, lifeless(count, amount), "DRP-07")
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"l{i:02}" for i in range(20)]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"to_kind": "entity"}, 0),
        ({"description": "Оплата аренды за март"}, 0),
        ({"description": "salary advance"}, 0),
        ({"transaction_type": "TAX"}, 0),
        ({"description": "возврат долга"}, 1),
    ],
)
def test_one_payment_of_everyday_life_is_enough(tmp_path: Path, more: dict[str, Any], found: int) -> None:
    rows = [*lifeless(20), movement("drop", "shop", 5, at(10, 5), **more)]
    got = [hit for hit in hits(tmp_path, rows, "DRP-07") if hit["node_id"] == _node("drop")]
    assert bool(got) == bool(found)
