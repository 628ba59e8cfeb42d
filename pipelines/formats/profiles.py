"""Jurisdiction profiles: what an FIU's goAML means by its codes, dates and placeholders.

One TOML file a profile in `profiles/`; this module reads and checks them and knows no report.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.tables import CHANNELS

_FOLDER = Path(__file__).parent / "profiles"
_CLASSES = frozenset({"suspicion", "threshold", "transfer", "information", "data"})
_SIDES = frozenset({"from", "to", "other"})
ENCODINGS = frozenset({"windows-1251", "cp866", "gb18030"})
DEFAULT = "generic"


@dataclass(frozen=True)
class Profile:
    """How one FIU's reports are read.

    Attributes:
        name: the profile's name, that of its file.
        title: whose reports these are.
        jurisdiction: ISO 3166-1 alpha-2 code of the FIU's country, or ZZ.
        timezone: zone of times that a report gives without one.
        currency: ISO 4217 code of `amount_local` where the report does not say.
        encodings: encodings allowed besides UTF-8 and UTF-16, the likeliest first.
        placeholders: texts that stand for "unknown", case-folded.
        placeholder_dates: days that stand for "unknown".
        zero_numbers: does an identifier of nothing but zeros and punctuation stand for "unknown".
        transmode: channel by transmode code.
        party_roles: side (from, to, other) by role code of a multi-party transaction.
        report_classes: report class by report code, before the general rules.
        dropped: paths below the root that are not kept, such as `transaction/teller`.
    """

    name: str
    title: str
    jurisdiction: str
    timezone: str
    currency: str | None
    encodings: tuple[str, ...]
    placeholders: frozenset[str]
    placeholder_dates: frozenset[date]
    zero_numbers: bool
    transmode: Mapping[str, str]
    party_roles: Mapping[str, str]
    report_classes: Mapping[str, str]
    dropped: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check every code against the words that the tables allow."""
        problems = [
            *_outside("encodings", self.encodings, ENCODINGS),
            *_outside("transmode", self.transmode.values(), frozenset(CHANNELS)),
            *_outside("party_roles", self.party_roles.values(), _SIDES),
            *_outside("report_classes", self.report_classes.values(), _CLASSES),
        ]
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            problems.append(f"timezone {self.timezone!r} is not known")
        if problems:
            raise ValueError(f"profile {self.name}: {'; '.join(problems)}")

    @property
    def zone(self) -> ZoneInfo:
        """The zone of times that a report gives without one."""
        return ZoneInfo(self.timezone)


def profile_names() -> tuple[str, ...]:
    """The names of the profiles that Sluice ships, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@lru_cache(maxsize=32)
def load_profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        ValueError: no profile has that name, or its file is not well formed.
    """
    if name not in profile_names():
        raise ValueError(f"no goAML profile is named {name!r}; choose one of {', '.join(profile_names())}")
    return parse_profile(name, (_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def parse_profile(name: str, text: str) -> Profile:
    """The profile that a TOML text describes.

    Raises:
        ValueError: a key is missing, unknown or of the wrong kind.
    """
    table = tomllib.loads(text)
    known = {
        *("title", "jurisdiction", "timezone", "currency", "encodings", "dropped"),
        *("placeholders", "transmode", "party_roles", "report_classes"),
    }
    missing = {"title", "jurisdiction", "timezone"} - set(table)
    if missing or set(table) - known:
        raise ValueError(f"profile {name}: missing {sorted(missing)}, unknown {sorted(set(table) - known)}")
    unknown = table.get("placeholders", {})
    return Profile(
        name=name,
        title=table["title"],
        jurisdiction=table["jurisdiction"],
        timezone=table["timezone"],
        currency=table.get("currency"),
        encodings=tuple(encoding.lower() for encoding in table.get("encodings", [])),
        placeholders=frozenset(text.casefold() for text in unknown.get("texts", [])),
        placeholder_dates=frozenset(unknown.get("dates", [])),
        zero_numbers=unknown.get("zero_numbers", True),
        transmode=table.get("transmode", {}),
        party_roles=table.get("party_roles", {}),
        report_classes=table.get("report_classes", {}),
        dropped=tuple(table.get("dropped", [])),
    )


def profile_for(name: str | None = None, jurisdiction: str | None = None) -> Profile:
    """The profile to read a report with: the one named, else the only one of the jurisdiction, else `generic`.

    Raises:
        ValueError: no profile has the name given.
    """
    if name:
        return load_profile(name)
    local = [found for found in map(load_profile, profile_names()) if found.jurisdiction == jurisdiction]
    return local[0] if len(local) == 1 else load_profile(DEFAULT)


def _outside(field: str, values: Iterable[str], allowed: frozenset[str]) -> list[str]:
    wrong = sorted(set(values) - allowed)
    return [f"{field} holds {', '.join(wrong)}; allowed are {', '.join(sorted(allowed))}"] if wrong else []
