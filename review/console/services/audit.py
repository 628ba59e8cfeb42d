"""The audit log: writes events into the hash chain in the transaction of what they tell of, and verifies the chain.

`recorded(actor)` opens the transaction; what it collects is appended just before the commit, so that the chain's head
is locked as briefly as can be and always last, which leaves no room for a deadlock.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q

from review.console.models import Event, EventHead
from review.console.models.people import Role
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed, Refused

GENESIS = "0" * 64
PAGE_SIZE = 100
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
    happenings: Sequence[Happening], at: datetime, actor: Actor | None, *, name: str = "system", address: str = ""
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


def events(
    actor: Actor,
    cursor: str | None = None,
    *,
    username: str = "",
    action: str = "",
    kind: str = "",
    identifier: str = "",
    named: bool = False,
) -> EventPage:
    """The log for the auditor and the head, each filter exact; reading it is logged with the filters.

    Args:
        actor: who reads.
        cursor: where to go on; what a page gave as `next_cursor`.
        username: events of this person.
        action: events of this action.
        kind: events about objects of this kind.
        identifier: events about this object.
        named: those too whose details name the object: the lists, searches and pages on which an alert was seen.

    Raises:
        NotAllowed: another role.
        Refused: the cursor is none.
    """
    if actor.role not in (Role.AUDITOR, Role.HEAD):
        raise NotAllowed
    found = Event.objects.order_by("-sequence")
    wanted = {"actor": username, "action": action, "object_kind": kind, "object_id": identifier}
    asked = {name: value.strip() for name, value in wanted.items() if value.strip()}
    others = {name: value for name, value in asked.items() if name in ("actor", "action")}
    fits = Q(**asked)
    if named and "object_id" in asked:
        fits |= Q(**others, details__contains=json.dumps(asked["object_id"], ensure_ascii=False))
    found = found.filter(fits)
    if cursor:
        if not cursor.isdecimal() or len(cursor) > 18:
            raise Refused("unknown cursor", "cursor")
        found = found.filter(sequence__lt=int(cursor))
    rows = list(found[: PAGE_SIZE + 1])
    with recorded(actor) as record:
        record.add("events_read", "log", "", asked=asked, named=named, cursor=cursor or "")
    more = len(rows) > PAGE_SIZE
    return EventPage(tuple(rows[:PAGE_SIZE]), str(rows[PAGE_SIZE - 1].sequence) if more else None)


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

    Args:
        known_head: a head hash that was kept elsewhere; the chain must contain it, so that a chain that was cut off or
            written anew as a whole is found too.
    """
    # Read before the events, which may grow meanwhile: a chain that is longer than its head was is whole.
    head = EventHead.objects.filter(pk=1).first()
    if head is None:
        return Verdict(0, GENESIS, 1, "the end of the chain, kept beside the events, is gone")
    count, previous, has_met = 0, GENESIS, known_head in (None, GENESIS)
    at_head = GENESIS if head.sequence == 0 else ""
    for event in Event.objects.order_by("sequence").iterator(chunk_size=2_000):
        expected = count + 1
        if event.sequence != expected:
            return Verdict(count, previous, expected, f"event {expected} is missing")
        if event.previous != previous:
            return Verdict(count, previous, expected, "it does not continue the event before it")
        if event.hash != hash_of(event):
            return Verdict(count, previous, expected, "its content was changed")
        count, previous = expected, event.hash
        has_met = has_met or event.hash == known_head
        at_head = event.hash if event.sequence == head.sequence else at_head
    if at_head != head.hash:
        return Verdict(count, previous, count + 1, "the last events are missing")
    if not has_met:
        return Verdict(count, previous, count + 1, "the chain does not contain the head that was kept elsewhere")
    return Verdict(count, previous)
