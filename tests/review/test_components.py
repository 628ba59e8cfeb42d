"""Which alerts belong together, and what must not glue them."""

import polars as pl

from review.components import COMPONENT_ALERTS, HUB_ALERTS, components

Row = tuple[str, str, int, int]


def _group(subjects: dict[str, int], rows: list[Row]) -> dict[str, str]:
    alerts = pl.DataFrame(
        {"alert_id": list(subjects), "node_id": list(subjects.values())},
        schema={"alert_id": pl.String, "node_id": pl.Int64},
    )
    schema = {"alert_id": pl.String, "transaction_id": pl.String, "src": pl.Int64, "dst": pl.Int64}
    evidence = pl.DataFrame(rows, schema=schema, orient="row")
    return dict(zip(subjects, components(alerts, evidence), strict=True))


def test_nothing_makes_nothing() -> None:
    """An empty night has no component."""
    assert _group({}, []) == {}


def test_a_shared_subject_links() -> None:
    """Two families on one subject are one component, named after the smallest alert_id."""
    found = _group({"b": 1, "a": 1, "c": 2}, [("a", "t1", 1, 8), ("b", "t2", 1, 9), ("c", "t3", 2, 7)])
    assert found == {"a": "a", "b": "a", "c": "c"}


def test_shared_evidence_links() -> None:
    """Alerts on two subjects that rest on one transaction are one component."""
    found = _group({"a": 1, "b": 2, "c": 3}, [("a", "t", 5, 6), ("b", "t", 5, 6), ("c", "u", 5, 6)])
    assert found == {"a": "a", "b": "a", "c": "c"}


def test_a_subject_in_the_evidence_of_another_links() -> None:
    """B pays A: the alert on B belongs to the alert on A although they share no evidence."""
    found = _group({"a": 1, "b": 2}, [("a", "t", 2, 1), ("b", "u", 9, 2)])
    assert found == {"a": "a", "b": "a"}


def test_a_common_counterparty_without_an_alert_does_not_link() -> None:
    """Two subjects that pay the same shop have nothing to do with each other."""
    found = _group({"a": 1, "b": 2}, [("a", "t", 1, 9), ("b", "u", 2, 9)])
    assert found == {"a": "a", "b": "b"}


def test_a_hub_does_not_glue() -> None:
    """A node in the evidence of more than 25 alerts links nothing, nor do its transactions; below that it does."""
    for payers, expected in ((HUB_ALERTS - 2, 1), (HUB_ALERTS + 5, HUB_ALERTS + 6)):
        subjects = {"hub": 0, **{f"p{n:02}": n for n in range(1, payers + 1)}}
        rows: list[Row] = [(f"p{n:02}", f"t{n}", n, 0) for n in range(1, payers + 1)]
        rows += [("hub", f"t{n}", n, 0) for n in range(1, payers + 1)]
        assert len(set(_group(subjects, rows).values())) == expected


def test_two_families_of_a_hub_stay_together() -> None:
    """Being a hub does not part a subject's own alerts."""
    rows: list[Row] = [(f"p{n:02}", f"t{n}", n, 0) for n in range(1, 40)]
    subjects = {"x": 0, "y": 0, **{f"p{n:02}": n for n in range(1, 40)}}
    found = _group(subjects, [*rows, ("x", "a", 0, 99), ("y", "b", 0, 98)])
    assert found["x"] == found["y"] == "x"
    assert len(set(found.values())) == 40


def test_a_component_too_large_to_read_falls_apart_around_its_best_alerts() -> None:
    """A chain of 60 alerts: the best alert keeps those within two links; every piece is connected and small."""
    names = [f"c{n:02}" for n in range(60)]
    rows: list[Row] = [(name, f"t{n}", n, n + 1) for n, name in enumerate(names)]
    found = _group({name: n for n, name in enumerate(names)}, rows)
    pieces: dict[str, list[int]] = {}
    for name, piece in found.items():
        pieces.setdefault(piece, []).append(int(name[1:]))
    assert 60 / 5 <= len(pieces) <= 60 / 3
    assert all(max(piece) - min(piece) < COMPONENT_ALERTS for piece in pieces.values())
    assert pieces["c00"] == [0, 1, 2]


def test_evidence_without_an_edge_links_by_itself() -> None:
    """A transaction whose ends are unknown still links the alerts that rest on it."""
    rows = pl.DataFrame(
        [("a", "t", None, None), ("b", "t", None, None)],
        schema={"alert_id": pl.String, "transaction_id": pl.String, "src": pl.Int64, "dst": pl.Int64},
        orient="row",
    )
    alerts = pl.DataFrame({"alert_id": ["a", "b"], "node_id": [1, 2]})
    assert components(alerts, rows) == ["a", "a"]
