"""A step of the night: computes one table for the nights whose inputs or code changed, and nothing for the others.

Each chunk of nights is one commit of the table, then one of `runs`; a kill between them only repeats the chunk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import polars as pl
import pyarrow as pa

from pipelines import tables
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.tables import Table

CHUNK_ROWS = 400_000
_CODE_SUFFIXES = {".py", ".sql", ".toml"}


PART_ROWS = 250_000
"""Rows after which the parts of a step are written, with the nights that they complete."""


@dataclass(frozen=True)
class Part:
    """All rows of some nights, with the columns and types of a table's contract."""

    nights: Nights
    rows: pa.Table


@dataclass(frozen=True)
class StepReport:
    """What a step did."""

    step: str
    nights: Nights
    row_count: int
    computed_nights: int

    def metadata(self) -> dict[str, str | int]:
        """The same, flat."""
        return {"nights": str(self.nights), "rows": self.row_count, "computed_nights": self.computed_nights}


@cache
def code_version(*packages: str) -> str:
    """A hash of the source of packages of this repository: their Python, SQL and TOML files."""
    digest = sha256()
    root = Path(__file__).parent.parent
    for package in packages:
        for file in sorted(p for p in (root / package).rglob("*") if p.suffix in _CODE_SUFFIXES):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def digest_of(*parts: object) -> str:
    """One hash of several."""
    return sha256("\n".join(str(part) for part in parts).encode()).hexdigest()


def days(nights: Nights) -> Iterator[date]:
    """Every day of the range."""
    for offset in range((nights.last - nights.first).days + 1):
        yield nights.first + timedelta(days=offset)


def run_step(
    lake: Lake,
    table: Table,
    nights: Nights,
    inputs: Mapping[date, str],
    compute: Callable[[Nights], pl.DataFrame | Iterator[Part]],
    progress: Progress = silent,
    chunk_rows: int = CHUNK_ROWS,
) -> StepReport:
    """Bring `table` up to date for `nights`; returns what was done.

    Args:
        lake: where the table is; the caller holds the home's lock.
        table: the table that the step makes.
        nights: the range.
        inputs: for each night, a digest of the step's inputs and code; a night whose digest is on record is left alone,
            and so is a night that has none.
        compute: makes the rows of a range of nights, at once or in parts that are written as they come.
        progress: told how many nights are done.
        chunk_rows: most transactions of the nights that are computed at once, where they are several.
    """
    stale = _stale(lake, table, nights, inputs)
    written = done = 0
    for chunk in _chunks(stale, _sizes(lake, nights), chunk_rows):
        progress(table.name, done, len(stale))
        for some, rows in _computed(compute(chunk), chunk):
            made_from = digest_of(*(inputs[night] for night in days(some)))
            described = {"step": table.name, "nights": str(some), "inputs": made_from}
            if isinstance(rows, pl.DataFrame):
                lake.replace_nights(table, rows, some, described)
            else:
                lake.replace_nights_in_parts(table, rows, some, described)
            counts = _counted(rows)
            _record(lake, table, some, inputs, counts)
            written += sum(counts.values())
            done += len(list(days(some)))
            progress(table.name, done, len(stale))
    progress(table.name, len(stale), len(stale))
    return StepReport(table.name, nights, written, len(stale))


def _computed(
    found: pl.DataFrame | Iterator[Part], nights: Nights
) -> Iterator[tuple[Nights, pl.DataFrame | list[pa.Table]]]:
    """What is written at once: a frame, or parts of about PART_ROWS rows, made while the ones before are written."""
    if isinstance(found, pl.DataFrame):
        yield nights, found
        return
    with ThreadPoolExecutor(1) as ahead:
        first, held, rows = nights.first, list[pa.Table](), 0
        coming = ahead.submit(next, found, None)
        while (part := coming.result()) is not None:
            coming = ahead.submit(next, found, None)
            held.append(part.rows)
            rows += part.rows.num_rows
            if rows >= PART_ROWS or part.nights.last == nights.last:
                yield Nights(first, part.nights.last), held
                first, held, rows = part.nights.last + timedelta(days=1), [], 0


def _counted(rows: pl.DataFrame | list[pa.Table]) -> dict[date, int]:
    """The rows of each night."""
    if isinstance(rows, pl.DataFrame):
        return dict(rows.group_by("received_on").len().iter_rows())
    nights = [pl.DataFrame(part.select(["received_on"])) for part in rows]
    return dict(pl.concat(nights).group_by("received_on").len().iter_rows()) if nights else {}


def _stale(lake: Lake, table: Table, nights: Nights, inputs: Mapping[date, str]) -> list[date]:
    runs = lake.scan(tables.RUNS, nights).filter(pl.col("step") == table.name).collect()
    recorded = dict(zip(runs["received_on"], runs["inputs_digest"], strict=True))
    return [night for night in days(nights) if night in inputs and recorded.get(night) != inputs[night]]


def _sizes(lake: Lake, nights: Nights) -> dict[date, int]:
    counted = lake.scan(tables.TRANSACTIONS, nights).group_by("received_on").len().collect()
    return dict(counted.iter_rows())


def _chunks(stale: Sequence[date], sizes: Mapping[date, int], chunk_rows: int) -> Iterable[Nights]:
    """Runs of consecutive nights of at most about so many transactions."""
    start: date | None = None
    last, rows = date.min, 0
    for night in stale:
        size = sizes.get(night, 0)
        if start is not None and (night != last + timedelta(days=1) or rows + size > chunk_rows):
            yield Nights(start, last)
            start, rows = None, 0
        start = start or night
        last, rows = night, rows + size
    if start is not None:
        yield Nights(start, last)


def _record(lake: Lake, table: Table, nights: Nights, inputs: Mapping[date, str], counts: Mapping[date, int]) -> None:
    others = lake.scan(tables.RUNS, nights).filter(pl.col("step") != table.name).collect()
    done = [
        {
            "received_on": night,
            "step": table.name,
            "inputs_digest": inputs[night],
            "row_count": counts.get(night, 0),
        }
        for night in days(nights)
    ]
    lake.replace_nights(tables.RUNS, pl.concat([others, tables.RUNS.frame(done)]), nights, {"step": table.name})
