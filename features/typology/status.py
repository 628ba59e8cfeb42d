"""What ran on a night, and what could not for want of data. A night without hits and a night without data differ."""

from collections.abc import Container, Iterable, Mapping
from datetime import date

import polars as pl

from features.typology import inputs
from features.typology.catalogue import Typology, catalogue
from pipelines import side_tables
from pipelines.lake import Lake, Nights
from pipelines.steps import days
from pipelines.tables import OUTCOMES, TYPOLOGY_RUNS

RAN, DATA_MISSING, TOO_MANY_ROWS, NOT_IN_FORCE = "ran", "data_missing", "too_many_rows", "not_in_force"


def side_data(typology: Typology) -> tuple[str, ...]:
    """The side tables that a typology reads, required or not."""
    return tuple(name for name in (*typology.data_required, *typology.data_optional) if name in side_tables.BY_NAME)


_MAY_LACK = (*side_tables.BY_NAME, OUTCOMES.name)


def missing(names: Iterable[str], told: Mapping[str, date], night: date) -> list[str]:
    """Of the named tables, those without a row by the night: side tables never loaded, no decision taken yet."""
    return [name for name in names if name in _MAY_LACK and not (name in told and told[name] <= night)]


def ready_nights(typology: Typology, nights: Nights, told: Mapping[str, date]) -> list[date]:
    """The nights on which a typology is in force and has every table that it can't do without."""
    return [
        night
        for night in days(nights)
        if typology.is_in_force(night) and not missing(typology.data_required, told, night)
    ]


def lacking(typology: Typology, nights: Nights, told: Mapping[str, date]) -> pl.DataFrame:
    """For each night on which it runs, the optional tables that were not there: night, missing_data."""
    every = ready_nights(typology, nights, told)
    texts = [",".join(missing(typology.data_optional, told, night)) for night in every]
    return pl.DataFrame({"night": every, "missing_data": texts}, schema={"night": pl.Date, "missing_data": pl.String})


def statuses(
    lake: Lake, hits: pl.DataFrame, nights: Nights, left_out: Container[tuple[date, str]] = ()
) -> pl.DataFrame:
    """What became of every typology on every night, as TYPOLOGY_RUNS.

    Args:
        lake: the tables.
        hits: the nights' hits.
        nights: the range.
        left_out: nights and typologies that made too many rows.
    """
    told = inputs.first_told(lake, nights)
    counted = hits.group_by("received_on", "typology_id").len()
    numbers = {(night, identifier): number for night, identifier, number in counted.iter_rows()}
    rows = []
    for typology in catalogue():
        for night in days(nights):
            absent = missing(typology.data_required, told, night)
            done = TOO_MANY_ROWS if (night, typology.id) in left_out else RAN
            in_force = done if not absent else DATA_MISSING
            rows.append(
                {
                    "received_on": night,
                    "typology_id": typology.id,
                    "typology_version": typology.version,
                    "status": in_force if typology.is_in_force(night) else NOT_IN_FORCE,
                    "missing_data": ",".join([*absent, *missing(typology.data_optional, told, night)]),
                    "hit_count": numbers.get((night, typology.id), 0),
                }
            )
    return TYPOLOGY_RUNS.frame(rows).sort(TYPOLOGY_RUNS.key)
