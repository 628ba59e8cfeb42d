"""Putting several alerts into a case together: one matter that the night raised as many. Free ones and own ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from review.console.models import Alert, Case
from review.console.services import access, audit, cases, marked, workflow
from review.console.services.actor import Actor

_PURPOSE = "console.gather"
NEW = "new"
"""What stands for a case that is opened for these alerts."""


@dataclass(frozen=True)
class Preview:
    """What would be put into a case.

    Attributes:
        alerts: the alerts.
        cases: those that take them; cases with one of their subjects first.
        token: goes into the form; puts exactly these alerts in exactly these versions, for this person.
    """

    alerts: tuple[Alert, ...]
    cases: tuple[Case, ...]
    token: str


def preview(actor: Actor, alert_ids: Sequence[str]) -> Preview:
    """What would be put into a case.

    Raises:
        Refused: none, too many, or one of them is in other hands.
    """
    access.require_worker(actor)
    with audit.recorded(actor) as record:
        alerts = marked.marked(actor, alert_ids)
        marked.require_takeable(actor, alerts)
        record.add("gather_previewed", "alerts", len(alerts), alerts=[alert.alert_id for alert in alerts])
    return Preview(tuple(alerts), tuple(cases.linkable(actor, alerts)), marked.token_of(actor, alerts, _PURPOSE))


def put(actor: Actor, token: str, number: str, title: str = "", text: str = "") -> tuple[Case, int]:
    """Put the previewed alerts into a case, all or none; returns the case and how many they are.

    Args:
        actor: who does it.
        token: of the preview.
        number: the case, or NEW.
        title: of a new case; the name of the first alert's subject where empty.
        text: why; may be empty.

    Raises:
        Refused: the token is old or of another person, or the case takes no alerts.
        NotFound: no such case for this person.
        Stale: one of the alerts changed since the preview.
    """
    access.require_worker(actor)
    words = workflow.rationale(text, is_needed=False)
    seen = marked.seen_in(actor, token, _PURPOSE)
    with audit.recorded(actor) as record:
        held = [marked.hold(actor, alert_id, version, record) for alert_id, version in seen]
        first = max(held, key=lambda alert: (alert.score, -alert.pk))
        case = cases.new(actor, title, first, record) if number == NEW else access.case_for(actor, number)
        for alert in held:
            workflow.link(actor, alert, case, words, alert.version, record)
    return case, len(held)
