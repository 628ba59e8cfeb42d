"""The graphs that are measured, made once below `build/`: as a file for the peer, as a file and as a lake for ours.

`python -m benchmarks.graphs NAME [--quick] [--lake]` makes one. The same seed gives the same graph on every machine.
"""

import argparse
import json
import shutil
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

import synthetic
from benchmarks.meter import metered
from pipelines.lake import Lake
from synthetic.graph import PRESETS, Graph, Spec, make, write

BUILD = Path(__file__).parent.parent / "build" / "bench-features"
_MILLION = replace(PRESETS["large"], edges=1_000_000, accounts=100_000, hubs=2)
_SHORT = replace(_MILLION, edges=980_000, days=98)

GRAPHS: dict[str, Spec] = {
    "sparse": PRESETS["sparse"],
    "dense": PRESETS["amlworld"],
    "bounds": Spec(edges=240_000, accounts=24_000, days=12, hubs=6, hub_edges=5_000, planted_share=0.03),
    "million": _MILLION,
    "large": PRESETS["large"],
    "short": _SHORT,
    "long": replace(_SHORT, edges=10 * _SHORT.edges, days=10 * _SHORT.days, hub_edges=10 * _SHORT.hub_edges),
}
"""`short` and `long` end on the same weekday with equally many edges a day: only the history differs."""

QUICK: dict[str, Spec] = {
    "sparse": Spec(edges=50_000, accounts=10_000, days=6, hub_edges=500),
    "dense": Spec(edges=40_000, accounts=20_000, days=2, hubs=4, hub_edges=1_000, planted_share=0.02),
    "bounds": Spec(edges=40_000, accounts=4_000, days=12, hubs=2, hub_edges=2_000, planted_share=0.05),
    "million": Spec(edges=20_000, accounts=2_000, days=60, hubs=2, hub_edges=1_000),
    "large": Spec(edges=100_000, accounts=10_000, days=60, hubs=10, hub_edges=1_000),
    "short": Spec(edges=20_000, accounts=4_000, days=42, hubs=2, hub_edges=500),
    "long": Spec(edges=100_000, accounts=4_000, days=210, hubs=2, hub_edges=2_500),
}
"""The same shapes for a quick look at whether everything runs; their figures mean nothing."""


@dataclass(frozen=True)
class Files:
    """Where one graph is, and its spec."""

    spec: Spec
    folder: Path

    @property
    def array(self) -> Path:
        """Edge number, payer, receiver, second and amount, in order of time: a file of `numpy.save`."""
        return self.folder / "edges.npy"

    @property
    def edges(self) -> Path:
        """The rows of EDGES, in order of time."""
        return self.folder / "edges.parquet"

    @property
    def truth(self) -> Path:
        """What was planted."""
        return self.folder / "truth.parquet"

    @property
    def home(self) -> Path:
        """A home whose lake holds the graph."""
        return self.folder / "home"


def files(name: str, *, is_quick: bool) -> Files:
    """Where the graph of that name is, or will be; another spec or another generator is another folder."""
    spec = (QUICK if is_quick else GRAPHS)[name]
    source = b"".join(sorted(file.read_bytes() for file in Path(synthetic.__file__).parent.glob("*.py")))
    digest = sha256(repr(spec).encode() + source).hexdigest()[:12]
    return Files(spec, BUILD / "graphs" / f"{name}-{digest}")


def array(graph: Graph) -> np.ndarray:
    """The columns of `Files.array`."""
    rows = graph.movements
    ends = [rows["src"], rows["dst"], rows["second"], rows["cents"] / 100]
    return np.column_stack([np.arange(len(rows)), *ends]).astype(np.float64)


def build(name: str, *, is_quick: bool, as_lake: bool) -> None:
    """Make the graph's files or its lake, unless they are there."""
    wanted = files(name, is_quick=is_quick)
    ready = wanted.folder / ("lake.ready" if as_lake else "files.ready")
    if ready.exists():
        return
    wanted.folder.mkdir(parents=True, exist_ok=True)
    graph = make(wanted.spec)
    if as_lake:
        shutil.rmtree(wanted.home, ignore_errors=True)
        write(graph, Lake(wanted.home / "lake"))
    else:
        np.save(wanted.array, array(graph))
        graph.edges().sort("occurred_s", "edge_id").write_parquet(wanted.edges)
        graph.truth.write_parquet(wanted.truth)
    ready.touch()


def main() -> int:
    """Make one graph; print what it cost."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.graphs", description=__doc__)
    arguments.add_argument("name", choices=GRAPHS)
    arguments.add_argument("--quick", action="store_true", help="the small one")
    arguments.add_argument("--lake", action="store_true", help="as a lake; otherwise as files")
    given = arguments.parse_args()
    with metered() as cost:
        build(given.name, is_quick=given.quick, as_lake=given.lake)
    wanted = files(given.name, is_quick=given.quick)
    print(json.dumps({"graph": given.name, "folder": str(wanted.folder), **cost.rounded()}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
