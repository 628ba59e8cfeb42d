"""`sluice side`: what a person types to load data beside reports."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import click

from pipelines import intake
from pipelines.home import UserError, open_home
from pipelines.lake import Lake
from pipelines.side_tables import BY_NAME, SIDE_TABLES
from sluice import screen
from sluice.days import DAY

EXIT_QUARANTINE = 3


@click.group()
def side() -> None:
    """Load what typologies need beside reports: allow-list, devices, declarations, wallets, registers, lists.

    \b
      sluice side list                                           what can be loaded, and what has been
      sluice side columns wallet_labels                          the columns of one table
      sluice side load wallet_labels labels.csv --received-on 2025-05-01

    A night sees what had been told by its day. A typology whose data was never loaded says so.
    """


@side.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def side_list(*, as_json: bool) -> None:
    """List the side tables: what a row is, which typologies read it, how many rows were told, and when."""
    lake = Lake(open_home().lake)
    every = []
    for item in SIDE_TABLES:
        nights = lake.nights(item.table)
        every.append(
            {
                "table": item.table.name,
                "one_row": item.table.one_row,
                "used_for": item.used_for,
                "rows": lake.digest(item.table)[0],
                "first_told": nights[0].isoformat() if nights else None,
                "last_told": nights[-1].isoformat() if nights else None,
            }
        )
    if as_json:
        click.echo(json.dumps(every))
        return
    shown = screen.table("Side tables", "table", "one row is", "used for", "rows", "told", right=("rows",))
    for row in every:
        told = f"{row['first_told']} to {row['last_told']}" if row["first_told"] else "never"
        screen.row(shown, row["table"], row["one_row"], row["used_for"], screen.number(int(str(row["rows"]))), told)
    screen.out.print(shown)


@side.command()
@click.argument("kind", type=click.Choice(sorted(BY_NAME)))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def columns(kind: str, *, as_json: bool) -> None:
    """Show the columns that a file of KIND has."""
    item = BY_NAME[kind]
    rows = [(c.name, c.type.name.lower(), "yes" if c.required else "", c.meaning) for c in item.file_columns]
    if as_json:
        keys = ("column", "type", "required", "meaning")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows]))
        return
    shown = screen.table(f"{kind}: one row is {item.table.one_row}", "column", "type", "required", "meaning")
    for row in rows:
        screen.row(shown, *row)
    screen.out.print(shown)
    screen.out.print(f"A later row with the same {', '.join(item.replaces)} replaces an earlier one from its day on.")
    screen.out.print("node_key may be left empty where the file gives identifiers: see docs/side-tables.md.")


@side.command()
@click.argument("kind", type=click.Choice(sorted(BY_NAME)))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--received-on",
    type=DAY,
    help="Day from which the FIU knew the rows, YYYY-MM-DD.  [default: today, UTC]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def load(kind: str, file: Path, received_on: datetime | None, *, as_json: bool) -> None:
    """Load FILE (CSV with a header, or Parquet) into the side table KIND.

    Rows that break the contract go to quarantine with a finding (see: sluice findings); the others are taken in. The
    same file twice changes nothing. Nights that are already computed from that day on are computed again by the next
    `sluice night` or `sluice backfill`.
    """
    home = open_home()
    day = received_on.date() if received_on else datetime.now(UTC).date()
    if day > datetime.now(UTC).date() or day < date(1900, 1, 1):
        raise UserError(f"{day} is not between 1900-01-01 and today (UTC). Correct --received-on.")
    with home.writing():
        report = intake.ingest_side(home, file, day, BY_NAME[kind])
    taken = report.rows.get(kind, 0)
    if as_json:
        click.echo(json.dumps({**report.metadata(), "quarantined": [vars(item) for item in report.quarantined]}))
    elif report.already_known:
        screen.out.print(f"{file.name} was loaded before; nothing changed.")
    else:
        screen.out.print(f"{kind}: {screen.number(taken)} rows taken in, told on {day}.")
    if report.quarantined and not as_json:
        rows = [(item.file_name, item.code, item.place, item.message) for item in report.quarantined[:20]]
        screen.out.print(screen.findings("Quarantined", rows))
    if not report.is_clean:
        raise click.exceptions.Exit(EXIT_QUARANTINE)
