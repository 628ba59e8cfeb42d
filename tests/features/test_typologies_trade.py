"""Typologies of trade and companies (TRD): both sides of every threshold, exact evidence."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from pipelines import side_tables
from tests.features.worlds import at, day, hits_of, movement, node_id, variants

Row = dict[str, Any]
CUSTOMS, REGISTRY = side_tables.CUSTOMS_DECLARATIONS.table, side_tables.COMPANY_REGISTRY.table


def nodes(hits: list[Row]) -> set[int]:
    return {hit["node_id"] for hit in hits}


def ids(*keys: str) -> set[int]:
    return set(map(node_id, keys))


def abroad(payer: str, amount: float, when: Any, **more: Any) -> Row:
    """A company's payment to another country."""
    common = {"from_country": "KZ", "to_country": "CN", "from_kind": "entity", "to_kind": "entity"}
    return movement(payer, f"{payer} supplier", amount, when, **{**common, **more})


def declared(number: int, who: str, **more: Any) -> Row:
    common = {"declaration_id": f"d{number}", "item": 1, "node_key": who, "declared_on": day(0)}
    goods = {"direction": "import", "partner_country": "CN", "hs_code": "8471300000", "value_local": 100}
    return {**common, **goods, "quantity": 1, **more}


def test_prepaid_never_imported(tmp_path: Path) -> None:
    found = {
        "one": [abroad("one", 50_000, at(0), id="one")],
        "two": [abroad("two", 30_000, at(0), id="two0"), abroad("two", 20_000, at(4), id="two1")],
        "too late": [abroad("too late", 50_000, at(0))],
        "exporter": [abroad("exporter", 50_000, at(0))],
    }
    spared = {
        "small": [abroad("small", 49_999, at(0))],
        "apart": [abroad("apart", 30_000, at(0)), abroad("apart", 20_000, at(5))],
        "imported": [abroad("imported", 50_000, at(0))],
        "at home": [abroad("at home", 50_000, at(0), to_country="KZ")],
        "person": [abroad("person", 50_000, at(0), from_kind="account")],
    }
    customs = [
        declared(1, "imported", declared_on=day(180), received_on=day(180)),
        declared(2, "too late", declared_on=day(181), received_on=day(181)),
        declared(3, "exporter", direction="export", declared_on=day(9), received_on=day(9)),
        declared(4, "nobody"),
    ]
    rows = variants(found, spared)
    got = hits_of(tmp_path, "TRD-01", rows, (170, 190), [(CUSTOMS, customs)])
    assert nodes(got) == ids(*found)
    when = {(hit["node_id"], hit["received_on"]): hit["evidence"] for hit in got}
    assert when[node_id("one"), day(180)] == ["one"]
    assert when[node_id("two"), day(184)] == ["two0", "two1"]
    assert len(when) == len(found)


def test_price_off_the_norm(tmp_path: Path) -> None:
    def world_of(sample: int, price: float) -> tuple[list[Row], list[Row]]:
        rows = [abroad("odd", 90, at(1), id="o1"), abroad("odd", 5, at(2), to_country="KZ"), abroad("even", 90, at(1))]
        others = [declared(i, f"s{i}", value_local=100 + i % 5) for i in range(sample)]
        mine = declared(99, "odd", value_local=price, received_on=day(3))
        other_goods = declared(98, "even", value_local=9_000, hs_code="0101", received_on=day(3))
        return rows, [*others, mine, other_goods]

    def found(at_: str, sample: int, price: float) -> list[Row]:
        rows, customs = world_of(sample, price)
        return hits_of(tmp_path / at_, "TRD-02", rows, tables=[(CUSTOMS, customs)])

    # the logarithms' median deviation is below the floor of 0.02, so the limit is 102 * exp(3.5 * 0.02 / 0.6745)
    (hit,) = found("dear", 20, 113.16)
    assert (hit["node_id"], hit["received_on"], hit["evidence"]) == (node_id("odd"), day(3), ["o1"])
    assert found("usual", 20, 113.15) == []
    assert len(found("cheap", 20, 91.9)) == 1
    assert found("few", 19, 500) == []


def registered(who: str, **more: Any) -> Row:
    return {"node_key": who, "valid_from": day(-9), **more}


def test_line_of_business(tmp_path: Path) -> None:
    def world_of(peers: int, peers_same: int, value: float = 10_000) -> list[Row]:
        # the chapter has a third of all declarations of others; of the activity, `peers_same` of `peers`
        rows = [abroad("odd", 90, at(1), id="o1")]
        companies = [
            registered("odd", activity_code="4711"),
            *(registered(f"p{i}", activity_code="4711") for i in range(peers)),
        ]
        companies += [registered(f"o{i}", activity_code="0100") for i in range(peers)]
        customs = [declared(i, f"p{i}", hs_code="0101" if i < peers_same else "8471") for i in range(peers)]
        customs += [
            declared(100 + i, f"o{i}", hs_code="0101" if i < peers - peers_same else "8471") for i in range(peers)
        ]
        customs.append(declared(999, "odd", hs_code="0102", value_local=value, received_on=day(3)))
        tables = [(CUSTOMS, customs), (REGISTRY, companies)]
        return hits_of(tmp_path / f"{peers}{peers_same}{value}", "TRD-03", rows, tables=tables)

    (hit,) = world_of(20, 0)
    assert (hit["node_id"], hit["evidence"]) == (node_id("odd"), ["o1"])
    assert world_of(20, 1) == []  # lift 2 * 1 / 20 = 0.1
    assert world_of(19, 0) == []
    assert world_of(20, 0, 9_999) == []


def test_one_day_company(tmp_path: Path) -> None:
    def turned(who: str, amount: float = 100_000) -> list[Row]:
        return [
            movement("x", who, amount / 2, at(1), id=f"{who}0", to_kind="entity"),
            movement(who, "y", amount / 2, at(9), id=f"{who}1", from_kind="entity"),
        ]

    shell = {"registered_on": day(-170), "same_address_count": 10, "tax_paid_local": 499}
    companies = {
        "address": shell,
        "director": {**shell, "same_address_count": 1, "same_director_count": 5},
        "old": {**shell, "registered_on": day(-171)},
        "single": {**shell, "same_address_count": 9, "same_director_count": 4},
        "taxed": {**shell, "tax_paid_local": 500},
        "small": shell,
    }
    rows = [row for who in companies for row in turned(who, 99_999 if who == "small" else 100_000)]
    tables = [(REGISTRY, [registered(who, **more) for who, more in companies.items()])]
    got = hits_of(tmp_path, "TRD-04", rows, tables=tables)
    assert nodes(got) == ids("address", "director")
    assert {tuple(hit["evidence"]) for hit in got} == {("address0", "address1"), ("director0", "director1")}


def forwarded(at_: str, parts: int = 3, share: float = 0.7, within_s: int = 172_800, amount: float = 5000) -> list[Row]:
    out = round(amount * share / parts, 2)
    return [
        movement("payer", at_, amount, at(1), id=f"{at_}i"),
        *(movement(at_, f"{at_}{i}", out, at(1, within_s - parts + 1 + i), id=f"{at_}o{i}") for i in range(parts)),
    ]


def test_split_and_forward(tmp_path: Path) -> None:
    found = {"three": forwarded("three"), "much": forwarded("much", share=1.05)}
    spared = {
        "two": forwarded("two", parts=2),
        "part": forwarded("part", share=0.69),
        "more": forwarded("more", share=1.06),
        "slow": forwarded("slow", within_s=172_801),
        "small": forwarded("small", amount=4999),
        "kin": forwarded("kin"),
        "back": [*forwarded("back", parts=2, share=0.5), movement("back", "payer", 1000, at(1, 99))],
    }
    kin = [{"node_key": "payer", "other_key": "kin1", "kind": "family"}]
    got = hits_of(tmp_path, "TRD-05", variants(found, spared), tables=[(side_tables.KIN_LINKS.table, kin)])
    assert nodes(got) == ids(*found)
    (three,) = [hit for hit in got if hit["node_id"] == node_id("three")]
    assert three["evidence"] == ["threei", "threeo0", "threeo1", "threeo2"]


def test_company_as_a_drop(tmp_path: Path) -> None:
    def company(
        at_: str, payers: int = 20, receivers: int = 20, cash: float = 0, amount: float = 500, **kind: Any
    ) -> list[Row]:
        mine = kind or {"to_kind": "entity"}
        taken = [movement(f"{at_}p{i}", at_, amount, at(1, i), **mine) for i in range(payers)]
        paid = [movement(at_, f"{at_}r{i}", 10, at(2, i)) for i in range(receivers)]
        return [*taken, *paid, *([movement(at_, "atm", cash, at(3), channel="cash")] if cash else [])]

    found = {"both ways": company("both ways"), "cash": company("cash", receivers=1, cash=5000)}
    spared = {
        "shop": company("shop", receivers=19),
        "payroll": company("payroll", payers=19, amount=1000),
        "little cash": company("little cash", receivers=1, cash=4999),
        "small": company("small", amount=499),
        "person": company("person", to_kind="account"),
    }
    assert nodes(hits_of(tmp_path, "TRD-06", variants(found, spared))) == ids(*found)


def test_mirror_gap(tmp_path: Path) -> None:
    rows = [abroad("big", 90, at(1), id="b"), abroad("little", 90, at(1)), abroad("other", 90, at(1))]
    customs = [
        declared(1, "big", declared_on=day(1), value_local=182_000),
        declared(2, "little", declared_on=day(1), value_local=18_000),
        declared(3, "other", declared_on=day(1), value_local=182_000, hs_code="0101"),
    ]

    def found(at_: str, theirs: float, **more: Any) -> list[Row]:
        partner = {"partner_country": "CN", "month": day(0), "hs_code": "8471", "received_on": day(5), **more}
        tables = [(CUSTOMS, customs), (side_tables.PARTNER_TRADE.table, [{**partner, "value_local": theirs}])]
        return hits_of(tmp_path / at_, "TRD-07", rows, tables=tables)

    (hit,) = found("gap", 300_001)
    assert (hit["node_id"], hit["received_on"], hit["evidence"]) == (node_id("big"), day(5), ["b"])
    assert found("small", 300_000) == []
    assert found("month", 300_001, month=day(0) - timedelta(days=29)) == []
    assert hits_of(tmp_path / "without", "TRD-07", rows, tables=[(CUSTOMS, customs)]) == []


def test_sham_loan(tmp_path: Path) -> None:
    def lent(
        at_: str, persons: int = 5, keep: float = 0.5, wait_s: int = 86_400, days: float = 7, **more: Any
    ) -> list[Row]:
        rows = []
        for i in range(persons):
            when = int(i * days * 86400)
            rows.append(
                movement(at_, f"{at_}{i}", 100, at(0, when), id=f"{at_}l{i}", **{"from_kind": "entity", **more})
            )
            rows.append(movement(f"{at_}{i}", "vasp", 100 * keep, at(0, when + wait_s), id=f"{at_}v{i}"))
        return rows

    found = {"five": lent("five"), "kept most": lent("kept most", keep=1.1)}
    spared = {
        "four": lent("four", persons=4),
        "part": lent("part", keep=0.49),
        "grown": lent("grown", keep=1.11),
        "late": lent("late", wait_s=86_401),
        "slow": lent("slow", days=7.5),
        "person": lent("person", from_kind="account"),
        "wages": lent("wages", description="salary for May"),
        "repaid": [*lent("repaid"), movement("repaid3", "repaid", 5, at(26))],
    }
    labels = [{"node_key": "vasp", "label": "vasp", "source": "desk"}]
    tables = [(side_tables.WALLET_LABELS.table, labels)]
    got = hits_of(tmp_path, "TRD-08", variants(found, spared), (0, 40), tables)
    assert nodes(got) == ids(*found)
    (five,) = [hit for hit in got if hit["node_id"] == node_id("five")]
    assert sorted(five["evidence"]) == sorted(f"five{leg}{i}" for leg in "lv" for i in range(5))


def test_precursor(tmp_path: Path) -> None:
    makers = {
        "trader": ("291524", "4711", None),
        "listed deeper": ("2915240000", "4711", "alcohol"),
        "chemist": ("291524", "2014", None),
        "licensed": ("291524", "4711", "Precursors-II"),
        "other goods": ("291525", "4711", None),
        "unregistered": ("291524", None, None),
    }
    rows = [abroad(who, 90, at(1), id=who) for who in makers]
    customs = [declared(i, who, hs_code=goods) for i, (who, (goods, _, _)) in enumerate(makers.items())]
    companies = [
        registered(who, activity_code=activity, licences=licences)
        for who, (_, activity, licences) in makers.items()
        if activity
    ]
    got = hits_of(tmp_path, "TRD-09", rows, tables=[(CUSTOMS, customs), (REGISTRY, companies)])
    assert {hit["evidence"][0] for hit in got} == {"trader", "listed deeper"}
