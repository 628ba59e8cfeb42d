"""What the database itself refuses: changing or deleting events; and the head of the chain's only row.

Search terms compare by code point on PostgreSQL too, so that a range finds a beginning through the index.
"""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_SQLITE = """
create trigger console_event_no_update before update on console_event
begin select raise(abort, 'events are never changed'); end;
create trigger console_event_no_delete before delete on console_event
begin select raise(abort, 'events are never deleted'); end;
create trigger console_eventhead_no_delete before delete on console_eventhead
begin select raise(abort, 'the end of the chain is never deleted'); end;
create trigger console_eventhead_grows before update on console_eventhead
when new.sequence <= old.sequence or new.id <> old.id
begin select raise(abort, 'the chain only grows'); end;
"""

_POSTGRESQL = """
create function console_refuse() returns trigger language plpgsql as $$
begin raise exception '%: rows are never changed or deleted', tg_table_name using errcode = '42501'; end $$;
create function console_head_grows() returns trigger language plpgsql as $$
begin
    if new.sequence <= old.sequence or new.id <> old.id then
        raise exception 'the chain of events only grows' using errcode = '42501';
    end if;
    return new;
end $$;
create trigger console_event_no_change before update or delete on console_event
    for each row execute function console_refuse();
create trigger console_event_no_truncate before truncate on console_event
    for each statement execute function console_refuse();
create trigger console_eventhead_no_delete before delete on console_eventhead
    for each row execute function console_refuse();
create trigger console_eventhead_no_truncate before truncate on console_eventhead
    for each statement execute function console_refuse();
create trigger console_eventhead_grows before update on console_eventhead
    for each row execute function console_head_grows();
alter table console_subjectterm alter column term type varchar(80) collate "C";
alter table console_report alter column reference_term type varchar(200) collate "C";
alter table console_alert alter column alert_id type varchar(32) collate "C";
alter table console_alert alter column territory type varchar(80) collate "C";
"""


def guard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the guards of the database at hand."""
    with editor.connection.cursor() as cursor:
        if editor.connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL)
        else:
            for statement in _SQLITE.split("end;"):
                if statement.strip():
                    cursor.execute(statement + "end;")


def first_head(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """The chain begins."""
    apps.get_model("console", "EventHead").objects.create(id=1, sequence=0, hash="0" * 64)


class Migration(migrations.Migration):
    """Guards; never taken back."""

    dependencies: ClassVar = [("console", "0001_tables")]
    operations: ClassVar = [migrations.RunPython(first_head), migrations.RunPython(guard)]
