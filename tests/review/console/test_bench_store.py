"""The store that the console's benchmark fills by SQL keeps up with the tables."""

import re
from pathlib import Path

from django.apps import apps
from django.db.models import NOT_PROVIDED

SQL = Path(__file__).parents[3] / "benchmarks" / "console_store.sql"


def test_every_column_that_must_be_filled_is_filled() -> None:
    models = {model._meta.db_table: model for model in apps.get_models()}
    filled = re.findall(r"insert into (\w+)\s*\(([^)]*)\)", SQL.read_text("utf-8"))
    assert len(filled) > 5
    for table, columns in filled:
        fields = models[table]._meta.concrete_fields
        needed = {
            field.column
            for field in fields
            if not field.null and not field.primary_key and field.db_default is NOT_PROVIDED
        }
        assert needed <= {column.strip() for column in columns.split(",")}, table
