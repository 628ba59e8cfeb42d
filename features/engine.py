"""The engine: DuckDB in memory, run on named SQL files over inputs with fixed names.

Nothing is formatted into SQL text: inputs are views or tables, values are `$name` parameters. A stage that
explodes ends in `TooManyRows`: over its budget of rows, or over the memory and scratch files that the engine may have.
"""

import re
import resource
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import Table

SQL = Path(__file__).parent / "sql"

Params = Mapping[str, object]

SCRATCH_TIMES_MEMORY = 4
"""Scratch files may grow to so many times the memory; a stage that needs more has exploded."""


def memory_mb() -> float:
    """The memory that this process holds, in megabytes; its peak so far where the system does not tell."""
    told = Path("/proc/self/statm")
    if told.exists():
        return int(told.read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


@dataclass(frozen=True)
class Stage:
    """What one SQL file, or one compiled pass, cost."""

    name: str
    rows: int
    seconds: float
    memory_mb: float = field(default_factory=memory_mb)
    """What the process held when the stage was done."""


@dataclass(frozen=True)
class Share:
    """The nodes that are looked at together: those of number `number`, from 0, of `of` parts of about equal size."""

    number: int
    of: int


class TooManyRows(Exception):
    """A stage would have made more rows than it may, or than fit; nothing of it was kept."""


_STAGES: ContextVar[list[Stage] | None] = ContextVar("stages", default=None)


@contextmanager
def costing() -> Iterator[list[Stage]]:
    """What every stage costs that runs inside."""
    stages: list[Stage] = []
    token = _STAGES.set(stages)
    try:
        yield stages
    finally:
        _STAGES.reset(token)


def note(stage: Stage) -> None:
    """Tell the `costing` that is open, if one is, what a stage has cost."""
    stages = _STAGES.get()
    if stages is not None:
        stages.append(stage)


class Engine:
    """A DuckDB connection that may use nothing but what it is given."""

    def __init__(self, threads: int, memory_limit_gb: float, scratch: Path, share: float = 1.0) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self._connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "threads": str(threads),
                "memory_limit": f"{int(memory_limit_gb * share * 1024)}MiB",
                "temp_directory": str(scratch),
                "max_temp_directory_size": f"{int(memory_limit_gb * 1024 * SCRATCH_TIMES_MEMORY)}MiB",
                "preserve_insertion_order": "false",
            }
        )
        self._connection.execute("set python_enable_replacements = false")
        self._connection.execute("set enable_progress_bar = false")
        self._connection.execute("set timezone = 'UTC'")
        self.explain: list[Stage] = []

    @classmethod
    def open(cls, settings: Settings, share: float = 1.0) -> Self:
        """An engine with the threads and scratch folder of the settings, and a share of their memory."""
        return cls(settings.threads, settings.memory_limit_gb, settings.home.absolute() / "scratch", share)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def register_files(self, table: Table, files: Sequence[str], name: str | None = None) -> None:
        """Make the rows of Parquet `files` the input of that name (by default the table's), with its types."""
        if not files:
            self.register(name or table.name, table.empty())
            return
        relation = self._connection.sql(
            "select * from read_parquet($files, hive_partitioning = true, hive_types_autocast = false)",
            params={"files": list(files)},
        )
        self._contract(relation, table).create_view(name or table.name, replace=True)

    def register_table(self, lake: Lake, table: Table, nights: Nights | None, name: str | None = None) -> None:
        """Make the lake's rows of some nights the input of that name, by default the table's."""
        self.register_files(table, lake.files(table, nights), name)

    def register(self, name: str, rows: pl.DataFrame | pa.Table) -> None:
        """Make a frame the input named `name`."""
        self._connection.register(name, rows.to_arrow() if isinstance(rows, pl.DataFrame) else rows)

    def run(self, sql_path: Path, params: Params | None = None) -> duckdb.DuckDBPyRelation:
        """The relation that a SQL file describes; only the parameters that its text names are passed."""
        text = read_sql(sql_path)
        given = {name: value for name, value in (params or {}).items() if name in _names(text)}
        return self._connection.sql(text, params=given)

    def frame(self, table: Table, sql_path: Path, params: Params | None = None) -> pl.DataFrame:
        """The rows of a SQL file with the contract's columns, types and order of rows."""
        start = time.perf_counter()
        arrow = self._contract(self.run(sql_path, params), table).to_arrow_table()
        rows = table.conform(pl.DataFrame(arrow)).sort(table.key)
        self.tell(sql_path.stem, rows.height, start)
        return rows

    def write(self, table: Table, sql_path: Path, path: Path, params: Params | None = None) -> int:
        """Write the rows of a SQL file, with the contract's columns and types, to a Parquet file; their number.

        Raises:
            TooManyRows: they don't fit in memory and scratch files.
        """
        start = time.perf_counter()
        with _fitting(sql_path.stem):
            self._contract(self.run(sql_path, params), table).write_parquet(str(path))
        rows = int(pq.read_metadata(path).num_rows)
        self.tell(sql_path.stem, rows, start)
        return rows

    def plain(self, sql_path: Path, params: Params | None = None) -> pl.DataFrame:
        """The rows of a SQL file that has no contract."""
        return pl.DataFrame(self.run(sql_path, params).to_arrow_table())

    def columns(self, name: str, columns: Sequence[str], share: Share = Share(0, 1)) -> pa.Table:
        """Some columns of an input, of the rows whose `node` is in a share, in no order of rows."""
        rows = self._connection.table(_identifier(name))
        if share.of > 1:
            left = duckdb.ColumnExpression("node") % duckdb.ConstantExpression(share.of)
            rows = rows.filter(duckdb.FunctionExpression("abs", left) == duckdb.ConstantExpression(share.number))
        return rows.select(*map(duckdb.ColumnExpression, columns)).to_arrow_table()

    def count(self, name: str) -> int:
        """The rows of an input."""
        ((rows,),) = self._connection.table(_identifier(name)).count("*").fetchall()
        return int(rows)

    def keep(self, name: str, parts: Iterable[pa.Table]) -> int:
        """Keep rows that come in parts, at least one, as the input named `name`; the number of rows.

        Raises:
            TooManyRows: they don't fit in memory and scratch files.
        """
        self.drop(name)
        for number, part in enumerate(parts):
            rows = self._connection.from_arrow(part)
            with _fitting(name):
                if number:
                    rows.insert_into(name)
                else:
                    rows.create(name)
        return self.count(name)

    def materialise(
        self,
        name: str,
        sql_path: Path,
        params: Params | None = None,
        rows_max: int | None = None,
        *,
        is_more: bool = False,
    ) -> int:
        """Keep the rows of a SQL file as the input named `name` of later files; the number of rows.

        With `is_more` they join the rows that are kept under the name, and all are counted.

        Raises:
            TooManyRows: they are more than `rows_max`, or don't fit in memory and scratch files. Rows are counted when
                they are made (a limit can stall DuckDB 2.0); memory and scratch files bound what is made until then.
        """
        start = time.perf_counter()
        if not is_more:
            self.drop(name)
        made = self.run(sql_path, params)
        with _fitting(sql_path.stem):
            if is_more:
                made.insert_into(name)
            else:
                made.create(name)
        rows = self.count(name)
        self.tell(sql_path.stem, rows, start)
        if rows_max is not None and rows > rows_max:
            self.drop(name)
            raise TooManyRows(f"{sql_path.stem} would make more than {rows_max:,} rows")
        return rows

    def view(self, name: str, sql_path: Path, params: Params | None = None) -> None:
        """Make a SQL file the input named `name` of later files, computed where it is read."""
        self.run(sql_path, params).create_view(_identifier(name), replace=True)

    def drop(self, name: str) -> None:
        """Free a kept table or frame."""
        self._connection.unregister(_identifier(name))
        self._connection.execute("drop table if exists " + name)

    def tell(self, name: str, rows: int, start: float) -> None:
        """Note what a stage cost that began at `start` of the performance counter."""
        self.explain.append(Stage(name, rows, time.perf_counter() - start))
        note(self.explain[-1])

    @staticmethod
    def _contract(relation: duckdb.DuckDBPyRelation, table: Table) -> duckdb.DuckDBPyRelation:
        casts: list[Any] = [
            duckdb.ColumnExpression(name).cast(duckdb.sqltype(kind)).alias(name)
            for name, kind in table.duckdb_types.items()
        ]
        return relation.select(*casts)


@contextmanager
def _fitting(name: str) -> Iterator[None]:
    """Say of a stage that does not fit what it is."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise TooManyRows(f"{name} needs more memory than memory_limit_gb allows") from None


@lru_cache(maxsize=256)
def read_sql(path: Path) -> str:
    """The text of a SQL file."""
    return path.read_text(encoding="utf-8")


def _names(text: str) -> set[str]:
    return set(re.findall(r"\$([a-z_][a-z0-9_]*)", re.sub(r"--[^\n]*", "", text)))


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise ValueError(f"{name!r} is not a table name")
    return name
