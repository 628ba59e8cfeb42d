"""What the database refuses besides: a dissemination by one person, and changing a decision that was judged."""

from typing import ClassVar

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_SQLITE = (
    """
create trigger console_decision_judged_no_update before update on console_decision when old.judged_by_id is not null
begin select raise(abort, 'a judged decision is never changed'); end;
""",
    """
create trigger console_decision_judged_no_delete before delete on console_decision when old.judged_by_id is not null
begin select raise(abort, 'a judged decision is never deleted'); end;
""",
)
_POSTGRESQL = (
    """
create trigger console_decision_judged_no_change before update or delete on console_decision
    for each row when (old.judged_by_id is not null) execute function console_refuse();
""",
)


def guard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the guards of the database at hand."""
    with editor.connection.cursor() as cursor:
        for statement in _POSTGRESQL if editor.connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)


def unguard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop them, on the way back to an older shape."""
    if editor.connection.vendor == "postgresql":
        dropped: tuple[str, ...] = ("drop trigger console_decision_judged_no_change on console_decision",)
    else:
        dropped = (
            "drop trigger console_decision_judged_no_update",
            "drop trigger console_decision_judged_no_delete",
        )
    with editor.connection.cursor() as cursor:
        for statement in dropped:
            cursor.execute(statement)


class Migration(migrations.Migration):
    """The constraint first: on SQLite it makes the table anew, and a trigger would go with the old one."""

    dependencies: ClassVar = [("console", "0006_taken_as")]
    operations: ClassVar = [
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__in", ["D1", "D2"]), _negated=True) | models.Q(("needs_second", True)),
                name="decision_to_send_with_second",
            ),
        ),
        migrations.RunPython(guard, unguard),
    ]
