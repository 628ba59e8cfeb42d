"""What was known when: digests of what the FIU knew, and of what was built from it, by night."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256

import polars as pl

from pipelines import tables
from pipelines.lake import Lake, Nights
from pipelines.memo import by_night
from pipelines.side_tables import SIDE_TABLES
from pipelines.tables import Table


def known_digests(lake: Lake, nights: Nights) -> dict[date, str]:
    """For each night, a hash of the submissions whose reports were known by then, with the day of each.

    Everything that Sluice computes follows from these contents and the code, so two runs with equal digests and equal
    code make equal rows. Days chain: a report that is added to an old day changes every digest from that day on.
    """
    return _chained(by_night(lake, tables.REPORTS, nights.last, _submissions), nights)


def _submissions(reports: pl.LazyFrame) -> pl.DataFrame:
    """For each night, a hash of the submissions that its reports came with."""
    listed = reports.group_by("received_on").agg(pl.col("submission_id").unique().sort()).collect()
    return listed.with_columns(
        pl.col("submission_id")
        .map_elements(lambda names: [sha256("\n".join(names).encode()).hexdigest()], return_dtype=pl.List(pl.String))
        .alias("texts")
    )


def built_digests(lake: Lake, steps: Sequence[Table], nights: Nights) -> dict[date, str]:
    """For each night, a hash of what the steps' tables were made from on that night and on every night before.

    A step that reads these tables over a window must be redone when an earlier night of theirs is made or remade.
    """
    names = {step.name for step in steps}
    built = by_night(lake, tables.RUNS, nights.last, _steps)
    chosen = {night: [text for text in texts if text.split(" ")[0] in names] for night, texts in built.items()}
    return _chained({night: texts for night, texts in chosen.items() if texts}, nights)


def _steps(runs: pl.LazyFrame) -> pl.DataFrame:
    """For each night, its steps, each with what it was made from."""
    told = runs.select("received_on", pl.format("{} {}", "step", "inputs_digest").alias("texts"))
    return told.sort("received_on", "texts").group_by("received_on", maintain_order=True).agg("texts").collect()


def side_digests(lake: Lake, nights: Nights) -> dict[date, str]:
    """For each night, a hash of the deliveries of side tables that were known by then, with the day of each."""
    until = Nights(date(1, 1, 1), nights.last)
    parts = [
        lake.scan(side.table, until).select(
            "received_on", pl.format("{} {}", pl.lit(side.table.name), "submission_id").alias("text")
        )
        for side in SIDE_TABLES
    ]
    told = pl.concat(parts).unique().sort("received_on", "text").collect()
    by_day = told.group_by("received_on", maintain_order=True).agg("text")
    return _chained(dict(by_day.iter_rows()), nights)


def _chained(told: Mapping[date, Sequence[str]], nights: Nights) -> dict[date, str]:
    """For each night, the hash of all texts of its day and the days before; the days are in order."""
    chained = {}
    digest = sha256(b"sluice").hexdigest()
    for day, texts in told.items():
        digest = sha256("\n".join([digest, day.isoformat(), *texts]).encode()).hexdigest()
        chained[day] = digest
    return _carried_forward(chained, nights)


def _carried_forward(chained: Mapping[date, str], nights: Nights) -> dict[date, str]:
    before = [day for day in chained if day < nights.first]
    current = chained[max(before)] if before else sha256(b"sluice").hexdigest()
    digests = {}
    day = nights.first
    while day <= nights.last:
        current = chained.get(day, current)
        digests[day] = current
        day += timedelta(days=1)
    return digests
