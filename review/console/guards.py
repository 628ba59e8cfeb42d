"""Writes what the database refuses: triggers that migrations give as a condition, the same on both databases."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.backends.base.schema import BaseDatabaseSchemaEditor


@dataclass(frozen=True)
class Guard:
    """One trigger.

    Attributes:
        table: whose rows it looks at, before they are written.
        event: insert, delete, update, or update of some columns.
        when: the condition, in SQL over `new` and `old`, under which it refuses.
        said: the error's words.
    """

    table: str
    event: str
    when: str
    said: str


def distinct(vendor: str) -> str:
    """The operator that tells values apart, null from null as well."""
    return "is not" if vendor == "sqlite" else "is distinct from"


def write(editor: BaseDatabaseSchemaEditor, guards: Mapping[str, Guard]) -> None:
    """Make the triggers, each by its name."""
    made = _on_postgresql if editor.connection.vendor == "postgresql" else _on_sqlite
    with editor.connection.cursor() as cursor:
        for name, guard in guards.items():
            cursor.execute(made(name, guard))


def _on_sqlite(name: str, guard: Guard) -> str:
    return (
        f"create trigger {name} before {guard.event} on {guard.table} when {guard.when} "
        f"begin select raise(abort, '{guard.said}'); end"
    )


def _on_postgresql(name: str, guard: Guard) -> str:
    row = "old" if guard.event == "delete" else "new"
    return f"""
create function {name}() returns trigger language plpgsql as $$
begin
    if {guard.when} then raise exception '{guard.said}' using errcode = '23514'; end if;
    return {row};
end $$;
create trigger {name} before {guard.event} on {guard.table} for each row execute function {name}();
"""
