"""`make bench-features`: speed and memory of the account network's features and typologies, beside the peer's.

Every part runs in processes of its own and is on record as soon as it is done. `--only KEY...` measures the parts that
give these keys and keeps the others as they are, with their own date and commit. Ratios are of CPU seconds, the peer's
to ours, so more is better; times to a limit are wall times.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import child, performance_page
from benchmarks.graphs import BUILD, Files, files
from benchmarks.peer_snapml import DAY_S
from benchmarks.record import ROOT, provenance, results, write_results

NAME = "features"
PEER_PYTHON = ROOT / "build" / "peer" / "bin" / "python"
BATCHES = {"sparse": (128, 512, 2048), "dense": (128, 512)}
SEARCH_ROWS = 60_000
"""Rows of the sparse graph on which the peer's batch size is chosen: three days, of which a window is one."""
DENSE_ROWS = 16_000
"""About how many rows the peer computes of the dense graph, in batches spread evenly over all of it."""
TURNS = 5
"""How often two sides are measured by turns, for the median of their ratios: machines change their speed."""
HOUR = 3600.0

Figures = Mapping[str, Any]


@dataclass
class Bench:
    """What the parts share: sizes, the peer's interpreter, the repetitions so far."""

    is_quick: bool
    peer_python: Path
    repetitions: list[dict[str, Any]] = field(default_factory=list)

    def graph(self, name: str, *, as_lake: bool = False) -> Files:
        """The files of a graph, made where they are missing."""
        words = [name, *(["--quick"] if self.is_quick else []), *(["--lake"] if as_lake else [])]
        tell(f"graph {name}: {files(name, is_quick=self.is_quick).spec.edges:,} edges")
        child.run("benchmarks.graphs", *words, threads=os.cpu_count() or 1, cap_s=HOUR)
        return files(name, is_quick=self.is_quick)

    def peer(self, graph: Files, *words: object, threads: int = 1, what: str = "run") -> Figures:
        """One run of the peer on a graph."""
        tell(f"peer, {threads} thread(s): {' '.join(map(str, words))}")
        arguments = (graph.array, "--threads", threads, *words)
        found = child.run("benchmarks.peer_snapml", *arguments, threads=threads, cap_s=HOUR, python=self.peer_python)
        return self._kept({"side": "peer", "what": what, **found})

    def ours(self, *words: object, threads: int, repeats: int = 1) -> list[Figures]:
        """Runs of ours."""
        tell(f"ours, {threads} thread(s): {' '.join(str(w) for w in words if not isinstance(w, Path))}")
        return [
            self._kept(
                {
                    "side": "ours",
                    "what": str(words[0]),
                    "threads": threads,
                    **child.run("benchmarks.ours", *words, "--threads", threads, threads=threads, cap_s=HOUR),
                }
            )
            for _ in range(repeats)
        ]

    def best_batch(self, graph: Files, density: str, *words: object, threads: int = 1) -> int:
        """The batch size at which the peer is fastest with so many threads and such words."""
        rates = {}
        for size in BATCHES[density]:
            extent = ["--rows", SEARCH_ROWS]
            if density == "dense":
                extent = ["--every", _every(graph, DENSE_ROWS // 4)]
            found = self.peer(graph, "--batch", size, *extent, *words, threads=threads, what="batch size")
            rates[size] = found["rows_per_cpu_s"]
        return max(rates, key=lambda size: rates[size])

    def _kept(self, run: dict[str, Any]) -> dict[str, Any]:
        run["load"] = round(os.getloadavg()[0], 1)
        self.repetitions.append(run)
        tell(f"  {run.get('cpu_s', '')} CPU s, {run.get('wall_s', '')} s, {run.get('peak_gb', '')} GB")
        return run


def tell(words: str) -> None:
    """Say what is going on, on the error stream: the output ends with one line of JSON."""
    print(words, file=sys.stderr, flush=True)


def _every(graph: Files, computed_rows: int) -> int:
    """Each how-manieth batch is to be computed for about so many rows in all."""
    return max(1, graph.spec.edges // computed_rows)


def cpu(runs: Sequence[Figures]) -> float:
    """The median of some runs' CPU seconds."""
    return median(float(run["cpu_s"]) for run in runs)


def sparse(bench: Bench) -> dict[str, float]:
    """Like for like on the sparse graph, one thread each and two threads each."""
    graph = bench.graph("sparse")
    found: dict[str, float] = {}
    for threads in (1, 2):
        size = bench.best_batch(graph, "sparse", threads=threads)
        words = ("edges", graph.edges, "--setting", "aml")
        ratios = []
        for _ in range(TURNS):
            peer = bench.peer(graph, "--batch", size, threads=threads)
            ratios.append(peer["cpu_s"] / bench.ours(*words, threads=threads)[0]["cpu_s"])
        found[f"ratio_sparse_{threads}t"] = round(median(ratios), 2)
    # counted apart: whoever counts keeps every row, and memory for them costs time
    mine = bench.ours(*words, "--columns", threads=1)[0]
    others = bench.peer(graph, "--batch", size, "--columns", what="columns")
    return {**found, "columns_ours": mine["informative"], "columns_peer": others["informative"]}


def dense(bench: Bench) -> dict[str, float]:
    """The same at the density of AMLworld, hubs bounded on our side; the peer computes a sample of the batches."""
    graph = bench.graph("dense")
    size = bench.best_batch(graph, "dense")
    peer = bench.peer(graph, "--batch", size, "--every", _every(graph, DENSE_ROWS))
    ours = bench.ours("edges", graph.edges, "--setting", "aml", threads=1, repeats=3)
    return {"ratio_dense_1t": round(cpu([peer]) / cpu(ours), 1)}


UNBOUNDED = {
    "ratio_windows_unbounded": ("fan,degree,statistics", ("past", "accounts")),
    "ratio_scatter_unbounded": ("scatter-gather", ("shapes",)),
}
"""Parts of the peer's setting, here all over a day, and our stages that do the same and more."""


def unbounded(bench: Bench) -> dict[str, float]:
    """Part by part on the dense graph, no search bounded on either side."""
    graph = bench.graph("dense")
    ours = bench.ours("edges", graph.edges, "--setting", "aml", "--bounds", "shapes", threads=1, repeats=3)
    found = {}
    for key, (parts, stages) in UNBOUNDED.items():
        setting = ("--parts", parts, "--scatter-s", DAY_S)
        size = bench.best_batch(graph, "dense", *setting)
        peer = bench.peer(graph, "--batch", size, "--every", _every(graph, DENSE_ROWS), *setting)
        shares = [sum(run["stage_seconds"][stage] for stage in stages) / run["wall_s"] for run in ours]
        mine = median(share * run["cpu_s"] for share, run in zip(shares, ours, strict=True))
        found[key] = round(peer["cpu_s"] / mine, 1)
    return found


def bounds(bench: Bench) -> dict[str, float]:
    """What the bounds cost in detection, where the search without them ends."""
    graph = bench.graph("bounds")
    saved = {side: graph.folder / f"features-{side}.parquet" for side in ("hubs", "none")}
    for side, file in saved.items():
        bench.ours("edges", graph.edges, "--setting", "full", "--bounds", side, "--save", file, threads=2)
    found = child.run(
        "benchmarks.hub_bounds", graph.truth, graph.edges, saved["hubs"], saved["none"], threads=2, cap_s=HOUR
    )
    bench.repetitions.append({"side": "ours", "what": "average precision", **found})
    return {"ap_loss_points": found["loss_points"]}


def large(bench: Bench) -> dict[str, float]:
    """All transaction features of 10 M edges from lake to lake, the same of 1 M, and the last night of the 10 M."""
    million, tenfold = bench.graph("million", as_lake=True), bench.graph("large", as_lake=True)
    few = bench.ours("rebuild", million.home, threads=2, repeats=2)
    many = bench.ours("rebuild", tenfold.home, threads=2)
    night = bench.ours("night", tenfold.home, threads=2, repeats=3)
    tenfold_edges = math.log(tenfold.spec.edges / million.spec.edges)
    return {
        "seconds_10m": round(many[0]["wall_s"], 1),
        "peak_gb_10m": round(many[0]["peak_gb"], 2),
        "growth_exponent": round(math.log(cpu(many) / cpu(few)) / tenfold_edges, 3),
        "night_share": round(cpu(night) / cpu(many), 4),
    }


def history(bench: Bench) -> dict[str, float]:
    """The same night over ten times the history."""
    short, long = bench.graph("short", as_lake=True), bench.graph("long", as_lake=True)
    growths = []
    for _ in range(TURNS):
        few, many = (bench.ours("night", graph.home, threads=2)[0] for graph in (short, long))
        growths.append((many["cpu_s"] / many["rows"]) / (few["cpu_s"] / few["rows"]))
    return {"night_growth": round(median(growths), 3)}


def typologies(bench: Bench) -> dict[str, float]:
    """Every typology in force over 1 M and 10 M edges, every night at once."""
    million, tenfold = bench.graph("million", as_lake=True), bench.graph("large", as_lake=True)
    bench.ours("typologies", million.home, threads=2)
    many = bench.ours("typologies", tenfold.home, threads=2)[0]
    return {
        "typologies_seconds_10m": round(many["wall_s"], 1),
        "typologies_peak_gb_10m": round(many["peak_gb"], 2),
    }


PARTS: dict[str, tuple[Callable[[Bench], dict[str, float]], tuple[str, ...]]] = {
    "sparse": (sparse, ("ratio_sparse_1t", "ratio_sparse_2t", "columns_ours", "columns_peer")),
    "dense": (dense, ("ratio_dense_1t",)),
    "unbounded": (unbounded, tuple(UNBOUNDED)),
    "bounds": (bounds, ("ap_loss_points",)),
    "large": (large, ("seconds_10m", "peak_gb_10m", "growth_exponent", "night_share")),
    "history": (history, ("night_growth",)),
    "typologies": (typologies, ("typologies_seconds_10m", "typologies_peak_gb_10m")),
}
"""What is measured together, and the keys that it gives."""

KEYS = tuple(key for _, keys in PARTS.values() for key in keys)


def merged(earlier: Figures, part: str, figures: Figures, run: Figures) -> dict[str, Any]:
    """The record with one part measured anew; what the others hold stays, with its own date and commit."""
    together = {**earlier.get("figures", {}), **figures}
    return {
        "name": NAME,
        "figures": {key: together[key] for key in KEYS if key in together},
        "parts": {**earlier.get("parts", {}), part: dict(run)},
    }


def peer_python() -> Path:
    """The interpreter that has the peer: `$SLUICE_PEER_PYTHON`, or that of `build/peer`."""
    named = Path(os.environ.get("SLUICE_PEER_PYTHON", PEER_PYTHON))
    if not named.exists():
        sys.exit(f"The peer's Python is not at {named}. Run `make bench-features`, or set SLUICE_PEER_PYTHON.")
    return named


def measure(parts: Sequence[str], file: Path, *, is_quick: bool) -> list[str]:
    """Measure some parts, each on record when it is done; the parts that failed."""
    failed = []
    for part in parts:
        bench = Bench(is_quick, peer_python())
        start = perf_counter()
        try:
            figures = PARTS[part][0](bench)
        except child.Failed as error:
            tell(f"{part}: {error}")
            failed.append(part)
            continue
        seconds = round(perf_counter() - start, 1)
        run = {"keys": list(figures), **provenance(), "seconds": seconds, "repetitions": bench.repetitions}
        earlier = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        write_results(file, merged(earlier, part, figures, run))
        tell(f"{part}: {json.dumps(figures)}")
    return failed


def main() -> int:
    """Measure, record, render, print."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__)
    arguments.add_argument("--only", nargs="+", metavar="KEY", choices=(*KEYS, *PARTS), help="keys, or parts")
    arguments.add_argument("--quick", action="store_true", help="small graphs; the figures mean nothing")
    given = arguments.parse_args()
    wanted = [part for part, (_, keys) in PARTS.items() if not given.only or {part, *keys} & set(given.only)]
    file = BUILD / "quick.json" if given.quick else results(NAME)
    failed = measure(wanted, file, is_quick=given.quick)
    if not file.exists():
        return 1
    if not given.quick:
        performance_page.write()
    entry = json.loads(file.read_text(encoding="utf-8"))
    print(json.dumps({"name": NAME, **entry["figures"]}))
    if failed:
        tell(f"Without figures: {', '.join(failed)}. Run again with --only {' '.join(failed)}.")
    return len(failed) > 0


if __name__ == "__main__":
    raise SystemExit(main())
