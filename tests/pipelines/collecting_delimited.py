"""A `Staging` that keeps everything in memory, for the tests of the delimited reader."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from pipelines.tables import Table


@dataclass
class Collecting:
    """Rows by table name, and what was rejected, found and counted."""

    frames: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[tuple[str, str, str, str]] = field(default_factory=list)
    findings: list[tuple[str, str, str, str | None, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, table: Table, frame: pl.DataFrame, places: pl.Series, payloads: pl.Series | None = None) -> pl.Series:
        """Split by the contract, as the real staging does."""
        assert dict(frame.schema) == table.polars_schema
        assert len(places) == len(frame)
        split = table.split(frame.with_row_index("_row"))
        for row, rule in split.bad.select("_row", "rule").iter_rows():
            assert payloads is not None
            self.rejected.append((table.name, rule, places[row], payloads[row]))
        self.frames[table.name].append(split.good.drop("_row"))
        return pl.int_range(len(frame), eager=True).is_in(split.good["_row"].to_list())

    def reject(self, table: Table, rule: str, place: str, message: str, payload: str) -> None:
        """Remember the row."""
        self.rejected.append((table.name, rule, place, payload))
        self.findings.append(("error", "row", rule, place, message))

    def finding(self, severity: str, stage: str, code: str, place: str | None, message: str) -> None:
        """Remember the finding."""
        self.findings.append((severity, stage, code, place, message))

    def count(self, counts: Mapping[str, int]) -> None:
        """Add up."""
        self.counts.update(counts)

    def table(self, table: Table) -> pl.DataFrame:
        """The rows that a table got."""
        return pl.concat([table.empty(), *self.frames[table.name]])

    def rules(self) -> list[str]:
        """The rules that rows were rejected under."""
        return [rule for _, rule, _, _ in self.rejected]

    def codes(self) -> set[str]:
        """The codes of the findings."""
        return {code for _, _, code, _, _ in self.findings}

    def balances(self) -> bool:
        """Is every value accounted for."""
        parts = sum(self.counts[name] for name in ("typed", "extra", "placeholder", "dropped"))
        return self.counts["leaves"] == parts
