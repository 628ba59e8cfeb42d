"""The catalogue: every typology's TOML file read and checked. Knows no lake and runs no SQL."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from features.typology import countries

FOLDER = Path(__file__).parent.parent / "typologies"
THEMES = (
    *("DRUG-SHOP", "DRUG-SYN", "DRUG-OPI", "DRUG-PREC", "TF", "PF", "CORR", "VA"),
    *("FRAUD-CYBER", "TAX-CASHOUT", "TRADE", "OTHER"),
)
SUBJECTS = ("any", "natural", "company", "account")

Parameter = int | float | str


@dataclass(frozen=True)
class Typology:
    """One scheme: its words, its parameters, the data that it needs and the SQL files that find it."""

    id: str
    version: int
    family: str
    theme: str
    predicate: str
    name_en: str
    name_ru: str
    sentence_en: str
    sentence_ru: str
    source: str
    valid_from: date
    approved_by: str
    parameters: Mapping[str, Parameter]
    by_country: Mapping[str, Mapping[str, Parameter]]
    trigger: str = "edge"
    """edge: a hit's evidence holds an edge that is new to the night; report: a new report or side row is enough."""
    subject: str = "any"
    """Which nodes can be hit: any, natural (no company known by the night), company, account."""
    valid_to: date | None = None
    reach_days: int = 30
    """The longest window that its SQL looks at."""
    window_max_days: int = 30
    """The longest window that its candidates and its reach allow."""
    data_required: tuple[str, ...] = ("transactions",)
    """Tables without which the typology can't run on a night."""
    data_optional: tuple[str, ...] = ()
    """Tables without which it runs, and says in each hit what it lacked."""
    inputs: tuple[str, ...] = ()
    """Shared inputs that its SQL reads beside `timeline` (features/typology/inputs.py)."""
    sql_of: str = ""
    """The typology whose SQL files it shares, with parameters of its own."""
    evidence: str = "edges"
    """What its own evidence is made of: edges, or records (rows of side tables, which have no edge)."""
    signs: tuple[str, ...] = ()
    """Typologies whose hits of the last nights its SQL reads as `signs`."""
    money: tuple[str, ...] = ()
    """Parameters that are sums of money: a country without a value of its own takes the default times its unit."""
    notes: str = field(default="", compare=False)
    """What the catalogue's page says beside it: choices made, known false alarms."""

    @property
    def is_window(self) -> bool:
        """Is it found as a window over marks, rather than as evidence of its own making."""
        return self.sql("marks").exists()

    @property
    def is_case(self) -> bool:
        """Is it found in what a side table says of a subject, with the subject's transactions as evidence."""
        return self.sql("cases").exists()

    @property
    def has_time_line(self) -> bool:
        """Does its SQL read the candidates' time lines."""
        return self.sql("candidates").exists()

    def sql(self, part: str | None = None) -> Path:
        """The SQL file that makes `candidates`, `marks`, `rolling`, `windows` or `cases`, else the findings."""
        name = self.sql_of or self.id
        return FOLDER / (f"{name}.{part}.sql" if part else f"{name}.sql")

    def parameters_for(self, country: str) -> dict[str, Parameter]:
        """The values in force in a country: its own, else the default, in its currency's size where it is money."""
        unit = countries.unit(country)
        scaled = {
            name: value * unit if name in self.money and not isinstance(value, str) else value
            for name, value in self.parameters.items()
        }
        return {**scaled, **self.by_country.get(country, {})}

    def with_parameters(self, values: Mapping[str, Parameter]) -> "Typology":
        """The same typology with other values, in every country.

        Raises:
            ValueError: it has no parameter of that name.
        """
        unknown = set(values) - set(self.parameters)
        if unknown:
            raise ValueError(f"{self.id} has no parameter {', '.join(sorted(unknown))}")
        self._check_windows(values)
        money = tuple(name for name in self.money if name not in values)
        by_country = {
            country: {name: value for name, value in own.items() if name not in values}
            for country, own in self.by_country.items()
        }
        return replace(self, parameters={**self.parameters, **values}, by_country=by_country, money=money)

    def _check_windows(self, values: Mapping[str, Parameter]) -> None:
        """Refuse a window that is longer than what a night looks at: it would miss hits and say nothing."""
        if not self.has_time_line:
            return
        most = min(self.window_max_days, self.reach_days)
        for name, value in values.items():
            if name.endswith("window_days") and not 0 < float(value) <= most:
                raise ValueError(f"{self.id}: {name} lies between 1 and {most} days")

    def is_in_force(self, night: date) -> bool:
        """Does it run on the night."""
        return self.valid_from <= night and (self.valid_to is None or night <= self.valid_to)


@lru_cache(maxsize=1)
def catalogue() -> tuple[Typology, ...]:
    """Every typology, by id."""
    return tuple(load(path) for path in sorted(FOLDER.glob("*.toml")))


@lru_cache(maxsize=1)
def by_id() -> dict[str, Typology]:
    """Every typology under its id."""
    return {typology.id: typology for typology in catalogue()}


_LISTS = ("data_required", "data_optional", "inputs", "money", "signs")


def load(path: Path) -> Typology:
    """The typology of one TOML file.

    Raises:
        ValueError: a key is missing or unknown, or a country's parameter has no default.
    """
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    parameters = given.pop("parameters", {})
    plain = {name: value for name, value in parameters.items() if not isinstance(value, dict)}
    by_country = {name: value for name, value in parameters.items() if isinstance(value, dict)}
    lists: dict[str, Any] = {name: tuple(given.pop(name)) for name in _LISTS if name in given}
    strays = {key for values in by_country.values() for key in values} | set(lists.get("money", ()))
    if strays - set(plain) or given.get("theme") not in THEMES or given.get("id") != path.stem:
        raise ValueError(f"{path.name}: id, theme, money or country parameters {sorted(strays - set(plain))} are wrong")
    try:
        typology = Typology(**given, **lists, parameters=plain, by_country=by_country)
    except TypeError as error:
        raise ValueError(f"{path.name}: {error}") from None
    if typology.subject not in SUBJECTS or typology.trigger not in {"edge", "report"}:
        raise ValueError(f"{path.name}: subject is one of {', '.join(SUBJECTS)}, trigger edge or report")
    if typology.evidence not in {"edges", "records"}:
        raise ValueError(f"{path.name}: evidence is edges or records")
    for values in (plain, *by_country.values()):
        typology._check_windows(values)
    return typology
