"""Days as people type them: 2026-02-03, or 03.02.2026."""

import re
from datetime import date

_RUSSIAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_INTERNATIONAL = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)


def day_of(text: str) -> date:
    """The day of a text in either way, whatever the reader's language.

    Raises:
        ValueError: the text is no day.
    """
    words = text.strip()
    if found := _RUSSIAN.fullmatch(words):
        return date(*map(int, reversed(found.groups())))
    if found := _INTERNATIONAL.fullmatch(words):
        return date(*map(int, found.groups()))
    raise ValueError("no day")
