"""Which numbers an alert rests on: its transactions, and the features that raised the risk of each."""

import json
from dataclasses import dataclass

import polars as pl

from features import catalog, trace
from features.trace import Subject
from pipelines.home import UserError
from pipelines.lake import Lake
from pipelines.tables import NODES, REPORTS, SCORES
from review import queue

USUAL = (
    *(
        f"pit_{end}_{side}_{what}_7d"
        for end, side in (("src", "out"), ("dst", "in"))
        for what in ("count", "sum", "fan")
    ),
    *("pit_pair_gap_hours", "asof_fan_product_30d", "asof_scatter_middles", "asof_gather_middles", "asof_cycles_3"),
)
"""What is traced where no model named features: how much and with whom the ends dealt, and the shapes around."""


@dataclass(frozen=True)
class Used:
    """A transaction, or an account, and its features that are to be explained, those that weigh most first."""

    subject: Subject
    features: tuple[str, ...]
    is_named: bool
    """Whether a model's explanation names them."""
    risk: float | None = None


def used(lake: Lake, named: str, most: int) -> list[Used]:
    """What an alert (by the first characters of its id), an edge or a transaction (by its id) rests on.

    Args:
        lake: where alerts, scores and features are.
        named: the alert, edge or transaction.
        most: most transactions of an alert, the riskiest first.

    Raises:
        UserError: nothing is named so, or its features are not in the lake.
    """
    single = _single(lake, named)
    if single is not None:
        return _explained(lake, [single])
    view = queue.alert(lake, named)
    identifiers = [row.transaction_id for row in view.evidence]
    subjects = [found for name in identifiers if (found := trace.of_transaction(lake, name))]
    if not subjects:
        raise UserError(f"The lake holds no features of the evidence of alert {view.row.alert_id}.")
    return _explained(lake, subjects)[:most]


def _single(lake: Lake, named: str) -> Subject | None:
    edge = trace.of_edge(lake, int(named)) if named.isdecimal() and len(named) <= 18 else None
    return edge or trace.of_transaction(lake, named)


def _explained(lake: Lake, subjects: list[Subject]) -> list[Used]:
    """Each subject with the features that raised its risk; explained ones first, then by risk."""
    names = [subject.row["transaction_id"] for subject in subjects]
    scores = (
        lake.scan(SCORES)
        .filter(pl.col("subject_id").is_in(names), pl.col("level") != "account")
        .select("subject_id", "received_on", "risk", "explanation")
        .collect()
        .sort("received_on")
    )
    by_name = {row["subject_id"]: row for row in scores.iter_rows(named=True)}
    found = [_used(subject, by_name.get(subject.row["transaction_id"])) for subject in subjects]
    return sorted(found, key=lambda one: (not one.is_named, -(one.risk or 0), one.subject.row["edge_id"]))


def _used(subject: Subject, score: dict[str, object] | None) -> Used:
    explanation = json.loads(str(score["explanation"])) if score and score["explanation"] else []
    raising = [str(item["feature"]) for item in explanation if item["contribution"] > 0]
    known = tuple(name for name in raising if name in subject.row)
    usual = tuple(name for name in USUAL if name in subject.row)
    return Used(subject, known or usual, bool(known), float(str(score["risk"])) if score else None)


def every(subject: Subject) -> tuple[str, ...]:
    """All features of a row."""
    return tuple(dict.fromkeys(item.name for item in catalog.FEATURES if item.name in subject.row))


def names(lake: Lake, nodes: set[int]) -> dict[int, str]:
    """A name, or the identity that reports give, for each account."""
    rows = (
        lake.scan(NODES)
        .filter(pl.col("node_id").is_in(sorted(nodes)))
        .select("node_id", "received_on", "name", "node_key")
    )
    newest = rows.collect().sort("received_on", "node_key")
    return {row["node_id"]: row["name"] or row["node_key"] for row in newest.iter_rows(named=True)}


def references(lake: Lake, report_keys: set[str]) -> dict[str, str]:
    """The reporting entity's own reference of each report, after the entity's number."""
    rows = lake.scan(REPORTS).filter(pl.col("report_key").is_in(sorted(report_keys)))
    columns = ("report_key", "reporting_entity_id", "report_reference")
    return {key: f"{entity}/{reference}" for key, entity, reference in rows.select(columns).collect().iter_rows()}
