"""`peaks` and `untidy` by a compiled pass: the same tables as sql/peaks.sql and sql/untidy.sql make from `sides`."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features import nightly
from features.engine import SQL, Engine
from features.kernels import peaks
from pipelines.lake import Nights

WINDOW_DAYS = (1, 7, 15, 31)
_MEASURES = ("in_n", "out_n", "in_c", "out_c", "cash_in_n", "cash_out_n", "cash_in_c", "cash_out_c")
_SHARES = 8
_NEVER = np.iinfo(np.int64).max


def measure(
    engine: Engine, nights: Nights, parameters: Mapping[str, object], threads: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of `peaks` and of `untidy`: see their SQL files. `parameters` has `reach_s` and `lookback_s`."""
    swings = engine.run(SQL / "swings.sql").to_arrow_table()
    src, dst, nodes = _numbered(swings)
    time_s = swings["occurred_s"].to_numpy()
    order = np.argsort(time_s, kind="stable")
    sides, is_untidy = peaks.sides_of(
        src[order],
        dst[order],
        time_s[order],
        swings["amount_c"].to_numpy()[order],
        swings["movement_count"].to_numpy().astype(np.int64, copy=False)[order],
        swings["is_cash"].to_numpy()[order],
        _days(swings)[order],
        swings["is_superseded"].to_numpy()[order],
        _looked_at_from(swings, src, dst, nodes.size, nights, parameters),
    )
    windows_s = np.array(WINDOW_DAYS, np.int64) * nightly.DAY_S
    found = np.zeros((nodes.size, 2 + windows_s.size * peaks.MEASURES), np.int64)
    cuts = np.searchsorted(sides.start, np.linspace(0, sides.start[-1], _SHARES * threads + 1))
    cuts[0], cuts[-1] = 0, nodes.size
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda low, high: peaks.measure(sides, low, high, windows_s, found), cuts[:-1], cuts[1:]))
    names = ["payers", "receivers", *(f"{name}_{days}" for days in WINDOW_DAYS for name in _MEASURES)]
    moved = np.diff(sides.start) > 0
    rows = pl.DataFrame({"node": nodes[moved], **{name: found[moved, i] for i, name in enumerate(names)}})
    return rows, pl.DataFrame({"node": nodes[is_untidy]})


def _days(swings: pa.Table) -> NDArray[np.int32]:
    found: NDArray[np.int32] = swings["received_on"].cast(pa.int32()).to_numpy()
    return found


def _numbered(swings: pa.Table) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Payer and receiver of each edge as numbers from 0, and the node of each number."""
    both = pa.chunked_array([*swings["src"].chunks, *swings["dst"].chunks], type=pa.int64()).combine_chunks()
    coded = pc.dictionary_encode(both)
    number = coded.indices.to_numpy().astype(np.int32, copy=False)
    return number[: swings.num_rows], number[swings.num_rows :], coded.dictionary.to_numpy()


def _looked_at_from(
    swings: pa.Table,
    src: NDArray[np.int32],
    dst: NDArray[np.int32],
    nodes: int,
    nights: Nights,
    parameters: Mapping[str, object],
) -> NDArray[np.int64]:
    """The second after which the range looks at each node's edges: sql/fresh.sql; never, where it learnt of none."""
    days = _days(swings)
    is_learnt = (days >= nightly.day_number(nights.first)) & (days <= nightly.day_number(nights.last))
    time_s, cutoff_s = swings["occurred_s"].to_numpy()[is_learnt], nightly.cutoff_s(nights.first)
    oldest_s = np.full(nodes, _NEVER)
    for end in (src, dst):
        np.minimum.at(oldest_s, end[is_learnt], time_s)
    reach_s, lookback_s = int(str(parameters["reach_s"])), int(str(parameters["lookback_s"]))
    from_s = np.maximum(cutoff_s - lookback_s, np.minimum(cutoff_s, oldest_s) - reach_s)
    return np.where(oldest_s == _NEVER, _NEVER, from_s)
