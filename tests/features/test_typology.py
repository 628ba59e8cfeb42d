"""Typologies: their files, boundaries, planted schemes and sentences."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import typology
from pipelines.lake import Nights
from pipelines.tables import ACCOUNTS, HITS, REPORTS, ROLES
from tests.features.worlds import at, day, movement, put, quick, reports, world


def hits(root: Path, rows: list[dict[str, Any]], which: str, first: int = 0, last: int = 30) -> list[dict[str, Any]]:
    lake = world(root, rows)
    found = typology.evaluate(lake, Nights(day(first), day(last)), quick(root), [typology.by_id()[which]])
    assert dict(found.schema) == dict(HITS.polars_schema)
    assert HITS.split(found).bad.is_empty()
    return list(found.iter_rows(named=True))


def payers(count: int, number: int = 0, **more: Any) -> list[dict[str, Any]]:
    return [movement(f"p{i}", "drop", 100, at(number, i * 60), id=f"p{i:03}", **more) for i in range(count)]


def test_catalogue_is_complete() -> None:
    found = typology.catalogue()
    assert len({item.id for item in found}) == len(found) >= 7
    for item in found:
        assert item.is_case or item.sql("windows" if item.is_window else None).exists(), item.id


def test_country_values_fall_back_to_defaults() -> None:
    assert typology.reporting_threshold("RU") == 1_000_000
    assert typology.reporting_threshold("XX") == typology.reporting_threshold("ZZ") == 10_000


def test_unknown_country_parameter_is_refused(tmp_path: Path) -> None:
    source = (typology.FOLDER / "DRP-01.toml").read_text(encoding="utf-8")
    bad = tmp_path / "DRP-01.toml"
    bad.write_text(source + "\n[parameters.RU]\npayers_weak = 3\n", encoding="utf-8")
    with pytest.raises(ValueError, match="payers_weak"):
        typology.load(bad)


@pytest.mark.parametrize(("count", "found"), [(10, 0), (11, 1)])
def test_many_payers_in_a_day(tmp_path: Path, count: int, found: int) -> None:
    one = hits(tmp_path, payers(count), "DRP-01")
    assert len(one) == found
    if found:
        assert one[0]["evidence"] == [f"p{i:03}" for i in range(11)]
        assert (one[0]["value"], one[0]["threshold"]) == (11, 10)
        assert 0.5 < one[0]["strength"] < 0.6
        assert one[0]["amount_local"] == 1100
        assert typology.sentence(one[0], "ru").startswith("Получено 1\u2009100 от 11 человек за 1 день, 01.03.2024")
        assert "from 11 payers in 1 day, 2024-03-01 to 2024-03-01" in typology.sentence(one[0], "en")


@pytest.mark.parametrize(("count", "found"), [(50, 0), (51, 1)])
def test_many_payers_in_a_month(tmp_path: Path, count: int, found: int) -> None:
    rows = [movement(f"p{i}", "drop", 100, at(i // 2, i * 60)) for i in range(count)]
    assert len(hits(tmp_path, rows, "DRP-01", 25, 25)) == found


def test_many_payers_spares_companies(tmp_path: Path) -> None:
    assert hits(tmp_path, payers(20, to_kind="entity"), "DRP-01") == []


def test_a_hit_needs_new_evidence(tmp_path: Path) -> None:
    rows = [*payers(11), movement("drop", "x", 1, at(5))]
    assert [hit["received_on"] for hit in hits(tmp_path, rows, "DRP-01")] == [day(0)]


def passing(count: int, wait: int, share: float = 1.0) -> list[dict[str, Any]]:
    rows = []
    for i in range(count):
        rows.append(movement(f"a{i}", "drop", 100 + 50 * i, at(0, 3600 * i), id=f"i{i}"))
        rows.append(movement("drop", f"b{i}", (100 + 50 * i) * share, at(0, 3600 * i + wait), id=f"o{i}"))
    return rows


@pytest.mark.parametrize(
    ("count", "wait", "share", "found"),
    [(4, 60, 1.0, 0), (5, 900, 1.0, 1), (5, 901, 1.0, 0), (5, 60, 0.8, 1), (5, 60, 0.79, 0), (5, 60, 1.03, 0)],
)
def test_pass_through(tmp_path: Path, count: int, wait: int, share: float, found: int) -> None:
    got = hits(tmp_path, passing(count, wait, share), "DRP-04")
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"{side}{i}" for i in range(5) for side in "io"]
        assert json.loads(got[0]["facts"])["pairs"] == 5


@pytest.mark.parametrize(("amount", "count", "found"), [(8000, 4, 1), (7999, 4, 0), (9999, 3, 0), (10000, 4, 0)])
def test_structuring(tmp_path: Path, amount: int, count: int, found: int) -> None:
    rows = [movement("p", "acc", amount, at(3 * i), id=f"c{i}", channel="cash") for i in range(count)]
    got = hits(tmp_path, rows, "CSH-01")
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == ["c0", "c1", "c2", "c3"]
        assert got[0]["strength"] == 0.5
        assert "4 взноса наличными" in typology.sentence(got[0], "ru")


def test_structuring_needs_ten_days(tmp_path: Path) -> None:
    rows = [movement("p", "acc", 9000, at(i), channel="cash") for i in (0, 3, 6, 10)]
    assert hits(tmp_path, rows, "CSH-01") == []


def test_structuring_needs_cash(tmp_path: Path) -> None:
    assert hits(tmp_path, [movement("p", "acc", 9000, at(i)) for i in range(5)], "CSH-01") == []


@pytest.mark.parametrize(("which", "flip"), [("NET-05", False), ("NET-06", True)])
@pytest.mark.parametrize(("count", "found"), [(4, 0), (5, 1)])
def test_fans(tmp_path: Path, which: str, flip: bool, count: int, found: int) -> None:
    pairs = [("hub", f"p{i}") if flip else (f"p{i}", "hub") for i in range(count)]
    rows = [movement(a, b, 100, at(i), id=f"f{i}") for i, (a, b) in enumerate(pairs)]
    got = hits(tmp_path, rows, which)
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"f{i}" for i in range(5)]


@pytest.mark.parametrize(("which", "flip"), [("NET-05", False), ("NET-06", True)])
def test_a_fan_is_told_while_it_grows(tmp_path: Path, which: str, flip: bool) -> None:
    """The fifth on the third day, the tenth on the sixth; and one that was there already on the fourth."""
    order = [(0, 0), (0, 1), (1, 2), (2, 3), (2, 4), (3, 0), (4, 5), (4, 6), (4, 7), (4, 8), (5, 9), (6, 10)]
    pairs = [(number, ("hub", f"p{i}") if flip else (f"p{i}", "hub")) for number, i in order]
    got = hits(tmp_path, [movement(a, b, 100, at(number)) for number, (a, b) in pairs], which)
    assert sorted(hit["received_on"] for hit in got) == [day(2), day(5)]


def test_an_exchange_is_no_fan(tmp_path: Path) -> None:
    rows = [movement(f"p{i}", "hub", 100, at(i)) for i in range(6)]
    rows += [movement("hub", f"p{i}", 100, at(i, 5)) for i in range(6)]
    assert hits(tmp_path, rows, "NET-05") == []


def ring(length: int, keep: float = 0.9, gap: int = 1) -> list[dict[str, Any]]:
    return [
        movement(f"n{i}", f"n{(i + 1) % length}", f"{10000 * keep**i:.2f}", at(i * gap), id=f"e{i}")
        for i in range(length)
    ]


@pytest.mark.parametrize(
    ("length", "keep", "gap", "found"),
    [
        (2, 0.9, 1, 0),
        (3, 0.9, 1, 1),
        (12, 0.9, 1, 1),
        (13, 0.9, 1, 0),
        (3, 0.8, 10, 1),
        (3, 0.79, 1, 0),
        (3, 1.1, 1, 1),
        (3, 1.11, 1, 0),
        (3, 0.9, 11, 0),
    ],
)
def test_cycle(tmp_path: Path, length: int, keep: float, gap: int, found: int) -> None:
    noise = [movement("n1", "x", 9000, at(2)), movement("x", "n2", 100, at(2))]
    got = hits(tmp_path, [*ring(length, keep, gap), *noise], "NET-03")
    assert len(got) == found
    if found:
        assert got[0]["evidence"] == [f"e{i}" for i in range(length)]
        assert got[0]["received_on"] == day((length - 1) * gap)
        assert got[0]["strength"] >= 0.5 - 1e-9


def test_a_late_report_closes_a_cycle(tmp_path: Path) -> None:
    rows = ring(4)
    rows[1]["received_on"] = day(8)
    got = hits(tmp_path, rows, "NET-03")
    assert [(hit["received_on"], hit["evidence"]) for hit in got] == [(day(8), ["e0", "e1", "e2", "e3"])]


def test_a_range_equals_its_nights_and_threads_change_nothing(tmp_path: Path) -> None:
    rows = [*payers(60, 1), *passing(6, 30), *ring(5)]
    lake = world(tmp_path, rows)
    whole = typology.build(lake, Nights(day(0), day(4)), quick(tmp_path)).hits
    single = []
    for i in range(5):  # a rule that builds on others' hits reads those of earlier nights from the lake
        single.append(typology.build(lake, Nights.of(day(i)), quick(tmp_path, threads=2)).hits)
        lake.replace_nights(HITS, single[-1], Nights.of(day(i)), {})
    assert whole.height > 3
    assert whole.equals(pl.concat(single).sort(HITS.key))


@pytest.mark.parametrize(
    ("count", "word"),
    [(1, "человека"), (2, "человек"), (5, "людей"), (11, "людей"), (12, "людей"), (21, "человека"), (22, "человек")],
)
def test_russian_plurals(count: int, word: str) -> None:
    assert typology.fill("{n:plural|человека|человек|людей}", {"n": count}, "ru") == word


def test_money_and_percent() -> None:
    assert (
        typology.fill("{a:money} {b:percent}", {"a": "1234567.4", "b": 0.816}, "ru") == "1\u2009234\u2009567 82\u2009%"
    )
    assert typology.fill("{b:percent}", {"b": 0.816}, "en") == "82%"


def told(root: Path, days: list[tuple[int, str]], rows: list[dict[str, Any]], night: int) -> list[dict[str, Any]]:
    """The hits of a night where reports of suspicion, each of a day and a reporting entity, name account `sub`."""
    lake = world(
        root, rows, [{"report_key": "r", "report_reference": "r", "received_on": day(0), "report_class": "transfer"}]
    )
    keys = [f"s{place}" for place in range(len(days))]
    versions = reports(
        {"report_key": key, "report_reference": key, "received_on": day(number), "reporting_entity_id": entity}
        for key, (number, entity) in zip(keys, days, strict=True)
    )
    common = {"submission_id": "0" * 64}
    accounts = [
        {**common, "report_key": key, "ordinal": 1, "received_on": day(number), "node_key": "sub"}
        for key, (number, _) in zip(keys, days, strict=True)
    ]
    parts = [
        {**common, **{name: row[name] for name in ("report_key", "received_on")}}
        | {"ordinal": 1, "subject_kind": "account", "subject_ordinal": 1, "role": "subject"}
        for row in accounts
    ]
    put(lake, REPORTS, pl.concat([lake.read(REPORTS), versions]))
    put(lake, ACCOUNTS, ACCOUNTS.frame(accounts))
    put(lake, ROLES, ROLES.frame(parts))
    found = typology.evaluate(lake, Nights.of(day(night)), quick(root), [typology.by_id()["STR-01"]])
    return list(found.iter_rows(named=True))


MOVED = [movement("a", "sub", 100, at(0), id="m1"), movement("sub", "b", 40, at(1), id="m2")]


@pytest.mark.parametrize(
    ("days", "value"), [([(2, "1")], 1.0), ([(1, "1"), (2, "1")], 1.5), ([(1, "1"), (2, "2")], 2.0)]
)
def test_reported_as_suspicious(tmp_path: Path, days: list[tuple[int, str]], value: float) -> None:
    (hit,) = told(tmp_path, days, MOVED, 2)
    assert hit["value"] == value
    assert hit["evidence"] == ["m1", "m2"]
    assert "подозрительный" in typology.sentence(hit, "ru")


@pytest.mark.parametrize(("first", "reports_counted"), [(0, 2), (-1, 1)])
def test_reports_count_for_ninety_days(tmp_path: Path, first: int, reports_counted: int) -> None:
    moved = [movement("a", "sub", 100, at(89), id="m1")]
    (hit,) = told(tmp_path, [(first, "1"), (89, "2")], moved, 89)
    assert json.loads(hit["facts"])["reports"] == reports_counted


def test_no_report_of_the_night_no_hit(tmp_path: Path) -> None:
    assert told(tmp_path, [(1, "1")], MOVED, 2) == []
