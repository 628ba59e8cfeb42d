"""Features of every edge that a night learnt of: the edge alone, before it, and as of the night's cut-off."""

import polars as pl

from features import accounts, nightly
from features.catalog import TRANSACTION_FEATURES
from features.engine import SQL, Engine
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent

STAGES = ("streams", "moments", "hops", "paths", "shapes")


def build(lake: Lake, nights: Nights, settings: Settings, progress: Progress = silent) -> pl.DataFrame:
    """The nights' transaction features, as TRANSACTION_FEATURES."""
    parts = []
    ranges = nightly.chunks(lake, nights, settings)
    for done, chunk in enumerate(ranges):
        progress("transaction features", done, len(ranges))
        with nightly.knowing(lake, chunk, settings) as engine:
            parts.append(_chunk(engine, settings))
    progress("transaction features", len(ranges), len(ranges))
    return pl.concat(parts).sort(TRANSACTION_FEATURES.key)


def _chunk(engine: Engine, settings: Settings) -> pl.DataFrame:
    params = accounts.prepare(engine, settings)
    engine.materialise("account_features", SQL / "account_features.sql", params)
    for stage in STAGES:
        engine.materialise(stage, SQL / f"{stage}.sql", params)
    return engine.frame(TRANSACTION_FEATURES, SQL / "transaction_features.sql", params)
