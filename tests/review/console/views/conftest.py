"""Pages are tested on SQLite alone: what differs between databases lies in the services."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from review.console import config
from tests.review.console.store import Store, use


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of its own, whose persons need no second factor."""
    shutil.copyfile(sqlite_template, tmp_path / "console.sqlite3")
    use(config.database("", tmp_path))
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(settings, "TOTP_REQUIRED", False)
    monkeypatch.setattr(settings, "ATTACHMENTS", tmp_path / "attachments")
    yield Store("sqlite")
