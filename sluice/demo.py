"""`sluice demo`: a made-up world from its report files to its queue, and how good the ranking was against the truth.

The world is written as real report files into the home's inbox; from there on everything is what a user would run.
"""

from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

import polars as pl

from dagster_project.launch import run_night
from models import lifecycle as training
from pipelines import intake, tables
from pipelines.home import Home, UserError
from pipelines.lake import Lake, Nights
from review import nightly, text, truth
from review import queue as queues
from sluice import screen
from synthetic.labels import UNLABELLED_DAYS
from synthetic.world import make_world
from synthetic.write import Parameters, WrittenWorld, already_written, write_world

_FIRST_DAY = date(2025, 3, 3)
_SCORED_NIGHTS = 5


def run(home: Home, seed: int, days: int, scale: float) -> None:
    """Make the world, take in its history, train, run the last nights through Dagster, and show the result.

    Raises:
        UserError: a night failed, or the home holds files of another origin.
    """
    started = perf_counter()
    last = _FIRST_DAY + timedelta(days=days - 1)
    scored = Nights(last - timedelta(days=_SCORED_NIGHTS - 1), last)
    history = Nights(_FIRST_DAY, scored.first - timedelta(days=1))
    _headline("1 A made-up world")
    world = _world(home, seed, days, scale)
    _headline(f"2 Its history, {history}, in one backfill; then a model is trained on what was known")
    with home.writing(), screen.bars() as tell:
        intake.ingest_inbox(home, history, tell)
        for step in nightly.HISTORY_STEPS:
            nightly.take(step, home, history, tell)
        trained = training.train_and_promote(home, history.last, progress=tell)
    for name, value in trained.metadata().items():
        screen.out.print(f"  {name}: {value}")
    _headline(f"3 The nights {scored} through Dagster, as one run of the job `night`")
    if not run_night(home, scored):
        raise UserError("The night failed. Its log is on Dagster's page: make ui")
    lake = Lake(home.lake)
    _what_came_in(lake, scored)
    _headline(f"4 The queue of {last}")
    view = queues.queue(lake, last, None, None, 10, folded=True, capacity=home.settings.capacity)
    screen.out.print(text.queue_table(view, "en"))
    _headline("5 How good was it? Against the truth, which no step has seen")
    _quality(lake, world.truth_table, scored, home.settings.capacity)
    _next(view, perf_counter() - started)


def _headline(words: str) -> None:
    screen.out.print(f"\n{words}", style="bold")


def _world(home: Home, seed: int, days: int, scale: float) -> WrittenWorld:
    parameters = Parameters(seed, _FIRST_DAY.isoformat(), days, scale, broken=True, unlabelled_days=UNLABELLED_DAYS)
    written = already_written(parameters, home.inbox)
    if written is None:
        try:
            written = write_world(make_world(seed, _FIRST_DAY, days, scale), home.inbox)
        except FileExistsError as error:
            raise UserError(str(error)) from None
    for name, value in written.numbers.items():
        screen.out.print(f"  {name}: {value}")
    return written


def _what_came_in(lake: Lake, nights: Nights) -> None:
    files = lake.read(tables.SUBMISSIONS, nights)
    counts = dict(files.group_by("status").len().sort("status").iter_rows())
    came = ", ".join(f"{number} {status}" for status, number in counts.items())
    transactions = int(files["transaction_count"].sum())
    screen.out.print(f"  {files.height} files came in: {came}; {screen.number(transactions)} transactions.")
    found = intake.findings(lake, nights).filter(pl.col("severity") == "error")
    rows = found.select("file_name", "code", "place", "message").iter_rows()
    screen.out.print(screen.findings(f"Why files and rows went to quarantine: {found.height} findings", rows))


def _quality(lake: Lake, truth_table: Path, nights: Nights, capacity: int) -> None:
    report = truth.against_truth(lake, nights, pl.read_parquet(truth_table), (10, 20, capacity))
    shown = screen.table(
        f"Schemes that moved money on {nights}: {report.scheme_count}",
        *("alerts read a night", "schemes found", "share", "alerts that were right"),
        right=("schemes found", "share", "alerts that were right"),
    )
    for line in report.lines:
        screen.row(shown, str(line.k), str(line.found), f"{line.recall:.0%}", f"{line.precision:.0%}")
    screen.out.print(shown)
    screen.out.print(
        f"  Transactions of these nights: {screen.number(report.transaction_count)}, of which laundering "
        f"{screen.number(report.positive_count)}; average precision of their risk {report.average_precision:.3f} "
        f"(by chance {report.positive_count / max(report.transaction_count, 1):.3f}).\n"
        "  The world is made up: this shows that the parts work together, not how Sluice does on real laundering."
    )


def _next(view: queues.QueueView, seconds: float) -> None:
    first = view.rows[0].alert_id[:8] if view.rows else "ID"
    screen.out.print(
        f"\nNext (after {seconds:.0f} s), with SLUICE_HOME=build/demo SLUICE_CONFIG=deploy/demo.toml set:\n"
        "  .venv/bin/sluice console                   the review console, where analysts work these alerts\n"
        f"  .venv/bin/sluice alert {first}            one alert: reasons, money flow, evidence\n"
        f"  .venv/bin/sluice alert {first} --lang ru  the same in Russian\n"
        "  .venv/bin/sluice queue --theme DRUG-SHOP   a thematic queue\n"
        "  .venv/bin/sluice findings                  everything that was wrong with files\n"
        "  make ui                                    Dagster's page: the graph, the runs, the checks"
    )
