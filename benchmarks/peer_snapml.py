"""The peer, `snapml.GraphFeaturePreprocessor`, on one graph: CPU seconds of its work alone. Runs in its own Python.

`PYTHON -m benchmarks.peer_snapml edges.npy --batch 2048 --threads 1` prints one JSON line. The columns of the array
are edge number, payer, receiver, second, amount; its rows are in the order of time.

With `--every N` it computes every N-th batch and only inserts the others: what it computes is the same, bit for bit,
and the cost of all rows is the cost of the computed ones times N.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Collection, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.columns import informative
from benchmarks.meter import cpu_s, metered

DAY_S, SIX_HOURS_S = 86_400, 21_600
INPUTS = 5
STATISTICS = "statistics"
PATTERNS = ("fan", "degree", "scatter-gather", "temp-cycle", "lc-cycle")


def aml_setting(
    threads: int, parts: Collection[str] = (*PATTERNS, STATISTICS), scatter_s: int = SIX_HOURS_S
) -> dict[str, Any]:
    """The setting of the preprocessor's authors for AMLworld, or a part of it, or with another scatter-gather window.

    A day for everything, six hours for scatter-gather: fans, degrees, scatter-gather, temporal cycles, simple cycles to
    length 10, and statistics of each end's amounts and times. Bins are the library's own defaults.
    """
    return {
        "num_threads": threads,
        "time_window": -1,
        "vertex_stats": STATISTICS in parts,
        "vertex_stats_tw": DAY_S,
        "vertex_stats_cols": [3, 4],
        "vertex_stats_feats": [0, 1, 2, 3, 4, 8, 9, 10],
        **{name: name in parts for name in PATTERNS},
        **{f"{name}_tw": scatter_s if name == "scatter-gather" else DAY_S for name in PATTERNS},
        "lc-cycle_len": 10,
    }


def batches(edges: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Consecutive rows, copied before the clock runs."""
    for start in range(0, len(edges), size):
        yield np.ascontiguousarray(edges[start : start + size], dtype=np.float64)


def run(edges: np.ndarray, given: argparse.Namespace) -> dict[str, Any]:
    """What it took: rows computed, CPU seconds, whether the budget stopped it, and on demand its columns."""
    from snapml import GraphFeaturePreprocessor

    peer = GraphFeaturePreprocessor()
    peer.set_params(aml_setting(given.threads, given.parts.split(","), given.scatter_s))
    inserted, rows, kept, width, is_stopped = 0.0, 0, [], 0, False
    costs: list[float] = []
    with metered() as whole:
        for number, batch in enumerate(batches(edges, given.batch)):
            before = cpu_s()
            if number % given.every != given.every - 1:
                peer.partial_fit(batch)
                inserted += cpu_s() - before
                continue
            found = peer.transform(batch)
            costs.append(cpu_s() - before)
            rows, width = rows + len(batch), found.shape[1] - INPUTS
            if given.columns:
                kept.append(found[:, INPUTS:].astype(np.float32))
            if sum(costs) > given.budget_s:
                is_stopped = True
                break
    spent = sum(costs)
    error = statistics.stdev(costs) / len(costs) ** 0.5 / statistics.mean(costs) if len(costs) > 1 else 0.0
    return {
        "batch": given.batch,
        "threads": given.threads,
        "every": given.every,
        "parts": given.parts,
        "scatter_s": given.scatter_s,
        "rows": len(edges),
        "rows_computed": rows,
        "computed_cpu_s": round(spent, 3),
        "cpu_s": round(spent * len(edges) / rows, 3),
        "sampling_error": round(error, 4) if rows < len(edges) else 0.0,
        "rows_per_cpu_s": round(rows / spent, 1),
        "last_rows_per_cpu_s": round(_last_rate(costs, given.batch), 1),
        "insert_only_cpu_s": round(inserted, 3),
        "wall_s": round(whole.wall_s, 2),
        "peak_gb": round(whole.peak_gb, 3),
        "is_stopped": is_stopped,
        "columns": width,
        "informative": informative(np.concatenate(kept).T) if kept else None,
        "snapml": version("snapml"),
    }


def _last_rate(costs: list[float], batch: int) -> float:
    """Rows per CPU second over the last tenth of the computed batches."""
    last = costs[-max(1, len(costs) // 10) :]
    return batch * len(last) / sum(last)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.peer_snapml", description=__doc__)
    arguments.add_argument("edges", help="file of numpy.save")
    arguments.add_argument("--batch", type=int, default=2048, help="rows that are inserted before they are computed")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--rows", type=int, help="only the first rows")
    arguments.add_argument("--every", type=int, default=1, help="compute every n-th batch, only insert the others")
    arguments.add_argument("--parts", default=",".join((*PATTERNS, STATISTICS)), help="of the AML setting")
    arguments.add_argument("--scatter-s", type=int, default=SIX_HOURS_S, help="window of scatter-gather, in seconds")
    arguments.add_argument("--budget-s", type=float, default=600, help="CPU seconds after which it is stopped")
    arguments.add_argument("--columns", action="store_true", help="count the informative columns")
    return arguments


def main() -> int:
    """Run and print."""
    given = parser().parse_args()
    edges = np.load(given.edges, mmap_mode="r")
    json.dump(run(edges[: given.rows], given), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
