"""The lake: every table as a Delta table, replaced by whole nights or whole submissions in one atomic commit.

A writer that is killed leaves the table as it was. Nothing here knows what a table means.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from time import time
from uuid import uuid4

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import TableNotFoundError
from deltalake.transaction import AddAction
from numpy.typing import NDArray
from pyarrow import fs

import pipelines
from pipelines.tables import Table, Type

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Nights:
    """A closed range of nights."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"the range of nights ends ({self.last}) before it starts ({self.first})")

    @classmethod
    def of(cls, night: date) -> "Nights":
        """One night."""
        return cls(night, night)

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}...{self.last}"


@dataclass(frozen=True)
class Commit:
    """One version of a table, for audit."""

    version: int
    committed_at_ms: int
    metadata: Mapping[str, str]


class Lake:
    """Tables below one folder, or one S3 prefix."""

    def __init__(self, root: Path | str) -> None:
        self.root = str(root)
        self._opened: dict[str, DeltaTable] = {}

    def _uri(self, table: Table) -> str:
        return f"{self.root}/{table.name}"

    def _open(self, table: Table, version: int | None = None) -> DeltaTable | None:
        """The table as it is now, or was; what was read of its log before is not read again."""
        try:
            if version is not None:
                return DeltaTable(self._uri(table), version=version)
            if table.name in self._opened:
                self._opened[table.name].update_incremental()
            else:
                self._opened[table.name] = DeltaTable(self._uri(table))
        except TableNotFoundError:
            return None
        return self._opened[table.name]

    def _replace(
        self, table: Table, rows: pa.Table | pa.RecordBatchReader, predicate: str, metadata: Mapping[str, str]
    ) -> None:
        self._create(table)
        write_deltalake(
            self._uri(table),
            rows,
            mode="overwrite",
            predicate=predicate,
            partition_by=[table.partition],
            writer_properties=WriterProperties(compression="ZSTD", compression_level=1),
            commit_properties=_described(metadata),
        )

    def _create(self, table: Table) -> None:
        if self._open(table) is None:
            DeltaTable.create(
                self._uri(table),
                table.arrow_schema,
                mode="ignore",
                partition_by=[table.partition],
                name=table.name,
                description=table.one_row,
            )

    def replace_nights(self, table: Table, rows: pl.DataFrame, nights: Nights, metadata: Mapping[str, str]) -> None:
        """Make `rows` all that the table holds of these nights, in one commit.

        Args:
            table: the contract; rows are conformed to it and sorted by its key.
            rows: every row's `received_on` lies in `nights`.
            nights: the range that is replaced.
            metadata: kept with the commit (run id, inputs).
        """
        typed = table.conform(rows).sort(table.key)
        self._replace(table, _arrow(table, typed), _between(table, nights), metadata)

    def in_parts(self, table: Table) -> "Parts":
        """The same for rows that come in parts: each is written as it comes, none is seen before the commit."""
        self._create(table)
        return Parts(table, self._uri(table))

    def replace_submissions(
        self,
        table: Table,
        files: Sequence[Path],
        submission_ids: Iterable[str],
        metadata: Mapping[str, str],
    ) -> None:
        """Make the rows of Parquet `files` all that the table holds of these submissions, in one commit.

        Streams, so that memory does not grow with the files.
        """
        known = self._open(table)
        if not files and known is None:
            return
        dataset = ds.dataset([str(file) for file in files], schema=table.arrow_schema) if files else None
        rows = dataset.scanner(batch_size=65_536).to_reader() if dataset else _arrow(table, table.empty())
        quoted = ", ".join(f"'{_checked_id(identifier)}'" for identifier in sorted(set(submission_ids)))
        self._replace(table, rows, f"submission_id in ({quoted})", metadata)

    def files(self, table: Table, nights: Nights | None = None, version: int | None = None) -> list[str]:
        """Locations of the Parquet files that hold the table, or its rows of some nights."""
        opened = self._open(table, version)
        if opened is None:
            return []
        if nights is None:
            return sorted(opened.file_uris())
        column = table.partition
        bounds = [(column, ">=", nights.first.isoformat()), (column, "<=", nights.last.isoformat())]
        return sorted(opened.file_uris(file_pruning_predicate=bounds))

    def files_by_night(self, table: Table, until: date) -> dict[date, list[str]]:
        """The same by the night whose rows they hold, up to one night, in order."""
        found: dict[date, list[str]] = {}
        for file in self.files(table, Nights(date.min, until)):
            night = file.rsplit(f"/{table.partition}=", 1)[1][:10]
            found.setdefault(date.fromisoformat(night), []).append(file)
        return found

    def scan(self, table: Table, nights: Nights | None = None, version: int | None = None) -> pl.LazyFrame:
        """The table, or its rows of some nights, or an old version of it; in no order."""
        return self.scan_files(table, self.files(table, nights, version))

    def scan_files(self, table: Table, files: list[str]) -> pl.LazyFrame:
        """The rows of some files of the table; in no order."""
        if not files:
            return table.empty().lazy()
        schema = {table.partition: table.polars_schema[table.partition]}
        return pl.scan_parquet(files, hive_partitioning=True, hive_schema=schema).select(
            pl.col(column.name).cast(column.type.polars) for column in table.columns
        )

    def read(self, table: Table, nights: Nights | None = None, version: int | None = None) -> pl.DataFrame:
        """The same as a frame sorted by the table's key."""
        return self.scan(table, nights, version).collect().sort(table.key)

    def nights(self, table: Table) -> list[date]:
        """The nights that the table holds rows of, in order."""
        opened = self._open(table)
        if opened is None:
            return []
        return sorted({date.fromisoformat(str(part[table.partition])[:10]) for part in opened.partitions()})

    def version(self, table: Table) -> int | None:
        """The table's version, or None where it does not exist."""
        opened = self._open(table)
        return None if opened is None else opened.version()

    def history(self, table: Table) -> list[Commit]:
        """The table's commits, newest first."""
        opened = self._open(table)
        if opened is None:
            return []
        standard = {"timestamp", "operation", "operationParameters", "operationMetrics", "clientVersion", "version"}
        return [
            Commit(
                version=int(entry["version"]),
                committed_at_ms=int(entry["timestamp"]),
                metadata={key: str(value) for key, value in entry.items() if key not in standard},
            )
            for entry in opened.history()
        ]

    def digest(self, table: Table) -> tuple[int, str]:
        """The number of rows, and a hash of their values that does not depend on order, files or versions."""
        files = self.files(table)
        if not files:
            return 0, "-"
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            row = connection.execute(_DIGEST, {"files": files}).fetchone()
        count, low, high = row if row is not None else (0, 0, 0)
        return int(count), f"{int(low) % 2**64:016x}{int(high) % 2**64:016x}"


def runs(values: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Where each run of equal values begins and ends."""
    borders = np.flatnonzero(np.diff(values)) + 1
    cuts = [0, *borders.tolist(), values.size]
    return [(low, high) for low, high in pairwise(cuts) if high > low]


class Parts:
    """Rows of many nights on their way into a table: a file a night and part, put in place by one commit.

    The files of a writer that is killed before its commit belong to nothing, as those of any other commit that failed.
    """

    def __init__(self, table: Table, uri: str) -> None:
        self._table, self._uri = table, uri
        root = uri if "://" in uri else str(Path(uri).absolute())
        self._files = fs.SubTreeFileSystem(*reversed(fs.FileSystem.from_uri(root)))
        self._schema = table.arrow_schema.remove(table.arrow_schema.get_field_index(table.partition))
        self._written: list[AddAction] = []
        self.counts: dict[date, int] = {}
        """The rows of each night that are written and not committed."""

    def add(self, rows: pa.Table) -> None:
        """Write rows that have the contract's columns and types; those of a night stand together."""
        nights = rows[self._table.partition].cast(pa.int32()).to_numpy()
        bare = rows.select(self._schema.names).cast(self._schema)
        for low, high in runs(nights):
            night = date.fromordinal(_EPOCH + int(nights[low]))
            self._written.append(self._write(night, bare.slice(low, high - low)))
            self.counts[night] = self.counts.get(night, 0) + high - low

    def commit(self, nights: Nights, metadata: Mapping[str, str]) -> None:
        """Make the rows that were added all that the table holds of these nights.

        Raises:
            ValueError: rows of another night were added.
        """
        others = [night for night in self.counts if not nights.first <= night <= nights.last]
        if others:
            raise ValueError(f"{self._table.name}: rows of {min(others)} do not belong to {nights}")
        column = self._table.partition
        DeltaTable(self._uri).create_write_transaction(
            [*self._written],
            mode="overwrite",
            schema=self._table.arrow_schema,
            partition_by=[column],
            partition_filters=[(column, ">=", nights.first.isoformat()), (column, "<=", nights.last.isoformat())],
            commit_properties=_described(metadata),
        )
        self._written, self.counts = [], {}

    def _write(self, night: date, rows: pa.Table) -> AddAction:
        folder = f"{self._table.partition}={night.isoformat()}"
        path = f"{folder}/part-{uuid4()}.parquet"
        self._files.create_dir(folder, recursive=True)
        measured = [column.name for column in self._table.columns if column.type is Type.SINGLE]
        # Measured values hardly repeat: a dictionary and statistics of each would cost more than the rest of the file.
        pq.write_table(
            rows,
            path,
            filesystem=self._files,
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name in rows.column_names if name not in measured],
            write_statistics=[name for name in rows.column_names if name not in measured],
            use_byte_stream_split=measured,
            row_group_size=max(rows.num_rows, 1),
            write_batch_size=65_536,
        )
        return AddAction(
            path,
            size=self._files.get_file_info(path).size,
            partition_values={self._table.partition: night.isoformat()},
            modification_time=int(time() * 1000),
            data_change=True,
            stats=json.dumps({"numRecords": rows.num_rows}),
        )


_DIGEST = """
select count(*), sum(md5_number_lower(cast(rows as varchar))), sum(md5_number_upper(cast(rows as varchar)))
from read_parquet($files, hive_partitioning = true, hive_types_autocast = false) as rows
"""


def _checked_id(identifier: str) -> str:
    if len(identifier) != 64 or set(identifier) - set("0123456789abcdef"):
        raise ValueError("a submission id is 64 hexadecimal digits")
    return identifier


def _described(metadata: Mapping[str, str]) -> CommitProperties:
    return CommitProperties(custom_metadata={"sluice_version": pipelines.__version__, **metadata})


def _between(table: Table, nights: Nights) -> str:
    column = table.partition
    return f"{column} >= '{nights.first.isoformat()}' and {column} <= '{nights.last.isoformat()}'"


def _arrow(table: Table, frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow().cast(table.arrow_schema)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a kill at any moment, meets the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(path)
