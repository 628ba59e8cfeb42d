"""What every benchmark shares: a home below `build/`, the shared data, the record of a run."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from features.engine import Stage
from pipelines.home import Home, open_home

ROOT = Path(__file__).parent.parent
_RESULTS = ROOT / "benchmarks" / "results"
_LIBRARIES = ("dagster", "deltalake", "duckdb", "lxml", "numba", "polars", "pyarrow", "scikit-learn", "shap")


def shared_data(folder: str) -> Path:
    """A folder of the shared data; ends the program with a plain message where it is absent."""
    root = Path(os.environ.get("SLUICE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    found = root / folder
    if not found.is_dir():
        sys.exit(f"The data set {folder} is not at {found}. Set SLUICE_SHARED_DATA to the folder that holds it.")
    return found


def fresh_home(name: str, **settings: object) -> Home:
    """An empty home `build/NAME` with these settings."""
    folder = ROOT / "build" / name
    if folder.exists():
        shutil.rmtree(folder)
    return open_home(home=folder, **settings)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def stage_seconds(stages: Iterable[Stage]) -> dict[str, float]:
    """Wall seconds of the stages of each name; with one thread on a core of its own, about CPU seconds."""
    seconds: dict[str, float] = {}
    for stage in stages:
        seconds[stage.name] = seconds.get(stage.name, 0.0) + stage.seconds
    return {name: round(seconds[name], 3) for name in sorted(seconds)}


def provenance() -> dict[str, object]:
    """When, on what and with what something is measured."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit,
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {"python": platform.python_version(), **{library: version(library) for library in _LIBRARIES}},
    }


def tell_done(what: str, started: float) -> None:
    """Print what is done and when, in a line: a log has no progress bar."""
    print(f"{perf_counter() - started:6.0f} s  {what}", flush=True)


def results(name: str) -> Path:
    """The file of a benchmark's last run."""
    return _RESULTS / f"{name}.json"


def write_results(file: Path, entry: Mapping[str, object]) -> None:
    """Put a run on record."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(entry, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def record(name: str, figures: Mapping[str, object], repetitions: Sequence[Mapping[str, object]] = ()) -> None:
    """Write `benchmarks/results/NAME.json` and print the figures as one JSON line."""
    write_results(results(name), {"name": name, "figures": figures, "repetitions": list(repetitions), **provenance()})
    print(json.dumps({"name": name, **figures}, ensure_ascii=False))
