"""`sluice console`, `publish`, `rank`, `audit`, `people`, `outcomes`: what a person types about the review console."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click
from rich.text import Text

from pipelines.home import Home, UserError, open_home
from pipelines.lake import Nights
from review.console import command
from review.text import clean
from sluice import screen
from sluice.days import DAY, require_order

if TYPE_CHECKING:
    from review.console.services.publishing import Published

EXIT_PROBLEM = 4


def _now() -> datetime:
    return datetime.now(UTC)


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="0 takes a free port.")
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests answered at once.")
@click.option(
    "--ask-password", is_flag=True, help="Choose the first administrator's password instead of a made-up one."
)
@click.option("--prepare", "only_prepare", is_flag=True, help="Make or renew the store, and don't serve.")
def console(port: int, threads: int, *, ask_password: bool, only_prepare: bool) -> None:
    """Serve the review console on loopback: http://127.0.0.1:8000/.

    The first time it makes its database in the home (or uses the PostgreSQL that console_database names), takes over
    the newest nights, and prints the first administrator's password once. How to serve a team: deploy/README.md.
    """
    home = open_home()
    chosen = (
        click.prompt("Password of the first administrator", hide_input=True, confirmation_prompt=True)
        if ask_password
        else None
    )
    with home.writing():
        prepared = command.prepare(home, _now(), chosen)
        # At once: whatever becomes of the nights, nobody can ask for this password again.
        if prepared.password:
            shown = Text.assemble(
                ("First administrator: ", "bold"), prepared.username, "   ", ("password: ", "bold"), prepared.password
            )
            screen.out.print(shown if chosen is None else f"First administrator: {prepared.username}")
            if chosen is None:
                screen.out.print("The password is shown this once, and is changed at the first sign-in.")
        published = command.publish(home, None, _now())
    _show_published(published)
    if not only_prepare:
        command.serve(home, port, threads, lambda address: screen.out.print(f"The console: {address}   (stop: Ctrl+C)"))


@click.command()
@click.option("--from", "first", type=DAY, help="First night.  [default: every complete night]")
@click.option("--to", "last", type=DAY, help="Last night.")
def publish(first: datetime | None, last: datetime | None) -> None:
    """Hand complete nights to the review console; a night that it has is left alone.

    `sluice night` and `sluice backfill` do this as their last step where there is a console.
    """
    home = open_home()
    start = first.date() if first else date(1900, 1, 1)
    end = last.date() if last else _now().date()
    require_order(first, last, start, end, because="today")
    with home.writing():
        published = command.publish(home, Nights(start, end) if first or last else None, _now())
    if not published:
        screen.out.print("No complete night to hand over. Compute one first: sluice night --date YYYY-MM-DD")
    _show_published(published, all_nights=True)


def _show_published(published: "list[Published]", *, all_nights: bool = False) -> None:
    for night in published:
        if night.was_known:
            if all_nights:
                screen.out.print(f"{night.night}: the console has it.")
        else:
            told = f"{night.alerts} alerts, {night.new} of them new"
            listed = f"; {night.listed} above the cuts" if night.listed else ""
            screen.out.print(f"{night.night}: handed over, {told}{listed}.")


@contextmanager
def telling_of_failure(home: Home, nights: Nights) -> Iterator[None]:
    """Where the nights fail, the console is told: it goes on showing the old queue, and says so on every screen."""
    try:
        yield
    except Exception as error:
        # That the console can't be told either must not hide why the night failed.
        with suppress(UserError):
            command.note_failure(home, nights.last, error, _now())
        raise


def hand_over(home: Home, nights: Nights) -> "list[Published]":
    """The last step of a night: decisions to the lake, the night to the console, where there is one."""
    return command.hand_over(home, nights, _now())


def show_handover(published: "list[Published]") -> None:
    """Print what the night handed to the console."""
    _show_published(published)


@click.group()
def rank() -> None:
    """Look into the order of the queues: explain a place, order anew."""


@rank.command()
@click.argument("alert_id")
@click.option("--night", type=DAY, help="The night.  [default: the newest that ranked it]")
@click.option("--queue", help="The queue's name in addresses.  [default: the home queue]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(alert_id: str, night: datetime | None, queue: str | None, *, as_json: bool) -> None:
    """Say why an alert was ranked where it was on a night, by ordering the stored input again.

    ALERT_ID may be shortened to its first characters.
    """
    found = command.explain(open_home(), alert_id.strip().lower(), night.date() if night else None, queue)
    lines = command.explanation(found)
    if as_json:
        click.echo(json.dumps(dict(lines), ensure_ascii=False, indent=2))
        return
    shown = screen.table(f"Place {found.placed.position} of {found.total} in {found.run.queue.slug}", "what", "value")
    for name, value in lines:
        screen.row(shown, name, clean(value))
    screen.out.print(shown)
    if not found.is_replayed:
        raise click.exceptions.Exit(EXIT_PROBLEM)


@rank.command()
def renew() -> None:
    """Order every queue anew for its newest night: after members, minutes or an operation changed."""
    home = open_home()
    with home.writing():
        listed = command.rerank(home, _now())
    screen.out.print(f"{listed} alerts above the cuts.")


@click.group()
def audit() -> None:
    """Look after the audit log: verify its chain, print its head."""


@audit.command()
@click.option("--head", help="A head that was kept elsewhere: the chain must contain it.")
def verify(head: str | None) -> None:
    """Check every link of the audit log; name the first broken one. Exit code 4 if there is one."""
    verdict = command.verify(open_home(), head)
    if verdict.broken_at is None:
        screen.out.print(f"Events: {verdict.count}, every link whole. Head: {verdict.head}")
        return
    screen.out.print(f"Broken at event {verdict.broken_at}: {verdict.what}. Whole before it: {verdict.count}.")
    raise click.exceptions.Exit(EXIT_PROBLEM)


@click.group()
def people() -> None:
    """Make accounts of the review console, list them, switch them off, give them new passwords."""


@people.command()
@click.argument("username")
@click.option("--role", type=click.Choice(command.roles()), required=True)
@click.option("--name", "full_name", default="", help="Full name.")
@click.option("--territory", default="*", show_default=True, help="A region, a country, or * for all.")
@click.option("--theme", default="*", show_default=True, help="A theme, such as DRUG-SHOP, or * for all.")
@click.option(
    "--minutes",
    type=click.IntRange(0, 1_440),
    help="Minutes a day for alerts.  [default: 360 for who works alerts, else 0]",
)
def add(username: str, role: str, full_name: str, territory: str, theme: str, minutes: int | None) -> None:
    """Make an account; prints its password once."""
    scopes = [(territory, theme)]
    made, password = command.add_person(open_home(), username, full_name, role, scopes, minutes, _now())
    screen.out.print(f"{made.username}: {password}   (shown this once; changed at the first sign-in)", markup=False)
    if made.minutes_a_day:
        screen.out.print(
            f"{made.minutes_a_day} minutes a day count from the next night on, or at once: sluice rank renew"
        )


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def people_list(*, as_json: bool) -> None:
    """List the accounts: role, what they see, minutes a day, and whether they may sign in."""
    found = command.persons(open_home())
    if as_json:
        click.echo(json.dumps([asdict(account) for account in found], ensure_ascii=False))
        return
    columns = ("name", "full name", "role", "territory x theme", "minutes a day", "may sign in")
    shown = screen.table(f"Accounts: {len(found)}", *columns, right=("minutes a day",))
    for account in found:
        sees = ", ".join(account.scopes) or ("everything" if account.role in ("head", "auditor") else "nothing")
        may = "yes" if account.is_active else "no: switched off"
        screen.row(shown, account.username, account.full_name, account.role, sees, account.minutes_a_day, may)
    screen.out.print(shown)


@people.command("off")
@click.argument("username")
def people_off(username: str) -> None:
    """Switch an account off: nobody signs in with it any more, and its sessions end. Nothing of it is deleted."""
    command.switch_person(open_home(), username, _now(), is_active=False)
    screen.out.print(f"{username} is switched off.   (back again: sluice people on {username})")


@people.command("on")
@click.argument("username")
def people_on(username: str) -> None:
    """Switch an account on again; its password is still the same."""
    command.switch_person(open_home(), username, _now(), is_active=True)
    screen.out.print(f"{username} may sign in.")


@people.command()
@click.argument("username")
def reset(username: str) -> None:
    """Give an account a new password, printed once; its second factor and its sessions end."""
    password = command.reset_person(open_home(), username, _now())
    screen.out.print(f"{username}: {password}   (shown this once; changed at the next sign-in)", markup=False)


@click.command()
def outcomes() -> None:
    """Bring the decisions made in the console to the lake, as labels for the next training."""
    home = open_home()
    with home.writing():
        written = command.outcomes(home)
    screen.out.print(f"{written} decisions are in the lake's outcomes.")


COMMANDS = (console, publish, rank, audit, people, outcomes)
