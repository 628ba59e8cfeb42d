"""The audit log: writes events into the hash chain in the transaction of what they tell of, and verifies the chain.

`recorded(actor)` opens the transaction; what it collects is appended just before the commit, so that the chain's head
is locked as briefly as can be and always last, which leaves no room for a deadlock.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from review.console.labels_events import EVENT_KINDS
from review.console.models import AlertSubject, Event, EventHead, Person
from review.console.models.people import Role
from review.console.services import access
from review.console.services.actor import Actor
from review.console.services.errors import Refused
from review.console.services.indexed import begins

GENESIS = "0" * 64
PAGE_SIZE = 100
_SYSTEM = "system"
_BEGINNING_LEAST = 4
_LATE = timedelta(days=1)
"""An event has the time at which its request, or its night, began: so much may it lie before its neighbours."""
_FIELDS = (
    *("sequence", "at", "actor", "role", "sign_in", "address", "action", "object_kind", "object_id", "reason"),
    *("before_digest", "after_digest", "details"),
)


@dataclass(frozen=True)
class Happening:
    """What one event tells, beside who and when."""

    action: str
    object_kind: str = ""
    object_id: str = ""
    reason: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class Record:
    """The events of one transaction, in order."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []

    def add(
        self,
        action: str,
        kind: str = "",
        identifier: object = "",
        *,
        reason: str = "",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        **details: Any,
    ) -> None:
        """One more event; `details` are kept as JSON."""
        self.happenings.append(Happening(action, kind, str(identifier), reason, before, after, details))


@contextmanager
def recorded(actor: Actor) -> Iterator[Record]:
    """A transaction whose events are appended at its end; an error leaves neither the change nor its events."""
    record = Record()
    with transaction.atomic():
        yield record
        append(record.happenings, actor.at, actor)


@contextmanager
def recorded_by_system(at: datetime) -> Iterator[Record]:
    """The same for what no person does: the night."""
    record = Record()
    with transaction.atomic():
        yield record
        append(record.happenings, at, None)


def append(
    happenings: Sequence[Happening], at: datetime, actor: Actor | None, *, name: str = _SYSTEM, address: str = ""
) -> None:
    """Append events to the chain, inside the caller's transaction."""
    if not happenings:
        return
    head = EventHead.objects.select_for_update().get(pk=1)
    sequence, previous = head.sequence, head.hash
    events = []
    for happening in happenings:
        sequence += 1
        event = Event(
            sequence=sequence,
            at=at,
            actor=actor.person.username if actor else name[:60],
            role=actor.role.value if actor else "",
            sign_in=actor.sign_in if actor else "",
            address=actor.address if actor else address,
            action=happening.action,
            object_kind=happening.object_kind,
            object_id=happening.object_id[:120],
            reason=happening.reason,
            before_digest=_digest(happening.before),
            after_digest=_digest(happening.after),
            details=canonical(happening.details),
            previous=previous,
        )
        event.hash = previous = hash_of(event)
        events.append(event)
    Event.objects.bulk_create(events)
    EventHead.objects.filter(pk=1).update(sequence=sequence, hash=previous)


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no blanks: equal values, equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def hash_of(event: Event) -> str:
    """SHA-256 of the previous hash and the event's canonical JSON."""
    values: dict[str, Any] = {name: getattr(event, name) for name in _FIELDS}
    values["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    return sha256((event.previous + canonical(values)).encode()).hexdigest()


def _digest(values: Mapping[str, Any] | None) -> str:
    return sha256(canonical(values).encode()).hexdigest() if values is not None else ""


@dataclass(frozen=True)
class EventPage:
    """One page of events, newest first, and the cursor of the next."""

    items: tuple[Event, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Asked:
    """What of the log is asked for; what is left empty bounds nothing.

    Attributes:
        person: the beginning of a sign-in name, or of a word of a full name.
        action: events of this action.
        kind: events about objects of this kind.
        identifier: the beginning of an object's identifier, from four characters on; shorter ones are meant whole.
        first: the first day (UTC), and last: the last one.
        named: those too whose details name the object: the lists, searches and pages on which an alert was seen.
    """

    person: str = ""
    action: str = ""
    kind: str = ""
    identifier: str = ""
    first: date | None = None
    last: date | None = None
    named: bool = False

    def told(self) -> dict[str, str]:
        """The filters that bound something, as the log keeps them."""
        days = {"from": self.first, "to": self.last}
        texts = {"actor": self.person, "action": self.action, "object_kind": self.kind, "object_id": self.identifier}
        return texts_of(texts) | {name: day.isoformat() for name, day in days.items() if day}


def texts_of(values: Mapping[str, str]) -> dict[str, str]:
    """The values that say something, without blanks around them."""
    return {name: value.strip() for name, value in values.items() if value.strip()}


def events(actor: Actor, asked: Asked | None = None, cursor: str | None = None) -> EventPage:
    """The log for the auditor and the head, newest first; reading it is logged with the filters.

    Args:
        actor: who reads.
        asked: the filters.
        cursor: where to go on; what a page gave as `next_cursor`.

    Raises:
        NotAllowed: another role.
        Refused: the cursor is none, or the days are the wrong way round.
    """
    access.require(actor, Role.AUDITOR, Role.HEAD)
    asked = asked or Asked()
    if cursor and (not cursor.isdecimal() or len(cursor) > 18):
        raise Refused("unknown cursor", "cursor")
    if asked.first and asked.last and asked.first > asked.last:
        raise Refused(_("The last day lies on or after the first."), "to", "to")
    found = Event.objects.filter(_fitting(asked), _within(asked.first, asked.last)).order_by("-sequence")
    if cursor:
        found = found.filter(sequence__lt=int(cursor))
    rows = list(found[: PAGE_SIZE + 1])
    with recorded(actor) as record:
        record.add("events_read", "log", "", asked=asked.told(), named=asked.named, cursor=cursor or "")
    more = len(rows) > PAGE_SIZE
    return EventPage(tuple(rows[:PAGE_SIZE]), str(rows[PAGE_SIZE - 1].sequence) if more else None)


def _fitting(asked: Asked) -> Q:
    told = texts_of({"action": asked.action, "actor": asked.person})
    others = Q(action=told["action"]) if "action" in told else Q()
    if "actor" in told:
        others &= Q(actor__in=_names(told["actor"]))
    kind, identifier = asked.kind.strip(), asked.identifier.strip().removesuffix("…")
    about = Q(object_kind=kind) if kind else Q()
    if not identifier:
        return others & about
    # The index of objects begins with the kind.
    about &= Q(object_kind__in=EVENT_KINDS) if not kind else Q()
    if len(identifier) < _BEGINNING_LEAST:
        about &= Q(object_id=identifier)
    else:
        about &= begins("object_id", identifier)
    if asked.named:
        # Within a JSON text; its beginning is that of a text of its own.
        about |= Q(details__contains=json.dumps(identifier, ensure_ascii=False).removesuffix('"'))
    return others & about


def _names(typed: str) -> list[str]:
    """The sign-in names that are meant: this one, or all of which it is the beginning, of a full name's words too."""
    name = typed.lower()
    known = {_SYSTEM: ""} | dict(Person.objects.values_list("username", "full_name"))
    if name in known:
        return [name]
    words = {username: [username, *full_name.lower().split()] for username, full_name in known.items()}
    # Who failed to sign in is in the log by a name that may be nobody's.
    return [username for username, parts in words.items() if any(part.startswith(name) for part in parts)] + [typed]


def people(actor: Actor) -> list[Person]:
    """Whose events there may be, by name, for those who read the log."""
    access.require(actor, Role.AUDITOR, Role.HEAD)
    return list(Person.objects.order_by("username"))


def _within(first: date | None, last: date | None) -> Q:
    """Events of these days (UTC), as a span of sequence numbers: every index of the log ends with them."""
    within = Q()
    if first:
        start = datetime.combine(first, time(), UTC)
        within &= Q(sequence__gte=_sequence_at(start - _LATE), at__gte=start)
    if last:
        end = datetime.combine(last, time(), UTC) + timedelta(days=1)
        within &= Q(sequence__lt=_sequence_at(end + _LATE), at__lt=end)
    return within


def _sequence_at(moment: datetime) -> int:
    """The number of the first event at or after a moment, by halving: numbers have no gap, and times rise with them."""
    low, high = 1, EventHead.objects.values_list("sequence", flat=True).get(pk=1) + 1
    while low < high:
        middle = (low + high) // 2
        at = Event.objects.filter(sequence__gte=middle).order_by("sequence").values_list("at", flat=True)[:1]
        if not at or at[0] >= moment:
            high = middle
        else:
            low = middle + 1
    return low


def subject_names(actor: Actor, shown: Iterable[Event]) -> dict[int, str]:
    """The names of the subjects that events tell of, as far as the reader may see an alert that names them."""
    told = {json.loads(event.details).get("subject") for event in shown}
    nodes = {node for node in told if isinstance(node, int)}
    named = AlertSubject.objects.filter(access.sight(actor, "alert__"), subject__node_id__in=nodes)
    return dict(named.values_list("subject__node_id", "subject__name").distinct())


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found.

    Attributes:
        count: events that were checked and found sound.
        head: the hash of the last sound event.
        broken_at: sequence number of the first broken link; None where the chain is whole.
        what: what is wrong there.
    """

    count: int
    head: str
    broken_at: int | None = None
    what: str = ""


def verify(known_head: str | None = None) -> Verdict:
    """Check every link from the first event on; names the first broken one.

    Raises:
        Refused: what is given as a head is none.

    Args:
        known_head: a head hash that was kept elsewhere; the chain must contain it, so that a chain that was cut off or
            written anew as a whole is found too.
    """
    known_head = (known_head or "").strip().lower() or None
    if known_head and not re.fullmatch("[0-9a-f]{64}", known_head):
        raise Refused(
            _("A head has 64 characters, 0 to 9 and a to f. Nothing was checked: copy it whole."), "head", "head"
        )
    # Read before the events, which may grow meanwhile: a chain that is longer than its head was is whole.
    head = EventHead.objects.filter(pk=1).first()
    if head is None:
        return Verdict(0, GENESIS, 1, _("the end of the chain, kept beside the events, is gone"))
    count, previous, has_met = 0, GENESIS, known_head in (None, GENESIS)
    at_head = GENESIS if head.sequence == 0 else ""
    for event in Event.objects.order_by("sequence").iterator(chunk_size=2_000):
        expected = count + 1
        if event.sequence != expected:
            return Verdict(count, previous, expected, _("event %(number)s is missing") % {"number": expected})
        if event.previous != previous:
            return Verdict(count, previous, expected, _("it does not continue the event before it"))
        if event.hash != hash_of(event):
            return Verdict(count, previous, expected, _("its content was changed"))
        count, previous = expected, event.hash
        has_met = has_met or event.hash == known_head
        at_head = event.hash if event.sequence == head.sequence else at_head
    if at_head != head.hash:
        return Verdict(count, previous, count + 1, _("the last events are missing"))
    if not has_met:
        return Verdict(count, previous, count + 1, _("the chain does not contain the head that was kept elsewhere"))
    return Verdict(count, previous)
