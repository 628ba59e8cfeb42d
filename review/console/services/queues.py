"""What a reader sees of queues: which there are, a page of one in order, the cut line, who works it."""

import base64
import json
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet

from review import daily
from review.console.models import Alert, Queue, QueueEntry
from review.console.models.alerts import WAITING, AlertState
from review.console.models.people import Person
from review.console.services import access
from review.console.services.actor import Actor
from review.console.services.errors import Refused
from review.console.services.ranking import CANDIDATES

PAGE_SIZE = 50
COUNT_CAP = 10_000
"""Counts above this are shown as 10 000+; counting further costs more than it tells."""

TODAY, BELOW, MINE, AWAY, CLOSED = "today", "below", "mine", "away", "closed"
VIEWS = (TODAY, BELOW, MINE, AWAY, CLOSED)
"""Above the cut, below it, in my hands, away (deferred, asked, escalated, pending, in a case), closed."""
_AWAY_STATES = (
    *(AlertState.DEFERRED, AlertState.INFO_REQUESTED, AlertState.ESCALATED, AlertState.PENDING_APPROVAL),
    AlertState.LINKED,
)


@dataclass(frozen=True)
class Lock:
    """Who holds an alert, since when, and whether the lock is idle, so that another may take the alert over."""

    person: Person
    is_mine: bool
    is_idle: bool


@dataclass(frozen=True)
class Item:
    """One alert in a list; `entry` is None outside the order (views away, closed, mine)."""

    alert: Alert
    entry: QueueEntry | None
    lock: Lock | None
    age_days: int
    is_late: bool
    is_new: bool


@dataclass(frozen=True)
class Page:
    """One page of a view, and the cursors of its neighbours (text for the address, or None at an end)."""

    queue: Queue
    view: str
    items: tuple[Item, ...]
    next_cursor: str | None
    has_previous: bool


@dataclass(frozen=True)
class QueueSummary:
    """A queue in the list of queues.

    Attributes:
        waiting: alerts above the cut that wait and that the reader may see, counted up to 10,000.
        in_work: those that somebody has in hand.
        below: all alerts below the cut of the queue.
        members: who works it and for how many minutes.
    """

    queue: Queue
    waiting: int
    in_work: int
    below: int
    members: tuple[tuple[Person, int], ...]
    is_member: bool


def queues_of(actor: Actor) -> list[QueueSummary]:
    """The queues that the person may see: their own first, then those with most to do."""
    found = access.queues_for(actor).select_related("operation").prefetch_related("members__person")
    summaries = [_summary(actor, queue) for queue in found]
    return sorted(summaries, key=lambda s: (not s.is_member, -s.waiting, s.queue.slug))


def _summary(actor: Actor, queue: Queue) -> QueueSummary:
    listed = visible_entries(actor, queue).filter(is_below_cut=False)
    members = tuple((member.person, member.minutes) for member in queue.members.all())
    return QueueSummary(
        queue=queue,
        waiting=capped(listed.filter(alert__state__in=WAITING)),
        in_work=capped(listed.filter(alert__state__in=[AlertState.ASSIGNED, AlertState.IN_REVIEW])),
        below=queue.below,
        members=members,
        is_member=any(person.pk == actor.person.pk for person, _ in members),
    )


def visible_entries(actor: Actor, queue: Queue) -> QuerySet[QueueEntry]:
    """The entries of a queue whose alerts the person may see and that are still to be read or in hand."""
    entries = QueueEntry.objects.filter(queue=queue, alert__state__in=CANDIDATES)
    return entries.filter(alert__in=access.alerts_for(actor)) if access.is_bounded(actor) else entries


def capped(rows: QuerySet) -> int:  # type: ignore[type-arg]
    """How many rows there are, counted no further than 10,001."""
    return rows.order_by()[: COUNT_CAP + 1].count()


def page(actor: Actor, slug: str, view: str = TODAY, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """One page of a queue, by place in the order of the day (views today, below) or the latest first.

    Args:
        actor: who reads.
        slug: the queue.
        view: one of VIEWS.
        cursor: where to go on; what a page gave as `next_cursor`.
        size: most items.

    Raises:
        NotFound: no such queue for this person.
        Refused: the view or the cursor is none.
    """
    queue = access.queue_for(actor, slug)
    if view not in VIEWS:
        raise Refused("unknown view", "view")
    if view in (TODAY, BELOW):
        return _ranked_page(actor, queue, view, cursor, size)
    return _latest_page(actor, queue, view, cursor, size)


def _ranked_page(actor: Actor, queue: Queue, view: str, cursor: str | None, size: int) -> Page:
    entries = visible_entries(actor, queue).filter(is_below_cut=view == BELOW)
    if cursor:
        position, pk = _read(cursor)
        # The first term is redundant and lets every database walk the index (position) instead of sorting.
        entries = entries.filter(position__gte=position).filter(Q(position__gt=position) | Q(pk__gt=pk))
    rows = list(entries.select_related("alert", "alert__owner").order_by("position", "pk")[: size + 1])
    items = tuple(item_of(actor, entry.alert, entry) for entry in rows[:size])
    last = rows[size - 1] if len(rows) > size else None
    return Page(queue, view, items, _cursor(last.position, last.pk) if last else None, has_previous=bool(cursor))


def _latest_page(actor: Actor, queue: Queue, view: str, cursor: str | None, size: int) -> Page:
    alerts = access.alerts_for(actor).filter(queue=queue)
    if view == MINE:
        alerts = access.alerts_for(actor).filter(owner=actor.person)
    elif view == AWAY:
        alerts = alerts.filter(state__in=_AWAY_STATES)
    else:
        alerts = alerts.filter(state=AlertState.CLOSED)
    if cursor:
        (pk,) = _read(cursor)
        alerts = alerts.filter(pk__lt=pk)
    rows = list(alerts.select_related("owner").order_by("-pk")[: size + 1])
    items = tuple(item_of(actor, alert, None) for alert in rows[:size])
    return Page(queue, view, items, _cursor(rows[size - 1].pk) if len(rows) > size else None, has_previous=bool(cursor))


def item_of(actor: Actor, alert: Alert, entry: QueueEntry | None) -> Item:
    """An alert as lists show it."""
    return Item(
        alert=alert,
        entry=entry,
        lock=lock_of(actor, alert),
        age_days=(actor.today - alert.first_night).days,
        is_late=alert.state != AlertState.CLOSED and alert.due_on < actor.today,
        is_new=alert.first_read_at is None,
    )


def lock_of(actor: Actor, alert: Alert) -> Lock | None:
    """Who holds the alert; None if nobody."""
    if alert.owner_id is None or alert.owner is None:
        return None
    return Lock(alert.owner, alert.owner_id == actor.person.pk, is_idle(actor, alert))


def is_idle(actor: Actor, alert: Alert) -> bool:
    """Has the holder not touched the alert for thirty minutes."""
    touched = alert.active_at or alert.locked_at
    return touched is not None and actor.at - touched > timedelta(minutes=daily.work_rules().lock_idle_minutes)


def _cursor(*values: int) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str) -> list[int]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [int(value) for value in values]
    except (ValueError, TypeError):
        raise Refused("unknown cursor", "cursor") from None
