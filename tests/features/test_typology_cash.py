"""Typologies of group B, cash: both sides of every threshold, exact evidence of what is planted."""

import json
from pathlib import Path
from typing import Any

import pytest

from features import typology
from pipelines import side_tables
from pipelines.tables import ACCOUNTS, PARTIES, ROLES
from tests.features.worlds import at, day, hits_of, movement, node_id, variants

Rows = list[dict[str, Any]]
PLACES = side_tables.PLACES.table
KM_A_DEGREE = 111.2


def found_in(got: Rows) -> dict[int, dict[str, Any]]:
    """Hits by subject; of several, the one with the largest value."""
    return {hit["node_id"]: hit for hit in sorted(got, key=lambda hit: float(hit["value"]))}


def deposits(name: str, depositors: int = 5, cities: int = 3, amount: float = 1000.01, apart_days: float = 1) -> Rows:
    return [
        movement(f"{name} p{i}", name, amount, at(1, int(i * apart_days * 86400)), id=f"{name}{i}", channel="cash")
        | {"from_territory": f"T{i % cities}"}
        for i in range(depositors)
    ]


def test_smurf_fan_in(tmp_path: Path) -> None:
    found = {"five": deposits("five"), "week": deposits("week", apart_days=1.74), "high": deposits("high", amount=9999)}
    spared = {
        "four": deposits("four", 4, amount=2000),
        "two towns": deposits("two towns", cities=2),
        "small": deposits("small", amount=1000),
        "reported": deposits("reported", amount=10_000),
        "slow": deposits("slow", apart_days=1.76),
        "transfers": [{**row, "channel": "transfer"} for row in deposits("transfers")],
    }
    got = found_in(hits_of(tmp_path, "CSH-02", variants(found, spared)))
    assert set(got) == set(map(node_id, found))
    assert got[node_id("five")]["evidence"] == [f"five{i}" for i in range(5)]
    assert got[node_id("five")]["missing_data"] == "places"


def test_towns_are_those_of_the_places_where_they_are_known(tmp_path: Path) -> None:
    rows = [{**row, "location": f"desk {i % 2}"} for i, row in enumerate(deposits("a"))]
    desks = [
        {"place_id": f"desk {i}", "kind": "branch", "latitude": 1, "longitude": 1, "city": f"town {i}"} for i in (0, 1)
    ]
    assert hits_of(tmp_path, "CSH-02", rows, tables=[(PLACES, desks)]) == []


def terminals() -> Rows:
    """Terminals t0, t1, ... in a row to the north, 2.4 km apart, and an office."""
    rows = [
        {"place_id": f"t{i}", "kind": "terminal", "latitude": 43 + i * 2.4 / KM_A_DEGREE, "longitude": 76}
        for i in range(12)
    ]
    return [*rows, {"place_id": "office", "kind": "branch", "latitude": 43, "longitude": 76}]


def fed(name: str, *when: tuple[str, float]) -> Rows:
    """Cash fed in at a place so many hours after midnight."""
    return [
        movement(f"{name} p", name, 50, at(1, int(hours * 3600)), id=f"{name}{i}", channel="cash", location=place)
        for i, (place, hours) in enumerate(when)
    ]


def test_terminal_trail(tmp_path: Path) -> None:
    found = {
        "three": fed("three", ("t0", 1), ("t1", 2), ("t2", 3)),
        "day": fed("day", *((f"t{2 * i}", 4 * i) for i in range(6))),
    }
    spared = {
        "slow": fed("slow", ("t0", 1), ("t1", 2), ("t2", 3.01)),
        "far": fed("far", ("t0", 1), ("t1", 2), ("t3", 3)),
        "two": fed("two", ("t0", 1), ("t1", 2), ("t0", 2.5)),
        "office": fed("office", ("t0", 1), ("t1", 2), ("office", 2.5)),
        "five in a day": fed("five in a day", *((f"t{2 * i}", 4 * i) for i in range(5))),
        "over a day": fed("over a day", *((f"t{2 * i}", 4.8 * i) for i in range(6))),
        "nowhere": fed("nowhere", ("x", 1), ("y", 2), ("z", 3)),
    }
    got = found_in(hits_of(tmp_path, "CSH-03", variants(found, spared), tables=[(PLACES, terminals())]))
    assert set(got) == set(map(node_id, found))
    assert got[node_id("three")]["evidence"] == ["three0", "three1", "three2"]
    assert got[node_id("day")]["evidence"] == [f"day{i}" for i in range(6)]
    assert "через 3 терминала за 2 часа" in typology.sentence(got[node_id("three")], "ru")


def cashed(name: str, days: int = 5, share: float = 0.8, wait_hours: float = 23.9, apart: int = 2) -> Rows:
    rows = []
    for i in range(days):
        taken = at(1 + i * apart, int(wait_hours * 3600))
        rows.append(movement("payer", name, 1000, at(1 + i * apart), id=f"{name}i{i}"))
        rows.append(movement(name, "machine", 1000 * share, taken, id=f"{name}o{i}", channel="cash"))
    return rows


def test_cash_out_of_transfers(tmp_path: Path) -> None:
    found = {"five": cashed("five"), "month": cashed("month", apart=7)}
    spared = {
        "four": cashed("four", 4),
        "too little": cashed("too little", share=0.7999),
        "late": cashed("late", wait_hours=24),
        "slow": cashed("slow", apart=8),
        "no cash": [{**row, "channel": "transfer"} for row in cashed("no cash")],
    }
    got = found_in(hits_of(tmp_path, "CSH-04", variants(found, spared), nights=(0, 40)))
    assert set(got) == set(map(node_id, found))
    assert got[node_id("five")]["evidence"] == [f"five{side}{i}" for i in range(5) for side in "io"]


def flown(name: str, trips: int = 3, km: float = 501, hours: float = 6, apart: int = 14) -> Rows:
    rows = []
    for i in range(trips):
        taken = at(1 + i * apart, int(hours * 3600))
        rows.append(movement("x", name, 100, at(1 + i * apart), id=f"{name}i{i}", channel="cash", location="home"))
        rows.append(movement(name, "y", 100, taken, id=f"{name}o{i}", channel="cash", location=f"{km}"))
    return rows


def test_far_from_home_cash(tmp_path: Path) -> None:
    found = {"three": flown("three")}
    spared = {
        "two": flown("two", 2),
        "near": flown("near", km=499),
        "late": flown("late", hours=6.01),
        "slow": flown("slow", apart=15),
    }
    places = [
        {"place_id": name, "kind": "atm", "latitude": 40 + float(km) / KM_A_DEGREE, "longitude": 70}
        for name, km in (("home", 0), ("501", 501), ("499", 499))
    ]
    (hit,) = hits_of(tmp_path, "CSH-05", variants(found, spared), nights=(0, 40), tables=[(PLACES, places)])
    assert hit["node_id"] == node_id("three")
    assert hit["evidence"] == [f"three{side}{i}" for i in range(3) for side in "io"]


def zoned(
    name: str, cash: float = 6000, other: float = 6000, wired: float = 4200, days: float = 4.99, to: str = "AE"
) -> Rows:
    return [
        movement("p", name, cash, at(10), id=f"{name}c", channel="cash"),
        movement("q", name, other, at(9), id=f"{name}t"),
        movement(name, f"{name} zone", wired, at(10, int(days * 86400)), id=f"{name}w", to_country=to),
    ]


def test_cash_to_a_free_zone(tmp_path: Path) -> None:
    found = {"zone": zoned("zone"), "least": zoned("least", cash=5000.01, other=0, wired=3500.01)}
    spared = {
        "transfers": zoned("transfers", other=6000.01),
        "little wired": zoned("little wired", wired=4199.99),
        "late": zoned("late", days=5),
        "elsewhere": zoned("elsewhere", to="DE"),
        "small": zoned("small", cash=5000, other=0, wired=5000),
        "trader": zoned("trader"),
    }
    goods = {"declaration_id": "1", "item": 1, "node_key": "trader", "declared_on": day(5), "direction": "import"}
    goods |= {"partner_country": "AE", "hs_code": "8517", "value_local": 1}
    given = [(side_tables.CUSTOMS_DECLARATIONS.table, [goods])]
    got = found_in(hits_of(tmp_path, "CSH-06", variants(found, spared), tables=given))
    assert set(got) == set(map(node_id, found))
    assert sorted(got[node_id("zone")]["evidence"]) == ["zonec", "zonew"]


def withdrawn(name: str, amount: float, apart: int = 29) -> Rows:
    return [movement(name, "m", amount / 2, at(1 + i * apart), id=f"{name}{i}", channel="cash") for i in (0, 1)]


def test_cash_beyond_the_income(tmp_path: Path) -> None:
    found = {"much": withdrawn("much", 3000.02), "held": withdrawn("held", 3000.02)}
    spared = {
        "explained": withdrawn("explained", 3000),
        "slow": withdrawn("slow", 3000.02, apart=30),
        "unknown": withdrawn("unknown", 9000),
        "small": withdrawn("small", 2000),
        "raised": withdrawn("raised", 3000.02),
        "told later": withdrawn("told later", 3000.02),
    }
    common = {"valid_from": day(-60), "monthly_income_local": 1000}
    incomes = [{"node_key": name, **common} for name in ("much", "explained", "slow", "raised")]
    incomes += [{"node_key": "small", **common, "monthly_income_local": 1}, {"node_key": "holder", **common}]
    incomes.append({"node_key": "raised", "valid_from": day(20), "monthly_income_local": 2000})
    incomes.append({"node_key": "told later", **common, "received_on": day(31)})
    report = {"report_key": "r", "submission_id": "0" * 64, "received_on": day(0), "ordinal": 1}
    role = {"role": "holder", "subject_kind": "party", "subject_ordinal": 1, "of_kind": "account", "of_ordinal": 1}
    given = [
        (side_tables.DECLARED_INCOMES.table, incomes),
        (ACCOUNTS, [{**report, "node_key": "held"}]),
        (PARTIES, [{**report, "node_key": "holder", "kind": "person"}]),
        (ROLES, [{**report, **role}]),
    ]
    got = found_in(hits_of(tmp_path, "CSH-07", variants(found, spared), nights=(0, 40), tables=given))
    assert set(got) == set(map(node_id, found))
    assert got[node_id("much")]["evidence"] == ["much0", "much1"]
    assert json.loads(got[node_id("much")]["facts"])["times"] == 3.0


def declared(name: str, numbers: tuple[int, ...] = (0, 90, 179), amount: float = 20_000, **more: Any) -> Rows:
    """Declarations of a traveller on some days, each told on its day."""
    return [
        {"declaration_id": f"{name}{i}", "node_key": name, "declared_on": day(i), "received_on": day(i)}
        | {"route_from": "TR", "route_to": "ZZ", "amount_local": amount, **more}
        for i in numbers
    ]


DECLARATIONS = side_tables.CASH_DECLARATIONS.table
SOME = [movement("x", "y", 1, at(0))]


def test_cash_courier_beyond_the_income(tmp_path: Path) -> None:
    found = {
        "three": declared("three"),
        "poor": declared("poor", monthly_income_local=2999.99),
        "least": declared("least", amount=16_666.67),
    }
    spared = {
        "two": declared("two", (0, 90), amount=90_000),
        "slow": declared("slow", (0, 90, 180)),
        "rich": declared("rich", monthly_income_local=3000),
        "small": declared("small", amount=16_666.66),
        "other routes": [{**row, "route_from": f"T{i}"} for i, row in enumerate(declared("other routes"))],
    }
    given = [(DECLARATIONS, variants(found, spared))]
    got = found_in(hits_of(tmp_path, "CSH-08", SOME, nights=(170, 185), tables=given))
    assert set(got) == set(map(node_id, found))
    hit = got[node_id("three")]
    assert hit["evidence"] == [f"cash_declarations:three{i}" for i in (0, 90, 179)]
    assert (hit["received_on"], hit["amount_local"], hit["evidence_count"]) == (day(179), 60_000, 3)
    assert "известный доход этого не объясняет" in typology.sentence(hit, "ru")


@pytest.mark.parametrize("shared", ["agent", "phone", "destination"])
def test_couriers_that_share(tmp_path: Path, shared: str) -> None:
    rich = {"monthly_income_local": 900_000}
    rows = [row for i in range(3) for row in declared(f"three {i}", (i,), **{shared: "777 88 99"}, **rich)]
    rows += [row for i in range(2) for row in declared(f"two {i}", (i, i + 1), **{shared: "111 22 33"}, **rich)]
    (hit,) = hits_of(tmp_path, "CSH-08", SOME, tables=[(DECLARATIONS, rows)])
    assert hit["node_id"] == node_id("three 2")
    assert hit["evidence"] == [f"cash_declarations:three {i}{i}" for i in range(3)]
    assert json.loads(hit["facts"])["why"] == shared


def entered(name: str, amount: float = 20_000, banked: float = 0, days: int = 1, **more: Any) -> tuple[Rows, Rows]:
    """A declaration of entry on the second day, and what came in on the traveller's account some days later."""
    rows = [movement("desk", f"{name} account", banked, at(1 + days), channel="cash")] if banked else []
    return rows, declared(name, (1,), amount, **more)


def test_declared_but_not_banked(tmp_path: Path) -> None:
    found = {
        "nothing": entered("nothing"),
        "little": entered("little", banked=9999.99),
        "late": entered("late", banked=20_000, days=31),
    }
    spared = {
        "half": entered("half", banked=10_000),
        "last day": entered("last day", banked=10_000, days=30),
        "small": entered("small", amount=10_000),
        "leaving": entered("leaving", route_to="TR"),
    }
    both = {**found, **spared}
    report = {"report_key": "r", "submission_id": "0" * 64, "received_on": day(0)}
    role = {"role": "holder", "subject_kind": "party", "of_kind": "account"}
    numbered = list(enumerate(both))
    given = [
        (DECLARATIONS, [row for group in both.values() for row in group[1]]),
        (ACCOUNTS, [{**report, "node_key": f"{name} account", "ordinal": i} for i, name in numbered]),
        (PARTIES, [{**report, "node_key": name, "ordinal": i, "kind": "person"} for i, name in numbered]),
        (ROLES, [{**report, **role, "ordinal": i, "subject_ordinal": i, "of_ordinal": i} for i, _ in numbered]),
    ]
    rows = [*SOME, *(row for group in both.values() for row in group[0])]
    got = hits_of(tmp_path, "CSH-09", rows, nights=(0, 40), tables=given)
    assert {hit["node_id"] for hit in got} == set(map(node_id, found))
    assert {hit["received_on"] for hit in got} == {day(31)}
    assert found_in(got)[node_id("nothing")]["evidence"] == ["cash_declarations:nothing1"]


def test_a_subject_on_the_allow_list_is_left_alone(tmp_path: Path) -> None:
    row = {"node_key": "three", "typology_id": "CSH-08", "allowed_until": day(200), "reason": "embassy"}
    given = [(DECLARATIONS, declared("three")), (side_tables.ALLOW_LIST.table, [{**row, "approved_by": "head"}])]
    assert hits_of(tmp_path, "CSH-08", SOME, nights=(170, 185), tables=given) == []
