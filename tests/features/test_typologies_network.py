"""Typologies of the network's shape (NET) and of links to evidence (EVD): both sides of every threshold.

One world holds every variant of a shape, each with accounts of its own; the hits say which variants were found.
"""

import json
from pathlib import Path
from typing import Any

from features import account_graph
from features.catalog import ACCOUNT_GRAPH
from pipelines.lake import Nights
from pipelines.tables import OUTCOMES
from tests.features.worlds import at, day, hits_of, movement, node_id, put, quick, variants, world

Row = dict[str, Any]


def scattered(
    at_: str, middles: int = 5, keep: float = 0.9, wait_days: float = 2, spread_days: float = 1, noise: int = 0
) -> list[Row]:
    """A source that pays `middles` accounts, which each pay the same gatherer."""
    rows = [movement(f"{at_}z{i}", f"{at_}m0", 5, at(1, 60 * i)) for i in range(noise)]
    for i in range(middles):
        when = at(1, int(i * spread_days * 86400))
        later = at(1, int((i * spread_days + wait_days) * 86400))
        rows.append(movement(f"{at_}source", f"{at_}m{i}", 1000 + i * 10, when, id=f"{at_}a{i}"))
        rows.append(movement(f"{at_}m{i}", at_, f"{(1000 + i * 10) * keep:.2f}", later, id=f"{at_}b{i}"))
    rows.append(movement(f"{at_}m0", f"{at_}x", 900, at(2)))
    return rows


def test_scatter_gather(tmp_path: Path) -> None:
    found = {
        "five": scattered("five"),
        "kept least": scattered("kept least", keep=0.7),
        "kept most": scattered("kept most", keep=1.1),
        "in a week": scattered("in a week", wait_days=7),
        "source in a week": scattered("source in a week", spread_days=1.74),
        "busy middle": scattered("busy middle", noise=2),
    }
    spared = {
        "four": scattered("four", middles=4),
        "kept too little": scattered("kept too little", keep=0.69),
        "too much": scattered("too much", keep=1.11),
        "slow": scattered("slow", wait_days=7.1),
        "slow source": scattered("slow source", spread_days=1.76),
        "hub in the middle": scattered("hub in the middle", noise=3),
    }
    got = hits_of(tmp_path, "NET-01", variants(found, spared), parameters={"hub_cap": 3})
    assert {hit["node_id"] for hit in got} == set(map(node_id, found))
    (five,) = [hit for hit in got if hit["node_id"] == node_id("five")]
    assert sorted(five["evidence"]) == [f"five{leg}{i}" for leg in "ab" for i in range(5)]
    assert json.loads(five["facts"]) == {"middles": 5, "kept": 0.9}


def test_scatter_gather_grows_night_by_night(tmp_path: Path) -> None:
    got = hits_of(tmp_path, "NET-01", scattered("t", middles=7))
    assert [hit["value"] for hit in sorted(got, key=lambda hit: hit["received_on"])] == [5, 6, 7]


def gathered(
    at_: str, payers: int = 10, receivers: int = 10, keep: float = 0.9, gap_days: float = 2, same: int = 0
) -> list[Row]:
    """An account that collects and then distributes (before, with a gap below zero), partly to its payers."""
    start, later = (1.0, 1.0 + gap_days) if gap_days > 0 else (1.0 - gap_days, 1.0)
    rows = [movement(f"{at_}p{i}", at_, 100, at(0, int(start * 86400) + i), id=f"{at_}i{i:02}") for i in range(payers)]
    for i in range(receivers):
        share = 100 * payers * keep / receivers
        to = f"{at_}{'p' if i < same else 'r'}{i}"
        rows.append(movement(at_, to, f"{share:.4f}", at(0, int(later * 86400) + 60 + i), id=f"{at_}o{i:02}"))
    return rows


def test_gather_scatter(tmp_path: Path) -> None:
    found = {
        "ten": gathered("ten"),
        "kept least": gathered("kept least", keep=0.7),
        "kept most": gathered("kept most", keep=1.1),
        "in a week": gathered("in a week", gap_days=6.99),
        "some same": gathered("some same", same=3),
    }
    spared = {
        "nine in": gathered("nine in", payers=9),
        "nine out": gathered("nine out", receivers=9),
        "kept too little": gathered("kept too little", keep=0.69),
        "too much": gathered("too much", keep=1.11),
        "slow": gathered("slow", gap_days=7.01),
        "out first": gathered("out first", gap_days=-2),
        "exchange": gathered("exchange", same=4),
    }
    got = hits_of(tmp_path, "NET-02", variants(found, spared))
    assert {hit["node_id"] for hit in got} == set(map(node_id, found))
    (ten,) = [hit for hit in got if hit["node_id"] == node_id("ten")]
    assert sorted(ten["evidence"]) == sorted(f"ten{way}{i:02}" for way in "io" for i in range(10))


def next_door(root: Path, decided: int = 2, **parameters: float) -> list[Row]:
    """Account `bad` is confirmed on a day; `near` has most of its money, `far` a little of what `near` has."""
    rows = [
        movement("bad", "near", 1000, at(0), id="n0"),
        movement("near", "far", 500, at(1), id="f0"),
        *(movement(f"a{i}", f"b{i}", 100, at(1, i)) for i in range(40)),
        movement("bad", "near", 900, at(4), id="n1"),
        movement("x", "near", 10, at(4), id="x0"),
        movement("near", "far", 10, at(5), id="f1"),
    ]
    lake = world(root, rows)
    outcome = {"alert_id": "al", "received_on": day(decided), "ordinal": 1, "code": "D1", "node_id": node_id("bad")}
    put(lake, OUTCOMES, OUTCOMES.frame([{**outcome, "evidence": []}]))
    anchors = account_graph.anchors(Nights(day(0), day(30)), 7)
    put(lake, ACCOUNT_GRAPH, account_graph.build(lake, anchors, quick(root)))
    return hits_of(root, "NET-04", lake, nights=(0, 8), parameters=parameters)


def test_risk_next_door(tmp_path: Path) -> None:
    (hit,) = next_door(tmp_path, top_share=0.03)
    assert (hit["node_id"], hit["received_on"]) == (node_id("near"), day(4))
    assert hit["evidence"] == ["n0", "n1"]
    assert json.loads(hit["facts"]) == {"hops": 1, "seeds": 1, "count": 2}


def test_risk_two_doors_away(tmp_path: Path) -> None:
    got = next_door(tmp_path, top_share=0.05)
    assert {(hit["node_id"], tuple(hit["evidence"])) for hit in got} == {
        (node_id("near"), ("n0", "n1")),
        (node_id("far"), ("f0", "f1")),
    }
    assert [hit["node_id"] for hit in next_door(tmp_path, top_share=0.05, hops_max=1)] == [node_id("near")]


def test_risk_next_door_waits_for_a_decision(tmp_path: Path) -> None:
    assert next_door(tmp_path, decided=9, top_share=0.05) == []
