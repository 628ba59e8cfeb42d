"""Rows between a reader and the lake: one submission's rows, and the batch of submissions that is committed at once.

A batch is a redo log. It counts once its manifest exists; from then on every run finishes it first, so that a kill
between two tables loses nothing and repeats nothing. Nothing here reads a report.
"""

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from pipelines import side_tables, tables
from pipelines.formats.reader import Source
from pipelines.lake import Lake, write_atomically
from pipelines.tables import Table

_SPILL_ROWS = 200_000
_FINDINGS_PER_CODE = 20
_MANIFEST = "batch.json"
_UNITS = (tables.TRANSACTIONS, tables.LABELS, tables.ROLES)
"""The tables that one row of a source makes at most one row of."""


class StagedSubmission:
    """The rows, findings and counters of one file; small ones in memory, large ones in Parquet files."""

    def __init__(self, source: Source, folder: Path) -> None:
        self.source = source
        self.counts: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()
        self._folder = folder
        self._frames: dict[str, list[pl.DataFrame]] = defaultdict(list)
        self._files: dict[str, list[Path]] = defaultdict(list)
        self._in_memory = 0
        self._findings: list[dict[str, object]] = []
        self._per_code: Counter[tuple[str, str, str]] = Counter()
        self._quarantined = 0
        self._bad_units = 0

    def add(self, table: Table, frame: pl.DataFrame, places: pl.Series, payloads: pl.Series | None = None) -> pl.Series:
        """Stage typed rows; rows that break the contract are quarantined. Returns which rows were kept."""
        positions = pl.int_range(len(frame), eager=True).alias("_position")
        split = table.split(frame.with_columns(positions))
        self._keep(table, split.good.drop("_position"))
        for position, rule in split.bad.select("_position", "rule").iter_rows():
            words = next((r.meaning for r in table.rules if r.code == rule), "a required value is there")
            self.reject(
                table,
                rule,
                places[position],
                f"The row breaks the rule: {words}. Correct it and send it again.",
                "" if payloads is None else payloads[position],
            )
        return positions.is_in(split.good["_position"].implode())

    def reject(self, table: Table, rule: str, place: str, message: str, payload: str) -> None:
        """Quarantine one row, with an error finding."""
        self._quarantined += 1
        if table in _UNITS:
            self._bad_units += 1
        row = {"table_name": table.name, "rule": rule, "place": place, "payload": payload}
        self._keep(tables.QUARANTINE, tables.QUARANTINE.frame([self._stamped(row, self._quarantined)]))
        self.finding("error", "row", rule, place, message)

    def finding(self, severity: str, stage: str, code: str, place: str | None, message: str) -> None:
        """Record a finding; after the first 20 of a kind only their number is kept."""
        kind = (severity, stage, code)
        self._per_code[kind] += 1
        if self._per_code[kind] <= _FINDINGS_PER_CODE:
            self._findings.append(
                {"severity": severity, "stage": stage, "code": code, "place": place, "message": message}
            )

    def count(self, counts: Mapping[str, int]) -> None:
        """Add to the counters."""
        self.counts.update(counts)

    @property
    def findings(self) -> list[dict[str, object]]:
        """The findings, with one line for those of a kind that were only counted."""
        more: list[dict[str, object]] = [
            {
                "severity": severity,
                "stage": stage,
                "code": code,
                "place": None,
                "message": f"{number - _FINDINGS_PER_CODE} more of the same kind; the quarantine table has them.",
            }
            for (severity, stage, code), number in self._per_code.items()
            if number > _FINDINGS_PER_CODE
        ]
        return [*self._findings, *more]

    @property
    def bad_unit_count(self) -> int:
        """Transactions and label rows that were quarantined."""
        return self._bad_units

    def _stamped(self, row: Mapping[str, object], ordinal: int) -> dict[str, object]:
        source = self.source
        return {
            **row,
            "submission_id": source.submission_id,
            "received_on": source.received_on,
            "ordinal": ordinal,
        }

    def _keep(self, table: Table, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        self.kept[table.name] += len(frame)
        self._frames[table.name].append(frame)
        self._in_memory += len(frame)
        if self._in_memory > _SPILL_ROWS:
            self._spill()

    def _spill(self) -> None:
        for name, frames in self._frames.items():
            file = self._folder / f"{self.source.submission_id}-{name}-{len(self._files[name])}.parquet"
            _write(BY_NAME[name], pl.concat(frames), file)
            self._files[name].append(file)
        self._frames.clear()
        self._in_memory = 0

    def finish(self, submission: Mapping[str, object]) -> None:
        """Stage the findings and the submission's own row; the file is complete."""
        findings = [self._stamped(row, ordinal) for ordinal, row in enumerate(self.findings, start=1)]
        self._keep(tables.FINDINGS, tables.FINDINGS.frame(findings))
        self._keep(tables.SUBMISSIONS, tables.SUBMISSIONS.frame([submission]))

    def take(self) -> tuple[dict[str, list[pl.DataFrame]], dict[str, list[Path]]]:
        """What was staged: frames in memory and files, by table name."""
        return self._frames, self._files

    def discard(self) -> None:
        """Forget every row, but not the findings: the file can't be used."""
        for files in self._files.values():
            for file in files:
                file.unlink()
        self._frames.clear()
        self._files.clear()
        self.kept.clear()
        self._in_memory = self._quarantined = self._bad_units = 0


_SIDE = tuple(side.table for side in side_tables.SIDE_TABLES)
BY_NAME: dict[str, Table] = {table.name: table for table in (*tables.INTAKE_TABLES, *_SIDE)}


class Batch:
    """Submissions that are committed together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.submission_ids: list[str] = []
        self.row_count = 0
        self._frames: dict[str, list[pl.DataFrame]] = defaultdict(list)
        self._files: dict[str, list[Path]] = defaultdict(list)
        folder.mkdir(parents=True)

    def add(self, staged: StagedSubmission) -> None:
        """Take over a finished submission."""
        frames, files = staged.take()
        for name, parts in frames.items():
            self._frames[name].extend(parts)
        for name, paths in files.items():
            self._files[name].extend(paths)
        self.submission_ids.append(staged.source.submission_id)
        self.row_count += sum(staged.kept.values())

    def commit(self, lake: Lake) -> None:
        """Write the manifest, put every row into the lake, and remove the batch."""
        for name, frames in self._frames.items():
            file = self.folder / f"{name}.parquet"
            _write(BY_NAME[name], pl.concat(frames), file)
            self._files[name].append(file)
        manifest = {
            "submission_ids": self.submission_ids,
            "files": {name: [file.name for file in files] for name, files in self._files.items()},
        }
        write_atomically(self.folder / _MANIFEST, json.dumps(manifest).encode())
        redo(self.folder, lake)


def redo(folder: Path, lake: Lake) -> int:
    """Finish a batch that has its manifest, or remove one that has not. Returns how many submissions it brought."""
    manifest = folder / _MANIFEST
    submission_ids: Sequence[str] = []
    if manifest.exists():
        content = json.loads(manifest.read_bytes())
        submission_ids = content["submission_ids"]
        brought = [table for table in _SIDE if table.name in content["files"]]
        ordered = sorted((*tables.INTAKE_TABLES, *brought), key=lambda table: table is tables.SUBMISSIONS)
        for table in ordered if submission_ids else ():
            files = [folder / name for name in content["files"].get(table.name, [])]
            lake.replace_submissions(table, files, submission_ids, {"step": "intake", "batch": folder.name})
        manifest.unlink()  # from here on the folder is waste, however much of it is left
    shutil.rmtree(folder)
    return len(submission_ids)


def _write(table: Table, frame: pl.DataFrame, file: Path) -> None:
    pq.write_table(frame.select(list(table.polars_schema)).to_arrow().cast(table.arrow_schema), file)
