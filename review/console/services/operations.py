"""Operations: an overlay queue for territories x themes x a period. Seniors propose, the head alone sets it in force.

No outside body sets the order of a queue: boost and quota are the head's, capped by the database, and logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from review.console.models import Operation, Queue
from review.console.models.people import EVERYTHING, Role
from review.console.models.queues import QueueKind
from review.console.rules import READERS
from review.console.services import access, audit, ranking
from review.console.services.actor import Actor
from review.console.services.errors import NotFound, Refused

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
    return list(Operation.objects.select_related("queue", "approved_by").order_by("-starts_on", "-pk"))


def propose(actor: Actor, plan: Plan) -> Operation:
    """A new operation; it changes no order until the head approves it.

    Raises:
        NotAllowed: not a senior or the head.
        Refused: something is missing or out of bounds; `field` says what.
    """
    access.require_judge(actor)
    _check(plan)
    with audit.recorded(actor) as record:
        slug = ranking.slug_of("op", f"{plan.name_en}-{plan.starts_on:%Y-%m}")
        if Queue.objects.filter(slug=slug).exists():
            raise Refused(_("There is an operation of this name and month already."), "name", "name_en")
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
        )
        record.add("operation_proposed", "operation", slug, after={"boost": plan.boost, "quota": plan.quota})
    return made


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


def approve(actor: Actor, slug: str) -> Operation:
    """Set an operation in force: its queue opens with the next ordering. For the head alone."""
    access.require(actor, Role.HEAD)
    with audit.recorded(actor) as record:
        found = _found(slug)
        if found.approved_by_id or found.closed_at:
            raise Refused(_("This operation is in force or closed already."), "state")
        Operation.objects.filter(pk=found.pk).update(approved_by=actor.person)
        Queue.objects.filter(pk=found.pk).update(is_active=True)
        record.add("operation_approved", "operation", slug, after={"boost": found.boost, "quota": found.quota})
    return _found(slug)


def close(actor: Actor, slug: str) -> Operation:
    """End an operation: its alerts fall back to their home queues with their age; the next ordering has no boost."""
    access.require(actor, Role.HEAD)
    with audit.recorded(actor) as record:
        found = _found(slug)
        if found.closed_at:
            raise Refused(_("This operation is closed already."), "state")
        Operation.objects.filter(pk=found.pk).update(closed_at=actor.at)
        Queue.objects.filter(pk=found.pk).update(is_active=False)
        found.queue.entries.all().delete()
        record.add("operation_closed", "operation", slug)
    return _found(slug)


def _found(slug: str) -> Operation:
    found = Operation.objects.select_related("queue", "approved_by").filter(queue__slug=slug).first()
    if found is None:
        raise NotFound
    return found
