"""Nodes, edges and what is known of them on a night."""

import hashlib
from pathlib import Path

from features import network, nightly
from pipelines.lake import Lake, Nights
from pipelines.tables import ACCOUNTS, EDGES, NODES, PARTIES
from tests.features.worlds import SUBMISSION, at, day, movement, put, quick, world


def identity(key: str) -> int:
    return int(hashlib.sha256(key.encode()).hexdigest()[:15], 16)


def known(lake: Lake, root: Path, number: int) -> set[str]:
    night = Nights.of(day(number))
    with nightly.knowing(lake, night, quick(root)) as engine:
        frame = engine.plain(Path(nightly.SQL) / "known_edges.sql")
    alive = (frame["superseded_on"].is_null()) | (frame["superseded_on"] > night.first)
    return set(frame.filter(alive)["transaction_id"])


def test_edges_join_two_known_nodes(tmp_path: Path) -> None:
    rows = [
        movement("a", "b", "10.5", at(0, 60), id="t1", from_currency="KZT", to_currency="RUB", from_country="KZ"),
        movement("a", "a", 1, at(0, 60), id="self", from_currency="KZT"),
        movement("a", None, 1, at(0), id="half"),  # type: ignore[arg-type]
    ]
    edges = world(tmp_path, rows).read(EDGES)
    assert set(edges["transaction_id"]) == {"t1", "self"}
    one = next(row for row in edges.iter_rows(named=True) if row["transaction_id"] == "t1")
    assert one["edge_id"] == identity("t1")
    assert (one["src"], one["dst"]) == (identity("a"), identity("b"))
    assert one["occurred_s"] == int(at(0, 60).timestamp())
    assert one["is_cross_currency"] is True
    assert (one["src_country"], one["dst_country"]) == ("KZ", None)
    assert dict(edges.schema) == dict(EDGES.polars_schema)


def test_a_date_stands_at_the_end_of_its_local_day(tmp_path: Path) -> None:
    rows = [
        movement("a", "b", 1, at(0), id="utc", is_date_only=True),
        movement("a", "b", 1, at(0, 19 * 3600), id="plus5", is_date_only=True, utc_offset_minutes=300),
        movement("a", "b", 1, at(0, 23 * 3600), id="timed"),
    ]
    edges = world(tmp_path, rows).read(EDGES)
    seconds = dict(edges.select("transaction_id", "occurred_s").iter_rows())
    assert seconds["utc"] == int(at(0, 86399).timestamp())
    assert seconds["plus5"] == int(at(1, 19 * 3600 - 1).timestamp())
    assert seconds["timed"] == int(at(0, 23 * 3600).timestamp())


def test_nodes_are_described_by_their_night(tmp_path: Path) -> None:
    rows = [
        movement("a", "p", 1, at(0), from_institution="BANK", from_country="KZ", to_kind="person"),
        movement("a", "b", 1, at(1), from_territory="KZ-ALA"),
    ]
    lake = world(tmp_path, rows)
    common = {"report_key": "r", "received_on": day(0), "submission_id": SUBMISSION}
    account = {**common, "ordinal": 1, "node_key": "a", "account_name": "Zeta", "territory": "KZ-AST"}
    put(lake, ACCOUNTS, ACCOUNTS.frame([account, {**account, "ordinal": 2, "account_name": "Alpha"}]))
    party = {**common, "ordinal": 1, "node_key": "p", "kind": "person", "name": "P P", "country": "RU"}
    put(lake, PARTIES, PARTIES.frame([party]))
    nodes = network.nodes(lake, Nights(day(0), day(1)), quick(tmp_path))
    rows_by_key = {(row["node_key"], row["received_on"]): row for row in nodes.iter_rows(named=True)}
    a = rows_by_key["a", day(0)]
    assert (a["name"], a["institution"], a["country"], a["territory"]) == ("Alpha", "BANK", "KZ", "KZ-AST")
    assert rows_by_key["a", day(1)]["territory"] == "KZ-ALA"
    p = rows_by_key["p", day(0)]
    assert (p["kind"], p["name"], p["country"], p["territory"]) == ("person", "P P", "RU", None)
    assert p["node_id"] == identity("p")
    assert dict(nodes.schema) == dict(NODES.polars_schema)


def test_versions_decide_what_a_night_knows(tmp_path: Path) -> None:
    rows = [
        movement("a", "b", 1, at(0), id="v1", report_key="v1"),
        movement("a", "b", 2, at(0), id="v2", report_key="v2", received_on=day(2)),
        movement("a", "b", 3, at(0), id="more", report_key="more", received_on=day(3)),
        movement("a", "b", 2, at(0), id="same", report_key="same", received_on=day(3)),
        movement("a", "b", 9, at(0), id="gone", report_key="gone", received_on=day(5)),
        movement("a", "b", 4, at(0), id="free", report_key="other"),
    ]
    versions = [
        {"report_key": "v1", "received_on": day(0), "report_reference": "A"},
        {"report_key": "v2", "received_on": day(2), "report_reference": "A", "relation": "correct"},
        {"report_key": "more", "received_on": day(3), "report_reference": "A", "relation": "supplement"},
        {"report_key": "same", "received_on": day(3), "report_reference": "A", "relation": "duplicate"},
        {"report_key": "gone", "received_on": day(5), "report_reference": "A", "relation": "delete"},
    ]
    lake = world(tmp_path, rows, versions)
    assert known(lake, tmp_path, 1) == {"v1", "free"}
    assert known(lake, tmp_path, 2) == {"v2", "free"}
    assert known(lake, tmp_path, 4) == {"v2", "more", "free"}
    assert known(lake, tmp_path, 5) == {"free"}
