"""A queue's alerts are counted from their index alone, and those above its cut are found without the others."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two indexes."""

    dependencies: ClassVar = [("console", "0003_exports")]

    operations: ClassVar = [
        migrations.RemoveIndex(model_name="alert", name="alert_by_queue"),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["queue", "state", "id", "territory"], name="alert_by_queue_order"),
        ),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(fields=["queue", "is_below_cut", "position"], name="entry_by_cut"),
        ),
    ]
