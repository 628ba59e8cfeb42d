"""The run of typologies: pruned and shared equals looked at in full, night by night equals a range, data that lacks."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import nightly, typology
from features.engine import Stage, TooManyRows, costing
from features.typology import run
from features.typology.inputs import Inputs, Reach
from features.typology.status import TOO_MANY_ROWS
from pipelines import side_tables
from pipelines.lake import Lake, Nights
from pipelines.tables import ACCOUNTS, HITS, PARTIES, ROLES, Table
from tests.features.worlds import at, day, movement, put, quick, with_delivery, world

NIGHTS = Nights(day(0), day(11))
FULL = run.Plan(is_unshared=True, is_unpruned=True, is_portable=True)
FEW_ROWS = 600
"""Rows that no step makes on one night of the small world, and some steps make on all of them."""


Told = list[tuple[Table, list[dict[str, Any]]]]


def tangled(root: Path, seed: int, late: float) -> Lake:
    """A small dense world: ties, self transfers, days without time, late reports, corrections and deletions."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    for number in range(60):
        key, first = f"r{number}", rng.randrange(9)
        received = first + (rng.randrange(4) if rng.random() < late else 0)
        entity = {"reporting_entity_id": str(number % 4)}
        versions.append({"report_key": key, "report_reference": key, "received_on": day(received), **entity})
        if rng.random() < late / 3:
            later = received + rng.randrange(1, 3)
            relation = rng.choice(["correct", "delete", "duplicate", "supplement"])
            versions.append(
                {
                    "report_key": f"{key}b",
                    "report_reference": key,
                    "received_on": day(later),
                    "relation": relation,
                    "submission_id": "1" * 64,
                    **entity,
                }
            )
            rows += _of_report(rng, f"{key}b", first, later)
        rows += _of_report(rng, key, first, received)
    lake = world(root, rows, versions)
    told = [*_of_drops_and_cash(), *_of_trade_and_wallets(rng)]
    for table, _ in told:
        put(lake, table, with_delivery(table, [row for other, more in told if other is table for row in more]))
    return lake


def _of_trade_and_wallets(rng: random.Random) -> Told:
    """Rows of side tables on the small world's accounts, told on several days, some replaced later."""

    def told(**row: Any) -> dict[str, Any]:
        return {"received_on": day(rng.randrange(8)), **row}

    accounts = "abcdefghijklmnop"
    goods = [
        told(
            declaration_id=f"d{number // 2}",
            item=number % 2,
            node_key=rng.choice(accounts),
            declared_on=day(rng.randrange(-9, 9)),
            direction=rng.choice(["import", "export"]),
            partner_country="CN",
            partner_key=rng.choice(accounts),
            hs_code=rng.choice(["291524", "847130", "0101"]),
            quantity=rng.randrange(1, 9),
            value_local=rng.randrange(1, 9999),
        )
        for number in range(60)
    ]
    companies = [
        told(
            node_key=who,
            valid_from=day(-rng.randrange(60)),
            registered_on=day(-rng.randrange(300)),
            activity_code=rng.choice(["4711", "2014", "0100"]),
            same_address_count=rng.choice([1, 99]),
        )
        for who in accounts * 2
    ]
    labels = ["vasp", "darknet_market", "mixer", "swap"]
    wallets = [
        told(node_key=who, label=rng.choice(labels), source="desk", hops=rng.randrange(3), exposure=0.5, address=who)
        for who in accounts[::2] * 2
    ]
    listed = [
        told(list_id=f"l{number}", agency="police", kind=kind, wallet=rng.choice(accounts), happened_on=day(3))
        | ({"node_key": rng.choice(accounts)} if number % 2 else {})
        | ({"valid_to": day(6)} if number % 3 else {"latitude": 42.0, "longitude": 74.0})
        for number, kind in enumerate(["subject", "seizure", "confirmed", "seizure", "subject"])
    ]
    partner = [
        told(partner_country="CN", month=month, hs_code=code, value_local=10**6)
        for month in (day(0), day(0) - timedelta(days=29))
        for code in ("8471", "0101")
    ]
    point = {"kind": "operator", "longitude": 74.0}
    return [
        (side_tables.CUSTOMS_DECLARATIONS.table, goods),
        (side_tables.COMPANY_REGISTRY.table, companies),
        (side_tables.WALLET_LABELS.table, wallets),
        (side_tables.AGENCY_LIST.table, listed),
        (side_tables.PARTNER_TRADE.table, partner),
        (
            side_tables.DECLARED_INCOMES.table,
            [
                told(node_key=who, valid_from=day(-rng.randrange(60)), monthly_income_local=rng.randrange(100))
                for who in accounts
            ],
        ),
        (
            side_tables.KIN_LINKS.table,
            [told(node_key=rng.choice(accounts), other_key=rng.choice(accounts), kind="family")],
        ),
        (
            side_tables.PLACES.table,
            [
                told(**point, place_id="near", latitude=42.0),
                told(**point, place_id="near", latitude=43.0),
                told(**{**point, "kind": "market"}, place_id="market", latitude=42.0),
            ],
        ),
    ]


def _of_drops_and_cash() -> Told:
    """Holders of accounts and rows of side tables, told on several days and in part replaced."""
    common = {"submission_id": "0" * 64, "report_key": "r0"}
    holders = list(enumerate("abcdefgh", 1))
    tables: Told = [
        (
            ACCOUNTS,
            [
                {
                    **common,
                    "received_on": day(i % 3),
                    "node_key": key,
                    "branch": "B",
                    "opened_on": day(-i),
                    "ordinal": i,
                }
                for i, key in holders
            ],
        ),
        (
            PARTIES,
            [
                {**common, "received_on": day(i % 3), "node_key": f"person {key}", "kind": "person", "ordinal": i}
                | {"address": "dormitory", "birth_date": day(-7300 - i)}
                for i, key in holders
            ],
        ),
        (
            ROLES,
            [
                {**common, "received_on": day(i % 3), "ordinal": i, "role": "holder", "subject_kind": "party"}
                | {"subject_ordinal": i, "of_kind": "account", "of_ordinal": i}
                for i, key in holders
            ],
        ),
        (
            side_tables.PLACES.table,
            [
                {"place_id": name, "kind": "terminal", "latitude": 43.0 + east / 100, "longitude": 76.0 + east}
                | {"received_on": day(told), "city": name}
                for name, east, told in (("p1", 0, 0), ("p2", 0.01, 0), ("p3", 9, 3), ("p3", 0.02, 7))
            ],
        ),
        (
            side_tables.DEVICE_LINKS.table,
            [
                {"node_key": key, "link_kind": "phone", "link_value": value, "received_on": day(told)}
                for key, value, told in (("a", "1", 0), ("b", "1", 2), ("b", "2", 3), ("c", "2", 4), ("d", "2", 5))
            ],
        ),
        (
            side_tables.KIN_LINKS.table,
            [{"node_key": "a", "other_key": "b", "kind": "family", "received_on": day(8)}],
        ),
        (
            side_tables.DECLARED_INCOMES.table,
            [
                {"node_key": key, "valid_from": day(-99), "monthly_income_local": income, "received_on": day(told)}
                | {"employer_key": "b"}
                for key, income, told in (("a", 10, 1), ("person b", 20, 2), ("a", 90_000, 6), ("c", 1, 0))
            ],
        ),
        (
            side_tables.PRICE_BANDS.table,
            [{"territory": "*", "valid_from": day(-9), "amount_from": 50, "amount_to": 9500, "received_on": day(5)}],
        ),
        (
            side_tables.CASH_DECLARATIONS.table,
            [
                {"declaration_id": f"d{i}", "node_key": key, "declared_on": day(i), "received_on": day(i + i % 3)}
                | {"route_from": "TR", "route_to": "ZZ", "amount_local": 500_000 + i, "agent": "agent"}
                for i, key in enumerate(["person a", "person b", "person a", "c", "person a", "d"])
            ],
        ),
        (
            side_tables.CUSTOMS_DECLARATIONS.table,
            [
                {"declaration_id": "c1", "item": 1, "node_key": "e", "declared_on": day(4), "direction": "import"}
                | {"partner_country": "AE", "hs_code": "0101", "value_local": 9, "received_on": day(6)}
            ],
        ),
    ]
    return tables


def _of_report(rng: random.Random, key: str, first: int, received: int) -> list[dict[str, Any]]:
    made = []
    for _ in range(rng.randrange(1, 9)):
        payer, receiver = rng.choice("abcdefghijklmnop"), rng.choice("aabbcd" if rng.random() < 0.7 else "efgh")
        when = at(first, rng.choice([0, 600, 650, rng.randrange(86_400)]))
        amount = rng.choice([100, 102, 9000, 9900, rng.randrange(1, 20_000)])
        more = {
            "channel": rng.choice(["cash", "cash", "transfer", "wallet", "crypto"]),
            "is_date_only": rng.random() < 0.1,
        }
        more["location"] = rng.choice(["p1", "p2", "p3", "near", None])
        more["description"] = rng.choice([None, None, None, "rent"])
        more["to_kind"] = "entity" if receiver == "d" else "account"
        if rng.random() < 0.4:
            payer, receiver = receiver, payer
        for side, node in (("from", payer), ("to", receiver)):
            country = "AE" if node in "fgh" else ("ZZ", "RU", "KZ")[ord(node) % 3]
            more |= {f"{side}_territory": f"T{ord(node) % 4}", f"{side}_country": country}
        made.append(movement(payer, receiver, amount, when, report_key=key, received_on=day(received), **more))
    return made


EASY: dict[str, dict[str, int | float | str]] = {
    "DRP-01": {"payers_day": 3, "payers_month": 8},
    "DRP-02": {"operations_day": 3, "days_min": 2},
    "DRP-03": {"operations_min": 2, "turnover_day": 15_000, "turnover_month": 60_000},
    "DRP-05": {"hours_min": 2, "days_min": 2, "night_share_over": 0.1},
    "DRP-06": {"days_min": 2, "turnover_min": 2000, "left_share_max": 0.5, "window_days": 3},
    "DRP-07": {"operations_min": 2, "turnover_min": 1000, "window_days": 3},
    "DRP-04": {"pairs_min": 2, "within_s": 3600},
    "DRP-08": {"persons_min": 2, "busy_min": 1, "turnover_min": 100},
    "DRP-09": {"accounts_min": 2, "active_share_min": 0.3},
    "DRP-10": {"hops_min": 2, "hops_max": 3, "kept_min": 0.5, "owners_min": 2, "hop_hours": 48},
    "DRP-11": {"silent_days_min": 2, "turnover_min": 1000},
    "DRP-12": {"credits_min": 3, "payers_min": 2, "prices_max": 2, "price_share_min": 0.3},
    "DRP-13": {"payers_min": 2, "overlap_min": 0.1},
    "DRP-14": {"receivers_min": 2, "regions_min": 1, "weekly_share_min": 0.01, "pay_min": 1, "pay_max": 20_000},
    "DRUG-SHOP": {"drop_signs_min": 1, "shop_signs_min": 1},
    "NET-05": {"counterparties_min": 2, "fresh_share_min": 0.3, "back_share_max": 0.6},
    "NET-06": {"counterparties_min": 2, "fresh_share_min": 0.3, "back_share_max": 0.6},
    "CSH-02": {"depositors_min": 2, "cities_min": 2, "sum_min": 100},
    "CSH-03": {"terminals_near": 2, "terminals_day": 3},
    "CSH-04": {"days_min": 1, "share_min": 0.3},
    "CSH-05": {"trips_min": 1, "distance_km": 50, "within_hours": 24},
    "CSH-06": {"zones": "AE", "cash_share_min": 0.1, "wired_share_min": 0.1, "cash_min": 100, "wire_days": 3},
    "CSH-07": {"times_income": 1, "cash_min": 100},
    "CSH-08": {"declarations_min": 2, "sum_min": 100, "income_share": 10, "couriers_min": 2},
    "CSH-09": {"wait_days": 3, "sum_min": 100},
    "CSH-01": {"deposits_min": 2, "sum_thresholds": 1, "share_min": 0.5},
    "NET-01": {"middles_min": 2, "ratio_min": 0.01, "ratio_max": 100, "kept_min": 0.01, "hub_cap": 12},
    "NET-02": {"payers_min": 2, "receivers_min": 2, "kept_min": 0.1, "kept_max": 10, "mixed_share_max": 0.9},
    "COR-01": {"z_min": 0.5, "weeks": 2, "active_weeks_min": 1, "amount_min": 1, "own_factor": 0.1},
    "COR-02": {"countries_min": 2, "keep_min": 0.01, "keep_max": 100},
    "COR-03": {"factor": 0.1},
    "COR-04": {"senders_min": 2, "operators_min": 1, "regions_min": 1},
    "COR-05": {"operators_min": 2},
    "COR-06": {"payers_min": 2, "receivers_min": 2, "balance_share_max": 0.9, "mixed_share_max": 0.9},
    "COR-08": {"sends_min": 1, "ratio_min": 0.1},
    "TRD-01": {"deadline_days": 3, "amount_min": 1},
    "TRD-02": {"sample_min": 1, "z_min": 0.1},
    "TRD-03": {"activity_sample_min": 1, "amount_min": 1, "lift_max": 2},
    "TRD-04": {"turnover_min": 1000, "age_days_max": 400},
    "TRD-05": {"amount_min": 100, "parts_min": 2, "share_min": 0.01, "share_max": 9},
    "TRD-06": {"persons_min": 1, "cash_share_min": 0.1, "amount_min": 1},
    "TRD-07": {"amount_min": 1},
    "TRD-08": {"persons_min": 1, "kept_min": 0.01, "kept_max": 99},
    "TRD-09": {},
    "VAS-01": {"payers_day": 1, "payers_month": 2, "share_min": 0.01, "within_s": 40_000},
    "VAS-02": {},
    "VAS-03": {"within_s": 40_000, "kept_min": 0.01, "kept_max": 99},
    "VAS-05": {"drops_min": 1, "spread_min": 0.01, "spread_max": 0.99},
    "EVD-01": {},
}
"""Thresholds low enough for a small world to pass them often."""


def eased() -> list[typology.Typology]:
    """The catalogue's typologies, with low thresholds where `EASY` has some."""
    return [item.with_parameters(EASY.get(item.id, {})) for item in typology.catalogue()]


def test_sharing_and_pruning_change_no_hit(tmp_path: Path) -> None:
    found = set()
    for seed, late in enumerate((0.0, 0.5)):
        root = tmp_path / str(seed)
        lake, settings = tangled(root, seed, late), quick(root)
        quickly = typology.evaluate(lake, NIGHTS, settings, eased())
        fully = typology.evaluate(lake, NIGHTS, settings, eased(), plan=FULL)
        assert_same(quickly, fully)
        found |= set(quickly["typology_id"])
    assert found >= set(EASY), f"no hit of {set(EASY) - found}"


def assert_same(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """Fail with the typologies whose hits differ."""
    if not one.equals(other):
        differing = [name for name in EASY if not of(one, name).equals(of(other, name))]
        raise AssertionError(f"hits differ: {differing or 'of another typology'}")


def of(hits: pl.DataFrame, typology_id: str) -> pl.DataFrame:
    """One typology's hits."""
    return hits.filter(pl.col("typology_id") == typology_id)


def test_nights_alone_equal_the_range_however_it_is_cut(tmp_path: Path) -> None:
    lake, settings = tangled(tmp_path, 0, 0.5), quick(tmp_path)
    whole = typology.evaluate(lake, NIGHTS, settings, eased())
    with costing() as stages:
        cut = typology.evaluate(lake, NIGHTS, settings, eased(), plan=run.Plan(edges_a_gigabyte=300))
    assert [stage.name for stage in stages].count("timeline") > 1
    assert_same(whole, cut)
    some = range(4, 7)
    put(lake, HITS, whole.filter(pl.col("received_on") < day(some[0])))
    for number in some:
        alone = typology.evaluate(lake, Nights.of(day(number)), quick(tmp_path, threads=2), eased())
        put(lake, HITS, alone)
        assert_same(whole.filter(pl.col("received_on") == day(number)), alone)


@pytest.mark.parametrize("edges_max", [10**6, 60])
def test_memory_changes_no_hit(tmp_path: Path, edges_max: int) -> None:
    """The same hits, value for value, in one range and at once as in many ranges and in shares of a few nodes."""
    lake, settings = tangled(tmp_path, 1, 0.5), quick(tmp_path)
    with costing() as stages:
        whole = typology.evaluate(lake, NIGHTS, settings, eased())
    assert shares_of("DRP-03.rolling", stages) == 1
    plan = run.Plan(edges_a_gigabyte=edges_max, rows_a_gigabyte=40)
    with costing() as stages:
        cut = typology.evaluate(lake, NIGHTS, settings, eased(), plan=plan)
    assert_same(whole, cut)
    ranges = nightly.learnt(lake, NIGHTS, edges_max)
    assert [stage.name for stage in stages].count("timeline") == len(ranges)
    assert shares_of("DRP-03.rolling", stages) > 2 * len(ranges)
    assert list(tmp_path.glob("scratch/*")) == []
    if len(ranges) > 1:
        firsts = pl.Series([part.first for part in ranges[1:]])
        through = whole.filter(
            pl.any_horizontal((pl.col("window_from").dt.date() < f) & (pl.col("received_on") >= f) for f in firsts)
        )
        assert through["typology_id"].n_unique() > 20


def shares_of(stage_name: str, stages: list[Stage]) -> int:
    """How often a stage ran."""
    return [stage.name for stage in stages].count(stage_name)


@pytest.mark.parametrize("nights", [NIGHTS, Nights(day(5), day(6))])
def test_the_compiled_pass_gives_the_peaks_of_its_twin(tmp_path: Path, nights: Nights) -> None:
    lake, settings = tangled(tmp_path, 0, 0.5), quick(tmp_path)
    every, untidy = tmp_path / "every.sql", tmp_path / "untidy.sql"
    every.write_text("select * from peaks order by node", encoding="utf-8")
    untidy.write_text("select * from untidy order by node", encoding="utf-8")
    found, restless = [], []
    for is_portable in (False, True):
        with nightly.knowing(lake, nights, settings) as engine:
            given = Inputs(engine, lake, nights, settings, Reach(30, 2), 7, is_portable=is_portable)
            given.need("peaks")
            given.need("untidy")
            found.append(engine.plain(every))
            restless.append(engine.plain(untidy))
    compiled, twin = found
    assert compiled.equals(twin.select(compiled.columns))
    assert compiled.height > 5
    assert restless[0].equals(restless[1])
    assert restless[0].height > 0
    assert compiled["cash_out_c_7"].sum() > 0


SOME = ("DRP-01", "DRP-03", "DRP-09", "NET-01")
"""Found on time lines, from other hits, and on paths."""
SOME_NIGHTS = Nights(day(4), day(7))


def some() -> list[typology.Typology]:
    return [item for item in eased() if item.id in SOME]


def test_a_range_of_too_many_rows_is_halved_and_finds_the_same(tmp_path: Path) -> None:
    lake = tangled(tmp_path, 0, 0.5)
    whole = typology.evaluate(lake, SOME_NIGHTS, quick(tmp_path), some())
    with costing() as stages:
        halved = typology.evaluate(lake, SOME_NIGHTS, quick(tmp_path, stage_rows_max=FEW_ROWS), some())
    assert max(stage.rows for stage in stages if stage.name == "timeline") > FEW_ROWS
    assert_same(whole, halved)


def test_a_night_of_too_many_rows_is_left_out_and_told(tmp_path: Path) -> None:
    """What can't be looked for is named with its night, what can be is found, and nobody takes one for the other."""
    lake, settings = tangled(tmp_path, 0, 0.5), quick(tmp_path, stage_rows_max=40)
    whole = typology.evaluate(lake, SOME_NIGHTS, quick(tmp_path), some())
    found = typology.find(lake, SOME_NIGHTS, settings, some())
    left_out = {(one.night, one.typology_id) for one in found.left_out}
    assert {identifier for _, identifier in left_out} >= {"DRP-01", "DRP-03"}
    assert all(one.message.startswith("too many rows: ") for one in found.left_out)
    gone = pl.DataFrame(sorted(left_out), schema={"received_on": pl.Date, "typology_id": pl.String}, orient="row")
    own = pl.col("typology_id") != "DRP-09"
    assert_same(whole.join(gone, on=gone.columns, how="anti").sort(HITS.key).filter(own), found.hits.filter(own))
    told = typology.statuses(lake, found.hits, SOME_NIGHTS, left_out)
    heavy = told.filter(pl.col("status") == TOO_MANY_ROWS)
    assert set(heavy.select("received_on", "typology_id").iter_rows()) == left_out
    assert heavy["hit_count"].sum() == 0
    with pytest.raises(TooManyRows, match="too many rows"):
        typology.evaluate(lake, SOME_NIGHTS, settings, some())
