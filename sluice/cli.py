"""`sluice`: what a person types. Every command calls one function of the package that owns the work."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn

import click
import polars as pl
from rich.text import Text

from pipelines import checks, intake, tables
from pipelines.home import Home, Settings, UserError, config_file, open_home
from pipelines.lake import Lake, Nights
from review.text import clean
from sluice import review as reviewing
from sluice import screen
from sluice.days import DAY, require_order
from sluice.feature_commands import features
from sluice.side_commands import side
from sluice.typology_commands import typologies

EXIT_USER = 2
EXIT_QUARANTINE = 3
EXIT_PROBLEM = 4

_OLDEST = date(1900, 1, 1)
_LANGUAGE = click.option(
    "--lang", type=click.Choice(["en", "ru"]), default="en", show_default=True, help="Language of the reasons."
)


class _Sluice(click.Group):
    """Turns a user's mistake into a plain message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            _refuse(str(error))
        except OSError as error:
            _refuse(f"{error.strerror or type(error).__name__}: {error.filename}. Check the path and its permissions.")


def _refuse(message: str) -> NoReturn:
    words = "\n".join(clean(line) for line in message.splitlines())
    screen.err.print(Text.assemble(("Error: ", "bold red"), words), soft_wrap=True)
    raise click.exceptions.Exit(EXIT_USER) from None


@click.group(cls=_Sluice, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="sluice")
def main() -> None:
    """Turn the reports that a Financial Intelligence Unit receives into ranked, explained review queues.

    \b
    A day with Sluice:
      sluice ingest reports/             take files in: goAML XML, CSV or Parquet with a mapping, zips
      sluice night --date 2025-05-01     take in that day's inbox, compute, rank
      sluice queue                       the newest queue
      sluice alert 3f9c                  one alert: why, its money flow, its evidence
      sluice console                     the review console, for analysts
    \b
    First steps:   sluice demo           a made-up world, from its reports to its queue
    Everything is kept below SLUICE_HOME (see: sluice config). Nothing ever calls out.

    \b
    Exit codes: 0 all well; 2 wrong use or settings; 3 something went to quarantine; 4 the lake has problems.
    """


def _home() -> Home:
    return open_home()


def _today() -> date:
    return datetime.now(UTC).date()


def _day(value: datetime | None) -> date:
    """The day given, or today (UTC).

    Raises:
        UserError: the day is not over any report yet, or lies before every calendar of reports.
    """
    day = value.date() if value else _today()
    if not _OLDEST <= day <= _today():
        raise UserError(f"{day} is not between {_OLDEST} and today, {_today()} (UTC). Correct the day.")
    return day


def _range(first: datetime | None, last: datetime | None, known: Nights, because: str) -> Nights:
    """The nights from `first` to `last`; where one is not given, from the first or to the last known."""
    start = _day(first) if first else known.first
    end = _day(last) if last else known.last
    require_order(first, last, start, end, because=because)
    return Nights(start, end)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def config(*, as_json: bool) -> None:
    """Show every setting, its value and what it means.

    Settings come from sluice.toml in the working folder (or the file that SLUICE_CONFIG names) and from variables
    named SLUICE_ and the setting in capitals, such as SLUICE_HOME; variables win.
    """
    settings = _home().settings
    if as_json:
        click.echo(settings.model_dump_json())
        return
    shown = screen.table(f"Settings ({config_file()}, SLUICE_*)", "setting", "value", "meaning")
    for name, info in Settings.model_fields.items():
        screen.row(shown, name, str(getattr(settings, name)), info.description or "")
    screen.out.print(shown)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", help="A goAML profile, a mapping's name, or the path of a mapping file.")
@click.option("--received-on", type=DAY, help="Day of delivery, YYYY-MM-DD.  [default: today, UTC]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ingest(paths: tuple[Path, ...], profile: str | None, received_on: datetime | None, *, as_json: bool) -> None:
    """Take in files, folders and zips.

    goAML XML is recognised by its content, tables by their header. What can't be read goes to quarantine with a
    finding that says where and what to do (see: sluice findings); everything else is taken in. The same file twice
    is taken in once.

    \b
    Examples:
      sluice ingest inbox/ --profile np
      sluice ingest transactions.csv --profile amlworld --received-on 2022-09-18
    """
    home = _home()
    with home.writing(), screen.bars() as tell:
        report = intake.ingest(home, paths, _day(received_on), profile, tell)
    if as_json:
        click.echo(json.dumps({**report.metadata(), "quarantined": [vars(q) for q in report.quarantined]}))
    else:
        show_ingest(report)
    if not report.is_clean:
        raise click.exceptions.Exit(EXIT_QUARANTINE)


def show_ingest(report: intake.IngestReport, most: int = 20) -> None:
    """Print what became of delivered files."""
    statuses = ", ".join(f"{number} {status}" for status, number in sorted(report.statuses.items())) or "none new"
    screen.out.print(f"Files: {statuses}; {report.already_known} already known.")
    brought = {name: number for name, number in report.rows.items() if name not in {"submissions", "findings"}}
    if brought:
        screen.out.print("Rows:  " + ", ".join(f"{screen.number(n)} {name}" for name, n in sorted(brought.items())))
    if report.quarantined:
        rows = [(item.file_name, item.code, item.place, item.message) for item in report.quarantined[:most]]
        screen.out.print(screen.findings("Quarantined", rows))
        if len(report.quarantined) > most:
            screen.out.print(f"and {len(report.quarantined) - most} more: sluice findings")


@main.command()
@click.option(
    "--date", "day", type=DAY, help="The night, YYYY-MM-DD: the day whose reports are scored.  [default: today, UTC]"
)
def night(day: datetime | None) -> None:
    """Run one night: take in inbox/YYYY-MM-DD, build the network, features, typologies, scores and the queue.

    A night that is up to date is left alone; a night that was broken off is taken up where it stood. The Dagster job
    `night` does the same on a schedule.
    """
    _run(Nights.of(_day(day)))


@main.command()
@click.option("--from", "first", type=DAY, help="First night.  [default: the first day with reports]")
@click.option("--to", "last", type=DAY, help="Last night.  [default: the last day with reports]")
def backfill(first: datetime | None, last: datetime | None) -> None:
    """Run a range of nights at once; each sees exactly what was known on its day."""
    from review import nightly

    known = nightly.nights_with_reports(_home())
    if known is None and not (first and last):
        raise UserError("The lake holds no report yet. Take some in (sluice ingest), or give --from and --to.")
    _run(_range(first, last, known or Nights(_OLDEST, _today()), "where the reports end"))


def _run(nights: Nights) -> None:
    from review import nightly

    home = _home()
    with home.writing(), reviewing.telling_of_failure(home, nights), screen.bars() as tell:
        report = intake.ingest_inbox(home, nights, tell)
        steps = nightly.run(home, nights, tell)
        handed_over = reviewing.hand_over(home, nights)
    show_ingest(report)
    shown = screen.table(
        f"Nights {nights}", "table", "rows written", "nights computed", right=("rows written", "nights computed")
    )
    for step in steps:
        screen.row(
            shown,
            step.step,
            screen.number(step.row_count),
            str(step.computed_nights) if step.computed_nights else "up to date",
        )
    screen.out.print(shown)
    reviewing.show_handover(handed_over)
    screen.out.print(f"Next: sluice queue --date {nights.last}")
    if not report.is_clean:
        raise click.exceptions.Exit(EXIT_QUARANTINE)


@main.command()
@click.option("--as-of", type=DAY, help="Train on what was known by this day.  [default: the last day with reports]")
def train(as_of: datetime | None) -> None:
    """Train a model on the labels known by a day; it replaces the one in force only if it ranks unseen weeks better."""
    from models import lifecycle as training
    from review import nightly

    home = _home()
    known = nightly.nights_with_reports(home)
    if known is None:
        raise UserError("The lake holds no report yet. Take some in first: sluice ingest PATH.")
    with home.writing(), screen.bars() as tell:
        trained = training.train_and_promote(home, min(_day(as_of), known.last), progress=tell)
    for name, value in trained.metadata().items():
        screen.out.print(f"{name}: {value}")


@main.command()
@click.option("--date", "day", type=DAY, help="The night.  [default: the newest]")
@click.option("--territory", help="Only this territory (ISO 3166-2, or ISO 3166-1 for a whole country).")
@click.option("--theme", help="Only this theme, such as DRUG-SHOP.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Most rows to show.")
@click.option("--all", "unfolded", is_flag=True, help="Show every alert, not only the first of each component.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@_LANGUAGE
def queue(
    day: datetime | None, territory: str | None, theme: str | None, limit: int, form: str, lang: str, *, unfolded: bool
) -> None:
    """Show a night's queue: ranked alerts, each with its first reason.

    Alerts that share subjects or evidence are folded under the first of them (+n). A line marks how many of them
    the analysts' day holds (setting: capacity).
    """
    from review import queue as queues
    from review import text

    home = _home()
    view = queues.queue(
        Lake(home.lake),
        day.date() if day else None,
        territory.strip().upper() if territory else None,
        theme.strip().upper() if theme else None,
        limit,
        folded=not unfolded,
        capacity=home.settings.capacity,
    )
    if form == "table":
        screen.out.print(text.queue_table(view, lang))
    else:
        click.echo(text.to_json(view) if form == "json" else text.to_csv(view), nl=form == "json")


@main.command()
@click.argument("alert_id")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@_LANGUAGE
def alert(alert_id: str, form: str, lang: str) -> None:
    """Show one alert: its reasons, its money flow by hop, its evidence, what was missing, and what it rests on.

    ALERT_ID may be shortened to its first characters, as `sluice queue` prints them.
    """
    from review import queue as queues
    from review import text

    view = queues.alert(Lake(_home().lake), alert_id)
    if form == "json":
        click.echo(text.to_json(view))
    else:
        screen.out.print(text.alert_page(view, lang))


@main.command()
@click.option("--from", "first", type=DAY, help="First day of delivery.")
@click.option("--to", "last", type=DAY, help="Last day of delivery.")
@click.option("--severity", type=click.Choice(["error", "warning", "info"]), help="Only this severity.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def findings(first: datetime | None, last: datetime | None, severity: str | None, limit: int, form: str) -> None:
    """Show what was wrong with delivered files and rows: where, why, and what to do. Never a value of a row."""
    found = intake.findings(Lake(_home().lake), _range(first, last, Nights(_OLDEST, _today()), "today"))
    if severity:
        found = found.filter(found["severity"] == severity)
    if form == "json":
        click.echo(found.head(limit).write_json())
        return
    rows = found.head(limit).select(
        "file_name", pl.format("{}, {}: {}", "received_on", "severity", "code"), "place", "message"
    )
    screen.out.print(screen.findings(f"Findings: {found.height}", rows.iter_rows()))


@main.group()
def lake() -> None:
    """Look after the tables: list, check, digest, history."""


@lake.command("tables")
def lake_tables() -> None:
    """List the tables, their rows and nights."""
    from review import nightly

    opened = Lake(_home().lake)
    shown = screen.table(
        "Tables", "table", "one row is", "rows", "nights", "version", right=("rows", "nights", "version")
    )
    for contract in nightly.TABLES:
        rows, _ = opened.digest(contract)
        version = opened.version(contract)
        screen.row(
            shown,
            contract.name,
            contract.one_row,
            screen.number(rows),
            str(len(opened.nights(contract))),
            str(version if version is not None else "-"),
        )
    screen.out.print(shown)


@lake.command()
def check() -> None:
    """Check every table: readable, contract kept, keys unique, references found, nothing lost. Exit code 4 if not.

    A home without any table is refused: where the lake should be and is not, nothing can be said to be well.
    """
    from review import nightly

    home = _home()
    if not any(Lake(home.lake).version(contract) is not None for contract in nightly.TABLES):
        raise UserError(
            f"There is no table in {home.lake}: nothing was checked. Is SLUICE_HOME right (see: sluice config)? "
            "A new home has tables after the first: sluice ingest PATH."
        )
    with screen.bars() as tell:
        problems = checks.check_lake(Lake(home.lake), nightly.TABLES, tell)
    if not problems:
        screen.out.print(
            f"{len(nightly.TABLES)} tables checked: readable, keys unique, references found, nothing lost."
        )
        return
    shown = screen.table("Problems", "table", "rule", "rows", "what")
    for problem in problems:
        screen.row(shown, problem.table, problem.rule, str(problem.row_count), problem.message)
    screen.out.print(shown)
    raise click.exceptions.Exit(EXIT_PROBLEM)


@lake.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def digest(*, as_json: bool) -> None:
    """Print one hash per table of its rows' values: equal hashes, equal rows. Order, files and versions don't count."""
    from review import nightly

    opened = Lake(_home().lake)
    digests = {contract.name: opened.digest(contract) for contract in nightly.TABLES}
    if as_json:
        click.echo(json.dumps({name: {"rows": rows, "digest": value} for name, (rows, value) in digests.items()}))
        return
    for name, (rows, value) in digests.items():
        click.echo(f"{value:<32}  {rows:>12}  {name}")


@lake.command()
@click.argument(
    "table_name",
    type=click.Choice([table.name for table in tables.INTAKE_TABLES] + ["edges", "hits", "scores", "alerts"]),
)
def history(table_name: str) -> None:
    """Print the commits of a table, newest first."""
    from review import nightly

    contract = next(table for table in nightly.TABLES if table.name == table_name)
    shown = screen.table(f"Commits of {table_name}", "version", "when (UTC)", "made by")
    for commit in Lake(_home().lake).history(contract):
        when = datetime.fromtimestamp(commit.committed_at_ms / 1_000, UTC)
        screen.row(shown, str(commit.version), f"{when:%Y-%m-%d %H:%M:%S}", json.dumps(dict(commit.metadata)))
    screen.out.print(shown)


main.add_command(features)
main.add_command(side)
main.add_command(typologies)


@main.command()
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Seed of the made-up world.")
@click.option("--days", type=click.IntRange(40, 400), default=60, show_default=True, help="Days of reports.")
@click.option("--scale", type=click.FloatRange(0.1, 50), default=1.0, show_default=True, help="Size of the world.")
def demo(seed: int, days: int, scale: float) -> None:
    """Make a world with known laundering, write it as report files, and work it from intake to queue."""
    from sluice import demo as show

    show.run(_home(), seed, days, scale)


for added in reviewing.COMMANDS:
    main.add_command(added)
