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
    return Alert.objects.filter(sight(actor))


def sight(actor: Actor, prefix: str = "") -> Q:
    """The condition on alerts that the person may see; `prefix` leads from the filtered rows to their alert."""
    if actor.role not in READERS:
        return Q(pk__in=[])
    return (_scope(actor, prefix) or Q()) & _known_case(actor, prefix)


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


def alerts_in(actor: Actor, case: Case) -> QuerySet[Alert]:
    """The alerts of a visible case that the person may see; those who see cases alone see all of a case."""
    alerts = Alert.objects if actor.role is Role.DISSEMINATION else alerts_for(actor)
    return alerts.filter(case=case)


def queues_for(actor: Actor) -> QuerySet[Queue]:
    """The queues that hold something the person may see: those whose territory and theme meet the scopes."""
    if actor.role not in READERS:
        return Queue.objects.none()
    queues = Queue.objects.filter(is_active=True)
    if actor.role in SEES_ALL:
        return queues
    wanted = Q(pk__in=[])
    for territory, theme in _scopes(actor):
        if territory == theme == EVERYTHING:
            return queues
        part = Q()
        if territory != EVERYTHING:
            # A queue of the same place, of a region within it, or of the country or world that it lies in.
            around = [EVERYTHING, territory, territory.split("-")[0]]
            part &= Q(territory__in=around) | within(territory)
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
    found = cases_for(actor).select_related("owner", "proposed_by", "judged_by").filter(number=number).first()
    if found is None:
        raise NotFound
    return found


def queue_for(actor: Actor, slug: str) -> Queue:
    """The queue, if it holds anything that the person may see.

    Raises:
        NotFound: there is none, or it lies outside the person's scopes.
    """
    found = visible_queue(actor, slug)
    if found is None:
        raise NotFound
    return found


def visible_queue(actor: Actor, slug: str) -> Queue | None:
    """The queue, or None where there is none or it lies outside the person's scopes."""
    return queues_for(actor).filter(slug=slug).first()


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


def _scopes(actor: Actor) -> list[tuple[str, str]]:
    return actor.once("scopes", lambda: list(actor.person.scopes.values_list("territory", "theme")))


def _scope(actor: Actor, prefix: str = "") -> Q | None:
    """The person's scopes as a condition on territory and theme; None where nothing bounds them."""
    if actor.role in SEES_ALL:
        return None
    wanted = Q(pk__in=[])
    for territory, theme in _scopes(actor):
        if territory == theme == EVERYTHING:
            return None
        part = Q()
        if territory != EVERYTHING:
            part &= within(territory, prefix)
        if theme != EVERYTHING:
            part &= Q(**{f"{prefix}theme": theme})
        wanted |= part
    return wanted


def within(territory: str, prefix: str = "") -> Q:
    """A territory, or a region of it."""
    name = f"{prefix}territory"
    inside = {f"{name}__gt": f"{territory}-", f"{name}__lt": f"{territory}{_AFTER_ANY_REGION}"}
    return Q(**{name: territory}) | Q(**inside)


def _need_to_know(actor: Actor) -> Q:
    named = NeedToKnow.objects.filter(person=actor.person).values("case_id")
    return Q(is_restricted=False) | Q(owner=actor.person) | Q(pk__in=named)


def _known_case(actor: Actor, prefix: str = "") -> Q:
    """Alerts of restricted cases are seen by those who may know of the case."""
    hidden = actor.once("hidden_cases", lambda: _hidden_cases(actor))
    return ~Q(**{f"{prefix}case__in": hidden}) | Q(**{f"{prefix}case__isnull": True}) if hidden else Q()


def _hidden_cases(actor: Actor) -> list[int]:
    hidden = Case.objects.filter(is_restricted=True).exclude(owner=actor.person)
    hidden = hidden.exclude(pk__in=NeedToKnow.objects.filter(person=actor.person).values("case_id"))
    return list(hidden.values_list("pk", flat=True))


def is_bounded(actor: Actor) -> bool:
    """Does anything narrow what the person sees of all alerts: a scope, or a case that hides some."""
    return bool(_known_case(actor)) or _scope(actor) is not None


def sees_whole(actor: Actor, queue: Queue) -> bool:
    """Do the person's scopes cover a queue. Alerts of cases that they may not know of wait in none."""
    return _scope(actor) is None or any(_covers(scope, queue) for scope in _scopes(actor))


def _covers(scope: tuple[str, str], queue: Queue) -> bool:
    territory, theme = scope
    is_inside = territory in (EVERYTHING, queue.territory) or queue.territory.startswith(f"{territory}-")
    return is_inside and theme in (EVERYTHING, queue.theme)
