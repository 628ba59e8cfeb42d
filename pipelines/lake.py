"""The lake: every table as a Delta table, replaced by whole nights or whole submissions in one atomic commit.

A writer that is killed leaves the table as it was. Nothing here knows what a table means.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import ColumnProperties, CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import TableNotFoundError

import pipelines
from pipelines.tables import Table, Type


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

    def _uri(self, table: Table) -> str:
        return f"{self.root}/{table.name}"

    def _open(self, table: Table, version: int | None = None) -> DeltaTable | None:
        try:
            return DeltaTable(self._uri(table), version=version)
        except TableNotFoundError:
            return None

    def _replace(
        self, table: Table, rows: pa.Table | pa.RecordBatchReader, predicate: str, metadata: Mapping[str, str]
    ) -> None:
        described = {"sluice_version": pipelines.__version__, **metadata}
        if self._open(table) is None:
            DeltaTable.create(
                self._uri(table),
                table.arrow_schema,
                mode="ignore",
                partition_by=[table.partition],
                name=table.name,
                description=table.one_row,
            )
        write_deltalake(
            self._uri(table),
            rows,
            mode="overwrite",
            predicate=predicate,
            partition_by=[table.partition],
            writer_properties=_writer_properties(table),
            commit_properties=CommitProperties(custom_metadata=described),
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

    def replace_nights_in_parts(
        self, table: Table, parts: Sequence[pa.Table], nights: Nights, metadata: Mapping[str, str]
    ) -> None:
        """The same for rows that come in parts, each with the contract's columns and types, in any order."""
        batches = (batch for part in parts for batch in part.to_batches())
        reader = pa.RecordBatchReader.from_batches(table.arrow_schema, batches)
        self._replace(table, reader, _between(table, nights), metadata)

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

    def scan(self, table: Table, nights: Nights | None = None, version: int | None = None) -> pl.LazyFrame:
        """The table, or its rows of some nights, or an old version of it; in no order."""
        files = self.files(table, nights, version)
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


_DIGEST = """
select count(*), sum(md5_number_lower(cast(rows as varchar))), sum(md5_number_upper(cast(rows as varchar)))
from read_parquet($files, hive_partitioning = true, hive_types_autocast = false) as rows
"""


def _checked_id(identifier: str) -> str:
    if len(identifier) != 64 or set(identifier) - set("0123456789abcdef"):
        raise ValueError("a submission id is 64 hexadecimal digits")
    return identifier


def _writer_properties(table: Table) -> WriterProperties:
    """Measured values hardly repeat: a dictionary and statistics of each would cost more than the rest of the file."""
    measured = ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE")
    return WriterProperties(
        compression="ZSTD",
        compression_level=1,
        column_properties={column.name: measured for column in table.columns if column.type is Type.SINGLE},
    )


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
