"""The night: every step in order, each bringing one table up to date. Holds no rule of a step.

The command line and Dagster both run these functions, so that the two can't differ.
"""

from collections.abc import Callable
from datetime import date

import polars as pl

from features import accounts, catalog, network, transactions, typology
from models import score, store
from pipelines import tables
from pipelines.home import Home
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.steps import StepReport, code_version, days, digest_of, run_step
from pipelines.tables import Table
from pipelines.versions import known_digests
from review import alerts

TABLES: tuple[Table, ...] = (
    *tables.INTAKE_TABLES,
    tables.NODES,
    tables.EDGES,
    catalog.TRANSACTION_FEATURES,
    catalog.ACCOUNT_FEATURES,
    tables.HITS,
    tables.SCORES,
    tables.ALERTS,
    tables.OUTCOMES,
    tables.RUNS,
)
"""Every table of the lake, in the order of the data's flow."""

_Compute = Callable[[Lake, Nights], pl.DataFrame]


def build_nodes(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Accounts, persons and entities that the nights' transactions name."""

    def compute(lake: Lake, chunk: Nights) -> pl.DataFrame:
        return network.nodes(lake, chunk, home.settings)

    return _from_reports(home, tables.NODES, nights, compute, progress)


def build_edges(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """The nights' transactions between two known nodes."""

    def compute(lake: Lake, chunk: Nights) -> pl.DataFrame:
        return network.edges(lake, chunk, home.settings)

    return _from_reports(home, tables.EDGES, nights, compute, progress)


def build_transaction_features(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Point-in-time and as-of features of the nights' transactions."""

    def compute(lake: Lake, chunk: Nights) -> pl.DataFrame:
        return transactions.build(lake, chunk, home.settings, progress)

    return _from_reports(home, catalog.TRANSACTION_FEATURES, nights, compute, progress)


def build_account_features(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Features of the accounts that moved on each night."""

    def compute(lake: Lake, chunk: Nights) -> pl.DataFrame:
        return accounts.build(lake, chunk, home.settings, progress)

    return _from_reports(home, catalog.ACCOUNT_FEATURES, nights, compute, progress)


def build_hits(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Typologies found on each night."""

    def compute(lake: Lake, chunk: Nights) -> pl.DataFrame:
        return typology.build(lake, chunk, home.settings, progress)

    return _from_reports(home, tables.HITS, nights, compute, progress)


def build_scores(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Risk of the nights' transactions and accounts, by the model in force on each night."""
    inputs = _score_inputs(home, nights)

    def compute(chunk: Nights) -> pl.DataFrame:
        return score.build(Lake(home.lake), home, chunk, inputs, progress)

    return run_step(Lake(home.lake), tables.SCORES, nights, inputs, compute, progress)


def build_alerts(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Each night's ranked alerts."""
    code = code_version("features", "models", "review")
    scored = _score_inputs(home, nights)
    inputs = {night: digest_of(digest, code, home.settings.capacity) for night, digest in scored.items()}

    def compute(chunk: Nights) -> pl.DataFrame:
        return alerts.build(Lake(home.lake), chunk, home.settings, progress, inputs)

    return run_step(Lake(home.lake), tables.ALERTS, nights, inputs, compute, progress)


HISTORY_STEPS = (build_nodes, build_edges, build_transaction_features, build_account_features, build_hits)
"""What training needs of past nights, in order."""

STEPS = (*HISTORY_STEPS, build_scores, build_alerts)
"""What a night does after intake, in order."""


def run(home: Home, nights: Nights, progress: Progress = silent) -> list[StepReport]:
    """Bring every table up to date for these nights; the caller holds `home.writing()`."""
    return [step(home, nights, progress) for step in STEPS]


def nights_with_reports(home: Home) -> Nights | None:
    """The first and the last day on which a report became known, or None in an empty lake."""
    known = Lake(home.lake).nights(tables.REPORTS)
    return Nights(known[0], known[-1]) if known else None


def _from_reports(home: Home, table: Table, nights: Nights, compute: _Compute, progress: Progress) -> StepReport:
    """A step whose rows follow from the known reports, the code of `features` and the settings alone."""
    lake = Lake(home.lake)
    code = code_version("pipelines", "features")
    settings = home.settings.country if table is tables.HITS else ""
    inputs = {night: digest_of(known, code, settings) for night, known in known_digests(lake, nights).items()}
    return run_step(lake, table, nights, inputs, lambda chunk: compute(lake, chunk), progress)


def _score_inputs(home: Home, nights: Nights) -> dict[date, str]:
    code = code_version("pipelines", "features", "models")
    known = known_digests(Lake(home.lake), nights)
    in_force = {night: store.in_force(home, night) for night in days(nights)}
    names = {night: model.card.model_id if model else "cold-start" for night, model in in_force.items()}
    return {
        night: digest_of(known[night], code, names[night], home.settings.country, home.settings.capacity)
        for night in days(nights)
    }
