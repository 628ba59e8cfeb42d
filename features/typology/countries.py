"""What typologies take from the country: its reporting threshold by day, and the size of its currency."""

import tomllib
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

_FILE = Path(__file__).parent / "countries.toml"


@lru_cache(maxsize=1)
def _countries() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def unit(country: str) -> int:
    """How many units of the country's currency stand for one of a money parameter's default currency."""
    return int(_countries().get(country, _countries()["default"])["unit"])


def offset_s(country: str) -> int:
    """Seconds that the clock of the country's capital is ahead of UTC."""
    return int(_countries().get(country, _countries()["default"]).get("offset_hours", 0) * 3600)


def reporting_threshold(country: str, on: date | None = None) -> float:
    """The national reporting threshold in local currency on a day, by default the latest in the table."""
    steps = _countries().get(country, _countries()["default"])["thresholds"]
    in_force = [step for step in steps if on is None or step["from"] <= on] or steps[:1]
    return float(in_force[-1]["amount"])


def thresholds(country: str) -> pl.DataFrame:
    """The reporting thresholds: the seconds on which each holds (from_s, until_s) and threshold_c, in hundredths."""
    steps = _countries().get(country, _countries()["default"])["thresholds"]
    starts = [_midnight_s(step["from"]) for step in steps]
    starts[0] = _EARLIEST_S
    rows = {
        "from_s": starts,
        "until_s": [*starts[1:], _LATEST_S],
        "threshold_c": [round(float(step["amount"]) * 100) for step in steps],
    }
    return pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.Int64))


_EARLIEST_S, _LATEST_S = -(10**12), 10**12


def _midnight_s(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
