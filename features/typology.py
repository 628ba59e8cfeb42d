"""The typology catalogue: one TOML and one SQL file each in `typologies/`, the run that finds hits, and their words."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

import polars as pl

from features import nightly
from features.engine import SQL, Engine
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.tables import ACCOUNTS, HITS, PARTIES, REPORTS, ROLES

FOLDER = Path(__file__).parent / "typologies"
THEMES = ("DRUG-SHOP", "DRUG-SYN", "TAX-CASHOUT", "FRAUD-CYBER", "CORR", "OTHER")

Language = Literal["en", "ru"]
Parameter = int | float


@dataclass(frozen=True)
class Typology:
    """One scheme: its words, its parameters and the SQL file that finds it."""

    id: str
    version: int
    family: str
    theme: str
    predicate: str
    name_en: str
    name_ru: str
    sentence_en: str
    sentence_ru: str
    data_needed: tuple[str, ...]
    source: str
    valid_from: date
    approved_by: str
    trigger: str
    parameters: Mapping[str, Parameter]
    by_country: Mapping[str, Mapping[str, Parameter]]

    @property
    def sql(self) -> Path:
        """The SQL file."""
        return FOLDER / f"{self.id}.sql"

    def parameters_for(self, country: str) -> dict[str, Parameter]:
        """The defaults, with the country's own values where it has any."""
        return {**self.parameters, **self.by_country.get(country, {})}


@lru_cache(maxsize=1)
def catalogue() -> tuple[Typology, ...]:
    """Every typology, by id."""
    return tuple(load(path) for path in sorted(FOLDER.glob("*.toml")))


def load(path: Path) -> Typology:
    """The typology of one TOML file.

    Raises:
        ValueError: a key is missing or unknown, or a country's parameter has no default.
    """
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    parameters = given.pop("parameters", {})
    plain = {name: value for name, value in parameters.items() if not isinstance(value, dict)}
    countries = {name: value for name, value in parameters.items() if isinstance(value, dict)}
    strays = {key for values in countries.values() for key in values} - set(plain)
    if strays or given.get("theme") not in THEMES or given.get("id") != path.stem:
        raise ValueError(f"{path.name}: id, theme or country parameters {sorted(strays)} are wrong")
    try:
        data_needed = tuple(given.pop("data_needed"))
        trigger = given.pop("trigger", "edge")
        return Typology(**given, data_needed=data_needed, trigger=trigger, parameters=plain, by_country=countries)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: {error}") from None


@lru_cache(maxsize=1)
def _by_id() -> dict[str, Typology]:
    return {typology.id: typology for typology in catalogue()}


def reporting_threshold(country: str) -> float:
    """The national reporting threshold in local currency, as the structuring typology has it."""
    return float(_by_id()["CSH-01"].parameters_for(country)["reporting_threshold"])


def build(lake: Lake, nights: Nights, settings: Settings, progress: Progress = silent) -> pl.DataFrame:
    """The nights' hits of every typology in force, as HITS."""
    parts = [HITS.empty()]
    ranges = nightly.chunks(lake, nights, settings)
    for done, chunk in enumerate(ranges):
        progress("typologies", done, len(ranges))
        with nightly.knowing(lake, chunk, settings) as engine:
            prepare(engine, lake, chunk, settings)
            parts += [find(engine, typology, settings.country) for typology in catalogue()]
    progress("typologies", len(ranges), len(ranges))
    return pl.concat(parts).sort(HITS.key)


def prepare(engine: Engine, lake: Lake, nights: Nights, settings: Settings) -> None:
    """Make the tables that typologies read: `active`, `ends`, `window_edges`, `reported`."""
    params = nightly.parameters(reporting_threshold(settings.country))
    for stage in ("active", "ends", "window_edges"):
        engine.materialise(stage, SQL / f"{stage}.sql", params)
    recent = Nights(nights.first - timedelta(days=nightly.REPORTED_DAYS), nights.last)
    suspicions = lake.scan(REPORTS, recent).filter(pl.col("report_class") == "suspicion")
    oldest: date | None = suspicions.select(pl.col("received_on").min()).collect().item()
    told_on = Nights(oldest, nights.last) if oldest else nights
    for table in (ROLES, ACCOUNTS, PARTIES):
        engine.register_table(lake, table, told_on)
    engine.materialise("reported", SQL / "reported.sql")


def find(engine: Engine, typology: Typology, country: str) -> pl.DataFrame:
    """One typology's hits on the nights that are in the engine, from the day that it is valid."""
    engine.materialise("findings_of_typology", typology.sql, typology.parameters_for(country))
    facts = {
        "typology_id": typology.id,
        "typology_version": typology.version,
        "family": typology.family,
        "theme": typology.theme,
        "missing_data": "",
        "trigger": typology.trigger,
    }
    hits = engine.frame(HITS, SQL / "hits.sql", facts)
    return hits.filter(pl.col("received_on") >= typology.valid_from)


def sentence(hit: Mapping[str, object], language: Language) -> str:
    """What a row of HITS says, in words."""
    typology = _by_id()[str(hit["typology_id"])]
    facts = {
        **json.loads(str(hit["facts"])),
        "from": hit["window_from"],
        "to": hit["window_to"],
        "amount": hit["amount_local"],
    }
    template = typology.sentence_ru if language == "ru" else typology.sentence_en
    return fill(template, facts, language)


def fill(template: str, facts: Mapping[str, object], language: Language) -> str:
    """The template with its `{name}`, `{name:money|date|percent}` and `{name:plural|one|few|many}` filled in."""

    def replaced(match: re.Match[str]) -> str:
        name, style = match["name"], match["style"]
        value = facts[name]
        if style is None:
            return str(value)
        if style.startswith("plural|"):
            return _plural(int(str(value)), style.split("|")[1:], language)
        if style == "money":
            return _money(Decimal(str(value)))
        if style == "percent":
            return _percent(Decimal(str(value)), language)
        return _date(value, language)

    return re.sub(r"\{(?P<name>[a-z_]+)(?::(?P<style>[^}]+))?\}", replaced, template)


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
