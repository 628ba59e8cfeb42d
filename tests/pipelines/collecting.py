"""A Staging for tests: it keeps what a reader hands over in memory and really splits rows by their contract."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
from lxml import etree

from pipelines.formats.reader import Source
from pipelines.tables import Table

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


class Collecting:
    """Rows, findings, quarantine and counters of one file."""

    def __init__(self) -> None:
        self.frames: dict[str, list[pl.DataFrame]] = defaultdict(list)
        self.batches: dict[str, list[int]] = defaultdict(list)
        self.bad: list[dict[str, Any]] = []
        self.findings: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self.places: dict[str, list[str]] = defaultdict(list)

    def add(self, table: Table, frame: pl.DataFrame, places: pl.Series, payloads: pl.Series | None = None) -> pl.Series:
        assert dict(frame.schema) == table.polars_schema
        assert len(places) == len(frame)
        assert payloads is None or len(payloads) == len(frame)
        split = table.split(frame.with_row_index("_row"))
        self.batches[table.name].append(len(frame))
        self.frames[table.name].append(split.good.drop("_row"))
        kept = set(split.good["_row"].to_list())
        self.places[table.name] += [place for row, place in enumerate(places) if row in kept]
        for row, rule in split.bad.select("_row", "rule").iter_rows():
            payload = payloads[row] if payloads is not None else None
            self.bad.append({"table": table.name, "rule": rule, "place": places[row], "payload": payload})
        return pl.Series("kept", [row in kept for row in range(len(frame))], dtype=pl.Boolean)

    def reject(self, table: Table, rule: str, place: str, message: str, payload: str) -> None:
        self.bad.append({"table": table.name, "rule": rule, "place": place, "payload": payload})
        self.finding("error", "row", rule, place, message)

    def finding(self, severity: str, stage: str, code: str, place: str | None, message: str) -> None:
        self.findings.append({"severity": severity, "stage": stage, "code": code, "place": place, "message": message})

    def count(self, counts: Mapping[str, int]) -> None:
        self.counts.update(counts)

    def table(self, table: Table) -> pl.DataFrame:
        frames = self.frames[table.name]
        return pl.concat(frames) if frames else table.empty()

    def rows(self, table: Table) -> list[dict[str, Any]]:
        return self.table(table).to_dicts()

    @property
    def codes(self) -> list[str]:
        return [finding["code"] for finding in self.findings]


def source(path: Path, received_on: date = date(2026, 7, 1)) -> Source:
    """The file as a reader is given it."""
    return Source(path, sha256(path.read_bytes()).hexdigest(), path.name, received_on)


def leaves(path: Path) -> Iterator[tuple[str, str, str]]:
    """(tag, kind, value) of every value of a file, counted without the reader: kind is text, attribute or nil."""
    for element in etree.parse(path, etree.XMLParser(remove_comments=True)).getroot().iter("*"):
        for name, value in element.attrib.items():
            if not name.startswith(XSI):
                yield element.tag, "attribute", value.strip()
        text = "".join(element.itertext()).strip() if len(element) == 0 else ""
        if text:
            yield element.tag, "text", text
        elif len(element) == 0 and element.get(f"{XSI}nil") in ("true", "1"):
            yield element.tag, "nil", ""


def extra_of(row: Mapping[str, Any]) -> dict[str, str]:
    """The row's `extra` object."""
    return json.loads(row["extra"]) if row["extra"] else {}
