"""The night: every step in order, each bringing one table up to date. Holds no rule of a step.

The command line and Dagster both run these functions, so that the two can't differ.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from time import perf_counter

import polars as pl

from features import account_graph, catalog, network, nightly, typology
from features.engine import costing
from models import score, store
from pipelines import side_tables, tables
from pipelines.home import Home
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.steps import CHUNK_ROWS, Part, StepReport, code_version, days, digest_of, run_step
from pipelines.tables import Table
from pipelines.versions import built_digests, known_digests, side_digests
from review import alerts
from review.costs import Cost, keep_costs

TABLES: tuple[Table, ...] = (
    *tables.INTAKE_TABLES,
    *(side.table for side in side_tables.SIDE_TABLES),
    tables.NODES,
    tables.EDGES,
    catalog.ACCOUNT_GRAPH,
    catalog.TRANSACTION_FEATURES,
    catalog.ACCOUNT_FEATURES,
    tables.HITS,
    tables.TYPOLOGY_RUNS,
    tables.SCORES,
    tables.ALERTS,
    tables.OUTCOMES,
    tables.RUNS,
)
"""Every table of the lake, in the order of the data's flow."""

_NETWORK = (tables.NODES, tables.EDGES)
_GRAPH = (*_NETWORK, catalog.ACCOUNT_GRAPH)
_ALL_ROWS = 20_000_000
"""What cuts its own nights to the memory that there is takes them all at once."""
_Compute = Callable[[Lake, Nights], pl.DataFrame | Iterator[Part]]


def build_nodes(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Accounts, persons and entities that the nights' transactions name."""

    def compute(lake: Lake, chunk: Nights) -> pl.DataFrame:
        return network.nodes(lake, chunk, home.settings)

    every = _since_first_report(Lake(home.lake), nights)
    return _from_reports(home, tables.NODES, every, compute, progress)


def build_edges(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """The nights' transactions between two known nodes."""

    def compute(lake: Lake, chunk: Nights) -> pl.DataFrame:
        return network.edges(lake, chunk, home.settings)

    every = _since_first_report(Lake(home.lake), nights)
    return _from_reports(home, tables.EDGES, every, compute, progress)


def build_account_graph(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """The account graphs that are in force on the nights; a graph of before the first report would be empty."""
    lake, settings = Lake(home.lake), home.settings
    known = lake.nights(tables.REPORTS)
    anchors = [day for day in account_graph.anchors(nights, settings.graph_days) if known and day >= known[0]]
    span = Nights(min([nights.first, *anchors]), nights.last)
    inputs = _graph_inputs(lake, span, anchors)

    def compute(chunk: Nights) -> pl.DataFrame:
        wanted = [day for day in anchors if chunk.first <= day <= chunk.last]
        return account_graph.build(lake, wanted, settings, progress)

    return run_step(lake, catalog.ACCOUNT_GRAPH, span, inputs, compute, progress)


def build_transaction_features(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Point-in-time and as-of features of the nights' transactions."""

    def compute(lake: Lake, chunk: Nights) -> Iterator[Part]:
        from features import transactions  # the compiled passes are loaded when there is something to measure

        return transactions.stream(lake, chunk, home.settings, progress)

    return _measured(home, catalog.TRANSACTION_FEATURES, nights, compute, progress)


def build_account_features(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Features of the accounts that moved on each night."""

    def compute(lake: Lake, chunk: Nights) -> Iterator[Part]:
        from features import accounts

        return accounts.stream(lake, chunk, home.settings, progress)

    return _measured(home, catalog.ACCOUNT_FEATURES, nights, compute, progress)


def build_hits(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Typologies found on each night, and what became of every typology: found, or without the data that it needs."""

    def compute(lake: Lake, chunk: Nights) -> pl.DataFrame:
        found = typology.build(lake, chunk, home.settings, progress)
        runs = typology.statuses(lake, found.hits, chunk, {(one.night, one.typology_id) for one in found.left_out})
        lake.replace_nights(tables.TYPOLOGY_RUNS, runs, chunk, {"step": tables.HITS.name})
        return found.hits

    return _from_reports(home, tables.HITS, nights, compute, progress, *_GRAPH, tells=True, chunk_rows=_ALL_ROWS)


def build_scores(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Risk of the nights' transactions and accounts, by the model in force on each night."""
    inputs = _score_inputs(home, nights)

    def compute(chunk: Nights) -> pl.DataFrame:
        return score.build(Lake(home.lake), home, chunk, inputs, progress)

    return run_step(Lake(home.lake), tables.SCORES, nights, inputs, compute, progress)


def build_alerts(home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Each night's ranked alerts."""
    code = code_version("features", "models", "review")
    built = built_digests(Lake(home.lake), (*_NETWORK, tables.HITS, tables.SCORES), nights)
    settings = home.settings
    inputs = {night: digest_of(built[night], code, settings.capacity, settings.country) for night in days(nights)}

    def compute(chunk: Nights) -> pl.DataFrame:
        return alerts.build(Lake(home.lake), chunk, home.settings, progress, inputs)

    return run_step(Lake(home.lake), tables.ALERTS, nights, inputs, compute, progress)


HISTORY_STEPS = (
    build_nodes,
    build_edges,
    build_account_graph,
    build_transaction_features,
    build_account_features,
    build_hits,
)
"""What training needs of past nights, in order."""

STEPS = (*HISTORY_STEPS, build_scores, build_alerts)
"""What a night does after intake, in order."""


Step = Callable[[Home, Nights, Progress], StepReport]


def take(step: Step, home: Home, nights: Nights, progress: Progress = silent) -> StepReport:
    """Take one step for these nights, keep what it cost if there was work; the caller holds `home.writing()`."""
    start = perf_counter()
    with costing() as stages:
        report = step(home, nights, progress)
    if report.computed_nights:
        keep_costs(home, Cost.of(report, perf_counter() - start, stages))
    return report


def run(home: Home, nights: Nights, progress: Progress = silent) -> list[StepReport]:
    """Bring every table up to date for these nights; the caller holds `home.writing()`."""
    return [take(step, home, nights, progress) for step in STEPS]


def nights_with_reports(home: Home) -> Nights | None:
    """The first and the last day on which a report became known, or None in an empty lake."""
    known = Lake(home.lake).nights(tables.REPORTS)
    return Nights(known[0], known[-1]) if known else None


def _since_first_report(lake: Lake, nights: Nights) -> Nights:
    """The range, from the first day with a report on: a night looks back on nodes and edges of earlier ones."""
    known = lake.nights(tables.REPORTS)
    return Nights(min(nights.first, known[0]), nights.last) if known else nights


def _from_reports(
    home: Home,
    table: Table,
    nights: Nights,
    compute: _Compute,
    progress: Progress,
    *reads: Table,
    tells: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> StepReport:
    """A step whose rows follow from the known reports, the tables that it reads, the code and the settings alone.

    With `tells`, they follow from the known side tables as well.
    """
    lake = Lake(home.lake)
    known = known_digests(lake, nights)
    built = built_digests(lake, reads, nights)
    code = code_version("pipelines", "features")
    country = home.settings.country if reads else ""
    told = side_digests(lake, nights) if tells else dict.fromkeys(days(nights), "")
    graph_days = home.settings.graph_days if catalog.ACCOUNT_GRAPH in reads else ""
    inputs = {
        night: digest_of(known[night], built[night], code, country, graph_days, told[night]) for night in days(nights)
    }
    return run_step(lake, table, nights, inputs, lambda chunk: compute(lake, chunk), progress, chunk_rows)


def _measured(home: Home, table: Table, nights: Nights, compute: _Compute, progress: Progress) -> StepReport:
    """A step that measures the network, as many nights at once as fit in memory."""
    lake = Lake(home.lake)
    budget = nightly.EDGES_A_GIGABYTE * home.settings.memory_limit_gb
    reports = [
        _from_reports(home, table, part, compute, progress, *_GRAPH, chunk_rows=_ALL_ROWS)
        for part in nightly.ranges(lake, nights, budget)
    ]
    rows, computed = sum(report.row_count for report in reports), sum(report.computed_nights for report in reports)
    return StepReport(table.name, nights, rows, computed)


def _graph_inputs(lake: Lake, span: Nights, anchors: Sequence[date]) -> dict[date, str]:
    known = known_digests(lake, span)
    built = built_digests(lake, _NETWORK, span)
    decided = account_graph.outcomes_digests(lake, anchors)
    code = code_version("pipelines", "features")
    return {day: digest_of(known[day], built[day], decided[day], code) for day in anchors}


def _score_inputs(home: Home, nights: Nights) -> dict[date, str]:
    lake, settings = Lake(home.lake), home.settings
    code = code_version("pipelines", "features", "models")
    built = built_digests(lake, (catalog.TRANSACTION_FEATURES, tables.HITS), nights)
    in_force = {night: store.in_force(home, night) for night in days(nights)}
    names = {night: model.card.model_id if model else "cold-start" for night, model in in_force.items()}
    return {
        night: digest_of(built[night], code, names[night], settings.country, settings.capacity, settings.seed)
        for night in days(nights)
    }
