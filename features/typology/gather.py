"""`gathered` of windows over arrays: the same table as its portable twin, sql/gathered_windows.sql.

The marks of a window lie side by side in the order of part, node and time, so that where it begins and ends says all.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from features.engine import SQL, Engine
from features.typology.rolling import SHARES, Groups, Sorted

NAMED_MAX = 200
"""Transactions that a hit names; the others are counted and summed."""


def windows(engine: Engine, threads: int) -> pl.DataFrame:
    """The evidence of every window of `chosen`, put together; from `marks` and `known_edges`."""
    marks = engine.run(SQL / "evidence_marks.sql").to_arrow_table().combine_chunks()
    chosen = pl.DataFrame(engine.run(SQL / "evidence_windows.sql").to_arrow_table())
    groups = Groups.one(marks.num_rows).by(marks, ("part", "node"))
    with ThreadPoolExecutor(threads) as pool:
        order = Sorted(marks, groups, "occurred_s", pool, threads * SHARES, tie="edge_id").order
    part, node, time_s = (marks[name].to_numpy()[order] for name in ("part", "node", "occurred_s"))
    first, end = _places(part, node, time_s, chosen)
    has_marks = end > first
    chosen, first, end = chosen.filter(pl.Series(has_marks)), first[has_marks], end[has_marks]
    named = np.minimum(end - first, NAMED_MAX)
    offsets = np.concatenate([[0], np.cumsum(named)])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], named)
    transactions = marks["transaction_id"].combine_chunks().take(pa.array(order[np.repeat(first, named) + within]))
    total = pl.concat([pl.Series([0], dtype=pl.Decimal(38, 13)), _so_far(marks, order)])
    return chosen.select(
        "night",
        pl.col("node").alias("node_id"),
        "value",
        "threshold",
        "facts",
        pl.Series("from_s", time_s[first]),
        pl.Series("to_s", time_s[end - 1]),
        (total.gather(end) - total.gather(first)).alias("amount_local"),
        pl.Series("evidence_count", end - first),
        pl.Series("transaction_ids", pl.from_arrow(pa.LargeListArray.from_arrays(pa.array(offsets), transactions))),
    )


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
