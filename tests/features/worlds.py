"""Small input lakes for the tests of features."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from features import network, typology
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, HITS, NODES, REPORTS, TRANSACTIONS, Table, Type

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


def hits_of(
    root: Path,
    which: str,
    rows: Iterable[Mapping[str, Any]] | Lake,
    nights: tuple[int, int] = (0, 30),
    tables: Iterable[tuple[Table, Iterable[Mapping[str, Any]]]] = (),
    parameters: Mapping[str, Any] | None = None,
    country: str = "ZZ",
) -> list[dict[str, Any]]:
    """The hits of one typology on some nights of a world, with further tables (side tables among them) beside it."""
    lake = rows if isinstance(rows, Lake) else world(root, rows)
    for table, more in tables:
        put(lake, table, with_delivery(table, more))
    item = typology.by_id()[which].with_parameters(parameters or {})
    span = Nights(day(nights[0]), day(nights[1]))
    found = typology.evaluate(lake, span, quick(root, country=country), [item])
    assert HITS.split(found).bad.is_empty()
    for hit in found.iter_rows(named=True):
        for language in ("en", "ru"):
            typology.sentence(hit, language)
    return list(found.iter_rows(named=True))


def variants(*groups: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """The movements of every variant of some groups, in one world."""
    return [row for group in groups for rows in group.values() for row in rows]


def with_delivery(table: Table, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of a table with what a delivery adds: submission, ordinal and, unless told, the first day as day told."""
    names = set(table.polars_schema)
    delivery = {"submission_id": SUBMISSION, "received_on": FIRST}
    given = {name: value for name, value in delivery.items() if name in names}
    full = [{**given, **({"ordinal": place} if "ordinal" in names else {}), **row} for place, row in enumerate(rows, 1)]
    money = {c.name for c in table.columns if c.type is Type.MONEY}
    schema = {name: pl.String() if name in money else kind for name, kind in table.polars_schema.items()}
    text = [{name: str(v) if name in money and v is not None else v for name, v in row.items()} for row in full]
    return table.conform(pl.DataFrame(text, schema=schema, orient="row"))


def node_id(key: str) -> int:
    """The `node_id` of a node key."""
    return int(sha256(key.encode()).hexdigest()[:15], 16)


def quick(root: Path, threads: int = 1, country: str = "ZZ", stage_rows_max: int = 0) -> Settings:
    """Settings for a test."""
    return Settings(home=root, threads=threads, memory_limit_gb=1, country=country, stage_rows_max=stage_rows_max)
