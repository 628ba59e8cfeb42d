"""Our side of the comparison: the one place that knows how features and typologies are called. Prints one JSON line.

`python -m benchmarks.ours edges FILE` goes from edges in memory to features in memory, `rebuild HOME` and `night HOME`
from the lake into the lake, `typologies HOME` from the lake to hits. Compiled code is loaded before the clock runs.
"""

import argparse
import json
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from benchmarks.columns import informative
from benchmarks.meter import Cost, metered
from features import transactions, typology
from features.catalog import TRANSACTION_FEATURES, model_features
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.steps import CHUNK_ROWS
from pipelines.tables import EDGES

Setting = Literal["aml", "full"]
Bounds = Literal["hubs", "none"]
WARM_EDGES = 2_000
MEMORY_GB = 6.0


def settings(home: Path, threads: int) -> Settings:
    """The settings of a run: what a machine with 8 GB would use."""
    return Settings(home=home, threads=threads, memory_limit_gb=MEMORY_GB)


def run(edges: pl.DataFrame, threads: int, setting: Setting, bounds: Bounds) -> tuple[Cost, pl.DataFrame]:
    """What the features of these edges cost, and the features, one row per edge in the order of `edge_id`.

    Args:
        edges: rows of EDGES.
        threads: threads that may be used.
        setting: `aml` computes what the peer's AML setting does, over the same windows; `full` all.
        bounds: `hubs` bounds the search through accounts with many edges, as the product does; `none` does not.
    """
    if (setting, bounds) != ("full", "hubs"):
        raise SystemExit("The feature engine has no other setting than `full` and no other bounds than `hubs` yet.")
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        nights = Nights(edges["received_on"].min(), edges["received_on"].max())  # type: ignore[arg-type]
        lake.replace_nights(EDGES, edges, nights, {})
        with metered() as cost:
            found = transactions.build(lake, nights, settings(Path(folder), threads))
    return cost, found


def of_edges(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of `edges FILE`; with `--save`, the features go to a Parquet file."""
    edges = pl.read_parquet(given.source)
    run(edges.head(WARM_EDGES), given.threads, given.setting, given.bounds)
    cost, found = run(edges, given.threads, given.setting, given.bounds)
    names = [name for name in found.columns if name in set(model_features())]
    if given.save:
        found.select("edge_id", *names).write_parquet(given.save)
    columns = (found[name].cast(pl.Float32).fill_null(np.nan).to_numpy() for name in names)
    return {
        "setting": given.setting,
        "bounds": given.bounds,
        "rows": found.height,
        "columns": len(names),
        "informative": informative(columns) if given.columns else None,
        **cost.rounded(),
    }


def of_lake(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of `rebuild HOME` (every night) or `night HOME` (the last one): features from lake to lake."""
    home = Path(given.source)
    lake, chosen = Lake(home / "lake"), settings(home, given.threads)
    nights = lake.nights(EDGES)
    wanted = nights if given.what == "rebuild" else nights[-1:]
    _build(lake, Nights(nights[0], nights[0]), chosen)
    with metered() as cost:
        rows = sum(_build(lake, part, chosen) for part in _parts(lake, Nights(wanted[0], wanted[-1])))
    return {"nights": len(wanted), "history_nights": len(nights), "rows": rows, **cost.rounded()}


def of_typologies(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of `typologies HOME`: every typology in force, over every night of the lake."""
    home = Path(given.source)
    lake, chosen = Lake(home / "lake"), settings(home, given.threads)
    nights = lake.nights(EDGES)
    costs: dict[str, float] = {}
    with metered() as cost:
        hits = typology.evaluate(lake, Nights(nights[0], nights[-1]), chosen, typology.catalogue(), costs=costs)
    return {
        "nights": len(nights),
        "rows": lake.scan(EDGES).select(pl.len()).collect().item(),
        "typologies": len(typology.catalogue()),
        "hits": hits.height,
        "typologies_with_hits": hits["typology_id"].n_unique(),
        "stage_seconds": {name: round(seconds, 2) for name, seconds in sorted(costs.items())},
        **cost.rounded(),
    }


def _build(lake: Lake, nights: Nights, chosen: Settings) -> int:
    rows = transactions.build(lake, nights, chosen)
    lake.replace_nights(TRANSACTION_FEATURES, rows, nights, {"step": "benchmark"})
    return rows.height


def _parts(lake: Lake, nights: Nights) -> list[Nights]:
    """The range in the pieces that the night's step would compute and write at once."""
    counted = lake.scan(EDGES, nights).group_by("received_on").len().sort("received_on").collect()
    parts: list[Nights] = []
    first, total = nights.first, 0
    night: date
    for night, count in counted.iter_rows():
        if total and total + count > CHUNK_ROWS:
            parts.append(Nights(first, night - timedelta(days=1)))
            first, total = night, 0
        total += count
    return [*parts, Nights(first, nights.last)]


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.ours", description=__doc__)
    arguments.add_argument("what", choices=("edges", "rebuild", "night", "typologies"))
    arguments.add_argument("source", type=Path, help="Parquet file of EDGES, or a home")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--setting", choices=("aml", "full"), default="aml")
    arguments.add_argument("--bounds", choices=("hubs", "none"), default="hubs")
    arguments.add_argument("--columns", action="store_true", help="count the informative columns")
    arguments.add_argument("--save", type=Path, help="Parquet file for the features")
    given = arguments.parse_args()
    measured = {"edges": of_edges, "rebuild": of_lake, "night": of_lake, "typologies": of_typologies}
    print(json.dumps(measured[given.what](given)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
