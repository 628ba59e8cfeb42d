"""Files that leave the console: asked for with a reason, allowed by a second person, marked, and logged every time.

The head and the auditor need nobody's leave; seniors and dissemination officers do; analysts export nothing.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from review.console.models import Alert, Event, Export, QueueEntry
from review.console.models.exports import ExportKind
from review.console.models.people import Role
from review.console.rules import JUDGES
from review.console.services import access, audit, throttle, workflow
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed, NotFound, Refused

ROWS_MAX = 10_000
"""More rows than this leave in no single file."""
_ALONE = (Role.HEAD, Role.AUDITOR)
_WITH_SECOND = (Role.SENIOR, Role.DISSEMINATION)
_VALID = timedelta(hours=24)
_PER_HOUR = 20
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""


@dataclass(frozen=True)
class Download:
    """A file, ready to be sent: its name, its content, and the content's hash as it stands in the audit log."""

    name: str
    content: bytes
    sha256: str


def ask(actor: Actor, kind: str, object_id: str, reason: str) -> Export:
    """A request to export a queue, a case or the audit log; for some roles it waits for a second person.

    Args:
        actor: who asks.
        kind: one of ExportKind.
        object_id: the queue's slug or the case's number; empty for the audit log.
        reason: why.

    Raises:
        NotAllowed: analysts and engineers export nothing; the audit log is the auditor's and the head's.
        Refused: no reason, or no such object for this person.
    """
    access.require(actor, *_ALONE, *_WITH_SECOND)
    if kind not in ExportKind.values:
        raise Refused(_("Choose what to export."), "kind", "kind")
    if kind == ExportKind.EVENTS and actor.role not in _ALONE:
        raise NotAllowed
    words = workflow.rationale(reason, is_needed=True)
    throttle.spend(f"export:{actor.person.pk}", actor.at, _PER_HOUR, timedelta(hours=1))
    with audit.recorded(actor) as record:
        try:
            _require_object(actor, kind, object_id)
        except NotFound:
            raise Refused(_("There is no such queue or case, or none that you may see."), "object", "object") from None
        made = Export.objects.create(
            kind=kind,
            object_id=object_id,
            reason=words,
            asked_by=actor.person,
            asked_at=actor.at,
            needs_second=actor.role not in _ALONE,
        )
        record.add("export_asked", kind, object_id, reason=words, export=made.pk)
    return made


def _require_object(actor: Actor, kind: str, object_id: str) -> None:
    if kind == ExportKind.QUEUE:
        access.queue_for(actor, object_id)
    elif kind == ExportKind.CASE:
        access.case_for(actor, object_id)


def mine(actor: Actor) -> list[Export]:
    """The person's own requests, newest first."""
    return list(Export.objects.filter(asked_by=actor.person).select_related("allowed_by").order_by("-pk")[:50])


def waiting(actor: Actor) -> list[Export]:
    """The requests of others that this person can allow, oldest first; objects out of their sight are left out."""
    return list(waiting_for(actor).select_related("asked_by").order_by("pk")[:100])


def waiting_for(actor: Actor) -> QuerySet[Export]:
    """The same, to be counted."""
    if actor.role not in JUDGES:
        return Export.objects.none()
    rows = Export.objects.filter(needs_second=True, allowed_by=None, refused_at=None, asked_at__gt=actor.at - _VALID)
    queues = Q(kind=ExportKind.QUEUE, object_id__in=access.queues_for(actor).values("slug"))
    cases = Q(kind=ExportKind.CASE, object_id__in=access.cases_for(actor).values("number"))
    return rows.exclude(asked_by=actor.person).filter(queues | cases)


def _is_visible(actor: Actor, export: Export) -> bool:
    try:
        _require_object(actor, export.kind, export.object_id)
    except NotFound:
        return False
    return True


def judge(actor: Actor, export_id: int, *, is_allowed: bool) -> Export:
    """Allow or refuse another person's request.

    Raises:
        NotFound, NotAllowed: not visible; not a role that allows.
        Refused: one's own (code `own`), or no longer waiting.
    """
    access.require_judge(actor)
    with audit.recorded(actor) as record:
        found = Export.objects.select_for_update().filter(pk=export_id).first()
        if found is None or not _is_visible(actor, found):
            raise NotFound
        if found.asked_by_id == actor.person.pk:
            raise Refused(_("Nobody allows their own export. Another senior analyst has to."), "own")
        if not found.needs_second or found.allowed_by_id or found.refused_at or actor.at - found.asked_at > _VALID:
            raise Refused(_("This request no longer waits."), "state")
        if is_allowed:
            found.allowed_by, found.allowed_at = actor.person, actor.at
        else:
            found.refused_at = actor.at
        found.save(update_fields=["allowed_by", "allowed_at", "refused_at"])
        record.add("export_allowed" if is_allowed else "export_refused", found.kind, found.object_id, export=found.pk)
    return found


def download(actor: Actor, export_id: int) -> Download:
    """The file of a request of this person's; every row carries the export's number and who took it out.

    Raises:
        NotFound: not a request of this person, or its object is out of their sight by now.
        Refused: not allowed yet, or too old.
    """
    with audit.recorded(actor) as record:
        found = Export.objects.filter(pk=export_id, asked_by=actor.person).first()
        if found is None:
            raise NotFound
        if found.needs_second and found.allowed_by_id is None:
            raise Refused(_("A second person has not allowed this export."), "second")
        if actor.at - (found.allowed_at or found.asked_at) > _VALID:
            raise Refused(_("The export is more than a day old. Ask again."), "old")
        columns, rows = _content(actor, found)
        content, count = _csv(actor, found, columns, rows)
        digest = sha256(content).hexdigest()
        record.add("exported", found.kind, found.object_id, reason=found.reason, sha256=digest, rows=count)
    return Download(f"sluice-{found.kind}-{found.pk}.csv", content, digest)


def _content(actor: Actor, export: Export) -> tuple[Sequence[str], Iterable[Sequence[Any]]]:
    if export.kind == ExportKind.QUEUE:
        queue = access.queue_for(actor, export.object_id)
        entries = QueueEntry.objects.filter(queue=queue, alert__in=access.alerts_for(actor)).order_by("position", "pk")
        return _ALERT_COLUMNS, _alerts(entries)
    if export.kind == ExportKind.CASE:
        case = access.case_for(actor, export.object_id)
        alerts = access.alerts_in(actor, case).order_by("pk").select_related("subject")
        return _ALERT_COLUMNS[1:], (_alert(alert) for alert in alerts)
    if actor.role not in _ALONE:
        raise NotAllowed
    return _EVENT_COLUMNS, Event.objects.order_by("-sequence").values_list(*_EVENT_COLUMNS)


_EVENT_COLUMNS = (
    *("sequence", "at", "actor", "role", "address", "action", "object_kind", "object_id", "reason", "details"),
    "hash",
)
_ALERT_COLUMNS = (
    *("place", "alert", "subject", "theme", "territory", "state", "score", "amount", "currency", "first_night"),
    *("evidence", "disposition", "first_reason"),
)


def _alerts(entries: QuerySet[QueueEntry]) -> Iterator[Sequence[Any]]:
    for entry in entries.select_related("alert").iterator(chunk_size=500):
        yield entry.position, *_alert(entry.alert)


def _alert(alert: Alert) -> Sequence[Any]:
    return (
        *(alert.alert_id, alert.subject_name, alert.theme, alert.territory, alert.state, alert.score),
        *(alert.amount_local, alert.currency, alert.first_night, alert.evidence_count, alert.disposition),
        alert.first_reason_en,
    )


def _csv(actor: Actor, export: Export, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> tuple[bytes, int]:
    """The file and its number of rows: a mark on top, and in each row, so that a single line tells where it is from."""
    mark = f"sluice export {export.pk}, {actor.person.username}, {actor.at:%Y-%m-%d %H:%M} UTC"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([f"# {mark}; intelligence only, not evidence; reason: {export.reason}"])
    writer.writerow([*columns, "export"])
    count = 0
    for row in rows:
        if count == ROWS_MAX:
            writer.writerow([f"# cut after {ROWS_MAX} rows"])
            break
        writer.writerow([*map(_plain, row), mark])
        count += 1
    return text.getvalue().encode("utf-8-sig"), count


def _plain(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula."""
    text = str(value) if value is not None else ""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
