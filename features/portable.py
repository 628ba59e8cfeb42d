"""The portable twin of the compiled passes: the same account and transaction features in SQL alone.

Slower, and without the shapes, moments and graph columns that only the passes have; for Spark, where no pass runs, and
to hold the passes to a second account of what they mean (`tests/features/test_features.py`).
"""

import polars as pl

from features import nightly
from features.engine import SQL, Engine
from features.typology import reporting_threshold
from pipelines.home import Settings
from pipelines.lake import Lake, Nights

ACCOUNT_STAGES = ("active", "ends", "rings", "pairs", "passes")
TRANSACTION_STAGES = ("account_features", "streams", "moments", "hops", "paths", "shapes")


def accounts(lake: Lake, nights: Nights, settings: Settings) -> pl.DataFrame:
    """The nights' account features that the SQL has, by `node_id` and `received_on`."""
    with nightly.knowing(lake, nights, settings) as engine:
        params = _prepare(engine, settings)
        return engine.plain(SQL / "account_features.sql", params)


def transactions(lake: Lake, nights: Nights, settings: Settings) -> pl.DataFrame:
    """The nights' transaction features that the SQL has, by `edge_id`."""
    with nightly.knowing(lake, nights, settings) as engine:
        params = _prepare(engine, settings)
        for stage in TRANSACTION_STAGES:
            engine.materialise(stage, SQL / f"{stage}.sql", params)
        return engine.plain(SQL / "transaction_features.sql", params)


def _prepare(engine: Engine, settings: Settings) -> dict[str, object]:
    params = nightly.parameters(reporting_threshold(settings.country))
    for stage in ACCOUNT_STAGES:
        engine.materialise(stage, SQL / f"{stage}.sql", params)
    return params
