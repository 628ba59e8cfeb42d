"""Templates of many rows, compiled by Jinja: Django's own walk a tree for every value, most of the time of a long page.

They lie in `jinja2/`, speak through the same catalogue and filters, escape everything, and stand in Django's pages by
the tag `quick`. Translated words are set once, above the rows.
"""

from functools import lru_cache
from typing import Any

from django.urls import get_script_prefix, reverse
from django.utils.translation import gettext, ngettext, pgettext
from jinja2 import Environment

from review.console.templatetags import show

_PLACE = "0place0"


def environment(**options: Any) -> Environment:
    """Jinja's environment with the console's filters, for Django's settings."""
    made = Environment(**options | {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True})  # noqa: S701 (True)
    made.filters |= show.register.filters
    made.globals |= {"_": gettext, "ngettext": ngettext, "pgettext": pgettext, "address_of": address_of}
    made.globals |= {"address_with": show.address_with}
    return made


def address_of(name: str, identifier: str) -> str:
    """The address of an alert or a queue (`console:` and the name of its page) without a search for every row."""
    return _pattern(name, get_script_prefix()).replace(_PLACE, identifier)


@lru_cache(maxsize=64)
def _pattern(name: str, _prefix: str) -> str:
    return reverse(f"console:{name}", args=[_PLACE])
