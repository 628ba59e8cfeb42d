"""How time is cut: one partition a day of receipt, one run for a whole range. Holds no schedule."""

import warnings
from collections.abc import Callable
from datetime import date
from typing import Any

import dagster as dg

from pipelines.lake import Nights

DAYS = dg.DailyPartitionsDefinition(start_date="2000-01-01")


_Decorator = Callable[[Callable[..., Any]], dg.AssetsDefinition]


def per_night(declare: Callable[..., _Decorator], **given: Any) -> _Decorator:
    """The decorator `declare` for assets with one partition a day, where a range of days is one run.

    Dagster 1.13 calls the parameter for that a beta; the warning is left out here and nowhere else.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return declare(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run(), **given)


def nights_of(context: dg.AssetExecutionContext) -> Nights:
    """The nights that the run is for."""
    keys = context.partition_key_range
    return Nights(_day(keys.start), _day(keys.end))


def _day(key: str) -> date:
    return date.fromisoformat(key)
