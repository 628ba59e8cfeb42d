"""The second person: decisions that wait for one, approval and return. Nobody judges their own; the database agrees."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from review.console.models import Alert, Decision
from review.console.models.alerts import AlertState, DecisionKind, DecisionStatus
from review.console.rules import JUDGES
from review.console.services import access, audit, system, workflow
from review.console.services.actor import Actor
from review.console.services.errors import NotFound, Refused
from review.console.services.steps import take_step
from review.console.services.transitions import Action


@dataclass(frozen=True)
class Waiting:
    """A decision that waits for a second person; `is_own` says that this reader must not judge it."""

    decision: Decision
    is_own: bool


def waiting(actor: Actor, most: int) -> list[Waiting]:
    """The decisions that wait and that the person may see, oldest first, for seniors and the head, who judge them."""
    if actor.role not in JUDGES:
        return []
    found = proposed(actor).select_related("alert", "alert__subject", "proposed_by")
    rows = list(found.order_by("proposed_at", "pk")[:most])
    return [Waiting(decision, decision.proposed_by_id == actor.person.pk) for decision in rows]


def proposed(actor: Actor) -> QuerySet[Decision]:
    """Proposed decisions about the alerts that the person may see; found by their status first, as they are few."""
    seen = access.sight(actor, "alert__")
    return Decision.objects.filter(seen, status=DecisionStatus.PROPOSED, alert__state=AlertState.PENDING_APPROVAL)


def approve(actor: Actor, decision_id: int, version: int, text: str = "") -> Alert:
    """Approve a proposed decision: the alert is closed, or deferred.

    Raises:
        NotFound, NotAllowed: not visible; not a role that approves.
        Refused: one's own (code `own`), or no longer waiting.
        Stale: the alert changed since.
    """
    access.require_judge(actor)
    words = workflow.rationale(text, is_needed=False)
    with audit.recorded(actor) as record:
        decision, alert = _proposed(actor, decision_id)
        if decision.kind == DecisionKind.DEFER:
            changes: dict[str, Any] = {"wake_on": decision.wake_on, "wake_events": decision.wake_events}
            action = Action.APPROVE_DEFERRAL
        else:
            changes = {
                "disposition": decision.code,
                "disposition_reason": decision.reason,
                "closed_at": actor.at,
            }
            action = Action.APPROVE
        _judge(actor, decision, DecisionStatus.FINAL, words)
        take_step(
            alert,
            action,
            by=actor.person,
            at=actor.at,
            record=record,
            text=words,
            changes=changes,
            version=version,
            code=decision.code,
            proposed_by=decision.proposed_by.username if decision.proposed_by else "",
        )
    return alert


def send_back(actor: Actor, decision_id: int, version: int, text: str) -> Alert:
    """Return a proposed decision with a reason: the alert is back in its queue, marked as returned."""
    access.require_judge(actor)
    words = workflow.rationale(text, is_needed=True)
    with audit.recorded(actor) as record:
        decision, alert = _proposed(actor, decision_id)
        _judge(actor, decision, DecisionStatus.RETURNED, words)
        take_step(alert, Action.SEND_BACK, by=actor.person, at=actor.at, record=record, text=words, version=version)
        system.show(alert)
    return alert


def _proposed(actor: Actor, decision_id: int) -> tuple[Decision, Alert]:
    found = Decision.objects.select_related("alert", "proposed_by").filter(pk=decision_id).first()
    if found is None:
        raise NotFound
    alert = access.alert_for(actor, found.alert.alert_id)
    if found.status != DecisionStatus.PROPOSED:
        raise Refused(_("This decision no longer waits for approval."), "state")
    if found.proposed_by_id == actor.person.pk:
        raise Refused(_("Nobody approves their own decision. Another senior analyst has to."), "own")
    return found, alert


def _judge(actor: Actor, decision: Decision, status: DecisionStatus, text: str) -> None:
    changed = Decision.objects.filter(pk=decision.pk, status=DecisionStatus.PROPOSED).update(
        status=status, judged_by=actor.person, judged_at=actor.at, judged_text=text
    )
    if not changed:
        raise Refused(_("This decision no longer waits for approval."), "state")
