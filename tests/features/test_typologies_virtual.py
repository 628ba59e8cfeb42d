"""Typologies of virtual assets (VAS) and of links to evidence (EVD): both sides of every threshold."""

import json
from pathlib import Path
from typing import Any

from pipelines import side_tables
from pipelines.tables import ACCOUNTS, HITS, PARTIES
from tests.features.worlds import at, day, hits_of, movement, node_id, variants

Row = dict[str, Any]
LABELS, LISTED = side_tables.WALLET_LABELS.table, side_tables.AGENCY_LIST.table


def nodes(hits: list[Row]) -> set[int]:
    return {hit["node_id"] for hit in hits}


def ids(*keys: str) -> set[int]:
    return set(map(node_id, keys))


def label(who: str, kind: str, **more: Any) -> Row:
    return {"node_key": who, "label": kind, "source": "desk", **more}


def carded(at_: str, payers: int = 11, to_vasp: float = 50, wait_s: int = 7200, **more: Any) -> list[Row]:
    start = 1000
    return [
        *(movement(f"{at_}p{i}", at_, 10, at(1, start + i), id=f"{at_}i{i:02}", **more) for i in range(payers)),
        movement(at_, "vasp", to_vasp, at(1, start + payers - 1 + wait_s), id=f"{at_}v"),
        movement(at_, "shop", 50, at(1, start), id=f"{at_}s"),
    ]


def test_card_to_exchanger(tmp_path: Path) -> None:
    found = {"eleven": carded("eleven")}
    spared = {
        "ten": carded("ten", payers=10),
        "part": carded("part", to_vasp=49),
        "late": carded("late", wait_s=7201),
        "companies": carded("companies", from_kind="entity"),
    }
    rows = variants(found, spared)
    (hit,) = hits_of(tmp_path, "VAS-01", rows, tables=[(LABELS, [label("vasp", "vasp")])])
    assert sorted(hit["evidence"]) == sorted([*(f"eleveni{i:02}" for i in range(11)), "elevenv", "elevens"])
    assert hit["missing_data"] == ""
    unlabelled = hits_of(tmp_path / "without", "VAS-01", rows)
    assert unlabelled == []


def test_card_to_exchanger_says_what_it_lacked(tmp_path: Path) -> None:
    rows = [*carded("drop"), movement("drop", "chain", 60, at(1, 1500), channel="crypto")]
    (hit,) = hits_of(tmp_path, "VAS-01", rows)
    assert hit["missing_data"] == "wallet_labels"


def test_wallet_near_a_drug_market(tmp_path: Path) -> None:
    wallets = {
        "share": label("share", "darknet_market", exposure=0.05, hops=3),
        "direct": label("direct", "darknet_market", exposure=0.01, hops=1),
        "little": label("little", "darknet_market", exposure=0.049, hops=2),
        "far": label("far", "darknet_market", exposure=0.5, hops=4),
        "mixer": label("mixer", "mixer", exposure=0.5, hops=1),
        "silent": label("silent", "darknet_market", exposure=0.5, hops=1),
    }
    rows = [movement(who, "x", 10, at(3), id=who) for who in wallets if who != "silent"]
    late = {**wallets["share"], "received_on": day(9)}
    got = hits_of(tmp_path, "VAS-02", rows, tables=[(LABELS, [*wallets.values()])])
    assert {(hit["received_on"], *hit["evidence"]) for hit in got} == {(day(3), "share"), (day(3), "direct")}
    (told,) = hits_of(tmp_path / "late", "VAS-02", rows, tables=[(LABELS, [late])])
    assert (told["received_on"], told["evidence"]) == (day(9), ["share"])


def swapped(at_: str, keep: float = 0.8, wait_s: int = 3600, to: str = "bridge") -> list[Row]:
    return [
        movement("swap", at_, 100, at(1), id=f"{at_}i"),
        movement(at_, to, 100 * keep, at(1, wait_s), id=f"{at_}o"),
        movement(at_, "x", 80, at(1, 5)),
    ]


def test_mixer_or_chain_hop(tmp_path: Path) -> None:
    found = {
        "hop": swapped("hop"),
        "kept most": swapped("kept most", keep=1.02),
        "mixed": [movement("mixer", "mixed", 1, at(1), id="m")],
    }
    spared = {
        "part": swapped("part", keep=0.79),
        "grown": swapped("grown", keep=1.03),
        "slow": swapped("slow", wait_s=3601),
        "out": swapped("out", to="friend"),
        "paid in": [movement("paid in", "mixer", 1, at(1))],
    }
    labels = [label("swap", "swap"), label("bridge", "bridge"), label("mixer", "mixer")]
    got = hits_of(tmp_path, "VAS-03", variants(found, spared), tables=[(LABELS, labels)])
    mine = [hit for hit in got if hit["node_id"] not in ids("swap", "bridge", "mixer")]
    assert {tuple(hit["evidence"]) for hit in mine} == {("hopi", "hopo"), ("kept mosti", "kept mosto"), ("m",)}


def test_new_user(tmp_path: Path) -> None:
    def emptied(
        at_: str, amount: float = 5000, share: float = 0.95, wait_s: int = 86_399, channel: str = "crypto"
    ) -> list[Row]:
        return [
            movement("bank", at_, amount, at(9), id=f"{at_}i"),
            movement(at_, "chain", round(amount * share, 2), at(9, wait_s), id=f"{at_}o", channel=channel),
        ]

    found = {"six days": emptied("six days")}
    spared = {
        "seven days": emptied("seven days"),
        "unknown": emptied("unknown"),
        "small": emptied("small", amount=4999),
        "part": emptied("part", share=0.949),
        "slow": emptied("slow", wait_s=86_400),
        "money only": emptied("money only", channel="transfer"),
    }
    opened = {**dict.fromkeys([*found, *spared], day(3)), "seven days": day(2)}
    del opened["unknown"]
    accounts = [
        {"report_key": "r", "node_key": who, "opened_on": when, "received_on": day(1)} for who, when in opened.items()
    ]
    (hit,) = hits_of(tmp_path, "VAS-04", variants(found, spared), tables=[(ACCOUNTS, accounts)])
    assert hit["evidence"] == ["six daysi", "six dayso"]
    assert json.loads(hit["facts"])["age"] == 6


def test_shadow_exchanger(tmp_path: Path) -> None:
    def core(at_: str, drops: int = 10, kept: float = 0.05, channel: str = "crypto") -> list[Row]:
        rows = []
        for i in range(drops):
            rows += [movement(f"{at_}c{i}x{j}", f"{at_}d{i}", 10, at(1, j)) for j in range(3)]
            rows.append(movement(f"{at_}d{i}", at_, 100, at(2), id=f"{at_}i{i}"))
        return [*rows, movement(at_, "chain", drops * 100 * (1 - kept), at(3), id=f"{at_}o", channel=channel)]

    found = {"ten": core("ten"), "little": core("little", kept=0.01)}
    spared = {
        "nine": core("nine", drops=9),
        "generous": core("generous", kept=0.009),
        "greedy": core("greedy", kept=0.051),
        "no coins": core("no coins", channel="transfer"),
    }
    rows = variants(found, spared)
    signs = [
        {
            "hit_id": f"{place}", "received_on": day(1), "typology_id": "DRP-01", "typology_version": 1,
            "family": "DRP-01", "theme": "DRUG-SHOP", "node_id": node_id(row["from_node_key"]),
            "window_from": at(1), "window_to": at(1), "value": 3, "threshold": 2, "strength": 0.6,
            "amount_local": 30, "evidence": [], "evidence_count": 3, "facts": "{}", "missing_data": "",
        }
        for place, row in enumerate(rows)
        if row["transaction_id"] and "i" in row["transaction_id"][-3:]
    ]  # fmt: skip
    got = hits_of(tmp_path, "VAS-05", rows, (2, 9), [(HITS, signs)])
    assert nodes(got) == ids(*found)
    (ten,) = [hit for hit in got if hit["node_id"] == node_id("ten")]
    assert sorted(ten["evidence"]) == sorted([*(f"teni{i}" for i in range(10)), "teno"])
    assert hits_of(tmp_path / "without", "VAS-05", rows, (2, 9)) == []


def listed(number: int, kind: str = "subject", **more: Any) -> Row:
    return {"list_id": f"L{number}", "agency": "police", "kind": kind, **more}


def test_meets_the_evidence(tmp_path: Path) -> None:
    rows = [
        *(movement(who, "x", 10, at(3), id=who) for who in ("by key", "by wallet", "lifted", "last day", "nobody")),
        movement("x", "by phone", 10, at(3), id="by phone", to_kind="person"),
    ]
    entries = [
        listed(1, node_key="by key"),
        listed(2, phone="+7 (999) 123-45-67"),
        listed(3, wallet="0xabc"),
        listed(4, node_key="lifted", valid_to=day(2)),
        listed(5, node_key="last day", valid_to=day(3)),
        listed(6, phone="123"),
    ]
    party = {"report_key": "r", "kind": "person", "received_on": day(0)}
    parties = [
        {**party, "node_key": "by phone", "phone": "79991234567"},
        {**party, "node_key": "nobody", "phone": "123"},
    ]
    labels = [label("by wallet", "risk", address="0xabc")]
    tables = [(LISTED, entries), (PARTIES, parties), (LABELS, labels)]
    got = hits_of(tmp_path, "EVD-01", rows, tables=tables)
    assert {hit["evidence"][0]: json.loads(hit["facts"])["match"] for hit in got} == {
        "by key": "key",
        "by phone": "phone",
        "by wallet": "wallet",
        "last day": "key",
    }


def test_meets_a_seizure(tmp_path: Path) -> None:
    subjects = ("near", "far", "late", "by territory")
    when = {"late": 18}
    rows = [
        movement(who, "x", 10, at(when.get(who, 17)), id=who, location="far point" if who == "far" else "point")
        for who in subjects
    ]
    point = {"kind": "branch", "longitude": 74.0, "territory": "KG-C"}
    places = [{**point, "place_id": "point", "latitude": 42.0}, {**point, "place_id": "far point", "latitude": 42.1}]
    seizure = {"kind": "seizure", "happened_on": day(10), "latitude": 41.56, "longitude": 74.0}
    entries = [listed(i, **seizure, node_key=who) for i, who in enumerate(subjects[:3])]
    entries.append(listed(9, "seizure", happened_on=day(10), territory="KG-C", node_key="by territory"))
    tables = [(LISTED, entries), (side_tables.PLACES.table, places)]
    got = hits_of(tmp_path, "EVD-01", rows, tables=tables)
    assert nodes(got) == ids("near", "by territory")
    assert {hit["received_on"] for hit in got} == {day(17)}
