"""What the model's leading reason is about; known of an alert when its night is handed over again."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies: ClassVar = [("console", "0004_queue_order")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="alert",
            name="lead_feature",
            field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False,
        ),
    ]
