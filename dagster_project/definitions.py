"""The whole flow on one screen: what Dagster loads."""

import dagster as dg

from dagster_project import assets, checks, jobs
from dagster_project.resources import HomeResource

defs = dg.Definitions(
    assets=assets.ALL,
    asset_checks=checks.ALL,
    jobs=jobs.ALL_JOBS,
    schedules=jobs.ALL_SCHEDULES,
    sensors=[jobs.inbox],
    resources={"home": HomeResource()},
    executor=dg.in_process_executor,
)
