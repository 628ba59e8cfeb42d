"""Every number that finds a subject once more from its end, so that the last digits of an account find it too."""

from typing import ClassVar

from django.db import migrations

TAILS = """
insert into console_subjectterm (subject_id, kind, term)
select distinct subject_id, 'tail', reverse(term) from console_subjectterm where kind = 'number'
"""
_NO_TAILS = "delete from console_subjectterm where kind = 'tail'"


class Migration(migrations.Migration):
    """New terms alone; the night's handover adds those of new numbers. Django gives SQLite the function `reverse`."""

    dependencies: ClassVar = [("console", "0009_lead_features")]
    operations: ClassVar = [migrations.RunSQL(TAILS, _NO_TAILS)]
