"""Several alerts that a person marked, to be worked in one step: shown first, then all of them or none.

What was shown goes through the browser as a signed token: of this person, these alerts in these versions, for a while.
"""

from collections.abc import Sequence

from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from review import daily
from review.console.models import Alert
from review.console.models.alerts import WAITING, AlertState
from review.console.services import access, audit, workflow
from review.console.services.actor import Actor
from review.console.services.errors import Refused
from review.console.services.steps import stale

_TOKEN_SECONDS = 900


def marked(actor: Actor, alert_ids: Sequence[str]) -> list[Alert]:
    """The alerts of these identifiers, in this order.

    Raises:
        Refused: none or more than are worked in one step, or some that the person may not see.
    """
    wanted = list(dict.fromkeys(alert_ids))
    most = daily.work_rules().bulk_max
    if not 1 <= len(wanted) <= most:
        raise Refused(_("Choose 1 to %(most)s alerts.") % {"most": most}, "count")
    found = access.alerts_for(actor).select_related("owner", "queue", "subject", "case").filter(alert_id__in=wanted)
    by_id = {alert.alert_id: alert for alert in found}
    if len(by_id) != len(wanted):
        raise Refused(_("Some of these alerts are not there."), "missing")
    return [by_id[identifier] for identifier in wanted]


def require_takeable(actor: Actor, alerts: Sequence[Alert]) -> None:
    """Nothing, or Refused where some of the alerts are neither free nor the person's."""
    busy = [alert for alert in alerts if not is_takeable(actor, alert)]
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


def is_takeable(actor: Actor, alert: Alert) -> bool:
    """Is the alert free, or in the person's hands."""
    return alert.state in WAITING or _is_held_by(actor, alert)


def _is_held_by(actor: Actor, alert: Alert) -> bool:
    return alert.state in (AlertState.ASSIGNED, AlertState.IN_REVIEW) and alert.owner_id == actor.person.pk


def token_of(actor: Actor, alerts: Sequence[Alert], purpose: str) -> str:
    """What stands in the form for these alerts, as they are now."""
    seen = [[alert.alert_id, alert.version] for alert in alerts]
    return signing.dumps({"who": actor.person.pk, "alerts": seen}, salt=purpose)


def seen_in(actor: Actor, token: str, purpose: str) -> list[tuple[str, int]]:
    """The alerts and versions of a token, in the one order in which everybody locks them.

    Raises:
        Refused: it is old, forged, or another person's.
    """
    try:
        seen = signing.loads(token, salt=purpose, max_age=_TOKEN_SECONDS)
    except signing.BadSignature:
        raise Refused(_("The preview is too old. Look at the list again."), "token") from None
    if seen["who"] != actor.person.pk:
        raise Refused(_("The preview is another person's."), "token")
    return [(alert_id, version) for alert_id, version in sorted(seen["alerts"])]


def hold(actor: Actor, alert_id: str, version: int, record: audit.Record) -> Alert:
    """The alert, in the person's hands: taken now, or held since before; in the caller's transaction.

    Raises:
        Stale: it changed since it was shown.
    """
    alert = access.alert_for(actor, alert_id)
    if not _is_held_by(actor, alert):
        workflow.take(actor, alert, record, version)
    elif alert.version != version:
        raise stale(alert)
    return alert
