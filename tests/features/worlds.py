"""Small input lakes for the tests of features."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from features import network
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, NODES, REPORTS, TRANSACTIONS

FIRST = date(2024, 3, 1)
SUBMISSION = "0" * 64


def day(number: int) -> date:
    """The day `number` days after the first."""
    return FIRST + timedelta(days=number)


def at(number: int, seconds: int = 0) -> datetime:
    """A second of a day."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=number, seconds=seconds)


def movement(payer: str, receiver: str, amount: float | str, when: datetime, **more: Any) -> dict[str, Any]:
    """One transaction; received on its own day unless told."""
    return {
        "transaction_id": more.pop("id", None),
        "from_node_key": payer,
        "to_node_key": receiver,
        "amount_local": str(amount),
        "occurred_at": when,
        "received_on": when.date(),
        "report_key": "r",
        **more,
    }


def transactions(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """TRANSACTIONS of the given movements."""
    defaults = {
        "transaction_ordinal": 1,
        "submission_id": SUBMISSION,
        "is_date_only": False,
        "movement_count": 1,
        "channel": "transfer",
        "from_kind": "account",
        "to_kind": "account",
    }
    full = [
        {**defaults, **row, "transaction_id": row.get("transaction_id") or f"t{place}"}
        for place, row in enumerate(rows)
    ]
    schema = {**TRANSACTIONS.polars_schema, "amount_local": pl.String()}
    return TRANSACTIONS.conform(pl.DataFrame(full, schema=schema, orient="row"))


def reports(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """REPORTS of the given versions."""
    defaults = {
        "submission_id": SUBMISSION,
        "report_ordinal": 1,
        "jurisdiction": "ZZ",
        "reporting_entity_id": "1",
        "report_code": "STR",
        "report_class": "suspicion",
        "relation": "new",
    }
    return REPORTS.frame([{**defaults, **row} for row in rows])


def put(lake: Lake, table: Any, frame: pl.DataFrame) -> None:
    """Write a frame over the nights that it spans."""
    if frame.height:
        nights = frame["received_on"]
        lake.replace_nights(table, frame, Nights(nights.min(), nights.max()), {})  # type: ignore[arg-type]


def world(
    root: Path,
    rows: Iterable[Mapping[str, Any]],
    versions: Iterable[Mapping[str, Any]] = (),
    settings: Settings | None = None,
) -> Lake:
    """A lake that holds the movements, their reports, nodes and edges."""
    settings = settings or quick(root)
    lake = Lake(root / "lake")
    frame = transactions(rows)
    put(lake, TRANSACTIONS, frame)
    put(lake, REPORTS, reports(versions))
    if frame.height:
        span = Nights(frame["received_on"].min(), frame["received_on"].max())  # type: ignore[arg-type]
        put(lake, NODES, network.nodes(lake, span, settings))
        put(lake, EDGES, network.edges(lake, span, settings))
    return lake


def quick(root: Path, threads: int = 1, country: str = "ZZ") -> Settings:
    """Settings for a test."""
    return Settings(home=root, threads=threads, memory_limit_gb=1, country=country)
