"""What the database refuses besides: an alert or a case that ends, or is deferred for long, without its decision.

An alert is closed by a final decision of the same code, reason and time, the newest of the alert; a closing of a score of
80 or more, and a deferral for more than 14 days, by one that a second person judged. What a decision says is written
once; a case ends as it was proposed. The bounds are those of review/parameters.toml, and a test holds both together.
"""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from review.console import guards
from review.console.guards import Guard

SECOND_PERSON_SCORE = 80
LONG_DEFERRAL_DAYS = 14
_FIXED = (
    *("alert_id", "ordinal", "kind", "code", "edition", "reason", "text", "needs_second", "proposed_by_id"),
    *("proposed_at", "score", "wake_on", "wake_events", "evidence", "batch"),
)
"""What a decision says; who judged it how and whether it stands are written later."""

_DECIDED = """exists (
    select 1 from console_decision d
    where d.alert_id = new.id and d.kind = 'close' and d.status = 'final' and d.code = new.disposition
        and d.reason = new.disposition_reason and coalesce(d.judged_at, d.proposed_at) = new.closed_at
        and not exists (
            select 1 from console_decision later
            where later.alert_id = d.alert_id and later.ordinal > d.ordinal and later.status <> 'undone')
)"""
_DEFERRED = """exists (
    select 1 from console_decision d
    where d.alert_id = new.id and d.kind = 'defer' and d.status = 'final' and d.wake_on = new.wake_on
        and d.judged_by_id is not null
)"""
_IN_FORCE = """exists (
    select 1 from console_alert a
    where a.id = old.alert_id and a.state = 'closed' and a.disposition = old.code
        and a.closed_at = coalesce(old.judged_at, old.proposed_at)
)"""
_SCORED = f"""new.score <> (select a.score from console_alert a where a.id = new.alert_id)
    or new.kind = 'close' and new.proposed_by_id is not null and not new.needs_second
        and new.score >= {SECOND_PERSON_SCORE}
    or new.kind = 'defer' and not new.needs_second"""  # noqa: S608 – a constant of this file
_NOT_AS_PROPOSED = """new.state in ('approved', 'closed', 'closed_unsent') and new.state <> old.state
    and not (old.state = 'pending_review' and old.proposed_state = new.state)
    or old.state = 'pending_review' and new.state in ('pending_review', 'approved', 'closed', 'closed_unsent')
        and (new.proposed_state <> old.proposed_state or new.proposed_text <> old.proposed_text
            or coalesce(new.proposed_by_id, 0) <> coalesce(old.proposed_by_id, 0))"""
_FAR = {
    "sqlite": f"new.wake_on > date('now', '+{LONG_DEFERRAL_DAYS + 1} days')",
    "postgresql": f"new.wake_on > current_date + {LONG_DEFERRAL_DAYS + 1}",
}
"""Beyond a short deferral; one day more, as the unit's day may be ahead of the database's."""


def _guards(vendor: str) -> dict[str, Guard]:
    rewritten = " or ".join(f"new.{name} {guards.distinct(vendor)} old.{name}" for name in _FIXED)
    ends = f"new.state = 'closed' and not {_DECIDED}"
    defers = f"new.state = 'deferred' and {_FAR[vendor]} and not {_DEFERRED}"
    undoes = f"old.status = 'final' and new.status <> 'final' and {_IN_FORCE}"
    return {
        "console_alert_no_delete": Guard("console_alert", "delete", "true", "alerts are never deleted"),
        "console_alert_closed_by_decision": Guard(
            "console_alert",
            "update of state, disposition, disposition_reason, closed_at",
            ends,
            "an alert is closed by a final decision alone",
        ),
        "console_alert_deferred_by_decision": Guard(
            "console_alert", "update of state, wake_on", defers, "a long deferral needs a second person"
        ),
        "console_decision_no_delete": Guard("console_decision", "delete", "true", "decisions are never deleted"),
        "console_decision_scored": Guard(
            "console_decision",
            "insert",
            _SCORED,
            "this decision needs a second person, or its score is not that of the alert",
        ),
        "console_decision_fixed": Guard(
            "console_decision", f"update of {', '.join(_FIXED)}", rewritten, "what a decision says is never changed"
        ),
        "console_decision_in_force": Guard(
            "console_decision", "update of status", undoes, "a decision that closes an alert is in force"
        ),
        "console_case_as_proposed": Guard(
            "console_case",
            "update",
            _NOT_AS_PROPOSED,
            "a case ends as it was proposed, after the word of a second person",
        ),
    }


def guard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the guards of the database at hand."""
    guards.write(editor, _guards(editor.connection.vendor))


class Migration(migrations.Migration):
    """Guards; never taken back."""

    dependencies: ClassVar = [("console", "0007_judged")]
    operations: ClassVar = [migrations.RunPython(guard)]
