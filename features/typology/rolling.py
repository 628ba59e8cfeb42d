"""`rolling` by a compiled pass: runs the SQL of an `ID.rolling.sql` file, whose windows are frames over `marks`.

The file is the only text of what is counted. DuckDB runs it too, as the portable plan does, and gives the same rows;
a frame costs it as much as a search, and the pass one step.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import floor
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from numpy.typing import NDArray
from sqlglot import exp

from features.engine import Engine, Share, read_sql
from features.kernels import rolling

Ints = NDArray[np.int64]

PARTS = 4
"""Parts of the rows for each thread: groups differ in size."""


@dataclass(frozen=True)
class Frame:
    """Rows of the same `partition` whose `order` lies from `from_back` to `to_back` before a row's; no limit: -1."""

    partition: tuple[str, ...]
    order: str
    from_back: int
    to_back: int


@dataclass(frozen=True)
class Measure:
    """One column over a frame: how many rows, how many different values, their sum, the largest or the smallest."""

    name: str
    kind: str
    column: str
    frame: Frame


@dataclass(frozen=True)
class Query:
    """A file read: the columns of `marks` that are kept, and what is measured."""

    kept: tuple[str, ...]
    measures: tuple[Measure, ...]

    @property
    def columns(self) -> list[str]:
        """Every column of `marks` that it reads."""
        frames = [measure.frame for measure in self.measures]
        read = [name for frame in frames for name in (*frame.partition, frame.order)]
        read += [measure.column for measure in self.measures if measure.column]
        return list(dict.fromkeys([*self.kept, *read]))


WHOLE = Share(0, 1)


def measure(
    engine: Engine, sql_path: Path, given: Mapping[str, object], threads: int, share: Share = WHOLE
) -> pa.Table:
    """The rows of a rolling file over the engine's `marks` of some nodes, sorted for the first of its windows."""
    query = read(sql_path, given)
    with ThreadPoolExecutor(threads) as pool:
        laid = _Laid(engine.columns("marks", query.columns, share).combine_chunks(), query, pool, threads * PARTS)
        made = {name: laid.rows[name] for name in query.kept}
        for frame in dict.fromkeys(measure.frame for measure in query.measures):
            made |= laid.measured(frame, [measure for measure in query.measures if measure.frame == frame])
    return pa.table(made)


def read(sql_path: Path, given: Mapping[str, object]) -> Query:
    """What a rolling file asks for.

    Raises:
        ValueError: it asks for more than columns and measures of named windows over `marks`.
    """
    try:
        tree = _parsed(read_sql(sql_path))
        frames = {window.name: _frame(window, given) for window in tree.args.get("windows") or ()}
        kept = tuple(item.name for item in tree.expressions if isinstance(item, exp.Column))
        measures = tuple(_measure(item, frames) for item in tree.expressions if not isinstance(item, exp.Column))
    except ValueError as error:
        raise ValueError(f"{sql_path.name}: {error}") from None
    return Query(kept, measures)


@lru_cache(maxsize=64)
def _parsed(text: str) -> exp.Select:
    found = sqlglot.parse_one(text, read="duckdb")
    clauses = {name for name, value in found.args.items() if value}
    if not isinstance(found, exp.Select) or not clauses <= {"expressions", "from_", "windows"}:
        raise ValueError("it holds more than columns and measures of named windows over marks")
    return found


def _frame(window: exp.Expression, given: Mapping[str, object]) -> Frame:
    spec = window.args["spec"]
    if spec.args["kind"].lower() != "range" or spec.args.get("start_side", "").lower() != "preceding":
        raise ValueError(f"{window.name}: a window is a range that begins before its row")
    start, end = spec.args["start"], spec.args["end"]
    partition = tuple(column.name for column in window.args["partition_by"])
    if "node" not in partition:
        raise ValueError(f"{window.name}: a window holds rows of one node, as nodes are looked at in shares")
    (order,) = window.args["order"].expressions
    return Frame(
        partition,
        order.this.name,
        -1 if start == "UNBOUNDED" else floor(_number(start, given)),
        0 if end == "CURRENT ROW" else floor(_number(end, given)),
    )


def _number(node: exp.Expression, given: Mapping[str, object]) -> Fraction:
    """The value of sums and products of numbers and parameters."""
    if isinstance(node, exp.Literal):
        return Fraction(node.name)
    if isinstance(node, exp.Placeholder):
        return Fraction(str(given[node.name]))
    left, right = _number(node.this, given), _number(node.expression, given)
    if isinstance(node, exp.Mul):
        return left * right
    if isinstance(node, exp.Add | exp.Sub):
        return left + right if isinstance(node, exp.Add) else left - right
    raise ValueError(f"{node.sql()} is no sum or product of numbers and parameters")


_KINDS: dict[type[object], str] = {exp.Count: "count", exp.Sum: "sum", exp.Max: "max", exp.Min: "min"}


def _measure(item: exp.Expression, frames: Mapping[str, Frame]) -> Measure:
    over = item.this.this if isinstance(item.this, exp.Cast) else item.this
    function = over.this if isinstance(over, exp.Window) else None
    kind = _KINDS.get(type(function), "")
    what = function.this if isinstance(function, exp.AggFunc) else None
    if kind == "count" and isinstance(what, exp.Distinct):
        kind, (what,) = "distinct", what.expressions
    if kind == "count" and isinstance(what, exp.Star):
        return Measure(item.alias, kind, "", frames[over.alias])
    if kind and isinstance(what, exp.Column):
        return Measure(item.alias, kind, what.name, frames[over.alias])
    raise ValueError(f"{item.alias} is no count, sum, max or min of a column over a named window")


@dataclass(frozen=True)
class Groups:
    """The group of each row, from 0."""

    code: Ints
    count: int

    @classmethod
    def one(cls, rows: int) -> Self:
        """All rows in one group."""
        return cls(np.zeros(rows, np.int64), 1)

    def by(self, marks: pa.Table, columns: Sequence[str]) -> "Groups":
        """The groups of rows that also agree in some columns."""
        groups = self
        for name in columns:
            coded = pc.dictionary_encode(marks[name].combine_chunks(), null_encoding="encode")
            value, values = coded.indices.to_numpy().astype(np.int64), len(coded.dictionary)
            if values > 1:
                first = groups.count == 1
                groups = Groups(value, values) if first else Groups(*rolling.refined(*groups.sorted(), value, values))
        return groups

    def sorted(self) -> tuple[Ints, Ints]:
        """Where the rows of each group begin, and the rows in the order of their groups."""
        return rolling.grouped(self.code, self.count)


class _Laid:
    """The rows of `marks` in the order of the query's first window, and what its windows measure of them."""

    def __init__(self, marks: pa.Table, query: Query, pool: ThreadPoolExecutor, parts: int) -> None:
        self._pool, self._parts = pool, parts
        frame = query.measures[0].frame
        groups = Groups.one(marks.num_rows).by(marks, frame.partition)
        order = Sorted(marks, groups, frame.order, pool, parts).order
        columns = pool.map(lambda name: marks[name].take(pa.array(order)), marks.column_names)
        self.rows = pa.table(list(columns), names=marks.column_names)
        self._partition, self._groups = frame.partition, Groups(groups.code[order], groups.count)
        self._sorted: dict[tuple[tuple[str, ...], str], Sorted] = {}

    def measured(self, frame: Frame, wanted: Iterable[Measure]) -> dict[str, pa.Array]:
        """Measures of one frame, by name, in the order of `rows`."""
        by = frame.partition, frame.order
        if by not in self._sorted:
            groups = self._split(frame.partition)
            self._sorted[by] = Sorted(self.rows, groups, frame.order, self._pool, self._parts)
        there = self._sorted[by]
        first, end = there.frames(frame)
        return {measure.name: _in_order(there.order, *there.measured(measure, first, end)) for measure in wanted}

    def _split(self, partition: Sequence[str]) -> Groups:
        """The rows' groups, made from those of the first window where its partition is part of theirs."""
        if set(self._partition) <= set(partition):
            return self._groups.by(self.rows, [name for name in partition if name not in self._partition])
        return Groups.one(self.rows.num_rows).by(self.rows, partition)


def _in_order(order: Ints, found: Ints, is_null: NDArray[np.bool_] | None) -> pa.Array:
    """Values of sorted rows, put back in the order that the rows had."""
    back, nulls = np.empty_like(found), None
    back[order] = found
    if is_null is not None and is_null.any():
        nulls = np.empty_like(is_null)
        nulls[order] = is_null
    return pa.array(back, mask=nulls)


class Sorted:
    """The rows of `marks` sorted for windows of one partition and order; of one key, by `tie` where one is given."""

    def __init__(
        self,
        marks: pa.Table,
        groups: Groups,
        order: str,
        pool: ThreadPoolExecutor,
        parts: int,
        tie: str | None = None,
    ) -> None:
        self.marks, self._pool = marks, pool
        self._start, self.order = groups.sorted()
        self._cuts = np.searchsorted(self._start, np.linspace(0, marks.num_rows, parts + 1))
        self._cuts[-1] = groups.count
        key = _numbers(marks[order])
        self._each_group(lambda low, high: rolling.sort(self._start, key, low, high, self.order))
        if tie:
            ties = _numbers(marks[tie])
            self._each_group(lambda low, high: rolling.settle(self._start, key, ties, low, high, self.order))
        self._key = key[self.order]

    def _each_group(self, work: Callable[[int, int], None]) -> None:
        """Do a work for every part of the groups."""
        list(self._pool.map(work, self._cuts[:-1].tolist(), self._cuts[1:].tolist()))

    def _each(self, work: Callable[[int, int], None]) -> None:
        """Do a work for every part of the rows."""
        self._each_group(lambda low, high: work(int(self._start[low]), int(self._start[high])))

    def frames(self, frame: Frame) -> tuple[Ints, Ints]:
        """Where the frame of each sorted row begins, and where it has ended."""
        first, end = np.empty(self._key.size, np.int64), np.empty(self._key.size, np.int64)
        back = frame.from_back, frame.to_back
        self._each_group(lambda low, high: rolling.frames(self._start, self._key, low, high, *back, first, end))
        return first, end

    def measured(self, wanted: Measure, first: Ints, end: Ints) -> tuple[Ints, NDArray[np.bool_] | None]:
        """A measure of each sorted row, and where it is null: its frame holds no value."""
        if wanted.kind == "count":
            return end - first, None
        values = self.marks[wanted.column].combine_chunks()
        if wanted.kind == "distinct":
            return self._distinct(values, first, end), None
        is_known = values.is_valid().to_numpy(zero_copy_only=False)[self.order] if values.null_count else None
        known = end - first if is_known is None else _sum(is_known.astype(np.int64), first, end)
        value = _numbers(values)[self.order]
        if wanted.kind == "sum":
            return _sum(value, first, end), known == 0
        return self._most(value, is_known, first, end, 1 if wanted.kind == "max" else -1), known == 0

    def _most(self, value: Ints, is_known: NDArray[np.bool_] | None, first: Ints, end: Ints, sign: int) -> Ints:
        found, known = np.zeros_like(value), np.ones(value.size, bool) if is_known is None else is_known
        signed = value * sign
        self._each(lambda low, high: rolling.most(signed, known, first, end, low, high, found))
        return found * sign

    def _distinct(self, values: pa.Array, first: Ints, end: Ints) -> Ints:
        coded = pc.dictionary_encode(values)
        code = pc.fill_null(coded.indices, -1).to_numpy()[self.order]
        found, codes = np.empty(code.size, np.int64), len(coded.dictionary)
        self._each(lambda low, high: rolling.distinct(code, first, end, low, high, codes, found))
        return found


def _sum(value: Ints, first: Ints, end: Ints) -> Ints:
    total = np.concatenate([[0], np.cumsum(value)])
    summed: Ints = total[end] - total[first]
    return summed


def _numbers(values: pa.Array | pa.ChunkedArray) -> Ints:
    """A column as whole numbers, 0 where it is null."""
    known = pc.fill_null(values, 0) if values.null_count else values
    found: Ints = known.to_numpy().astype(np.int64, copy=False)
    return found
