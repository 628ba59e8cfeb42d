"""Closing several alerts with the same reasons together: preview with a token, one rationale, each still a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from review import daily
from review.console.models import Alert, AlertStep, Decision
from review.console.services import access, audit, marked, workflow
from review.console.services.actor import Actor
from review.console.services.errors import NotFound, Refused
from review.console.services.workflow import Choice, Outcome
from review.dispositions import Disposition

_PURPOSE = "console.bulk"


@dataclass(frozen=True)
class Preview:
    """What a bulk closing would do.

    Attributes:
        alerts: the alerts, all with the same reasons.
        typologies: those that found them; empty where the model alone did.
        lead_features: the two that then lead among the model's reasons.
        with_second: those that a second person must approve, for the disposition that the score asks for.
        token: goes into the form; closes exactly these alerts in exactly these versions, for this person.
    """

    alerts: tuple[Alert, ...]
    typologies: str
    lead_features: str
    with_second: int
    token: str


def preview(actor: Actor, alert_ids: Sequence[str]) -> Preview:
    """What would be closed.

    Raises:
        Refused: more than 50, not for the same reasons, or one of them can't be taken now.
    """
    access.require_worker(actor)
    with audit.recorded(actor) as record:
        alerts = _chosen(actor, alert_ids)
        record.add("bulk_previewed", "alerts", len(alerts), alerts=[alert.alert_id for alert in alerts])
    token = marked.token_of(actor, alerts, _PURPOSE)
    second = daily.work_rules().second_person_score
    waiting = sum(alert.score >= second for alert in alerts)
    return Preview(tuple(alerts), alerts[0].typologies, alerts[0].lead_features, waiting, token)


def _chosen(actor: Actor, alert_ids: Sequence[str]) -> list[Alert]:
    alerts = marked.marked(actor, alert_ids)
    grounds = {alert.ground for alert in alerts}
    if "" in grounds:
        raise Refused(
            _("Some of these alerts tell what the model saw only after their night is taken over again."), "ground"
        )
    if len(grounds) != 1:
        raise Refused(_("Only alerts with the same reasons are closed together; these have different ones."), "ground")
    marked.require_takeable(actor, alerts)
    return alerts


def close(actor: Actor, token: str, choice: Choice) -> tuple[UUID, list[Outcome]]:
    """Close the previewed alerts, all or none; returns the batch and what became of each.

    Raises:
        Refused: the token is old or of another person, or the choice is incomplete or a dissemination.
        Stale: one of the alerts changed since the preview.
    """
    access.require_worker(actor)
    disposition, reason, text = workflow.checked(choice)
    if disposition in {Disposition.DISSEMINATED, Disposition.ADDED}:
        raise Refused(_("Dissemination is decided one alert at a time."), "code", "code")
    seen = marked.seen_in(actor, token, _PURPOSE)
    batch = uuid4()
    outcomes = []
    with audit.recorded(actor) as record:
        for alert_id, version in seen:
            alert = marked.hold(actor, alert_id, version, record)
            outcomes.append(workflow.close(actor, alert, disposition, reason, text, alert.version, record, batch=batch))
        record.add("bulk_closed", "batch", batch, reason=text, alerts=len(outcomes), code=disposition.value)
    return batch, outcomes


def undo(actor: Actor, batch: UUID) -> int:
    """Take back a bulk closing within ten seconds; returns how many alerts are as before, held by whom held them.

    Raises:
        NotFound: no such batch of this person.
        Refused: too late, or nothing of it can be undone.
    """
    decisions = Decision.objects.filter(batch=batch, proposed_by=actor.person).values_list("alert_id", flat=True)
    if not decisions:
        raise NotFound
    with audit.recorded(actor) as record:
        done = 0
        for alert in list(decisions):
            step = (
                AlertStep.objects.filter(alert=alert, by=actor.person).select_related("alert").order_by("-id").first()
            )
            if step is not None:
                workflow.let_go(actor, workflow.take_back(actor, step, record), step, record)
                done += 1
    if not done:
        raise Refused(_("It is too late to undo this."), "undo")
    return done
