"""How time is cut: one partition a day of receipt, one run for a whole range. Holds no schedule."""

from datetime import date

import dagster as dg

from pipelines.lake import Nights

DAYS = dg.DailyPartitionsDefinition(start_date="2000-01-01")
ONE_RUN = dg.BackfillPolicy.single_run()


def nights_of(context: dg.AssetExecutionContext) -> Nights:
    """The nights that the run is for."""
    keys = context.partition_key_range
    return Nights(_day(keys.start), _day(keys.end))


def _day(key: str) -> date:
    return date.fromisoformat(key)
