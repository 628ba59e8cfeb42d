"""What the database refuses besides: a case or an alert that was sent by fewer than three persons, or without a record.

A case becomes disseminated from approved alone, with the record of its sending under the names that approved it; it is
closed after that alone. An alert of a case closes as sent by a decision that names the sending. Records are never changed.
"""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from review.console import guards
from review.console.guards import Guard

_NAMED = """coalesce(new.proposed_by_id, 0) = coalesce(old.proposed_by_id, 0)
        and coalesce(new.judged_by_id, 0) = coalesce(old.judged_by_id, 0)
        and new.proposed_state = old.proposed_state and new.proposed_text = old.proposed_text"""
_SENT = """exists (
    select 1 from console_dissemination s
    where s.case_id = new.id and s.drafted_by_id = new.proposed_by_id and s.approved_by_id = new.judged_by_id
        and s.recorded_at = new.changed_at
)"""
_NOT_AS_DECIDED = f"""new.state in ('approved', 'closed_unsent') and new.state <> old.state
    and not (old.state = 'pending_review' and old.proposed_state = new.state)
    or new.state = 'disseminated' and new.state <> old.state
    and not (old.state = 'approved' and {_NAMED} and {_SENT})
    or new.state = 'closed' and new.state <> old.state and not (old.state = 'disseminated' and {_NAMED})
    or old.state = 'pending_review' and new.state in ('pending_review', 'approved', 'closed_unsent')
        and (new.proposed_state <> old.proposed_state or new.proposed_text <> old.proposed_text
            or coalesce(new.proposed_by_id, 0) <> coalesce(old.proposed_by_id, 0))
    or old.state in ('approved', 'disseminated') and new.state = old.state and not ({_NAMED})"""
_NOT_APPROVED = """not exists (
    select 1 from console_case c
    where c.id = new.case_id and c.state in ('approved', 'disseminated') and c.proposed_state = 'approved'
        and c.proposed_by_id = new.drafted_by_id and c.judged_by_id = new.approved_by_id
)"""
_NO_OFFICER = """not exists (
    select 1 from console_person p where p.id = new.sent_by_id and p.role = 'dissemination' and p.is_active
)"""
_OF_ANOTHER = """new.dissemination_id is not null and not exists (
    select 1 from console_dissemination s join console_alert a on a.case_id = s.case_id
    where s.id = new.dissemination_id and a.id = new.alert_id
        and s.drafted_by_id = new.proposed_by_id and s.approved_by_id = new.judged_by_id
)"""
_SENT_UNRECORDED = """new.state = 'closed' and old.state = 'linked' and new.disposition in ('D1', 'D2')
    and not exists (
        select 1 from console_decision d
        where d.alert_id = new.id and d.status = 'final' and d.code = new.disposition
            and d.dissemination_id is not null and d.judged_at = new.closed_at
    )"""


def _guards(vendor: str) -> dict[str, Guard]:
    renamed = f"new.dissemination_id {guards.distinct(vendor)} old.dissemination_id"
    return {
        "console_case_as_decided": Guard(
            "console_case",
            "update",
            _NOT_AS_DECIDED,
            "a case ends as it was decided: approved by a second person, sent by a third",
        ),
        "console_dissemination_approved": Guard(
            "console_dissemination",
            "insert",
            f"{_NOT_APPROVED} or {_NO_OFFICER}",
            "a dissemination officer sends what these two approved",
        ),
        "console_dissemination_no_update": Guard(
            "console_dissemination", "update", "true", "what was sent is never changed"
        ),
        "console_dissemination_no_delete": Guard(
            "console_dissemination", "delete", "true", "what was sent is never deleted"
        ),
        "console_decision_sent": Guard(
            "console_decision", "insert", _OF_ANOTHER, "this decision was not sent with its case"
        ),
        "console_decision_sent_fixed": Guard(
            "console_decision", "update of dissemination_id", renamed, "what a decision says is never changed"
        ),
        "console_alert_sent_with_case": Guard(
            "console_alert",
            "update of state, disposition",
            _SENT_UNRECORDED,
            "an alert of a case is sent with the case",
        ),
    }


def send_back(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Closing as sent is proposed no more: what waits for it goes back to whoever proposed it."""
    waiting = apps.get_model("console", "Case").objects.filter(state="pending_review", proposed_state="closed")
    waiting.update(state="returned")


def guard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the guards of the database at hand, in the place of that of 0008 on cases."""
    if editor.connection.vendor == "postgresql":
        with editor.connection.cursor() as cursor:
            cursor.execute("drop trigger console_case_as_proposed on console_case")
            cursor.execute("drop function console_case_as_proposed()")
    guards.write(editor, _guards(editor.connection.vendor))


class Migration(migrations.Migration):
    """Guards, never taken back; on SQLite the one of 0008 on cases went when the table was made anew."""

    dependencies: ClassVar = [("console", "0010_dissemination")]
    operations: ClassVar = [
        migrations.RunPython(send_back),
        migrations.RunPython(guard),
    ]
