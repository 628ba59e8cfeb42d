"""`peaks` and `untidy` by a compiled pass: the same tables as sql/peaks.sql and sql/untidy.sql make from `sides`."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features import nightly
from features.engine import SQL, Engine, Share
from features.kernels import peaks
from features.typology.shares import shares
from pipelines.lake import Nights

WINDOW_DAYS = (1, 7, 15, 31)
_MEASURES = ("in_n", "out_n", "in_c", "out_c", "cash_in_n", "cash_out_n", "cash_in_c", "cash_out_c")
_PARTS = 8
_NEVER = np.iinfo(np.int64).max


def measure(
    engine: Engine, nights: Nights, parameters: Mapping[str, object], threads: int, rows_max: float
) -> tuple[list[pa.Table], list[pa.Table]]:
    """The rows of `peaks` and of `untidy`, share by share of the nodes: see their SQL files.

    Args:
        engine: the inputs.
        nights: the range.
        parameters: `reach_s` and `lookback_s`.
        threads: how many may work.
        rows_max: about how many edges are looked at together.
    """
    every = shares(engine.count("known_edges"), rows_max)
    found = [_of_share(engine, nights, parameters, threads, share) for share in every]
    return [rows for rows, _ in found], [untidy for _, untidy in found]


def _of_share(
    engine: Engine, nights: Nights, parameters: Mapping[str, object], threads: int, share: Share
) -> tuple[pa.Table, pa.Table]:
    swings = engine.run(SQL / "swings.sql", {"share": share.number, "shares": share.of}).to_arrow_table()
    src, dst, nodes, own = _numbered(swings, share)
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
        _looked_at_from(swings, src, dst, nodes.size, own, nights, parameters),
    )
    windows_s = np.array(WINDOW_DAYS, np.int64) * nightly.DAY_S
    found = np.zeros((own, 2 + windows_s.size * peaks.MEASURES), np.int64)
    cuts = np.searchsorted(sides.start, np.linspace(0, sides.start[own], _PARTS * threads + 1))
    cuts[0], cuts[-1] = 0, own
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda low, high: peaks.measure(sides, low, high, windows_s, found), cuts[:-1], cuts[1:]))
    names = ["payers", "receivers", *(f"{name}_{days}" for days in WINDOW_DAYS for name in _MEASURES)]
    moved = np.flatnonzero(np.diff(sides.start[: own + 1]))
    rows = pa.table({"node": nodes[moved], **{name: found[moved, i] for i, name in enumerate(names)}})
    return rows, pa.table({"node": nodes[is_untidy]})


def _days(swings: pa.Table) -> NDArray[np.int32]:
    found: NDArray[np.int32] = swings["received_on"].cast(pa.int32()).to_numpy()
    return found


def _numbered(swings: pa.Table, share: Share) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], int]:
    """Payer and receiver of each edge as numbers from 0, the node of each number, and how many are the share's own.

    These have the lowest numbers; of the others the share doesn't hold every edge.
    """
    both = pa.chunked_array([*swings["src"].chunks, *swings["dst"].chunks], type=pa.int64()).combine_chunks()
    coded = pc.dictionary_encode(both)
    nodes = coded.dictionary.to_numpy()
    is_other = np.abs(np.fmod(nodes, share.of)) != share.number
    order = np.argsort(is_other, kind="stable")
    place = np.empty(nodes.size, np.int32)
    place[order] = np.arange(nodes.size, dtype=np.int32)
    number = place[coded.indices.to_numpy()]
    return number[: swings.num_rows], number[swings.num_rows :], nodes[order], nodes.size - int(is_other.sum())


def _looked_at_from(
    swings: pa.Table,
    src: NDArray[np.int32],
    dst: NDArray[np.int32],
    nodes: int,
    own: int,
    nights: Nights,
    parameters: Mapping[str, object],
) -> NDArray[np.int64]:
    """The second after which the range looks at each node's edges: sql/fresh.sql; never, where it learnt of none.

    Never, too, for all but the first `own` nodes.
    """
    days = _days(swings)
    is_learnt = (days >= nightly.day_number(nights.first)) & (days <= nightly.day_number(nights.last))
    time_s, cutoff_s = swings["occurred_s"].to_numpy()[is_learnt], nightly.cutoff_s(nights.first)
    oldest_s = np.full(nodes, _NEVER)
    for end in (src, dst):
        np.minimum.at(oldest_s, end[is_learnt], time_s)
    reach_s, lookback_s = int(str(parameters["reach_s"])), int(str(parameters["lookback_s"]))
    from_s = np.maximum(cutoff_s - lookback_s, np.minimum(cutoff_s, oldest_s) - reach_s)
    return np.where((oldest_s == _NEVER) | (np.arange(nodes) >= own), _NEVER, from_s)
