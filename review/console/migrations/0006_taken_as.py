"""How an alert came before a person, and what the model said of it then: for the statistics of the order's quality."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns; nothing is known of alerts that were taken before."""

    dependencies: ClassVar = [("console", "0005_lead_feature")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="alert",
            name="taken_as",
            field=models.CharField(blank=True, default="", max_length=1),
            preserve_default=False,
        ),
        migrations.AddField(model_name="alert", name="taken_risk", field=models.FloatField(null=True)),
    ]
