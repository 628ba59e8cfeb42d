"""What every format reader is given and what it hands over; holds no format.

A reader is `read(source, staging)`: it streams one file, in bounded memory, into a `Staging` and raises `BadFile`
where the file as a whole can't be used. Nothing that it staged then counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import polars as pl

from pipelines.tables import Table


class BadFile(Exception):
    """A file that can't be used as a whole; it is quarantined under `code`.

    `message` says what is wrong and what to do, without any value from the file; `place` is an XPath or a line.
    """

    def __init__(self, code: str, message: str, place: str | None = None, stage: str = "file") -> None:
        super().__init__(message)
        self.code, self.message, self.place, self.stage = code, message, place, stage


@dataclass(frozen=True)
class Source:
    """One delivered file: where it lies, its SHA-256, its name as delivered and the day of delivery (UTC)."""

    path: Path
    submission_id: str
    file_name: str
    received_on: date


class Staging(Protocol):
    """Where a reader puts the rows of one file."""

    def add(self, table: Table, frame: pl.DataFrame, places: pl.Series, payloads: pl.Series | None = None) -> pl.Series:
        """Stage typed rows; rows that break the contract are quarantined with a finding.

        Args:
            table: the contract that the rows are for.
            frame: rows with exactly the contract's columns and types.
            places: XPath or line of each row.
            payloads: each row as delivered (JSON or XML text), kept for rows that are quarantined.

        Returns:
            one Boolean a row: was it kept.
        """

    def reject(self, table: Table, rule: str, place: str, message: str, payload: str) -> None:
        """Quarantine one row that could not even be typed, with an error finding under the code `rule`."""

    def finding(self, severity: str, stage: str, code: str, place: str | None, message: str) -> None:
        """Record a finding (severity: error, warning or info) that quarantines nothing."""

    def count(self, counts: Mapping[str, int]) -> None:
        """Add to the submission's counters: source_rows, leaves, typed, extra, placeholder, dropped."""


def digest_key(*parts: object) -> str:
    """The first 20 hex digits of the SHA-256 of the parts: a key that depends on nothing else."""
    return sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:20]
