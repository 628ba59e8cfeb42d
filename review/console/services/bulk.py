"""Closing several alerts with the same reasons together: preview with a token, one rationale, each still a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from review import daily
from review.console.models import Alert, AlertStep, Decision
from review.console.models.alerts import WAITING, AlertState
from review.console.services import access, audit, workflow
from review.console.services.actor import Actor
from review.console.services.errors import NotFound, Refused
from review.console.services.steps import stale
from review.console.services.workflow import Choice, Outcome
from review.dispositions import Disposition

_SALT = "console.bulk"
_TOKEN_SECONDS = 900


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
    token = signing.dumps(
        {"who": actor.person.pk, "alerts": [[alert.alert_id, alert.version] for alert in alerts]}, salt=_SALT
    )
    second = daily.work_rules().second_person_score
    waiting = sum(alert.score >= second for alert in alerts)
    return Preview(tuple(alerts), alerts[0].typologies, alerts[0].lead_features, waiting, token)


def _chosen(actor: Actor, alert_ids: Sequence[str]) -> list[Alert]:
    wanted = list(dict.fromkeys(alert_ids))
    most = daily.work_rules().bulk_max
    if not 1 <= len(wanted) <= most:
        raise Refused(_("Choose 1 to %(most)s alerts.") % {"most": most}, "count")
    found = access.alerts_for(actor).select_related("owner", "queue", "subject", "case").filter(alert_id__in=wanted)
    by_id = {alert.alert_id: alert for alert in found}
    if len(by_id) != len(wanted):
        raise Refused(_("Some of these alerts are not there."), "missing")
    alerts = [by_id[identifier] for identifier in wanted]
    grounds = {alert.ground for alert in alerts}
    if "" in grounds:
        raise Refused(
            _("Some of these alerts tell what the model saw only after their night is taken over again."), "ground"
        )
    if len(grounds) != 1:
        raise Refused(_("Only alerts with the same reasons are closed together; these have different ones."), "ground")
    busy = [a for a in alerts if a.state not in WAITING and not _is_held_by(a, actor)]
    if busy:
        raise Refused(
            ngettext(
                "%(count)s of these alerts is in other hands.",
                "%(count)s of these alerts are in other hands.",
                len(busy),
            )
            % {"count": len(busy)},
            "locked",
        )
    return alerts


def _is_held_by(alert: Alert, actor: Actor) -> bool:
    return alert.state in (AlertState.ASSIGNED, AlertState.IN_REVIEW) and alert.owner_id == actor.person.pk


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
    try:
        seen = signing.loads(token, salt=_SALT, max_age=_TOKEN_SECONDS)
    except signing.BadSignature:
        raise Refused(_("The preview is too old. Look at the list again."), "token") from None
    if seen["who"] != actor.person.pk:
        raise Refused(_("The preview is another person's."), "token")
    batch = uuid4()
    outcomes = []
    with audit.recorded(actor) as record:
        for alert_id, version in sorted(seen["alerts"]):
            alert = access.alert_for(actor, alert_id)
            if not _is_held_by(alert, actor):
                workflow.take(actor, alert, record, version)
            elif alert.version != version:
                raise stale(alert)
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
