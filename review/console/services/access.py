"""What a person may see and do: role, territory x theme, need to know. The only place that decides it.

Everything that reads alerts or cases for a person starts from `alerts_for` or `cases_for`.
"""

from django.db.models import Q, QuerySet

from review.console.models import Alert, Case, NeedToKnow, Queue
from review.console.models.people import EVERYTHING, Role
from review.console.rules import CASE_READERS, JUDGES, READERS, WORKERS
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed, NotFound

SEES_ALL = (Role.AUDITOR, Role.HEAD)
"""Roles whose sight no scope bounds."""
_AFTER_ANY_REGION = "."
"""The character after the hyphen that parts a country from its region: the end of a country's range."""


def alerts_for(actor: Actor) -> QuerySet[Alert]:
    """The alerts that the person may see."""
    if actor.role not in READERS:
        return Alert.objects.none()
    alerts = Alert.objects.all()
    scope = _scope(actor)
    if scope is not None:
        alerts = alerts.filter(scope)
    return alerts.filter(_known_case(actor))


def cases_for(actor: Actor) -> QuerySet[Case]:
    """The cases that the person may see."""
    if actor.role not in CASE_READERS:
        return Case.objects.none()
    cases = Case.objects.all()
    if actor.role is Role.DISSEMINATION:
        return cases.filter(_need_to_know(actor))
    scope = _scope(actor)
    if scope is not None:
        cases = cases.filter(scope | Q(owner=actor.person))
    return cases.filter(_need_to_know(actor))


def queues_for(actor: Actor) -> QuerySet[Queue]:
    """The queues that hold something the person may see: those whose territory and theme meet the scopes."""
    if actor.role not in READERS:
        return Queue.objects.none()
    queues = Queue.objects.filter(is_active=True)
    if actor.role in SEES_ALL:
        return queues
    wanted = Q(pk__in=[])
    for territory, theme in actor.person.scopes.values_list("territory", "theme"):
        if territory == theme == EVERYTHING:
            return queues
        part = Q()
        if territory != EVERYTHING:
            # A queue of the same place, of a region within it, or of the country or world that it lies in.
            around = [EVERYTHING, territory, territory.split("-")[0]]
            part &= Q(territory__in=around) | _within(territory)
        if theme != EVERYTHING:
            part &= Q(theme__in=[EVERYTHING, theme])
        wanted |= part
    return queues.filter(wanted)


def alert_for(actor: Actor, alert_id: str) -> Alert:
    """The alert, if the person may see it.

    Raises:
        NotFound: there is none, or the person may not know of it.
    """
    found = alerts_for(actor).select_related("queue", "owner", "case", "subject").filter(alert_id=alert_id).first()
    if found is None:
        raise NotFound
    return found


def case_for(actor: Actor, number: str) -> Case:
    """The case, if the person may see it.

    Raises:
        NotFound: there is none, or the person may not know of it.
    """
    found = cases_for(actor).select_related("owner", "proposed_by").filter(number=number).first()
    if found is None:
        raise NotFound
    return found


def queue_for(actor: Actor, slug: str) -> Queue:
    """The queue, if it holds anything that the person may see.

    Raises:
        NotFound: there is none, or it lies outside the person's scopes.
    """
    found = queues_for(actor).filter(slug=slug).first()
    if found is None:
        raise NotFound
    return found


def require(actor: Actor, *roles: Role) -> None:
    """Nothing, or NotAllowed where the person has none of these roles."""
    if actor.role not in roles:
        raise NotAllowed


def require_worker(actor: Actor) -> None:
    """Nothing, or NotAllowed for roles that do not work alerts."""
    require(actor, *WORKERS)


def require_judge(actor: Actor) -> None:
    """Nothing, or NotAllowed for roles that approve nothing."""
    require(actor, *JUDGES)


def require_administrator(actor: Actor) -> None:
    """Nothing, or NotAllowed for those who do not look after accounts."""
    if not actor.person.is_administrator:
        raise NotAllowed


def _scope(actor: Actor) -> Q | None:
    """The person's scopes as a condition on territory and theme; None where nothing bounds them."""
    if actor.role in SEES_ALL:
        return None
    wanted = Q(pk__in=[])
    for territory, theme in actor.person.scopes.values_list("territory", "theme"):
        if territory == theme == EVERYTHING:
            return None
        part = Q()
        if territory != EVERYTHING:
            part &= _within(territory)
        if theme != EVERYTHING:
            part &= Q(theme=theme)
        wanted |= part
    return wanted


def _within(territory: str) -> Q:
    """A territory, or a region of it."""
    return Q(territory=territory) | Q(territory__gt=f"{territory}-", territory__lt=f"{territory}{_AFTER_ANY_REGION}")


def _need_to_know(actor: Actor) -> Q:
    named = NeedToKnow.objects.filter(person=actor.person).values("case_id")
    return Q(is_restricted=False) | Q(owner=actor.person) | Q(pk__in=named)


def _known_case(actor: Actor) -> Q:
    """Alerts of restricted cases are seen by those who may know of the case."""
    hidden = Case.objects.filter(is_restricted=True).exclude(owner=actor.person)
    hidden = hidden.exclude(pk__in=NeedToKnow.objects.filter(person=actor.person).values("case_id"))
    hidden_ids = list(hidden.values_list("pk", flat=True)[:1_000])
    return ~Q(case__in=hidden_ids) | Q(case__isnull=True) if hidden_ids else Q()


def is_bounded(actor: Actor) -> bool:
    """Does anything narrow what the person sees of alerts: a scope, or a restricted case that hides some."""
    return _scope(actor) is not None or bool(_known_case(actor))
