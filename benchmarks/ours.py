"""Our side of the comparison: the one place that knows how features and typologies are called. Prints one JSON line.

`python -m benchmarks.ours edges FILE` goes from edges to features in memory, `rebuild HOME` and `night HOME` take the
night's own step from lake to lake, `typologies HOME` goes from the lake to hits. Compiled code is loaded before the
clock runs.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from benchmarks.columns import informative
from benchmarks.meter import Cost, metered
from benchmarks.peer_snapml import DAY_S, SIX_HOURS_S
from benchmarks.record import stage_seconds
from features import layout, measures, typology
from features.engine import costing
from features.kernels.network import Edges, ends_of
from features.measures import Block, Bounds, Network
from pipelines.home import Home, Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, RUNS
from review import nightly

Setting = Literal["aml", "full"]
Limit = Literal["hubs", "none", "shapes"]
WARM_EDGES = 2_000

BLOCK_ROWS = 20_000
"""Edges that are measured together: their features still fit in the processor's cache."""

AML = Bounds(windows_s=(SIX_HOURS_S, DAY_S // 2, DAY_S), shape_s=DAY_S, hop_s=DAY_S, ring_hop_s=DAY_S)
"""Nothing looks back further than the peer's AML setting does: a day, of which parts of a day are windows too."""


def bounds_of(setting: Setting, limit: Limit, edges: int) -> Bounds:
    """How far the passes look.

    Args:
        setting: `aml` over the peer's windows, `full` over the product's.
        limit: `hubs` bounds the search through accounts with many edges, as the product does; `none` does not;
            `shapes` does not either, and leaves out chains and rings in time.
        edges: how many there are: a bound that nothing can reach.
    """
    chosen = AML if setting == "aml" else Bounds()
    if limit == "hubs":
        return chosen
    return replace(chosen, hub_cap=2 * edges, looks=20 * edges if limit == "none" else 0)


def names() -> list[str]:
    """The columns of `per_edge`."""
    past = [f"pit_{end}_{name}" for end in ("src", "dst") for name in layout.PAST_END]
    pair = [f"pit_pair_{name}" for name in layout.PAST_PAIR]
    ends = [f"asof_{end}_{name}" for end in ("src", "dst") for name in layout.account()]
    return [*past, *pair, *(f"asof_{name}" for name in layout.AROUND), *ends]


class Columns:
    """The features of block after block; what is gathered for them lies in the same memory unless all are kept."""

    def __init__(self, *, is_kept: bool) -> None:
        self.is_kept, self._memory = is_kept, np.empty((0, 0), np.float32)

    def of(self, block: Block) -> list[np.ndarray]:
        """One array per name, of one value per edge of the block."""
        width, rows = 2 * len(block.accounts), block.fresh.size
        if self.is_kept or self._memory.shape[1] < rows:
            self._memory = np.empty((width, rows), np.float32)
        at_ends = self._memory[:, :rows]
        for place, values in zip((block.src_row, block.dst_row), np.split(at_ends, 2), strict=True):
            measures.at_ends(block.accounts, place, values)
        return [*block.past, *block.shapes, *at_ends]


def network_of(edges: pl.DataFrame, given: argparse.Namespace) -> Network:
    """The account network of some rows of EDGES, not sorted yet by account: that is for the clock."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        nights = Nights(edges["received_on"].min(), edges["received_on"].max())  # type: ignore[arg-type]
        lake.replace_nights(EDGES, edges, nights, {})
        network = measures.load(lake, nights, Settings(home=Path(folder), threads=given.threads))
    none = Edges(*(column[:0] for column in network.edges))
    return replace(network, ends=ends_of(none, 0))


def run(network: Network, given: argparse.Namespace) -> tuple[Cost, list[list[np.ndarray]]]:
    """What the features of a network cost; the features, where they are kept.

    The clock runs from edges in memory, in the order of time and with numbered accounts as the peer gets them, to one
    column per feature in memory; the peer's input is read before its clock runs, too.
    """
    columns = Columns(is_kept=bool(given.columns or given.save))
    bounds = bounds_of(given.setting, given.bounds, network.edge_ids.size)
    parts = []
    with metered() as cost:
        sorted_by_account = replace(network, ends=ends_of(network.edges, network.node_ids.size))
        passes = measures.Measures(sorted_by_account, given.threads, bounds)
        for block in passes.blocks(BLOCK_ROWS):
            made = columns.of(block)
            if columns.is_kept:
                parts.append(made)
    return cost, parts


def of_edges(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of `edges FILE`; with `--save`, the features go to a Parquet file."""
    run(network_of(pl.read_parquet(given.source).head(WARM_EDGES), given), given)
    network = network_of(pl.read_parquet(given.source), given)
    with costing() as stages:
        cost, parts = run(network, given)
    columns: Iterator[np.ndarray] = (np.concatenate(column) for column in zip(*parts, strict=True))
    if given.save:
        saved = {"edge_id": network.edge_ids[network.fresh], **dict(zip(names(), columns, strict=True))}
        pl.DataFrame(saved).write_parquet(given.save)
    return {
        "setting": given.setting,
        "bounds": given.bounds,
        "rows": network.fresh.size,
        "columns": len(names()),
        "informative": informative(columns) if given.columns else None,
        "stage_seconds": stage_seconds(stages),
        **cost.rounded(),
    }


def of_lake(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of `rebuild HOME` (every night) or `night HOME` (the last one): the night's step of features."""
    home = Home(Settings(home=given.source, threads=given.threads))
    lake = Lake(home.lake)
    nights = lake.nights(EDGES)
    chosen = Nights(nights[0], nights[-1]) if given.what == "rebuild" else Nights.of(nights[-1])
    _redo(home, Nights.of(nights[0]))
    with metered() as cost:
        rows = _redo(home, chosen)
    return {"nights": str(chosen), "history_nights": len(nights), "rows": rows, **cost.rounded()}


def _redo(home: Home, nights: Nights) -> int:
    """Make the features of some nights, whether they have been made or not; the number of rows."""
    Lake(home.lake).replace_nights(RUNS, RUNS.empty(), nights, {})
    with home.writing():
        return nightly.build_transaction_features(home, nights).row_count


def of_typologies(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of `typologies HOME`: every typology in force, over every night of the lake."""
    chosen = Settings(home=given.source, threads=given.threads)
    lake = Lake(given.source / "lake")
    nights = lake.nights(EDGES)
    with metered() as cost, costing() as stages:
        hits = typology.evaluate(lake, Nights(nights[0], nights[-1]), chosen, typology.catalogue())
    return {
        "nights": f"{nights[0]}...{nights[-1]}",
        "rows": lake.scan(EDGES).select(pl.len()).collect().item(),
        "typologies": len(typology.catalogue()),
        "hits": hits.height,
        "typologies_with_hits": hits["typology_id"].n_unique(),
        "stage_seconds": stage_seconds(stages),
        **cost.rounded(),
    }


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.ours", description=__doc__)
    arguments.add_argument("what", choices=("edges", "rebuild", "night", "typologies"))
    arguments.add_argument("source", type=Path, help="Parquet file of EDGES, or a home")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--setting", choices=("aml", "full"), default="aml")
    arguments.add_argument("--bounds", choices=("hubs", "none", "shapes"), default="hubs")
    arguments.add_argument("--columns", action="store_true", help="count the informative columns")
    arguments.add_argument("--save", type=Path, help="Parquet file for the features")
    given = arguments.parse_args()
    measured = {"edges": of_edges, "rebuild": of_lake, "night": of_lake, "typologies": of_typologies}
    print(json.dumps(measured[given.what](given)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
