"""Typologies of group A, drops and wallets: both sides of every threshold, exact evidence of what is planted."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from features import typology
from pipelines import side_tables
from pipelines.lake import Nights
from pipelines.tables import ACCOUNTS, HITS, PARTIES, ROLES
from tests.features.test_typology import hits
from tests.features.worlds import at, day, hits_of, movement, node_id, variants, world

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
        assert got[0]["evidence"] == [f"d{number}-{i:02}" for number in (0, apart) for i in range(31)]
        assert "Больше 30 операций с другими людьми за день: 2 дня из 30" in typology.sentence(got[0], "ru")


def test_operation_count_takes_summed_rows_for_what_they_are(tmp_path: Path) -> None:
    rows = [movement("p", "drop", 10, at(number), movement_count=31) for number in (0, 1)]
    assert {hit["node_id"] for hit in hits(tmp_path, rows, "DRP-02")} == {node_id("p"), node_id("drop")}


@pytest.mark.parametrize("more", [{"channel": "cash"}, {"from_kind": "entity"}])
def test_operation_count_is_of_transfers_between_people(tmp_path: Path, more: dict[str, Any]) -> None:
    assert hits(tmp_path, [*operations(40, 0, **more), *operations(40, 1, **more)], "DRP-02") == []


@pytest.mark.parametrize(
    ("amount", "apart", "found"), [(500, 0, 0), (500.01, 0, 1), (5000, 20, 2), (4500, 20, 2), (900, 20, 0)]
)
def test_turnover_between_people(tmp_path: Path, amount: float, apart: int, found: int) -> None:
    rows = [movement("a", "drop", amount, at(0), id="x"), movement("drop", "b", amount, at(apart, 60), id="y")]
    rows += [movement("c", "drop", 0, at(number, 30), id=f"z{number}-{i}") for number in {0, apart} for i in (0, 1)]
    got = [hit for hit in hits(tmp_path, rows, "DRP-03") if hit["node_id"] == node_id("drop")]
    assert len(got) == found


@pytest.mark.parametrize(("count", "found"), [(2, 0), (3, 1)])
def test_a_single_large_transfer_is_no_turnover(tmp_path: Path, count: int, found: int) -> None:
    rows = [movement("a", "drop", 2000, at(0, i)) for i in range(count)]
    assert len([hit for hit in hits(tmp_path, rows, "DRP-03") if hit["node_id"] == node_id("drop")]) == found


@pytest.mark.parametrize(("last", "found"), [(400, 0), (400.01, 1)])
def test_turnover_of_a_month(tmp_path: Path, last: float, found: int) -> None:
    rows = [movement("a", "drop", 800, at(2 * i), id=f"m{i:02}") for i in range(12)]
    rows.append(movement("b", "drop", last, at(24), id="m12"))
    got = [hit for hit in hits(tmp_path, rows, "DRP-03") if hit["node_id"] == node_id("drop")]
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"m{i:02}" for i in range(13)]
        assert got[0]["strength"] == pytest.approx(0.5, abs=1e-4)
        assert "для семьи обычно не больше 10\u2009000" in typology.sentence(got[0], "ru")


def test_turnover_that_stays_where_it_was_is_not_found_again(tmp_path: Path) -> None:
    """Of a limit of 10,000, 1,990 a day pass it on the sixth day and twice it on the eleventh; thrice is no step."""
    rows = [movement("a", "drop", 1990, at(number), id=f"d{number:02}") for number in range(19)]
    got = [hit for hit in hits(tmp_path, rows, "DRP-03") if hit["node_id"] == node_id("drop")]
    assert sorted((hit["received_on"], hit["value"]) for hit in got) == [(day(5), 11_940), (day(10), 21_890)]


def shifts(days: int, hours: int, by_night: int) -> Rows:
    """One operation in each of some hours of each day, the first of them after midnight."""
    clock = [hour if hour < by_night else hour + 6 for hour in range(hours)]
    return [
        movement(f"p{hour}", "drop", 10, at(number, hour * 3600), id=f"s{number}-{hour:02}")
        for number in range(days)
        for hour in clock
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
    for number in range(days):
        rows.append(movement(f"a{number}", "drop", 1000, at(number), id=f"i{number}"))
        rows.append(movement("drop", f"b{number}", out, at(number, 7200), id=f"o{number}"))
    return rows


@pytest.mark.parametrize(
    ("days", "out", "found"),
    [(3, 1000, 1), (2, 1000, 0), (3, 818.19, 1), (3, 818.18, 0), (3, 1222.22, 1), (3, 1222.23, 0)],
)
def test_empty_at_night(tmp_path: Path, days: int, out: float, found: int) -> None:
    got = hits(tmp_path, emptied(days, out), "DRP-06")
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"{side}{number}" for number in range(3) for side in "io"]
        assert "за 3 дня с операциями" in typology.sentence(got[0], "ru")


@pytest.mark.parametrize(("amount", "found"), [(1000, 0), (1000.01, 1)])
def test_empty_at_night_needs_turnover(tmp_path: Path, amount: float, found: int) -> None:
    rows = []
    for number in range(3):
        share = amount / 3 if number else amount - 2 * round(amount / 3, 2)
        rows.append(movement("a", "drop", f"{share:.2f}", at(number)))
        rows.append(movement("drop", "b", f"{share:.2f}", at(number, 60)))
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
    got = [hit for hit in hits(tmp_path, rows, "DRP-07") if hit["node_id"] == node_id("drop")]
    assert bool(got) == bool(found)


# ------------------------------------------------------------------------------------------------- shared device

DEVICE_LINKS, KIN_LINKS = side_tables.DEVICE_LINKS.table, side_tables.KIN_LINKS.table


def devices(count: int, name: str, **more: Any) -> Rows:
    """Accounts in a row, each of which shares a device with the next."""
    rows = []
    for i in range(count):
        for value in (i, i + 1):
            link = {"node_key": f"{name}{i}", "link_kind": "device", "link_value": f"{name}{value}"}
            rows.append({**link, "person_key": f"{name} person {i}", **more})
    return rows


def moved(count: int, name: str, amount: float = 1000) -> Rows:
    return [movement("payer", f"{name}{i}", amount, at(1, i), id=f"{name}{i}") for i in range(count)]


def test_shared_device(tmp_path: Path) -> None:
    rows = [*moved(3, "five"), *moved(3, "four"), *moved(2, "two"), *moved(3, "poor", 999.99), *moved(3, "kin")]
    rows += moved(3, "old")
    links = [*devices(5, "five"), *devices(4, "four"), *devices(5, "two"), *devices(5, "poor"), *devices(5, "kin")]
    links += devices(5, "old", seen_to=day(-180))
    kin = [{"node_key": "kin person 1", "other_key": "kin person 2", "kind": "employer"}]
    (hit,) = hits_of(tmp_path, "DRP-08", rows, tables=[(DEVICE_LINKS, links), (KIN_LINKS, kin)])
    assert hit["node_id"] == min(node_id(f"five{i}") for i in range(3))
    assert (hit["value"], sorted(hit["evidence"])) == (5, ["five0", "five1", "five2"])
    assert "Счетами 5 человек управляют с 4 общих" in typology.sentence(hit, "ru")


def test_a_public_address_joins_nobody(tmp_path: Path) -> None:
    links = [{"node_key": f"a{i}", "link_kind": "ip_agent", "link_value": "cafe"} for i in range(6)]
    given = [(DEVICE_LINKS, links)]
    assert len(hits_of(tmp_path / "six", "DRP-08", moved(6, "a"), tables=given, parameters={"accounts_max": 6})) == 1
    assert hits_of(tmp_path / "five", "DRP-08", moved(6, "a"), tables=given, parameters={"accounts_max": 5}) == []


def test_without_links_the_night_says_so(tmp_path: Path) -> None:
    lake = world(tmp_path, moved(6, "a"))
    (run,) = typology.statuses(lake, HITS.empty(), Nights.of(day(1))).filter(typology_id="DRP-08").to_dicts()
    assert (run["status"], run["missing_data"]) == ("data_missing", "device_links,kin_links")


# ---------------------------------------------------------------------------------------------- batch onboarding


def onboarded(
    count: int, name: str, active: int, days: int = 3, ages: tuple[int, ...] = (18, 25), **more: Any
) -> tuple[Rows, Rows, Rows, Rows]:
    """Accounts opened at one branch within `days` days, the first `active` of them paid by many; their holders."""
    report = {"report_key": name, "submission_id": "0" * 64, "received_on": day(0)}
    accounts, parties, roles, rows = [], [], [], []
    for i in range(count):
        opened = day(-30 - i % days)
        account = {"node_key": f"{name}{i}", "ordinal": i, "institution_code": "BANK", "branch": name}
        accounts.append({**report, **account, "opened_on": opened})
        born = date(opened.year - ages[i % len(ages)], opened.month, opened.day)
        parties.append({**report, "node_key": f"{name} holder {i}", "ordinal": i, "kind": "person", "birth_date": born})
        parties[-1] |= more
        roles.append({**report, "ordinal": i, "role": "holder", "subject_kind": "party", "subject_ordinal": i})
        roles[-1] |= {"of_kind": "account", "of_ordinal": i}
        rows += [movement(f"p{j}", f"{name}{i}", 5, at(1, j), id=f"{name}{i}-{j:02}") for j in range(11 * (i < active))]
    return rows, accounts, parties, roles


def test_batch_onboarding(tmp_path: Path) -> None:
    groups = {
        "five": onboarded(5, "five", 3),
        "four": onboarded(4, "four", 4),
        "idle": onboarded(5, "idle", 2),
        "slow": onboarded(5, "slow", 5, days=5),
        "young": onboarded(5, "young", 5, ages=(17,)),
        "old": onboarded(5, "old", 5, ages=(26,)),
        "dormitory": onboarded(5, "dormitory", 3, ages=(40,), address="Dormitory 7"),
        "phones": onboarded(5, "phones", 3, ages=(40,), phone="+7 701 123-45-67"),
    }
    rows, *told = ([row for group in groups.values() for row in group[place]] for place in range(4))
    numbered = [[{**row, "ordinal": place} for place, row in enumerate(part)] for part in told]
    for role, place in zip(numbered[2], range(len(numbered[2])), strict=True):
        role |= {"report_key": "all", "subject_ordinal": place, "of_ordinal": place}
    for part in numbered[:2]:
        for row in part:
            row["report_key"] = "all"
    got = hits_of(tmp_path, "DRP-09", rows, tables=list(zip((ACCOUNTS, PARTIES, ROLES), numbered, strict=True)))
    found = {hit["node_id"]: hit for hit in got}
    assert set(found) == {node_id(f"{name}{i}") for name in ("five", "dormitory", "phones") for i in range(3)}
    assert sorted(found[node_id("five0")]["evidence"]) == [f"five{i}-{j:02}" for i in range(3) for j in range(11)]
    assert "общий признак владельцев — номера телефонов" in typology.sentence(found[node_id("phones1")], "ru")


# ------------------------------------------------------------------------------------------------------- ladders


def ladder(name: str, hops: int, keep: float = 0.95, wait_hours: float = 24, channels: str = "cww") -> Rows:
    """A chain of steps over cards (c), wallets (w) and transfers (t)."""
    kinds = {"c": "card", "w": "wallet", "t": "transfer"}
    return [
        movement(
            f"{name}{i}",
            f"{name}{i + 1}",
            f"{10_000 * keep**i:.2f}",
            at(1, int(i * wait_hours * 3600)),
            id=f"{name}{i}",
        )
        | {"channel": kinds[channels[i % len(channels)]]}
        for i in range(hops)
    ]


def test_wallet_ladder(tmp_path: Path) -> None:
    found = {
        "three": ladder("three", 3),
        "six": ladder("six", 6),
        "kept least": ladder("kept least", 3, keep=0.8367),
        "every other": ladder("every other", 4, channels="cw"),
    }
    spared = {
        "two": ladder("two", 2),
        "kept too little": ladder("kept too little", 3, keep=0.8366),
        "slow": ladder("slow", 3, wait_hours=24.01),
        "no wallet": ladder("no wallet", 4, channels="ct"),
        "wallet at the end": ladder("wallet at the end", 3, channels="ccw"),
        "grows": ladder("grows", 3, keep=1.01),
    }
    hits_found = sorted(hits_of(tmp_path, "DRP-10", variants(found, spared)), key=lambda hit: float(hit["value"]))
    got = {hit["node_id"]: hit for hit in hits_found}
    assert {node_id(f"{name}1") for name in found} <= set(got)
    assert not {node_id(f"{name}{i}") for name in spared for i in range(5)} & set(got)
    assert got[node_id("six1")]["evidence"] == [f"six{i}" for i in range(6)]


def test_a_ladder_needs_owners(tmp_path: Path) -> None:
    report = {"report_key": "r", "submission_id": "0" * 64, "received_on": day(0)}
    accounts = [{**report, "node_key": f"a{i}", "ordinal": i} for i in range(4)]
    parties = [{**report, "node_key": "one person", "ordinal": 0, "kind": "person"}]
    roles = [
        {**report, "ordinal": i, "role": "holder", "subject_kind": "party", "subject_ordinal": 0}
        | {"of_kind": "account", "of_ordinal": i}
        for i in range(4)
    ]
    for held, count in ((2, 1), (3, 0)):
        tables = [(ACCOUNTS, accounts), (PARTIES, parties), (ROLES, roles[:held])]
        assert len(hits_of(tmp_path / str(held), "DRP-10", ladder("a", 3), tables=tables)) == count


# ------------------------------------------------------------------------------------------------------- waking


def woken(name: str, silent_days: int, amount: float = 1500.01, first: bool = True, apart: float = 13) -> Rows:
    rows = [movement("x", name, 5, at(200 - silent_days), id=f"{name}-old")] if first else []
    rows.append(movement("y", name, amount, at(200), id=f"{name}1"))
    return [*rows, movement(name, "z", amount, at(200, int(apart * 86400)), id=f"{name}2")]


def test_sleeping_account_wakes(tmp_path: Path) -> None:
    found = {"half a year": woken("half a year", 180)}
    spared = {
        "too short": woken("too short", 179),
        "new": woken("new", 180, first=False),
        "little": woken("little", 180, 1500),
        "slow": woken("slow", 180, apart=14),
    }
    (hit,) = hits_of(tmp_path, "DRP-11", variants(found, spared), nights=(195, 215))
    assert (hit["node_id"], hit["evidence"]) == (node_id("half a year"), ["half a year1", "half a year2"])
    assert "Молчал 180 дней" in typology.sentence(hit, "ru")


# ------------------------------------------------------------------------------------------------ price lists


def priced(name: str, credits: int, payers: int, repeated: int, **more: Any) -> Rows:
    """Credits, `repeated` of which have one of five amounts, the others each its own."""
    amounts = [1000 + 500 * (i % 5) if i < repeated else 7000 + i for i in range(credits)]
    return [
        movement(f"{name} p{i % payers}", name, amount, at(1, i * 3600), id=f"{name}{i:02}", **more)
        for i, amount in enumerate(amounts)
    ]


def test_price_list_amounts(tmp_path: Path) -> None:
    found = {"shop": priced("shop", 30, 15, 18)}
    spared = {
        "few credits": priced("few credits", 29, 15, 20),
        "few payers": priced("few payers", 30, 14, 18),
        "many prices": priced("many prices", 30, 15, 13),
        "cash": priced("cash", 30, 15, 18, channel="cash"),
    }
    got = hits_of(tmp_path, "DRP-12", variants(found, spared))
    assert {hit["node_id"] for hit in got} == {node_id("shop")}
    assert got[0]["evidence"] == [f"shop{i:02}" for i in range(30)]
    assert got[0]["missing_data"] == "price_bands"


def test_the_price_band_decides_where_it_is_loaded(tmp_path: Path) -> None:
    bands = [{"territory": "*", "valid_from": day(0), "amount_from": 1000, "amount_to": top} for top in (3000,)]
    given = [(side_tables.PRICE_BANDS.table, bands)]
    rows = [*priced("in", 30, 15, 30), *priced("out", 30, 15, 29)]
    (hit,) = hits_of(tmp_path, "DRP-12", rows, tables=given)
    assert (hit["node_id"], hit["missing_data"]) == (node_id("in"), "")


# --------------------------------------------------------------------------------------------------- rotation


def rotated(name: str, shared: int, others: int = 0, wait_days: float = 3, again_days: float = 0) -> Rows:
    """The payers of `name a`, with some of its own, pay `name b` days after its last credit."""
    rows = [movement(f"{name} p{i}", f"{name} a", 100, at(5, 60 * i), id=f"{name}a{i}") for i in range(5)]
    rows += [movement(f"{name} q{i}", f"{name} b", 100, at(9, i), id=f"{name}q{i}") for i in range(others)]
    start = at(5, 240 + int(wait_days * 86400))
    rows += [
        movement(f"{name} p{i}", f"{name} b", 100, start + timedelta(minutes=i), id=f"{name}b{i}")
        for i in range(shared)
    ]
    if again_days:
        rows.append(movement(f"{name} p0", f"{name} a", 9, start + timedelta(days=again_days)))
        rows.append(movement(f"{name} late", f"{name} b", 100, start + timedelta(days=4)))
    return rows


def test_shop_rotation(tmp_path: Path) -> None:
    found = {"five": rotated("five", 5), "three": rotated("three", 3, others=5)}
    found["stops"] = rotated("stops", 4, again_days=3)
    spared = {
        "four payers": rotated("four payers", 4),
        "few shared": rotated("few shared", 2, others=5),
        "late": rotated("late", 5, wait_days=3.01),
        "goes on": rotated("goes on", 4, again_days=3.01),
    }
    got = {hit["node_id"]: hit for hit in hits_of(tmp_path, "DRP-13", variants(found, spared))}
    assert set(got) == {node_id(f"{name} b") for name in found}
    assert sorted(got[node_id("five b")]["evidence"]) == [f"five{side}{i}" for side in "ab" for i in range(5)]
    assert got[node_id("three b")]["value"] == pytest.approx(3 / 10)


# ----------------------------------------------------------------------------------------------- courier pay


def paid(name: str, receivers: int = 10, regions: int = 5, weekly: int = 10, amount: float = 100) -> Rows:
    """Two payments to each receiver, the second a week later for the first `weekly` of them, else nine days."""
    return [
        movement(name, f"{name}{i}", amount, at(1 + (7 if i < weekly else 9) * turn, i), id=f"{name}{i}-{turn}")
        | {"to_territory": f"T{i % regions}"}
        for i in range(receivers)
        for turn in (0, 1)
    ]


def test_courier_pay(tmp_path: Path) -> None:
    found = {"ten": paid("ten"), "least": paid("least", weekly=8), "low": paid("low", amount=50)}
    spared = {
        "nine": paid("nine", 9),
        "four regions": paid("four regions", regions=4),
        "not weekly": paid("not weekly", weekly=6),
        "small": paid("small", amount=49.99),
        "large": paid("large", amount=1000.01),
        "employer": paid("employer"),
    }
    incomes = [{"node_key": "employer0", "valid_from": day(0), "monthly_income_local": 1, "employer_key": "employer"}]
    given = [(side_tables.DECLARED_INCOMES.table, incomes)]
    got = {hit["node_id"]: hit for hit in hits_of(tmp_path, "DRP-14", variants(found, spared), tables=given)}
    assert set(got) == set(map(node_id, found))
    assert sorted(got[node_id("ten")]["evidence"]) == [f"ten{i}-{turn}" for i in range(10) for turn in (0, 1)]


# --------------------------------------------------------------------------------------------------- the shop


def shop(name: str, drop: int = 2, is_shop: bool = True, apart: int = 0) -> Rows:
    """Signs of a drop (DRP-01 and DRP-03, or one of them), and a price list (DRP-12) some days later."""
    rows = [movement(f"{name} m{i}", name, 5 if drop == 1 else 200, at(1, i), id=f"{name}m{i:02}") for i in range(11)]
    return rows + (priced_later(name, apart) if is_shop else [])


def priced_later(name: str, apart: int) -> Rows:
    return [
        movement(f"{name} p{i % 15}", name, 10 + i % 5, at(1 + apart, 3600 + 3600 * i), id=f"{name}s{i:02}")
        for i in range(30)
    ]


def test_drug_shop(tmp_path: Path) -> None:
    found = {"shop": shop("shop"), "days apart": shop("days apart", apart=25)}
    spared = {"one sign": shop("one sign", drop=1), "drop only": shop("drop only", is_shop=False)}
    spared["months apart"] = shop("months apart", apart=31)
    got = hits_of(tmp_path, "DRUG-SHOP", variants(found, spared), nights=(0, 40))
    assert {hit["node_id"] for hit in got} == set(map(node_id, found))
    (first, *_) = [hit for hit in got if hit["node_id"] == node_id("shop")]
    assert first["theme"] == "DRUG-SHOP"
    assert json.loads(first["facts"])["signs"] == "DRP-01, DRP-03, DRP-12"
    assert set(first["evidence"]) >= {f"shopm{i:02}" for i in range(11)}


def test_only_the_composite_feeds_the_theme_of_shops() -> None:
    assert [item.id for item in typology.catalogue() if item.theme == "DRUG-SHOP"] == ["DRUG-SHOP"]
