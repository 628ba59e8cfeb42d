"""What searches need: numbers once more from their end, and the audit log's objects found by their beginning."""

from collections.abc import Callable
from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TAILS = """
insert into console_subjectterm (subject_id, kind, term)
select subject_id, 'tail', reverse(term) from console_subjectterm where kind = 'number'
on conflict do nothing
"""
_NO_TAILS = "delete from console_subjectterm where kind = 'tail'"
_BY_CODE_POINT = 'alter table console_event alter column object_id type varchar(120) collate "C"'
_BY_LOCALE = 'alter table console_event alter column object_id type varchar(120) collate "default"'


def _on_postgresql(statement: str) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
    def run(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(statement)

    return run


class Migration(migrations.Migration):
    """New terms, which the night's handover adds for new numbers; SQLite compares by code point as it is.

    Django gives SQLite the function `reverse`.
    """

    dependencies: ClassVar = [("console", "0011_sent_by_three")]
    operations: ClassVar = [
        migrations.RunSQL(TAILS, _NO_TAILS),
        migrations.RunPython(_on_postgresql(_BY_CODE_POINT), _on_postgresql(_BY_LOCALE)),
    ]
