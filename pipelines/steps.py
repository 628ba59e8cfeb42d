"""A step of the night: computes one table for the nights whose inputs or code changed, and nothing for the others.

Each chunk of nights is one commit of the table, then one of `runs`; a kill between them only repeats the chunk.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
"""Rows after which the parts of a step are committed, with the nights that they complete."""
PARTS_AHEAD = 2
"""Parts that wait to be written, at most."""


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
        for some, rows in _written(lake, table, compute(chunk), chunk, inputs):
            written += rows
            done += len(list(days(some)))
            progress(table.name, done, len(stale))
    progress(table.name, len(stale), len(stale))
    return StepReport(table.name, nights, written, len(stale))


def _written(
    lake: Lake, table: Table, found: pl.DataFrame | Iterator[Part], nights: Nights, inputs: Mapping[date, str]
) -> Iterator[tuple[Nights, int]]:
    """Put the rows in their place; the nights that are on record now, and how many rows they have."""
    if isinstance(found, pl.DataFrame):
        lake.replace_nights(table, found, nights, _described(table, nights, inputs))
        counts = dict(found.group_by("received_on").len().iter_rows())
        _record(lake, table, nights, inputs, counts)
        yield nights, sum(counts.values())
        return
    parts = lake.in_parts(table)

    def finish(some: Nights) -> tuple[Nights, int]:
        counts = dict(parts.counts)
        parts.commit(some, _described(table, some, inputs))
        _record(lake, table, some, inputs, counts)
        return some, sum(counts.values())

    first, rows = nights.first, 0
    with ThreadPoolExecutor(1) as behind:  # one thread, so that everything is written in order
        adding, finished = deque[Future[None]](), list[Future[tuple[Nights, int]]]()
        for part in found:
            while len(adding) >= PARTS_AHEAD:
                adding.popleft().result()
            adding.append(behind.submit(parts.add, part.rows))
            rows += part.rows.num_rows
            if rows >= PART_ROWS or part.nights.last == nights.last:
                finished.append(behind.submit(finish, Nights(first, part.nights.last)))
                first, rows = part.nights.last + timedelta(days=1), 0
            while finished and finished[0].done():
                yield finished.pop(0).result()
        for added in adding:
            added.result()
        for last in finished:
            yield last.result()


def _described(table: Table, nights: Nights, inputs: Mapping[date, str]) -> dict[str, str]:
    made_from = digest_of(*(inputs[night] for night in days(nights)))
    return {"step": table.name, "nights": str(nights), "inputs": made_from}


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
