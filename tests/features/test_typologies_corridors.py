"""Typologies of hawala, operators and corridors (COR): both sides of every threshold, exact evidence."""

import json
from pathlib import Path
from typing import Any

from features import typology
from pipelines import side_tables
from tests.features.worlds import at, day, hits_of, movement, node_id, variants, world

Row = dict[str, Any]


def abroad(payer: str, receiver: str, amount: float, when: Any, way: str = "RU>TJ", **more: Any) -> Row:
    """A payment over a border."""
    origin, destination = way.split(">")
    return movement(payer, receiver, amount, when, from_country=origin, to_country=destination, **more)


def nodes(hits: list[Row]) -> set[int]:
    return {hit["node_id"] for hit in hits}


def ids(*keys: str) -> set[int]:
    return set(map(node_id, keys))


def surge(week: float, *, own_before: float = 0, big: float = 260) -> list[Row]:
    """A corridor of 1000 a week for 26 weeks, then a week of `week`, of which account `big` sends a part."""
    rows = [abroad("reg", "sink", 1000, at(189 - 7 * back)) for back in range(1, 27)]
    rows += [abroad("big", "sink", own_before, at(180))] if own_before else []
    rows.append(abroad("reg", "sink", week - big, at(185)))
    return [*rows, abroad("big", "new", big / 2, at(186), id="b0"), abroad("big", "new", big / 2, at(189), id="b1")]


def surged(root: Path, rows: list[Row]) -> list[Row]:
    return hits_of(root, "COR-01", rows, (189, 189), parameters={"amount_min": 100})


def test_corridor_surge(tmp_path: Path) -> None:
    got = surged(tmp_path / "above", surge(1260))
    assert nodes(got) == ids("big", "new")
    assert [hit["evidence"] for hit in got] == [["b0", "b1"], ["b0", "b1"]]
    assert json.loads(got[0]["facts"])["corridor"] == "RU > TJ"
    assert surged(tmp_path / "below", surge(1259)) == []


def test_a_surge_hits_only_who_leaves_a_habit(tmp_path: Path) -> None:
    assert nodes(surged(tmp_path / "habit", surge(4000, own_before=2254))) == ids("new")
    assert nodes(surged(tmp_path / "little", surge(4000, big=199))) == ids()


def test_a_surge_from_nothing_says_so(tmp_path: Path) -> None:
    """Where there was nothing before, there is no number of times to print."""
    rows = [row for row in surge(9000) if row["transaction_id"] in {"b0", "b1"}]
    rows += [abroad("reg", "sink", 1000, at(189 - 7 * back)) for back in range(2, 26, 3)]
    got = surged(tmp_path / "nothing", [*rows, abroad("big", "sink", 9000, at(187))])
    assert nodes(got) >= ids("big")
    big = next(hit for hit in got if hit["node_id"] == node_id("big"))
    assert "usually nothing;" in typology.sentence(big, "en")
    assert "of it, and nothing in the weeks before, " in typology.sentence(big, "en")
    assert "обычно ничего;" in typology.sentence(big, "ru")
    assert ", а в прежние недели — ничего, " in typology.sentence(big, "ru")
    usual = next(
        hit for hit in surged(tmp_path / "some", surge(4000, own_before=260)) if hit["node_id"] == big["node_id"]
    )
    assert "usually 1\u2009000; " in typology.sentence(usual, "en")
    assert ", 26 times its usual week, " in typology.sentence(usual, "en")


def handed_on(
    at_: str, keep: float = 0.7, hop_days: float = 10, way: tuple[str, ...] = ("RU", "KZ", "TJ")
) -> list[Row]:
    """Money that goes from hand to hand along a route; the last hand is named by the variant."""
    hands = [*(f"{at_}{country}" for country in way[:-1]), at_]
    return [
        abroad(
            hands[i], hands[i + 1], round(1000 * keep**i, 2), at(0, int(i * hop_days * 86400)), f"{way[i]}>{way[i + 1]}"
        )
        | {"transaction_id": f"{at_}{i}"}
        for i in range(len(way) - 1)
    ]


def test_northern_route(tmp_path: Path) -> None:
    found = {
        "three": handed_on("three"),
        "four": handed_on("four", 1.05, 1, ("RU", "KZ", "KG", "TJ")),
    }
    spared = {
        "two": handed_on("two", way=("RU", "TJ")),
        "kept too little": handed_on("kept too little", keep=0.69),
        "slow": handed_on("slow", hop_days=10.01),
        "backwards": handed_on("backwards", way=("TJ", "KZ", "RU")),
        "elsewhere": handed_on("elsewhere", way=("RU", "FR", "DE")),
        "grown": handed_on("grown", keep=1.06),
    }
    got = hits_of(tmp_path, "COR-02", variants(found, spared))
    assert nodes(got) == ids("three", "four", "fourKG")
    facts = {hit["node_id"]: (hit["evidence"], json.loads(hit["facts"])["route"]) for hit in got}
    assert facts[node_id("three")] == (["three0", "three1"], "RU > KZ > TJ")
    assert facts[node_id("four")] == (["four0", "four1", "four2"], "RU > KZ > KG > TJ")


def test_sender_without_work(tmp_path: Path) -> None:
    def sends(who: str, amount: float, *more: Row) -> list[Row]:
        return [
            *more,
            movement(who, "x", amount / 2, at(1), id=f"{who}0", channel="remittance"),
            abroad(who, "y", amount / 2, at(2), id=f"{who}1"),
            movement(who, "z", 5000, at(2)),
        ]

    rows = [
        *sends("above", 550.02),  # 1.5 * 100 * 3 + 100
        *sends("below", 550),
        *sends("paid", 900, movement("firm", "paid", 10, at(0), from_kind="entity")),
        *sends("unknown", 900),
    ]
    incomes = [
        {"node_key": who, "valid_from": day(0), "monthly_income_local": 100} for who in ("above", "below", "paid")
    ]
    got = hits_of(tmp_path, "COR-03", rows, tables=[(side_tables.DECLARED_INCOMES.table, incomes)])
    assert nodes(got) == ids("above")
    assert got[0]["evidence"] == ["above0", "above1"]


def collected(at_: str, senders: int = 10, operators: int = 2, regions: int = 4, **more: Any) -> list[Row]:
    return [
        movement(
            f"{at_}s{i}", at_, 100, at(i), id=f"{at_}{i:02}", report_key=f"r{i % operators}",
            from_territory=f"RU-{i % regions}", **{"to_territory": "TJ-GB", **more},
        )
        for i in range(senders)
    ]  # fmt: skip


REPORTERS = [
    {"report_key": f"r{i}", "report_reference": f"r{i}", "received_on": day(0), "reporting_entity_id": f"{i}"}
    for i in range(4)
]


def test_many_senders_one_receiver(tmp_path: Path) -> None:
    found = {"ten": collected("ten"), "one kin of eleven": collected("one kin of eleven", 11)}
    spared = {
        "nine": collected("nine", senders=9),
        "one operator": collected("one operator", operators=1),
        "three regions": collected("three regions", regions=3),
        "kin": collected("kin"),
        "inland": collected("inland", to_territory="TJ-DU"),
        "companies": collected("companies", from_kind="entity"),
    }
    kin = [
        {"node_key": "one kin of eleven", "other_key": "one kin of elevens3", "kind": "family"},
        {"node_key": "kins3", "other_key": "kin", "kind": "family"},
        {"node_key": "ten", "other_key": "tens3", "kind": "employer"},
    ]
    lake = world(tmp_path, variants(found, spared), REPORTERS)
    got = hits_of(tmp_path, "COR-04", lake, tables=[(side_tables.KIN_LINKS.table, kin)], country="TJ")
    assert nodes(got) == ids(*found)
    (ten,) = [hit for hit in got if hit["node_id"] == node_id("ten")]
    assert ten["evidence"] == [f"ten{i:02}" for i in range(10)]
    assert ten["missing_data"] == ""
    everywhere = hits_of(tmp_path, "COR-04", lake)
    assert nodes(everywhere) >= ids("inland")


def split(at_: str, operators: int = 3, amount: float = 3400, gap_s: int = 43_199) -> list[Row]:
    return [
        movement(at_, f"x{i}", amount, at(1, i * gap_s), id=f"{at_}{i}", report_key=f"r{i % operators}")
        for i in range(3)
    ]


def test_split_across_operators(tmp_path: Path) -> None:
    found = {"three": split("three"), "exact": split("exact", amount=3333.34)}
    spared = {
        "two operators": split("two operators", operators=2),
        "small": split("small", amount=3333.33),
        "slow": split("slow", gap_s=43_200),
        "above the line": split("above the line", amount=10_000),
    }
    got = hits_of(tmp_path, "COR-05", world(tmp_path, variants(found, spared), REPORTERS))
    assert nodes(got) == ids(*found)
    assert {tuple(hit["evidence"]) for hit in got} == {tuple(f"{key}{i}" for i in range(3)) for key in found}


def hub(at_: str, payers: int = 20, receivers: int = 20, paid: float = 0.95, same: int = 0) -> list[Row]:
    share = round(100 * payers * paid / receivers, 2)
    return [
        *(movement(f"{at_}p{i}", at_, 100, at(i, 5), id=f"{at_}i{i:02}") for i in range(payers)),
        *(
            movement(at_, f"{at_}{'p' if i < same else 'r'}{i}", share, at(i, 9), id=f"{at_}o{i:02}")
            for i in range(receivers)
        ),
    ]


def test_hawala_hub(tmp_path: Path) -> None:
    found = {"even": hub("even"), "one same": hub("one same", same=1)}
    spared = {
        "nineteen in": hub("nineteen in", payers=19),
        "nineteen out": hub("nineteen out", receivers=19),
        "keeps some": hub("keeps some", paid=0.94),
        "exchange": hub("exchange", same=3),
        "trader": hub("trader"),
    }
    customs = [declaration("d1", "trader")]
    tables = [(side_tables.CUSTOMS_DECLARATIONS.table, customs)]
    got = hits_of(tmp_path, "COR-06", variants(found, spared), tables=tables)
    assert nodes(got) == ids(*found)
    last = max((hit for hit in got if hit["node_id"] == node_id("even")), key=lambda hit: hit["received_on"])
    assert sorted(last["evidence"]) == sorted(f"even{way}{i:02}" for way in "io" for i in range(20))


def declaration(number: str, who: str, **more: Any) -> Row:
    common = {"declaration_id": number, "item": 1, "node_key": who, "declared_on": day(0), "direction": "import"}
    return {**common, "partner_country": "CN", "hs_code": "8471300000", "value_local": 1, **more}


def settled(at_: str, payers: int = 20, share: float = 0.9, to: str = "importer") -> list[Row]:
    collected = [movement(f"{at_}p{i}", at_, 100, at(i), id=f"{at_}{i:02}") for i in range(payers)]
    return [*collected, movement(at_, to, round(100 * payers * share, 2), at(25), id=f"{at_}z")]


def test_net_settlement(tmp_path: Path) -> None:
    found = {"nine tenths": settled("nine tenths"), "a tenth over": settled("a tenth over", share=1.1)}
    spared = {
        "nineteen": settled("nineteen", payers=19),
        "part": settled("part", share=0.89),
        "over": settled("over", share=1.11),
        "no trader": settled("no trader", to="friend"),
    }
    customs = [declaration("d1", "other", partner_key="importer")]
    tables = [(side_tables.CUSTOMS_DECLARATIONS.table, customs)]
    got = hits_of(tmp_path, "COR-07", variants(found, spared), tables=tables)
    assert nodes(got) == ids(*found)
    assert {len(hit["evidence"]) for hit in got} == {21}
    assert hits_of(tmp_path / "without", "COR-07", variants(found)) == []


def test_cluster_near_a_market(tmp_path: Path) -> None:
    def sends(at_: str, near: int, far: int, gap_days: float = 0.01) -> list[Row]:
        places = ["far0"] * far + ["near"] * near
        return [
            movement(at_, "x", 50, at(0, int(i * gap_days * 86400)), id=f"{at_}{i}", location=place)
            for i, place in enumerate(places)
        ]

    # one point of ten lies near the market: half of the payments have to come from it
    point = {"kind": "operator", "latitude": 42.0, "longitude": 74.0}
    places = [
        {**point, "place_id": "market", "kind": "market"},
        {**point, "place_id": "near", "latitude": 42.0089},
        {**point, "place_id": "far0", "latitude": 42.0091},
        *({**point, "place_id": f"far{i}", "longitude": 75.0 + i} for i in range(1, 9)),
    ]
    found = {"half": sends("half", 5, 5), "all": sends("all", 5, 0)}
    spared = {"four": sends("four", 4, 0), "less": sends("less", 5, 6), "slow": sends("slow", 5, 0, 1.75)}
    got = hits_of(tmp_path, "COR-08", variants(found, spared), tables=[(side_tables.PLACES.table, places)])
    assert nodes(got) == ids(*found)
    assert {hit["evidence_count"] for hit in got} == {5}


def test_against_the_stream(tmp_path: Path) -> None:
    def receives(at_: str, sent: float = 49, months: int = 3, amount: float = 300) -> list[Row]:
        rows = [abroad(f"{at_}f", at_, amount, at(30 * i), "TJ>RU", id=f"{at_}{i}") for i in range(3 - months, 3)]
        return [*rows, *(abroad(at_, f"{at_}t", sent, at(30 * i), "RU>TJ") for i in range(3) if sent)]

    stream = [abroad("many", "home", 100_000, at(60))]
    found = {"none sent": receives("none sent", 0), "half": receives("half", 149)}
    spared = {
        "too much sent": receives("too much sent", 150),
        "two months": receives("two months", months=2),
        "small": receives("small", amount=299),
        "kin": receives("kin"),
    }
    kin = [{"node_key": "kin", "other_key": "kinf", "kind": "family"}]
    tables = [(side_tables.KIN_LINKS.table, kin)]
    rows = variants(found, spared)
    got = hits_of(tmp_path, "COR-09", [*stream, *rows], (60, 60), tables=tables)
    assert nodes(got) == ids(*found)
    (none,) = [hit for hit in got if hit["node_id"] == node_id("none sent")]
    assert none["evidence"] == ["none sent0", "none sent1", "none sent2"]
    assert hits_of(tmp_path / "level", "COR-09", rows, (60, 60), tables=tables) == []
