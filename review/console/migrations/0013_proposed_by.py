"""Who proposed an operation: never who sets it in force. Of those that wait, the audit log tells who it was."""

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def fill(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Name the proposer of each operation that is not in force yet."""
    operations = apps.get_model("console", "Operation")
    events, persons = apps.get_model("console", "Event"), apps.get_model("console", "Person")
    for waiting in operations.objects.filter(approved_by=None).select_related("queue"):
        proposed = events.objects.filter(
            object_kind="operation", object_id=waiting.queue.slug, action="operation_proposed"
        )
        names = proposed.order_by("-sequence").values("actor")[:1]
        operations.objects.filter(pk=waiting.pk).update(
            proposed_by=persons.objects.filter(username__in=names).values("pk")[:1]
        )


class Migration(migrations.Migration):
    """A column, and a constraint on operations alone."""

    dependencies: ClassVar = [("console", "0012_searches")]
    operations: ClassVar = [
        migrations.AddField(
            "operation",
            "proposed_by",
            models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            "operation",
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | models.Q(proposed_by__isnull=True)
                | ~models.Q(approved_by=models.F("proposed_by")),
                name="operation_not_approved_by_proposer",
            ),
        ),
    ]
