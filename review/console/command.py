"""What the command line does with the console: prepare it, serve it, hand nights to it, explain, verify.

Nothing here is imported by the night itself; each function starts Django on the given home first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.home import Home, UserError
from pipelines.lake import Lake, Nights
from review.console import config

if TYPE_CHECKING:
    from review.console.models import Person
    from review.console.services.audit import Verdict
    from review.console.services.publishing import Published
    from review.console.services.ranking import Explanation

LOOPBACK = "127.0.0.1"
T = TypeVar("T")


@dataclass(frozen=True)
class Prepared:
    """A console that is ready: the first administrator's name and password where they were made just now."""

    username: str
    password: str | None


def prepare(home: Home, at: datetime, password: str | None = None) -> Prepared:
    """Bring the store to the newest shape, and make the first administrator where nobody is there yet.

    Args:
        home: whose console.
        at: now.
        password: the first administrator's, where one was chosen.

    Raises:
        UserError: the database can't be reached, or the password is too weak.
    """
    config.set_up(home)
    _renew_tables()
    from django.conf import settings
    from django.core.management import call_command

    from review.console.services import people, sign_in
    from review.console.services.errors import Refused

    if settings.PRODUCTION:
        call_command("collectstatic", interactive=False, verbosity=0)
    try:
        if password is not None:
            sign_in.require_strong(password)
        return Prepared(people.FIRST_NAME, people.first_administrator(at, password))
    except Refused as error:
        raise UserError(f"This password is too weak: {error.message}") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def require(home: Home) -> None:
    """Start Django on the home's console.

    Raises:
        UserError: there is none yet.
    """
    if not config.exists(home):
        raise UserError("This home has no console yet. Make it: sluice console")
    config.set_up(home)
    _renew_tables()


def _renew_tables() -> None:
    """Bring the tables to the newest shape. The team's own role may not do that: then the owner has to."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.utils import OperationalError, ProgrammingError

    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        raise UserError(f"The console's database can't be reached: {_first_line(error)}") from None
    except ProgrammingError as error:
        raise UserError(
            f"The console's tables are older than this version, and this role may not change them: "
            f"{_first_line(error)}. Run `sluice console --prepare` as the owner of the tables (deploy/README.md)."
        ) from None


def publish(home: Home, nights: Nights | None, at: datetime) -> "list[Published]":
    """Hand the complete nights of the range to the console; see services/publishing.py."""
    require(home)
    from review.console.services import publishing

    return publishing.publish(Lake(home.lake), nights, home.settings.country, at)


def hand_over(home: Home, nights: Nights, at: datetime) -> "list[Published]":
    """The last step of a night: decisions to the lake, the night to the console; nothing where there is no console.

    The caller holds `home.writing()`.
    """
    if not config.exists(home):
        return []
    require(home)
    from django.db import DatabaseError

    try:
        outcomes(home)
        return publish(home, nights, at)
    except DatabaseError as error:
        raise UserError(f"The console's database can't be written: {_first_line(error)}") from None


def note_failure(home: Home, night: date, error: BaseException, at: datetime) -> None:
    """Tell the console that a night failed, so that every screen says so; nothing where there is no console.

    Only a message made for readers is kept: the text of any other error may hold what reports say.
    """
    if not config.exists(home):
        return
    require(home)
    from review.console.services import publishing

    message = str(error) if isinstance(error, UserError) else f"{type(error).__name__}; see the night's log."
    publishing.note_failure(night, message, at)


def explain(home: Home, alert_id: str, night: date | None, queue: str | None) -> "Explanation":
    """Why an alert stood where it stood; see services/ranking.py."""
    require(home)
    from review.console.services import ranking

    return ranking.explain(alert_id, night, queue)


def rerank(home: Home, at: datetime) -> int:
    """Order every queue anew for its newest night; returns how many alerts are listed."""
    require(home)
    from review.console.services import ranking

    return ranking.rerank(home.settings.country, at)


def verify(home: Home, known_head: str | None) -> "Verdict":
    """Check the audit log's chain; see services/audit.py.

    Raises:
        UserError: what is given as a head is none.
    """
    require(home)
    from review.console.services import audit
    from review.console.services.errors import Refused

    try:
        return audit.verify(known_head)
    except Refused as error:
        raise UserError(error.message) from None


@dataclass(frozen=True)
class Account:
    """An account as the command line shows it."""

    username: str
    full_name: str
    role: str
    scopes: tuple[str, ...]
    minutes_a_day: int
    is_active: bool


def add_person(
    home: Home,
    username: str,
    full_name: str,
    role: str,
    scopes: list[tuple[str, str]],
    minutes: int | None,
    at: datetime,
) -> tuple[Account, str]:
    """Make an account; returns it with its password, which must be changed at the first sign-in."""
    require(home)
    person, password = _plain(lambda people: people.create_by_command(username, full_name, role, scopes, minutes, at))
    return _account(person), password


def reset_person(home: Home, username: str, at: datetime) -> str:
    """Give an account a new password, which must be changed at the next sign-in; its second factor is removed."""
    require(home)
    password: str = _plain(lambda people: people.reset_by_command(username, at))
    return password


def persons(home: Home) -> list[Account]:
    """Every account, those that are switched off last."""
    require(home)
    return _plain(lambda people: [_account(person) for person in people.listed_by_command()])


def switch_person(home: Home, username: str, at: datetime, *, is_active: bool) -> None:
    """Let an account sign in or no longer; its sessions end."""
    require(home)
    _plain(lambda people: people.switch_by_command(username, at, is_active=is_active))


def _account(person: "Person") -> Account:
    scopes = tuple(f"{scope.territory} x {scope.theme}" for scope in person.scopes.all())
    return Account(
        person.username, person.full_name, person.role, scopes, person.minutes_a_day, is_active=person.is_active
    )


def _plain(act: Callable[[Any], T]) -> T:
    from review.console.services import people
    from review.console.services.errors import NotFound, Refused

    try:
        return act(people)
    except NotFound:
        raise UserError("There is no account of this name. See: sluice people list") from None
    except Refused as error:
        raise UserError(error.message) from None


def roles() -> tuple[str, ...]:
    """The roles that an account can have."""
    return ("analyst", "senior", "dissemination", "auditor", "engineer", "head")


def serve(home: Home, port: int, threads: int, ready: Callable[[str], None]) -> None:
    """Answer on loopback until stopped.

    Args:
        home: whose console; already prepared.
        port: 0 takes a free one.
        threads: requests answered at once.
        ready: told the address once it listens.

    Raises:
        UserError: the port is taken.
    """
    import socket

    from review.console.server import Server

    config.set_up(home)
    (home.console / "static").mkdir(parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        raise UserError(f"Port {port} is taken. Choose another one: sluice console --port 8001") from None
    address = f"http://{LOOPBACK}:{listener.getsockname()[1]}/"
    listener.listen(128)
    Server(listener, threads, lambda: ready(address)).run()


def outcomes(home: Home) -> int:
    """Write final decisions to the lake's OUTCOMES; returns how many there are. The caller holds `home.writing()`."""
    require(home)
    from review.console.services import outcomes as flowing

    return flowing.write(Lake(home.lake))


def _folded(found: "Explanation") -> str:
    if found.lead is None:
        return ""
    capped = f"; {found.component_listed} of its group stand on the list, and more may not" if found.is_capped else ""
    return f", as {found.lead[:8]} leads its group{capped}"


def explanation(found: "Explanation") -> list[tuple[str, str]]:
    """An explanation as lines: what, and its value."""
    worth, candidate = found.placed.worth, found.candidate
    lines = [
        ("alert", candidate.alert_id),
        ("night", found.run.night.isoformat()),
        ("queue", found.run.queue.slug),
        ("place", f"{found.placed.position} of {found.total}; {found.listed} above the cut"),
        ("class", CLASSES[found.placed.rank_class]),
        ("risk p", f"{candidate.risk:.4f}"),
        ("harm", f"{worth.harm:.4f} (severity of the amount {worth.sev:.4f})"),
        ("fresh", f"{worth.fresh:.4f}"),
        ("link", f"{worth.link:.4f}"),
        ("value = p x harm x fresh x link", f"{worth.value:.6f}"),
        ("expected minutes", f"{worth.minutes:.2f}"),
        ("value per minute", f"{worth.value_per_minute:.6f}"),
        ("counts as", f"{found.pull:.6f}{_folded(found)}"),
        (
            "least of class 2 on the list",
            f"{found.cut_value:.6f}" if found.cut_value is not None else "class 2 is empty",
        ),
        ("shown score", str(found.placed.score)),
        ("minutes of the queue's members", f"{found.run.minutes:.0f}"),
        ("listed the night before, untouched", "yes" if candidate.was_listed else "no"),
    ]
    if found.above:
        lines.append(("just above", f"{found.above.alert_id[:8]} with {found.above.worth.value_per_minute:.6f}"))
    if found.below:
        lines.append(("just below", f"{found.below.alert_id[:8]} with {found.below.worth.value_per_minute:.6f}"))
    lines += [
        ("run", f"{found.run.pk}, edition {found.run.edition}, made {found.run.made_at:%Y-%m-%d %H:%M} UTC"),
        ("parameters", found.run.parameters_digest[:16]),
        ("data", found.run.data_digest[:16]),
        ("models", ", ".join(found.run.model_ids)),
        ("replayed", "the same order, bit for bit" if found.is_replayed else "NOT the stored order"),
    ]
    return lines


CLASSES = {
    "0": "0: statutory clock, or financing of terrorism or proliferation",
    "1": "1: live operation, EVD-01, or service time breached",
    "2": "2: by value per minute",
    "3": "3: one of the oldest that nobody has read",
    "R": "R: random sample",
    "-": "below the cut",
}
