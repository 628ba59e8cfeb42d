"""Writes `docs/performance.md` from the last runs of `make bench-features` and `make real-typologies`."""

import json
from collections.abc import Mapping
from typing import Any

from benchmarks.record import ROOT, results
from benchmarks.typologies_page import section

FILE = ROOT / "docs" / "performance.md"
_MINUTES_3 = 180

TARGETS: dict[str, tuple[str, str, float]] = {
    "ratio_sparse_1t": ("sparse graph, one thread each: the peer's CPU seconds to ours", ">=", 5),
    "ratio_sparse_2t": ("the same, two threads each", ">=", 5),
    "ratio_dense_1t": ("dense graph, one thread each, our search through hubs bounded", ">=", 100),
    "ratio_windows_unbounded": ("dense graph, one thread each, windows and fans alone, nothing bounded", ">=", 8),
    "ratio_scatter_unbounded": ("the same, scatter-gather alone", ">=", 30),
    "ap_loss_points": ("average precision lost by bounding hubs, in points", "<=", 0.5),
    "seconds_10m": ("10 M edges, all transaction features, lake to lake, two cores: seconds", "<=", _MINUTES_3),
    "peak_gb_10m": ("the same: most memory, GB", "<=", 8),
    "growth_exponent": ("CPU time from 1 M to 10 M edges grows with this power of the edges", "<=", 1.10),
    "night_share": ("the last night (1 % of the edges) of the 10 M, to all nights: share of CPU time", "<=", 0.05),
    "night_growth": ("the same night with ten times the history: factor of CPU time", "<=", 1.2),
    "typologies_seconds_10m": ("10 M edges, every typology, every night, two cores: seconds", "<=", _MINUTES_3),
    "typologies_peak_gb_10m": ("the same: most memory, GB, with `memory_limit_gb` at 4", "<=", 5),
}
"""What each key means, and what it is to be."""

HEAD = """# Speed and memory

Written from `benchmarks/results/features.json` by `make bench-features`, which measures everything anew; `ONLY="KEY
..."` measures some of it. Every figure carries the date and commit of its own run; every repetition is in the file.
The graphs come from `synthetic/graph.py`, seeded. The peer is the Graph Feature Preprocessor of `snapml` (Blanuša et
al., ICAIF 2024), installed from `benchmarks/peer-requirements.txt` into an environment of its own.

"""

COMPARED = """
## What each side computed

| | Sluice, `aml` setting | snapml, the setting of its authors for AMLworld |
|---|---|---|
| windows | 6, 12 and 24 h | 24 h; scatter-gather 6 h |
| what a row sees | `pit_*`: what came before it; `asof_*`: all of its day | \
what came before it, and the rest of its batch |
| both ends | counts, fans, sums, extremes, four moments of amounts, logarithms, ages and gaps | degree and fan bins, \
sums, means, extremes, four moments of amounts and times |
| scatter-gather | middles, paths, share kept, of the day; also bipartite layers and stacks | \
bins of its size, over 6 h |
| cycles | in time, to 6 hops, each hop 80 to 105 % of the one before; of 2 to 4 hops also without order or amounts | \
in time, of any amounts; simple ones to 10 hops |
| chains | to 6 hops each way | none |
| hubs | left out as middles of a search above 200 partners, and said so in a column | never left out |
| input and output | columns in memory in the order of time, to columns in memory | \
rows in memory in the order of time, to rows in memory |

- A column is informative when it varies and is no exact copy of another in single precision; both sides are counted
  with `benchmarks/columns.py` on the sparse graph.
- The clock of both sides is the CPU time (user and system, all threads) of the work alone: without starting the
  program, reading the input or compiling. Wall times stand in the tables for orientation; those of 10 M edges are
  wall times and suffer from whatever else the machine does: `load` is how many threads wanted a core in the last
  minute of a run, its own among them, where it was noted.
- The peer runs at the batch size that was fastest for it on this graph, found first. On the dense graph it computes
  batches spread evenly over the whole graph and only inserts the others; that its features are then the same, bit for
  bit, was checked. Its CPU time for all rows is scaled up from the computed ones; `sampling error` is one standard
  error of that, relative.
- The two ratios without bounds hold a part of the peer's setting against the stages of ours that answer it, hubs and
  all: windows and fans against its fans, degrees and statistics; shapes (scatter-gather, bipartite layers, stacks,
  short cycles) against its scatter-gather, both over a day. Chains and rings in time are left
  out, as the peer's cycles are. A stage's CPU time is its share of the run's, by wall time on one core.
- Where two sides are measured by turns (the sparse graph, `night_growth`) the figure is the median of five ratios: the
  machine's speed changes by a third within minutes, and falls on neighbours alike.
- Rates of different graphs must not be mixed: the sparse graph has 17,000 edges a day and 100,000 accounts, the dense
  one 540,000 a day and hubs of 25,000.
- `ap_loss_points` compares the features of the product (`full`: windows of 1, 7 and 30 days) with and without bounds
  on a graph small enough that the search without bounds ends: histogram boosting fitted on the first 60 % of the rows,
  measured on the rest, the mean of five seeds.
- `night_share`, `night_growth`, `seconds_10m` and `growth_exponent` are of the night's own step: edges read from the
  lake, all transaction features written to it, with its records of what was known.
- `typologies_peak_gb_10m` is of all nights at once, the hits in memory at the end. Of `memory_limit_gb` DuckDB gets
  seven tenths; the arrays beside it are made for as many accounts at a time as the rest has room for
  (`docs/decisions/0014-shares-of-accounts.md`). The program itself takes about 0.4 GB, which no limit lowers.
"""

_COLUMNS = {
    "side": "side",
    "what": "what",
    "parts": "parts",
    "scatter_s": "scatter-gather s",
    "bounds": "bounds",
    "threads": "threads",
    "batch": "batch",
    "rows": "rows",
    "rows_computed": "computed",
    "cpu_s": "CPU s",
    "wall_s": "wall s",
    "peak_gb": "GB",
    "load": "load",
    "columns": "columns",
    "informative": "informative",
    "sampling_error": "sampling error",
}


def page(entry: Mapping[str, Any]) -> str:
    """The page for a record of `benchmarks.features`."""
    lines = [HEAD + "| figure | meaning | is to be | is | | measured |", "|---|---|---|---|---|---|"]
    parts = entry["parts"]
    for key, value in entry["figures"].items():
        meaning, sense, goal = TARGETS.get(key, _columns_target(key, entry["figures"]))
        part = next((run for run in parts.values() if key in run["keys"]), None)
        when = f"{part['date']}, `{part['commit'][:10]}`" if part else ""
        is_reached = value >= goal if sense == ">=" else value <= goal
        shown_goal = f"{sense} {goal:g}" if sense else ""
        lines.append(
            f"| `{key}` | {meaning} | {shown_goal} | {value:,g} | {'reached' if is_reached else 'missed'} | {when} |"
        )
    lines.append(COMPARED)
    lines.append("## Runs\n")
    for name, run in parts.items():
        machine, versions = run["machine"], ", ".join(f"{k} {v}" for k, v in run["versions"].items())
        lines.append(f"### {name}\n")
        where = f"{machine['processor']}, {machine['cores']} cores"
        lines.append(f"{run['date']}, commit `{run['commit'][:10]}`, {where}; {versions}.\n")
        lines += _table(run["repetitions"])
        lines.append("")
    return "\n".join(lines)


def _columns_target(key: str, figures: Mapping[str, Any]) -> tuple[str, str, float]:
    """The column counts are to be compared with each other."""
    if key == "columns_ours":
        return "informative columns of our `aml` setting", ">=", figures["columns_peer"]
    return "informative columns of the peer", ">=", 0


def _table(runs: list[Mapping[str, Any]]) -> list[str]:
    used = [name for name in _COLUMNS if any(run.get(name) is not None for run in runs)]
    rows = ["| " + " | ".join(_COLUMNS[name] for name in used) + " |", "|" + "---|" * len(used)]
    return rows + ["| " + " | ".join(_cell(run.get(name)) for name in used) + " |" for run in runs]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def write() -> None:
    """Renew the page from the records that there are."""
    made = []
    if results("features").exists():
        made.append(page(json.loads(results("features").read_text(encoding="utf-8"))))
    if results("real-typologies").exists():
        made.append(section(json.loads(results("real-typologies").read_text(encoding="utf-8"))["figures"]))
    title = "" if results("features").exists() else "# Performance\n\n"
    FILE.write_text(title + "\n".join(made), encoding="utf-8")


if __name__ == "__main__":
    write()
