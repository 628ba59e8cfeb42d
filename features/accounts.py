"""Features of every account that a night learnt something new of, as known at the night's cut-off."""

import polars as pl

from features import nightly
from features.catalog import ACCOUNT_FEATURES
from features.engine import SQL, Engine
from features.typology import reporting_threshold
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent

STAGES = ("active", "ends", "rings", "pairs", "passes", "account_features")


def build(lake: Lake, nights: Nights, settings: Settings, progress: Progress = silent) -> pl.DataFrame:
    """The nights' account features, as ACCOUNT_FEATURES."""
    parts = []
    ranges = nightly.chunks(lake, nights, settings)
    for done, chunk in enumerate(ranges):
        progress("account features", done, len(ranges))
        with nightly.knowing(lake, chunk, settings) as engine:
            params = prepare(engine, settings)
            parts.append(engine.frame(ACCOUNT_FEATURES, SQL / "account_features.sql", params))
    progress("account features", len(ranges), len(ranges))
    return pl.concat(parts).sort(ACCOUNT_FEATURES.key)


def prepare(engine: Engine, settings: Settings) -> dict[str, object]:
    """The parameters, after the tables that account features are made from are in the engine."""
    params = nightly.parameters(reporting_threshold(settings.country))
    for stage in STAGES[:-1]:
        engine.materialise(stage, SQL / f"{stage}.sql", params)
    return params
