"""Typologies over a large account network: `make bench-typologies`, or with `--edges 1000000` a quick try.

The graph comes from `synthetic/graph.py` (preset `large`, scaled). Every typology of the catalogue runs over all of its
nights at once, as a rebuild would, on two threads; those that need side tables have none here and are named.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from benchmarks.record import ROOT, fresh_home, record, stage_seconds
from features import typology
from features.engine import costing
from pipelines.lake import Lake
from synthetic.graph import PRESETS, Spec

THREADS, MEMORY_GB = 2, 8
FULL, QUICK = 10_000_000, 1_000_000
COUNTRY = "KZ"


def spec(edges: int) -> Spec:
    """The preset `large` with another number of edges, at the same density and with hubs of the same share."""
    large = PRESETS["large"]
    share = edges / large.edges
    return replace(
        large, edges=edges, accounts=max(200, round(large.accounts * share)), hub_edges=round(large.hub_edges * share)
    )


def measure(edges: int) -> dict[str, object]:
    """Seconds, memory and hits of all typologies over a graph of so many edges.

    The key of the seconds names the size: `typologies_seconds_10m` for ten million edges.
    """
    home = fresh_home("bench-typologies", threads=THREADS, memory_limit_gb=MEMORY_GB, country=COUNTRY)
    given = spec(edges)
    _make(home.lake, given)
    wall, cpu = time.perf_counter(), time.process_time()
    with costing() as stages:
        hits = typology.evaluate(Lake(home.lake), given.nights, home.settings, typology.catalogue())
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    ran = [item for item in typology.catalogue() if typology.coverage(Lake(home.lake), given.nights, item).ran]
    waiting = [item.id for item in typology.catalogue() if item not in ran]
    counted = hits.group_by("typology_id").len().sort("typology_id")
    slowest = sorted(stage_seconds(stages).items(), key=lambda cost: -cost[1])[:12]
    return {
        f"typologies_seconds_{edges / 1e6:g}m": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, 2),
        "edges": edges,
        "nights": given.days,
        "threads": THREADS,
        "typologies_run": len(ran),
        "typologies_without_data": waiting,
        "hits": hits.height,
        "hits_of": dict(counted.iter_rows()),
        "slowest_stages_s": {name: round(cost, 1) for name, cost in slowest},
    }


def _make(lake: Path, given: Spec) -> None:
    """Write the graph in a process of its own, so that its memory doesn't count."""
    words = ["--edges", given.edges, "--accounts", given.accounts, "--hub-edges", given.hub_edges, "--lake", lake]
    command = [sys.executable, "-m", "synthetic.graph", "--preset", "large", *map(str, words)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr)


def main(words: Iterable[str] | None = None) -> None:
    """Measure and record: ten million edges and one million, or only the number given."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--edges", type=int, help="measure this number of edges only, and record nothing")
    asked = arguments.parse_args(None if words is None else list(words)).edges
    if asked:
        print(measure(asked))
        return
    figures = {**measure(QUICK), **measure(FULL)}
    record("typologies", figures)


if __name__ == "__main__":
    main()
