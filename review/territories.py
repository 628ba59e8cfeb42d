"""Territories by code: countries (ISO 3166-1) and regions (ISO 3166-2), what they are called, and which there are."""

import tomllib
from functools import cache
from importlib import resources

from babel import Locale


def name(code: str, language: str) -> str:
    """A territory's name: a region's from Sluice's own list, a country's from Unicode's; else the code."""
    names = regions().get(code)
    return names[language] if names else _country(code, language) or code


def is_known(code: str) -> bool:
    """Is there such a territory: a country, a listed region, or a region of a country whose regions are not listed.

    >>> [is_known(code) for code in ("RU", "RU-OMS", "GE-TB", "RU-NOWHERE", "QQ", "NOWHERE")]
    [True, True, True, False, False, False]
    """
    if code in regions():
        return True
    country, hyphen, region = code.partition("-")
    if not _country(country, "en"):
        return False
    is_listed = any(other.startswith(f"{country}-") for other in regions())
    return not hyphen or (not is_listed and region.isascii() and region.isalnum() and len(region) <= 3)


@cache
def regions() -> dict[str, dict[str, str]]:
    """The names of the listed regions, by code and language."""
    text = resources.files("review").joinpath("territories.toml").read_text("utf-8")
    return tomllib.loads(text)


def _country(code: str, language: str) -> str:
    return str(Locale(language).territories.get(code, "")) if len(code) == 2 and code.isalpha() else ""
