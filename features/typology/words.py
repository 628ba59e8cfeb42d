"""What a hit says: the typology's sentence with the numbers of the hit filled in."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from features.typology.catalogue import by_id

Language = Literal["en", "ru"]


def sentence(hit: Mapping[str, object], language: Language) -> str:
    """What a row of HITS says, in words."""
    typology = by_id()[str(hit["typology_id"])]
    facts = {
        **json.loads(str(hit["facts"])),
        "from": hit["window_from"],
        "to": hit["window_to"],
        "amount": hit["amount_local"],
    }
    template = typology.sentence_ru if language == "ru" else typology.sentence_en
    return fill(template, facts, language)


def fill(template: str, facts: Mapping[str, object], language: Language) -> str:
    """The template with its `{name}`, `{name:money}` (also date, percent), `{name:plural|one|few|many}`,
    `{name:choice|value=word|...}` and `{name:none|words where it is 0|words around the number #}` filled in.
    """

    def replaced(match: re.Match[str]) -> str:
        name, style = match["name"], match["style"]
        value = facts[name]
        if style is None:
            return str(value)
        if style.startswith("plural|"):
            return _plural(int(str(value)), style.split("|")[1:], language)
        if style.startswith("choice|"):
            return dict(choice.split("=", 1) for choice in style.split("|")[1:])[str(value)]
        if style.startswith("none|"):
            nothing, something = style.split("|")[1:]
            return something.replace("#", _money(Decimal(str(value)))) if Decimal(str(value)) else nothing
        if style == "money":
            return _money(Decimal(str(value)))
        if style == "percent":
            return _percent(Decimal(str(value)), language)
        return _date(value, language)

    return re.sub(_SLOT, replaced, template)


def outline(template: str) -> str:
    """The template as a person reads it: `{name}` where a hit's number or word goes, other words in their last form."""

    def replaced(match: re.Match[str]) -> str:
        name, style = match["name"], match["style"] or ""
        if style.startswith("none|"):
            return style.split("|")[-1].replace("#", f"{{{name}}}")
        return style.split("|")[-1] if style.startswith("plural|") else f"{{{name}}}"

    return re.sub(_SLOT, replaced, template)


_SLOT = r"\{(?P<name>[a-z_]+)(?::(?P<style>[^}]+))?\}"
_THIN = "\u2009"


def _money(value: Decimal) -> str:
    return f"{value.quantize(Decimal(1)):,}".replace(",", _THIN)


def _percent(value: Decimal, language: Language) -> str:
    number = f"{(value * 100).quantize(Decimal(1))}"
    return f"{number}{_THIN}%" if language == "ru" else f"{number}%"


def _date(value: object, language: Language) -> str:
    if not isinstance(value, date | datetime):
        raise TypeError("a fact of style date is a date")
    return value.strftime("%d.%m.%Y" if language == "ru" else "%Y-%m-%d")


def _plural(count: int, forms: list[str], language: Language) -> str:
    if language == "en":
        return forms[0] if count == 1 else forms[1]
    if count % 10 == 1 and count % 100 != 11:
        return forms[0]
    return forms[1] if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else forms[2]
