"""What the night does to alerts without a person: wake, time out, enqueue, reopen, close unreviewed."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from review.console.models import Alert, Decision, QueueEntry
from review.console.models.alerts import AlertState, DecisionStatus
from review.console.services import audit
from review.console.services.steps import take_step
from review.console.services.transitions import Action
from review.dispositions import EDITION, Disposition


def sweep(today: date, at: datetime, record: audit.Record) -> None:
    """New alerts join the waiting ones, deferred ones wake on their day, unanswered requests time out."""
    fresh = Alert.objects.filter(state__in=[AlertState.NEW, AlertState.REOPENED], first_night__lt=today)
    for alert in fresh.iterator(chunk_size=500):
        take_step(alert, Action.ENQUEUE, by=None, at=at, record=record)
    for alert in Alert.objects.filter(state=AlertState.DEFERRED, wake_on__lte=today):
        wake(alert, "date", at, record)
    for alert in Alert.objects.filter(state=AlertState.INFO_REQUESTED, answer_by__lt=today):
        take_step(alert, Action.TIME_OUT, by=None, at=at, record=record, changes={"answer_by": None})


def wake(alert: Alert, because: str, at: datetime, record: audit.Record) -> None:
    """End a deferral."""
    changes: dict[str, Any] = {"wake_on": None, "wake_events": []}
    take_step(alert, Action.WAKE, by=None, at=at, record=record, changes=changes, because=because)
    show(alert)


def reopen(alert: Alert, because: str, at: datetime, record: audit.Record) -> None:
    """Open a closed alert again on a new signal."""
    changes = {"disposition": "", "disposition_reason": "", "closed_at": None}
    take_step(alert, Action.REOPEN, by=None, at=at, record=record, changes=changes, because=because)
    show(alert)


def show(alert: Alert) -> None:
    """Put an alert that came back during the day at the top of its home queue, until the night ranks it."""
    place = {"position": 0, "is_below_cut": False, "below_since": None}
    worth = {"rank_class": "2", "score": alert.score, "value_per_minute": 0.0, "minutes": 0.0}
    QueueEntry.objects.update_or_create(
        queue_id=alert.queue_id, alert=alert, defaults=place, create_defaults={**place, **worth}
    )


def expire(alerts: Iterable[Alert], at: datetime, record: audit.Record) -> None:
    """Close alerts that nobody could read: D10, which says nothing about the subject."""
    for alert in alerts:
        code = Disposition.UNREVIEWED.value
        changes: dict[str, Any] = {"disposition": code, "disposition_reason": "", "closed_at": at}
        Decision.objects.create(
            alert=alert,
            ordinal=alert.decisions.count() + 1,
            code=code,
            edition=EDITION,
            text="",
            status=DecisionStatus.FINAL,
            needs_second=False,
            proposed_at=at,
            score=alert.score,
            evidence=alert.content.evidence,
        )
        take_step(alert, Action.EXPIRE, by=None, at=at, record=record, changes=changes)
