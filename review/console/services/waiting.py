"""What waits for a person: what others proposed, asked for or handed up; and what lies in the person's own hands.

Counts are asked for by every page, so each is found by its state first, as what waits is little, and counted to CAP.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from review.console.models import Alert, AlertStep, Case, CaseStep, Decision, Export, Operation
from review.console.models.alerts import AlertState, DecisionStatus
from review.console.models.cases import CaseAction, CaseState
from review.console.models.people import Role
from review.console.rules import JUDGES, WORKERS
from review.console.services import access, approvals, audit, exports
from review.console.services.actor import Actor
from review.console.services.indexed import counted_to
from review.console.services.transitions import Action

CAP = 200
"""More than this of one kind is shown as 200+."""
_SHOWN = 20


@dataclass(frozen=True)
class Counts:
    """How many things wait for the person, by kind, each counted no further than one above CAP."""

    decisions: int = 0
    cases: int = 0
    exports: int = 0
    escalated: int = 0
    operations: int = 0
    to_send: int = 0

    @property
    def _sum(self) -> int:
        return self.decisions + self.cases + self.exports + self.escalated + self.operations + self.to_send

    @property
    def total(self) -> int:
        """All of them, no more than CAP."""
        return min(self._sum, CAP)

    @property
    def is_more(self) -> bool:
        """Are there more than `total`."""
        return self._sum > CAP


@dataclass(frozen=True)
class WaitingCase:
    """A case that waits: for approval, or to be sent; by whom, and since when."""

    case: Case
    since: datetime
    is_own: bool


@dataclass(frozen=True)
class HandedUp:
    """An alert that was handed up, and the step that says by whom, when and with which question."""

    alert: Alert
    step: AlertStep | None


@dataclass(frozen=True)
class Waiting:
    """Everything that waits for the person, the oldest first; own decisions and cases stand among them, marked."""

    decisions: tuple[approvals.Waiting, ...]
    cases: tuple[WaitingCase, ...]
    exports: tuple[Export, ...]
    escalated: tuple[HandedUp, ...]
    operations: tuple[Operation, ...]
    to_send: tuple[WaitingCase, ...]

    @property
    def is_empty(self) -> bool:
        """Does nothing wait."""
        return not any(vars(self).values())


@dataclass(frozen=True)
class InHand:
    """What a worker holds: taken alerts; alerts and cases that a second person returned to them."""

    held: tuple[Alert, ...] = ()
    returned: tuple[Decision, ...] = ()
    cases: tuple[Case, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Is there nothing."""
        return not (self.held or self.returned or self.cases)


def counts(actor: Actor) -> Counts:
    """How many things wait for the person; read once for the actor."""
    return actor.once("waiting", lambda: _counts(actor))


def _counts(actor: Actor) -> Counts:
    me = actor.person
    return Counts(
        decisions=counted_to(approvals.proposed(actor).exclude(proposed_by=me), CAP) if actor.role in JUDGES else 0,
        cases=counted_to(_proposed_cases(actor).exclude(proposed_by=me), CAP),
        exports=counted_to(exports.waiting_for(actor), CAP),
        escalated=counted_to(_escalated(actor), CAP),
        operations=counted_to(_operations(actor), CAP),
        to_send=counted_to(_to_send(actor), CAP),
    )


def everything(actor: Actor) -> Waiting:
    """All that waits for the person, up to CAP of each kind. Logged with the alerts and cases that it names."""
    decisions = approvals.waiting(actor, CAP)
    pending = _cases(actor, _proposed_cases(actor), CaseAction.PROPOSED)
    to_send = _cases(actor, _to_send(actor), CaseAction.APPROVED)
    escalated = _handed_up(actor)
    with audit.recorded(actor) as record:
        record.add(
            "approvals_read",
            "alerts",
            len(decisions) + len(escalated),
            alerts=[item.decision.alert.alert_id for item in decisions] + [item.alert.alert_id for item in escalated],
            cases=[item.case.number for item in (*pending, *to_send)],
        )
    return Waiting(
        decisions=tuple(decisions),
        cases=pending,
        exports=tuple(exports.waiting(actor)),
        escalated=escalated,
        operations=tuple(_operations(actor).select_related("queue", "proposed_by")[:CAP]),
        to_send=to_send,
    )


def _proposed_cases(actor: Actor) -> QuerySet[Case]:
    """Cases whose dissemination or end is proposed."""
    if actor.role not in JUDGES:
        return Case.objects.none()
    return access.cases_for(actor).filter(state=CaseState.PENDING_REVIEW)


def _to_send(actor: Actor) -> QuerySet[Case]:
    """Approved cases that the person, who had no part in that, can send."""
    if actor.role is not Role.DISSEMINATION:
        return Case.objects.none()
    approved = access.cases_for(actor).filter(state=CaseState.APPROVED)
    return approved.exclude(Q(proposed_by=actor.person) | Q(judged_by=actor.person))


def _cases(actor: Actor, cases: QuerySet[Case], action: CaseAction) -> tuple[WaitingCase, ...]:
    rows = list(cases.select_related("proposed_by", "judged_by", "owner").order_by("changed_at", "pk")[:CAP])
    steps = CaseStep.objects.filter(case__in=rows, action=action).order_by("pk").values_list("case_id", "at")
    since = dict(steps)
    found = [
        WaitingCase(case, since.get(case.pk, case.changed_at), case.proposed_by_id == actor.person.pk) for case in rows
    ]
    return tuple(sorted(found, key=lambda item: item.since))


def _escalated(actor: Actor) -> QuerySet[Alert]:
    """Alerts that were handed up."""
    if actor.role not in JUDGES:
        return Alert.objects.none()
    return _in_state(actor, AlertState.ESCALATED)


def _in_state(actor: Actor, state: AlertState) -> QuerySet[Alert]:
    """The alerts of a rare state that the person may see: found by the state first, on every database."""
    found = list(Alert.objects.filter(state=state).values_list("pk", flat=True)[:1_000])
    return access.alerts_for(actor).filter(pk__in=found) if found else Alert.objects.none()


def _handed_up(actor: Actor) -> tuple[HandedUp, ...]:
    alerts = list(_escalated(actor)[:CAP])
    steps = AlertStep.objects.filter(alert__in=alerts, action=Action.ESCALATE, undone_at=None).select_related("by")
    last = {step.alert_id: step for step in steps.order_by("pk")}
    found = [HandedUp(alert, last.get(alert.pk)) for alert in alerts]
    return tuple(sorted(found, key=lambda item: (item.step.pk if item.step else 0, item.alert.pk)))


def _operations(actor: Actor) -> QuerySet[Operation]:
    """Operations that others proposed and no head has set in force."""
    if actor.role is not Role.HEAD:
        return Operation.objects.none()
    return Operation.objects.filter(approved_by=None, closed_at=None).exclude(proposed_by=actor.person)


def in_hand(actor: Actor) -> InHand:
    """What lies in the hands of whoever works alerts."""
    if actor.role not in WORKERS:
        return InHand()
    me = actor.person
    mine = list(Alert.objects.filter(owner=me).values_list("pk", flat=True)[:1_000])
    held = access.alerts_for(actor).filter(pk__in=mine).select_related("queue").order_by("locked_at", "pk")
    sent_back = _in_state(actor, AlertState.RETURNED).filter(
        pk__in=Decision.objects.filter(proposed_by=me, status=DecisionStatus.RETURNED).values("alert_id")
    )
    decisions = Decision.objects.filter(alert__in=list(sent_back[:_SHOWN]), status=DecisionStatus.RETURNED)
    newest = {decision.alert_id: decision for decision in decisions.select_related("alert", "judged_by").order_by("pk")}
    cases = access.cases_for(actor).filter(Q(owner=me) | Q(proposed_by=me), state=CaseState.RETURNED)
    return InHand(
        held=tuple(held[:_SHOWN]) if mine else (),
        returned=tuple(decision for decision in newest.values() if decision.proposed_by_id == me.pk),
        cases=tuple(cases.order_by("changed_at", "pk")[:_SHOWN]),
    )
