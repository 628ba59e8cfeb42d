"""Runs the night job from Python, in this process, on an instance in the home. Holds no step."""

import shutil
from pathlib import Path

import dagster as dg

from dagster_project.definitions import defs
from dagster_project.resources import HomeResource
from pipelines.home import Home
from pipelines.lake import Nights

_HERE = Path(__file__).parent
_INSTANCE_FILES = (_HERE / "dagster.yaml", _HERE.parent / "deploy" / "dagster.yaml")
"""Where the instance file lies in an installed package, and in the repository."""


def prepare(home: Home) -> Path:
    """The home's Dagster folder, with telemetry off."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    instance_file = next(file for file in _INSTANCE_FILES if file.exists())
    shutil.copyfile(instance_file, home.dagster / "dagster.yaml")
    return home.dagster


def run_night(home: Home, nights: Nights) -> bool:
    """Run the night job for a range of nights as one run; did it succeed."""
    with dg.DagsterInstance.from_config(str(prepare(home))) as instance:
        job = defs.resolve_job_def("night")
        first, last = nights.first.isoformat(), nights.last.isoformat()
        tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        key = first if first == last else None
        result = job.execute_in_process(
            partition_key=key,
            tags={} if key else tags,
            instance=instance,
            resources={"home": HomeResource(folder=str(home.root))},
            run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
            raise_on_error=False,
        )
        return result.success
