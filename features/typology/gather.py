"""`gathered` of windows over arrays: the same table as its portable twin, sql/gathered_windows.sql.

The marks of a window lie side by side in the order of part, node and time, so that where it begins and ends says all.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from time import perf_counter

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from features.engine import SQL, Engine
from features.typology.rolling import PARTS, Groups, Sorted
from features.typology.shares import shares

NAMED_MAX = 200
"""Transactions that a hit names; the others are counted and summed."""

_MARKS = ("part", "node", "edge_id", "occurred_s", "amount_local", "transaction_id")
_CHOSEN = ("part", "node", "night", "from_s", "to_s", "value", "threshold", "facts")


def windows(engine: Engine, threads: int, rows_max: float) -> Iterator[pa.Table]:
    """The evidence of every window of `chosen`, put together; from `marks` and `known_edges`.

    Args:
        engine: the inputs.
        threads: how many may work.
        rows_max: about how many marks, and named transactions, are looked at together.
    """
    rows = engine.materialise("evidence_marks", SQL / "evidence_marks.sql")
    engine.drop("marks")
    with ThreadPoolExecutor(threads) as pool:
        for share in shares(rows, rows_max):
            start = perf_counter()
            marks = engine.columns("evidence_marks", _MARKS, share).combine_chunks()
            chosen = pl.DataFrame(engine.columns("chosen", _CHOSEN, share)).sort("part", "node", "night")
            groups = Groups.one(marks.num_rows).by(marks, ("part", "node"))
            order = Sorted(marks, groups, "occurred_s", pool, threads * PARTS, tie="edge_id").order
            engine.tell("gathered_windows", chosen.height, start)
            yield from _put_together(marks, order, chosen, rows_max)
    engine.drop("evidence_marks")


def _put_together(
    marks: pa.Table, order: NDArray[np.int64], chosen: pl.DataFrame, named_max: float
) -> Iterator[pa.Table]:
    """The rows of `gathered` for windows of marks in an order, in parts that name about `named_max` transactions."""
    part, node, time_s = (marks[name].to_numpy()[order] for name in ("part", "node", "occurred_s"))
    first, end = _places(part, node, time_s, chosen)
    has_marks = end > first
    chosen, first, end = chosen.filter(pl.Series(has_marks)), first[has_marks], end[has_marks]
    offsets = np.concatenate([[0], np.cumsum(np.minimum(end - first, NAMED_MAX))])
    transaction_id = marks["transaction_id"].combine_chunks()
    total = pl.concat([pl.Series([0], dtype=pl.Decimal(38, 13)), _so_far(marks, order)])
    parts = max(1, ceil(offsets[-1] / named_max))
    cuts = np.searchsorted(offsets[:-1], np.linspace(0, offsets[-1], parts + 1))
    for low, high in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        named = np.diff(offsets[low : high + 1])
        begins = offsets[low : high + 1] - offsets[low]
        within = np.arange(begins[-1]) - np.repeat(begins[:-1], named)
        transactions = transaction_id.take(pa.array(order[np.repeat(first[low:high], named) + within]))
        rows = chosen[low:high].select(
            "night",
            pl.col("node").alias("node_id"),
            "value",
            "threshold",
            "facts",
            pl.Series("from_s", time_s[first[low:high]]),
            pl.Series("to_s", time_s[end[low:high] - 1]),
            (total.gather(end[low:high]) - total.gather(first[low:high])).alias("amount_local"),
            pl.Series("evidence_count", (end - first)[low:high]),
        )
        lists = pa.LargeListArray.from_arrays(pa.array(begins), transactions)
        yield rows.to_arrow().append_column("transaction_ids", lists)


def _so_far(marks: pa.Table, order: NDArray[np.int64]) -> pl.Series:
    amounts = pl.DataFrame(marks.select(["amount_local"]))["amount_local"]
    return amounts.gather(order).cast(pl.Decimal(38, 13)).cum_sum()


def _places(
    part: NDArray[np.int32], node: NDArray[np.int64], time_s: NDArray[np.int64], chosen: pl.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each window, the place of its first mark, later than from_s, and the place after its last, at to_s."""
    is_first = np.ones(part.size, bool)
    is_first[1:] = (np.diff(part) != 0) | (np.diff(node) != 0)
    starts = np.append(np.flatnonzero(is_first), part.size)
    lines = pl.DataFrame({"part": part[starts[:-1]], "node": node[starts[:-1]], "line": np.arange(starts.size - 1)})
    found = chosen.select("part", "node").join(lines, on=("part", "node"), how="left", maintain_order="left")
    line = found["line"].fill_null(-1).to_numpy()
    oldest_s = time_s.min() if time_s.size else 0
    span_s = (time_s.max() - oldest_s if time_s.size else 0) + 2
    keys = (np.cumsum(is_first) - 1) * span_s + (time_s - oldest_s + 1)
    borders = (np.clip(chosen[name].to_numpy() - oldest_s + 1, 0, span_s - 1) for name in ("from_s", "to_s"))
    first, end = (np.searchsorted(keys, line * span_s + border, side="right") for border in borders)
    return first, end
