"""Small hand-made lakes for the tests of `review`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, HITS, NODES, SCORES, Table

NIGHT = date(2026, 2, 3)


class PlainWording:
    """Sentences without a catalogue."""

    def hit(self, hit: Mapping[str, Any], language: str) -> str:
        """Typology and measured value."""
        return f"[{language}] {hit['typology_id']}: {hit['value']:g} over {hit['threshold']:g}. And more."

    def feature(self, item: Mapping[str, Any], language: str, subject_end: str) -> str:
        """Feature, its value and the usual one."""
        return f"[{language}] {item['feature']} is {item['value']:g} (usually {item['usual']:g})"


@dataclass
class World:
    """Rows of the tables that review reads; `write` puts them into a lake."""

    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {table.name: [] for table in (EDGES, NODES, HITS, SCORES)}
    )

    def node(self, node_id: int, night: date = NIGHT, **given: Any) -> None:
        """A node; its name is `name-<id>` unless given."""
        row = {"node_id": node_id, "received_on": night, "node_key": f"key-{node_id}", "kind": "account"}
        self.rows["nodes"].append({**row, "name": f"name-{node_id}", **given})

    def edge(self, name: str, src: int, dst: int, amount: str = "1000", night: date = NIGHT, **given: Any) -> str:
        """An edge, by default at noon of its night; returns its transaction_id."""
        occurred = given.pop("at", datetime(night.year, night.month, night.day, 12, tzinfo=UTC))
        row = {
            "edge_id": len(self.rows["edges"]) + 1,
            "received_on": night,
            "transaction_id": name,
            "report_key": "report",
            "src": src,
            "dst": dst,
            "occurred_at": occurred,
            "occurred_s": int(occurred.timestamp()),
            "is_date_only": False,
            "amount_local": Decimal(amount),
            "amount_c": int(Decimal(amount) * 100),
            "channel": "transfer",
            "movement_count": 1,
            "is_cross_currency": False,
        }
        self.rows["edges"].append({**row, **given})
        return name

    def hit(
        self, node_id: int, evidence: Sequence[str], strength: float = 0.8, night: date = NIGHT, **given: Any
    ) -> None:
        """A hit of DRP-01 unless another typology is given."""
        noon = datetime(night.year, night.month, night.day, 12, tzinfo=UTC)
        typology = given.get("typology_id", "DRP-01")
        row = {
            "hit_id": f"{typology}-{node_id}-{night}",
            "received_on": night,
            "typology_id": typology,
            "typology_version": 1,
            "family": "DRP",
            "theme": "DRUG-SHOP",
            "node_id": node_id,
            "window_from": noon - timedelta(days=20),
            "window_to": noon,
            "value": 12.0,
            "threshold": 10.0,
            "strength": strength,
            "amount_local": Decimal(1),
            "evidence": list(evidence),
            "evidence_count": len(evidence),
            "facts": "{}",
            "missing_data": "",
        }
        self.rows["hits"].append({**row, **given})

    def score(
        self,
        level: str,
        subject: object,
        risk: float,
        features: Mapping[str, float] | None = None,
        night: date = NIGHT,
        **given: Any,
    ) -> None:
        """A calibrated score; `features` maps a feature to its contribution."""
        items = [{"feature": n, "value": 40.0, "usual": 3.0, "contribution": c} for n, c in (features or {}).items()]
        row = {
            "received_on": night,
            "level": level,
            "subject_id": str(subject),
            "risk": risk,
            "is_calibrated": True,
            "anomaly": 0.9,
            "model_id": "model-1",
            "inputs_digest": "digest",
            "explanation": json.dumps(items) if features is not None else None,
        }
        self.rows["scores"].append({**row, **given})

    def write(self, lake: Lake, order: int = 0) -> Lake:
        """The lake with these rows; `order` rotates and reverses them before they are written."""
        for table in (EDGES, NODES, HITS, SCORES):
            rows = self.rows[table.name]
            turned = (rows[order:] + rows[:order])[:: -1 if order else 1]
            _write(lake, table, table.frame(turned))
        return lake


def _write(lake: Lake, table: Table, frame: pl.DataFrame) -> None:
    if not frame.is_empty():
        days = frame["received_on"]
        lake.replace_nights(table, frame, Nights(days.min(), days.max()), {})  # type: ignore[arg-type]
