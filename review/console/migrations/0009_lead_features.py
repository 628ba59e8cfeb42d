"""What the model's two leading reasons are about, where it was one; the night writes them anew."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """A column by its new name: the table is not made anew, so that its triggers stay."""

    dependencies: ClassVar = [("console", "0008_closed_by_decision")]
    operations: ClassVar = [migrations.RenameField("alert", "lead_feature", "lead_features")]
