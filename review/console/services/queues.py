"""What a reader sees of queues: which there are, a page of one in order, the cut line, who works it."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db.models import F, Q, QuerySet

from review import daily
from review.console.models import Alert, AlertStep, Queue, QueueEntry
from review.console.models.alerts import WAITING, AlertState
from review.console.models.people import Person
from review.console.services import access, audit
from review.console.services.actor import Actor
from review.console.services.errors import Refused
from review.console.services.indexed import counted_to
from review.console.services.ranking import CANDIDATES
from review.console.services.transitions import Action

PAGE_SIZE = 50
COUNT_CAP = 1_000
"""Counts above this are shown as 1 000+; counting further costs more than it tells."""

TODAY, BELOW, MINE, AWAY, CLOSED = "today", "below", "mine", "away", "closed"
VIEWS = (TODAY, BELOW, MINE, AWAY, CLOSED)
"""Above the cut, below it, in my hands, away (deferred, asked, escalated, pending, in a case), closed."""
_AWAY_STATES = (
    *(AlertState.DEFERRED, AlertState.INFO_REQUESTED, AlertState.ESCALATED, AlertState.PENDING_APPROVAL),
    AlertState.LINKED,
)


_LEFT_BY = {
    Action.DEFER: (AlertState.DEFERRED,),
    Action.PROPOSE: (AlertState.DEFERRED, AlertState.PENDING_APPROVAL),
    Action.ASK: (AlertState.INFO_REQUESTED,),
    Action.ESCALATE: (AlertState.ESCALATED,),
}
"""By the step that takes an alert away, the states in which its words say what is waited for."""


SORTS = {"rank": "position", "score": "-alert__score", "amount": "-alert__amount_local", "due": "alert__due_on"}
"""Orders of the list above the cut; below it, and elsewhere, there is one order."""
FREE, HELD = "free", "held"
CLASSES = ("0", "1", "2", "3", "R")


@dataclass(frozen=True)
class Filters:
    """What narrows a list, and its order; empty values narrow nothing."""

    rank_class: str = ""
    holder: str = ""
    theme: str = ""
    territory: str = ""
    is_unread: bool = False
    is_late: bool = False
    sort: str = "rank"

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Filters":
        """The filters of an address.

        Raises:
            Refused: one of them is none.
        """
        found = cls(
            rank_class=given.get("class", ""),
            holder=given.get("holder", ""),
            theme=given.get("theme", "")[:20],
            territory=given.get("territory", "")[:80],
            is_unread=given.get("unread") == "1",
            is_late=given.get("late") == "1",
            sort=given.get("sort") or "rank",
        )
        known = found.rank_class in ("", *CLASSES) and found.holder in ("", FREE, HELD, MINE) and found.sort in SORTS
        if not known:
            raise Refused("unknown filter", "filter")
        return found

    @property
    def is_any(self) -> bool:
        """Is anything left out."""
        return self != Filters(sort=self.sort)

    def of_alerts(self, actor: Actor, prefix: str = "") -> Q:
        """The condition on alerts; `prefix` leads from the filtered rows to their alert."""
        wanted = {
            "theme": self.theme or None,
            "territory": self.territory or None,
            "first_read_at__isnull": True if self.is_unread else None,
            "due_on__lt": actor.today if self.is_late else None,
            "owner__isnull": {FREE: True, HELD: False}.get(self.holder),
            "owner": actor.person if self.holder == MINE else None,
        }
        return Q(**{prefix + name: value for name, value in wanted.items() if value is not None})


NO_FILTERS = Filters()


@dataclass(frozen=True)
class Lock:
    """Who holds an alert, since when, and whether the lock is idle, so that another may take the alert over."""

    person: Person
    is_mine: bool
    is_idle: bool


@dataclass(frozen=True)
class Item:
    """One alert in a list.

    Attributes:
        entry: its place; None outside the order (views away, closed, mine).
        lead: the alert that leads its group of linked alerts, where that is another one that the reader may see.
        said: the words with which it went away.
    """

    alert: Alert
    entry: QueueEntry | None
    lock: Lock | None
    age_days: int
    is_late: bool
    is_new: bool
    lead: Alert | None = None
    said: str = ""


@dataclass(frozen=True)
class Page:
    """One page of a view, and the cursors of its neighbours (text for the address, or None at an end)."""

    queue: Queue
    view: str
    items: tuple[Item, ...]
    next_cursor: str | None
    has_previous: bool
    previous_cursor: str | None = None

    @property
    def named(self) -> set[str]:
        """The alerts that it names."""
        leads = (item.lead.alert_id for item in self.items if item.lead)
        return {*(item.alert.alert_id for item in self.items), *leads}


@dataclass(frozen=True)
class QueueSummary:
    """A queue in the list of queues.

    Attributes:
        waiting: alerts above the cut that wait and that the reader may see, counted up to COUNT_CAP.
        in_work: those that somebody has in hand.
        below: those below the cut that the reader may see.
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
        waiting=counted_to(listed.filter(alert__state__in=WAITING), COUNT_CAP),
        in_work=counted_to(listed.filter(alert__state__in=[AlertState.ASSIGNED, AlertState.IN_REVIEW]), COUNT_CAP),
        below=below(actor, queue),
        members=members,
        is_member=any(person.pk == actor.person.pk for person, _ in members),
    )


def visible_entries(actor: Actor, queue: Queue) -> QuerySet[QueueEntry]:
    """The entries of a queue whose alerts the person may see and that are still to be read or in hand."""
    return QueueEntry.objects.filter(access.sight(actor, "alert__"), queue=queue, alert__state__in=CANDIDATES)


def counts(actor: Actor, queue: Queue) -> dict[str, int]:
    """How many alerts each view of a queue has for this person, counted up to COUNT_CAP."""
    alerts = access.alerts_for(actor)
    entries = visible_entries(actor, queue)
    return {
        TODAY: counted_to(entries.filter(is_below_cut=False), COUNT_CAP),
        BELOW: below(actor, queue),
        MINE: counted_to(_mine(actor), COUNT_CAP),
        AWAY: counted_to(alerts.filter(queue=queue, state__in=_AWAY_STATES), COUNT_CAP),
        CLOSED: counted_to(alerts.filter(queue=queue, state=AlertState.CLOSED), COUNT_CAP),
    }


def below(actor: Actor, queue: Queue) -> int:
    """How many lie below the cut now, to COUNT_CAP; of more in a queue seen whole, as many as its order left there."""
    if queue.below > COUNT_CAP and access.sees_whole(actor, queue):
        return queue.below
    # By position, so that PostgreSQL walks the order's index and stops, instead of reading the whole queue.
    return visible_entries(actor, queue).filter(is_below_cut=True).order_by("position")[: COUNT_CAP + 1].count()


def _mine(actor: Actor) -> QuerySet[Alert]:
    """The alerts in the person's hands: few, so found by their holder first on every database."""
    held = Alert.objects.filter(owner=actor.person).values_list("pk", flat=True)
    return access.alerts_for(actor).filter(pk__in=list(held[: COUNT_CAP + 1]))


def page(
    actor: Actor,
    slug: str,
    view: str = TODAY,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
    filters: Filters = NO_FILTERS,
) -> Page:
    """One page of a queue, by place in the order of the day (views today, below) or the latest first.

    The alerts that it names are logged, as `queue_read`.

    Args:
        actor: who reads.
        slug: the queue.
        view: one of VIEWS.
        cursor: where to go on; what a page gave as `next_cursor`.
        size: most items.
        filters: what narrows the list, and its order.

    Raises:
        NotFound: no such queue for this person.
        Refused: the view or the cursor is none.
    """
    queue = access.queue_for(actor, slug)
    if view not in VIEWS:
        raise Refused("unknown view", "view")
    if view == TODAY and filters.sort != "rank":
        found = _sorted_page(actor, queue, cursor, size, filters)
    elif view in (TODAY, BELOW):
        found = _ranked_page(actor, queue, view, cursor, size, filters)
    else:
        found = _latest_page(actor, queue, view, cursor, size, filters)
    with audit.recorded(actor) as record:
        record.add("queue_read", "queue", slug, view=view, alerts=sorted(found.named))
    return found


def page_with(actor: Actor, queue: Queue, alert: Alert, size: int = PAGE_SIZE) -> Page:
    """The page of a visible queue's day, or of those below the cut, on which the alert stands; else the day's first.

    Whoever shows it logs the alerts that it names.
    """
    entry = QueueEntry.objects.filter(queue=queue, alert=alert).first()
    if entry is None:
        return _ranked_page(actor, queue, TODAY, None, size, NO_FILTERS)
    view = BELOW if entry.is_below_cut else TODAY
    start = max(entry.position - 1, 0) // size * size + 1
    cursor = _cursor(start, 0) if start > 1 else None
    return _ranked_page(actor, queue, view, cursor, size, NO_FILTERS)


def _entries(actor: Actor, queue: Queue, view: str, filters: Filters) -> QuerySet[QueueEntry]:
    entries = visible_entries(actor, queue).filter(is_below_cut=view == BELOW)
    if filters.rank_class:
        entries = entries.filter(rank_class=filters.rank_class)
    return entries.filter(filters.of_alerts(actor, "alert__")).select_related("alert", "alert__owner")


def _ranked_page(actor: Actor, queue: Queue, view: str, cursor: str | None, size: int, filters: Filters) -> Page:
    entries = _entries(actor, queue, view, filters)
    position = 0
    if cursor:
        position, pk = _read(cursor, 2)
        # The first term is redundant and lets every database walk the index (position) instead of sorting.
        entries = entries.filter(position__gte=position).filter(Q(position__gt=position) | Q(pk__gt=pk))
    rows = list(entries.order_by("position", "pk")[: size + 1])
    items = _items(actor, [(entry.alert, entry) for entry in rows[:size]])
    last = rows[size - 1] if len(rows) > size else None
    return Page(
        queue=queue,
        view=view,
        items=items,
        next_cursor=_cursor(last.position, last.pk) if last else None,
        has_previous=bool(cursor),
        previous_cursor=_cursor(position - size, 0) if position > size else None,
    )


def _sorted_page(actor: Actor, queue: Queue, cursor: str | None, size: int, filters: Filters) -> Page:
    """A page of the day's list in another order; that list is as long as its members can read, so sorting is cheap."""
    order = SORTS[filters.sort]
    column = order.lstrip("-")
    entries = _entries(actor, queue, TODAY, filters)
    if cursor:
        (pk,) = _read(cursor, 1)
        last = QueueEntry.objects.filter(queue=queue, pk=pk).values_list(column, flat=True).first()
        beyond = Q(**{f"{column}__{'lt' if order.startswith('-') else 'gt'}": last}) | Q(**{column: last, "pk__gt": pk})
        # A place that is gone (the queue was ordered anew) starts the list again.
        entries = entries.filter(beyond) if last is not None else entries
    key = F(column).desc() if order.startswith("-") else F(column).asc()
    rows = list(entries.order_by(key, "pk")[: size + 1])
    items = _items(actor, [(entry.alert, entry) for entry in rows[:size]])
    more = _cursor(rows[size - 1].pk) if len(rows) > size else None
    return Page(queue, TODAY, items, more, has_previous=bool(cursor))


def _latest_page(actor: Actor, queue: Queue, view: str, cursor: str | None, size: int, filters: Filters) -> Page:
    alerts = _mine(actor) if view == MINE else access.alerts_for(actor).filter(queue=queue)
    alerts = alerts.filter(filters.of_alerts(actor)).select_related("owner").order_by("-pk")
    if cursor:
        (pk,) = _read(cursor, 1)
        alerts = alerts.filter(pk__lt=pk)
    # State by state: for several at once SQLite walks the whole queue instead of the index (queue, state, id).
    states = {AWAY: _AWAY_STATES, CLOSED: (AlertState.CLOSED,)}
    parts = [alerts.filter(state=state) for state in states[view]] if view in states else [alerts]
    found = (alert for part in parts for alert in part[: size + 1])
    rows = sorted(found, key=lambda alert: -alert.pk)[: size + 1]
    items = _items(actor, [(alert, None) for alert in rows[:size]])
    if view == AWAY:
        said = _said(rows[:size])
        items = tuple(replace(item, said=said.get(item.alert.pk, "")) for item in items)
    return Page(queue, view, items, _cursor(rows[size - 1].pk) if len(rows) > size else None, has_previous=bool(cursor))


def _said(alerts: Sequence[Alert]) -> dict[int, str]:
    """By alert, the words of the step with which it went away."""
    steps = AlertStep.objects.filter(alert__in=alerts, undone_at=None, action__in=list(_LEFT_BY)).order_by("pk")
    states = {alert.pk: alert.state for alert in alerts}
    return {step.alert_id: step.text for step in steps if states[step.alert_id] in _LEFT_BY[Action(step.action)]}


def _items(actor: Actor, rows: Sequence[tuple[Alert, QueueEntry | None]]) -> tuple[Item, ...]:
    """Alerts as lists show them. A component is named after the alert that leads it."""
    wanted = {alert.component_id for alert, _ in rows if alert.component_id != alert.alert_id}
    leads = {lead.alert_id: lead for lead in access.alerts_for(actor).filter(alert_id__in=wanted)} if wanted else {}
    return tuple(_item_of(actor, alert, entry, leads.get(alert.component_id)) for alert, entry in rows)


def _item_of(actor: Actor, alert: Alert, entry: QueueEntry | None, lead: Alert | None) -> Item:
    return Item(
        alert=alert,
        entry=entry,
        lock=lock_of(actor, alert),
        age_days=(actor.today - alert.first_night).days,
        is_late=alert.state != AlertState.CLOSED and alert.due_on < actor.today,
        is_new=alert.first_read_at is None,
        lead=None if lead == alert else lead,
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


def _read(cursor: str, length: int) -> list[int]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if len(values) != length:
            raise ValueError
        return [int(value) for value in values]
    except (ValueError, TypeError):
        raise Refused("unknown cursor", "cursor") from None
