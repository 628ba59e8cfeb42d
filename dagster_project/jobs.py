"""The night's job, its schedule, and the watch on the inbox. Holds no work."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg

from dagster_project import assets
from dagster_project.partitions import DAYS
from dagster_project.resources import HomeResource
from pipelines.steps import digest_of
from review.console import command

_WATCHED_DAYS = 30


@dg.failure_hook(required_resource_keys={"home"})
def tell_console(context: dg.HookContext) -> None:
    """Tells the review console that a night failed: it goes on showing the old queue, and says so on every screen."""
    run = context.instance.get_run_by_id(context.run_id)
    tags = run.tags if run else {}
    last = tags.get("dagster/asset_partition_range_end") or tags.get("dagster/partition")
    error = context.op_exception
    if last and error:
        command.note_failure(context.resources.home.open(), date.fromisoformat(last), error, datetime.now(UTC))


night = dg.define_asset_job(
    "night",
    selection=dg.AssetSelection.assets(*assets.NIGHT),
    executor_def=dg.in_process_executor,
    hooks={tell_console},
    description="Yesterday's reports in, this morning's queue out.",
)

training = dg.define_asset_job(
    "training",
    selection=dg.AssetSelection.assets(assets.transaction_model),
    executor_def=dg.in_process_executor,
    description="Train a challenger; it replaces the champion only if it wins on weeks that neither has seen.",
)

every_night = dg.build_schedule_from_partitioned_job(night, name="every_night", hour_of_day=2)
every_week = dg.ScheduleDefinition("every_week", job=training, cron_schedule="0 4 * * 0", execution_timezone="UTC")


@dg.sensor(job=night, minimum_interval_seconds=300, description="Late files: a run for the day that they arrived for.")
def inbox(home: HomeResource) -> Iterator[dg.RunRequest]:
    """A run of the night job for each of the last 30 days whose inbox folder changed since it was last asked for."""
    ended = set(DAYS.get_partition_keys())
    folders = sorted(day for day in home.open().inbox.glob("????-??-??") if day.is_dir() and day.name in ended)
    for day in folders[-_WATCHED_DAYS:]:
        files = sorted(file for file in day.rglob("*") if file.is_file())
        listing = [(file.relative_to(day).as_posix(), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        if listing:
            yield dg.RunRequest(run_key=f"{day.name}-{digest_of(*listing)}", partition_key=day.name)


ALL_JOBS = (night, training)
ALL_SCHEDULES = (every_night, every_week)
