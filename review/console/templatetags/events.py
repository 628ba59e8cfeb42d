"""How an event of the audit log is shown: its action, its object, and its details as names and values."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import template
from django.utils.translation import gettext as _

from review.console import labels, labels_events
from review.console.templatetags import show

register = template.Library()
_LONGEST_CODE = 24
_CODE_START = 12
_LISTED = 5


event_action = register.filter("event_action", show.worded(labels_events.EVENT_ACTIONS))
event_kind = register.filter("event_kind", show.worded(labels_events.EVENT_KINDS))


@register.filter
def event_object(text: str) -> str:
    """An object's identifier, a long code by its beginning."""
    return _short(_day(text) or text)


@register.filter
def event_details(text: str, names: Mapping[int, str] | None = None) -> list[tuple[str, str]]:
    """The details as (name, value) in the reader's language, subjects by their names; what is empty is left out."""
    told = [(name, value) for name, value in json.loads(text).items() if value not in (None, "", [], {})]
    return [
        (str(labels_events.EVENT_DETAILS.get(name, name)), _value(name, value, names or {})) for name, value in told
    ]


def _value(name: str, value: Any, names: Mapping[int, str]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        if name == "subject":
            return f"{names[value]} ({value})" if value in names else str(value)
        return show.number(value + 1 if name == "reason_number" else value)
    if isinstance(value, dict):
        return "; ".join(f"{labels_events.FILTERS.get(key, key)}: {_asked(key, each)}" for key, each in value.items())
    if isinstance(value, list):
        shown = ", ".join(_one_of(name, each) for each in value[:_LISTED])
        return f"{shown}, … ({show.number(len(value))})" if len(value) > _LISTED else shown
    return _text(name, str(value))


def _one_of(name: str, item: Any) -> str:
    """One of several: an alert, a person, a territory with its theme, a member with the minutes."""
    if name == "scopes":
        territory, theme = item
        return f"{show.territory(territory)} × {show.theme(theme)}"
    if isinstance(item, list):
        return ": ".join(map(str, item))
    return _short(str(item))


def _asked(name: str, value: str) -> str:
    words = {"action": event_action, "object_kind": event_kind}
    return words[name](value) if name in words else event_object(value)


def _text(name: str, text: str) -> str:
    if name == "code":
        return f"{text} {show.disposition(text)}"
    if name == "coded_reason":
        return show.coded_reason(text)
    if name == "view":
        return str(labels.QUEUE_VIEWS.get(text, text))
    if name == "because":
        return str(labels_events.BECAUSE.get(text, text))
    if name == "role":
        return show.role(text)
    return text if name in ("query", "file") else event_object(text)


def _day(text: str) -> str:
    try:
        return show.day(date.fromisoformat(text)) if len(text) == len("2026-02-03") else ""
    except ValueError:
        return ""


def _short(text: str) -> str:
    """A long code without blanks by its beginning: nobody reads it to the end, and the export has it whole."""
    return text if len(text) <= _LONGEST_CODE or " " in text or "." in text else f"{text[:_CODE_START]}…"
