"""What stops a night, and what only warns. Holds no repair."""

from statistics import median

import dagster as dg
import polars as pl

from dagster_project.assets import alerts, edges, lake_of
from dagster_project.resources import HomeResource
from pipelines import tables
from pipelines.checks import check_table, lost_rows

_DAYS_LOOKED_BACK = 28


@dg.asset_check(asset=edges, blocking=True, description="No row of a report was lost; the edges keep their contract.")
def nothing_lost(home: HomeResource) -> dg.AssetCheckResult:
    """Fails, and stops the night, where a row went missing between two tables."""
    lake = lake_of(home)
    problems = [*check_table(lake, tables.EDGES), *lost_rows(lake)]
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={f"{p.table}.{p.rule}": f"{p.row_count} {p.message}" for p in problems},
    )


@dg.asset_check(asset="transactions", description="The last day brought about as many transactions as days usually do.")
def usual_volume(home: HomeResource) -> dg.AssetCheckResult:
    """Warns where the last day's volume is below a third or above three times the median of four weeks."""
    counts = (
        lake_of(home).scan(tables.TRANSACTIONS).group_by("received_on").len().sort("received_on").collect()["len"]
    ).to_list()[-_DAYS_LOOKED_BACK - 1 :]
    usual = median(counts[:-1]) if len(counts) > 1 else None
    passed = usual is None or usual / 3 <= counts[-1] <= usual * 3
    return dg.AssetCheckResult(
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"transactions": counts[-1] if counts else 0, "usual": float(usual or 0)},
    )


@dg.asset_check(asset=alerts, description="Every alert has a reason and evidence, and ranks run from 1 without a gap.")
def alerts_explained(home: HomeResource) -> dg.AssetCheckResult:
    """Warns where the queue is not fit to be read."""
    lake = lake_of(home)
    ranks = lake.scan(tables.ALERTS).group_by("received_on").agg(pl.col("rank").max(), pl.len()).collect()
    gaps = ranks.filter(pl.col("rank") != pl.col("len")).height
    problems = check_table(lake, tables.ALERTS)
    return dg.AssetCheckResult(
        passed=not problems and not gaps,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"nights_with_gaps": gaps, **{p.rule: p.row_count for p in problems}},
    )


ALL = (nothing_lost, usual_volume, alerts_explained)
