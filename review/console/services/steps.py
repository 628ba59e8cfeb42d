"""The one place that changes an alert's state: by the transition table, by version, with a step and an event.

A change is a compare-and-swap on `version`: of two that read the same alert, one wins and the other is told.
"""

from datetime import date, datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from review.console.models import Alert, AlertStep
from review.console.models.people import Person, Role
from review.console.services import audit
from review.console.services.errors import NotAllowed, Refused, Stale
from review.console.services.transitions import ALERT, Action, Transition

WORK_FIELDS = (
    *("state", "owner_id", "locked_at", "active_at", "wake_on", "wake_events", "answer_by", "case_id", "disposition"),
    *("disposition_reason", "closed_at", "is_urgent", "has_agency_interest"),
)
"""What a step may change, and what undoing it brings back."""
_UNLOCKED: dict[str, Any] = {"owner_id": None, "locked_at": None, "active_at": None}


def allowed(alert: Alert, action: Action, role: Role | None) -> Transition:
    """The transition of an action.

    Raises:
        NotAllowed: the role does not have it.
        Refused: it is not possible in the alert's state.
    """
    transition = ALERT[action]
    if role is not None and role not in transition.roles:
        raise NotAllowed
    if alert.state not in transition.sources:
        raise Refused(
            _("This can't be done now: the alert is “%(state)s”.") % {"state": alert.get_state_display()}, "state"
        )
    return transition


def take_step(
    alert: Alert,
    action: Action,
    *,
    by: Person | None,
    at: datetime,
    record: audit.Record,
    text: str = "",
    changes: dict[str, Any] | None = None,
    version: int | None = None,
    **details: Any,
) -> AlertStep:
    """Move an alert by one action, and return the step; the alert object is brought up to date.

    Args:
        alert: as read.
        action: what is done; its transition must be possible.
        by: the person, or None for the system.
        at: now.
        record: gets the event.
        text: the rationale.
        changes: work fields beside the state.
        version: the version that the person saw; the read one if None.
        details: kept with the event.

    Raises:
        Stale: the alert was changed since.
        NotAllowed, Refused: see `allowed`.
    """
    transition = allowed(alert, action, Role(by.role) if by else None)
    before = snapshot(alert)
    values: dict[str, Any] = {"state": transition.target.value if transition.target else alert.state}
    if not transition.keeps_lock:
        values |= _UNLOCKED
    values |= changes or {}
    swap(alert, values, version)
    step = AlertStep.objects.create(
        alert=alert,
        action=action.value,
        from_state=before["state"],
        to_state=values["state"],
        by=by,
        at=at,
        text=text,
        before=before,
        version_after=alert.version,
    )
    record.add(
        f"alert_{action.value}",
        "alert",
        alert.alert_id,
        reason=text,
        before=before,
        after=snapshot(alert),
        version=alert.version,
        **details,
    )
    return step


def lock_row(alert: Alert, version: int) -> None:
    """Keep others from changing the alert until the transaction ends: for what is written before the alert itself.

    Raises:
        Stale: it has another version by now.
    """
    locked = Alert.objects.select_for_update().filter(pk=alert.pk, version=version)
    if locked.values_list("pk", flat=True).first() is None:
        raise stale(alert)


def swap(alert: Alert, values: dict[str, Any], version: int | None = None) -> None:
    """Write work fields if the alert still has the version.

    Raises:
        Stale: it does not.
    """
    expected = alert.version if version is None else version
    changed = Alert.objects.filter(pk=alert.pk, version=expected).update(version=F("version") + 1, **values)
    if not changed:
        raise stale(alert)
    for name, value in values.items():
        setattr(alert, name, value)
    alert.version = expected + 1


def stale(alert: Alert) -> Stale:
    """The error that says who changed the alert and what it is now."""
    now = Alert.objects.select_related("owner", "queue", "case").get(pk=alert.pk)
    last = AlertStep.objects.filter(alert=alert).select_related("by").order_by("-id").first()
    since = now.version - last.version_after if last else 0
    # An undo and a night's evidence raise the version without a step of their own.
    if last and last.by and since == (1 if last.undone_at else 0):
        message = _("%(name)s has changed this alert meanwhile: it is “%(state)s” now. Nothing was decided.") % {
            "name": last.by.get_full_name(),
            "state": now.get_state_display(),
        }
    else:
        message = _("The night has brought new evidence to this alert. Nothing was decided; read it again.")
    return Stale(message, now)


def snapshot(alert: Alert) -> dict[str, Any]:
    """The work fields as JSON values."""
    return {name: _plain(getattr(alert, name)) for name in WORK_FIELDS}


def restored(before: dict[str, Any]) -> dict[str, Any]:
    """Work fields of a snapshot, as the model takes them."""
    values = dict(before)
    for name in ("locked_at", "active_at", "closed_at"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    for name in ("wake_on", "answer_by"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    return values


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
