"""The app's registration."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class ConsoleConfig(AppConfig):
    """The review console."""

    name = "review.console"
    label = "console"
    verbose_name = "Sluice"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Prepare SQLite connections: readers don't wait for the writer, and a lost power supply loses no commit."""
        connection_created.connect(_prepare, dispatch_uid="console.prepare")


def _prepare(connection, **_: object) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("pragma journal_mode = wal")
            cursor.execute("pragma synchronous = normal")
            cursor.execute("pragma foreign_keys = on")
            cursor.execute("pragma cache_size = -65536")
            cursor.execute("pragma temp_store = memory")
