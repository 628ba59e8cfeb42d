"""Operations: an overlay queue for territories x themes x a period. Seniors propose, the head alone sets it in force.

No outside body sets the order of a queue: boost and quota are the head's, capped by the database, and logged. Who
proposed an operation does not set it in force; until then it can be withdrawn, and proposed anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from review.console.models import Operation, Queue
from review.console.models.people import EVERYTHING, Role
from review.console.models.queues import QueueKind
from review.console.rules import READERS
from review.console.services import access, audit, places, ranking
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed, NotFound, Refused

BOOST_MAX = 1.0
_DAYS_MAX = 366


@dataclass(frozen=True)
class Plan:
    """An operation as typed into the form: nothing in it is trusted.

    Attributes:
        name_en: its name in English, and name_ru: in Russian.
        territories: codes of regions or countries, or `*`.
        corridors: ordered pairs such as KG-O>RU-SVE.
        themes: codes of themes, or `*`.
        starts_on: first day, and ends_on: last day.
        boost: added to the link factor of its alerts, 0 to 1.
        quota: share of each queue's minutes for its alerts, 0 to 0.5.
    """

    name_en: str
    name_ru: str
    territories: Sequence[str]
    corridors: Sequence[str]
    themes: Sequence[str]
    starts_on: date
    ends_on: date
    boost: float
    quota: float


def operations_of(actor: Actor) -> list[Operation]:
    """All operations, the newest first, for roles that read alerts."""
    access.require(actor, *READERS)
    return list(Operation.objects.select_related("queue", "proposed_by", "approved_by").order_by("-starts_on", "-pk"))


def propose(actor: Actor, plan: Plan) -> Operation:
    """A new operation; it changes no order until the head approves it.

    Raises:
        NotAllowed: not a senior or the head.
        Refused: something is missing or out of bounds; `field` says what.
    """
    access.require_judge(actor)
    _check(plan)
    with audit.recorded(actor) as record:
        slug = _free_slug(ranking.slug_of("op", f"{plan.name_en}-{plan.starts_on:%Y-%m}"))
        queue = Queue.objects.create(slug=slug, kind=QueueKind.OVERLAY, is_active=False, created_at=actor.at)
        made = Operation.objects.create(
            queue=queue,
            name_en=plan.name_en.strip()[:120],
            name_ru=plan.name_ru.strip()[:120],
            territories=sorted(set(plan.territories)),
            corridors=sorted(set(plan.corridors)),
            themes=sorted(set(plan.themes)) or [EVERYTHING],
            starts_on=plan.starts_on,
            ends_on=plan.ends_on,
            boost=plan.boost,
            quota=plan.quota,
            proposed_by=actor.person,
        )
        record.add("operation_proposed", "operation", slug, after={"boost": plan.boost, "quota": plan.quota})
    return made


def _free_slug(wanted: str) -> str:
    """The name in addresses; that of an operation which was withdrawn with a number behind it."""
    taken = Operation.objects.filter(Q(queue__slug=wanted) | Q(queue__slug__startswith=f"{wanted}-try-"))
    if taken.exclude(approved_by=None, closed_at__isnull=False).exists():
        raise Refused(_("There is an operation of this name and month already."), "name", "name_en")
    return f"{wanted}-try-{taken.count() + 1}" if taken else wanted


def _check(plan: Plan) -> None:
    if not plan.name_en.strip() or not plan.name_ru.strip():
        raise Refused(_("Give the operation a name in both languages."), "name", "name_en")
    if not plan.territories and not plan.corridors:
        raise Refused(_("Name at least one territory or corridor."), "territories", "territories")
    if not 0 <= (plan.ends_on - plan.starts_on).days <= _DAYS_MAX:
        raise Refused(_("The last day lies on or after the first, and within a year of it."), "ends_on", "ends_on")
    if not 0 <= plan.boost <= BOOST_MAX:
        raise Refused(_("The boost lies between 0 and 1."), "boost", "boost")
    if not 0 <= plan.quota <= ranking.QUOTA_MAX:
        raise Refused(_("The quota lies between 0 and 0.5."), "quota", "quota")
    places.require_known(plan.territories, "territories")
    for corridor in plan.corridors:
        ends = corridor.split(">")
        if len(ends) != 2:
            raise Refused(_("A corridor is two territories with > between them, as KG>RU."), "corridors", "corridors")
        places.require_known(ends, "corridors")


def approve(actor: Actor, slug: str) -> Operation:
    """Set an operation in force: its queue opens with the next ordering. For the head alone, and not for who proposed.

    Raises:
        NotAllowed: not the head.
        Refused: one's own (code `own`), or no longer waiting.
    """
    access.require(actor, Role.HEAD)
    with audit.recorded(actor) as record:
        found = _waiting(slug)
        if found.proposed_by_id == actor.person.pk:
            raise Refused(_("Nobody sets their own operation in force. Another head has to."), "own")
        Operation.objects.filter(pk=found.pk).update(approved_by=actor.person)
        Queue.objects.filter(pk=found.pk).update(is_active=True)
        record.add("operation_approved", "operation", slug, after={"boost": found.boost, "quota": found.quota})
    return _found(slug)


def withdraw(actor: Actor, slug: str) -> Operation:
    """Take back an operation that is not in force: for who proposed it, and for the head.

    Raises:
        NotAllowed: neither.
        Refused: no longer waiting.
    """
    access.require_judge(actor)
    with audit.recorded(actor) as record:
        found = _waiting(slug)
        if actor.role is not Role.HEAD and found.proposed_by_id != actor.person.pk:
            raise NotAllowed
        Operation.objects.filter(pk=found.pk).update(closed_at=actor.at)
        record.add("operation_withdrawn", "operation", slug)
    return _found(slug)


def _waiting(slug: str) -> Operation:
    """The operation, locked, where it is neither in force nor over."""
    _found(slug)
    found = Operation.objects.select_for_update(of=("self",)).select_related("queue").get(queue__slug=slug)
    if found.approved_by_id or found.closed_at:
        raise Refused(_("This operation is in force or over already."), "state")
    return found


def close(actor: Actor, slug: str) -> Operation:
    """End an operation: its alerts fall back to their home queues with their age; the next ordering has no boost."""
    access.require(actor, Role.HEAD)
    with audit.recorded(actor) as record:
        found = _found(slug)
        if found.closed_at or not found.approved_by_id:
            raise Refused(_("This operation is not in force."), "state")
        Operation.objects.filter(pk=found.pk).update(closed_at=actor.at)
        Queue.objects.filter(pk=found.pk).update(is_active=False)
        found.queue.entries.all().delete()
        record.add("operation_closed", "operation", slug)
    return _found(slug)


def _found(slug: str) -> Operation:
    found = Operation.objects.select_related("queue", "proposed_by", "approved_by").filter(queue__slug=slug).first()
    if found is None:
        raise NotFound
    return found
