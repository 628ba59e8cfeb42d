"""The table of docs/dependencies.md names every pinned package with the version that the lock pins."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PIN = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)
_ROW = re.compile(r"^\| ([a-z0-9.-]+) \| ([^|]+) \| [^|]+ \| [^|]+ \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


def _pinned(lock: str) -> set[tuple[str, str]]:
    return {(name, version) for name, version in _PIN.findall(lock)}


def _told(page: str) -> Iterator[tuple[str, str]]:
    table = page.partition("## The table")[2].partition("\n## ")[0]
    for name, versions in _ROW.findall(table):
        if name != "package":
            yield from ((name, version) for version in versions.split(", "))


def test_table_names_what_the_lock_pins() -> None:
    """No pin is raised, added or dropped without a new look at its known faults."""
    pinned = _pinned((_ROOT / "requirements.lock").read_text(encoding="utf8"))
    told = list(_told((_ROOT / "docs/dependencies.md").read_text(encoding="utf8")))
    assert len(pinned) > 100
    assert sorted(told) == sorted(pinned)


@pytest.mark.parametrize(
    ("lock", "pins"),
    [
        ("idna==3.20 \\\n    --hash=sha256:00\n", {("idna", "3.20")}),
        ("psycopg[binary]==3.3.9 \\\n", {("psycopg", "3.3.9")}),
        (
            "numpy==2.4.6 ; python_full_version < '3.12' \\\nnumpy==2.5.5 ; python_full_version >= '3.12' \\\n",
            {("numpy", "2.4.6"), ("numpy", "2.5.5")},
        ),
    ],
)
def test_pins_are_read_with_extras_and_conditions(lock: str, pins: set[tuple[str, str]]) -> None:
    """A package with an extra or with a version for each Python is not overlooked."""
    assert _pinned(lock) == pins
