"""What was known when: a digest of everything that the FIU knew on a night. Holds no rule of a format."""

from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import sha256

import polars as pl

from pipelines import tables
from pipelines.lake import Lake, Nights


def known_digests(lake: Lake, nights: Nights) -> dict[date, str]:
    """For each night, a hash of the submissions whose reports were known by then, with the day of each.

    Everything that Sluice computes follows from these contents and the code, so two runs with equal digests and equal
    code make equal rows. Days chain: a report that is added to an old day changes every digest from that day on.
    """
    pairs = (
        lake.scan(tables.REPORTS, Nights(date(1, 1, 1), nights.last))
        .group_by("received_on")
        .agg(pl.col("submission_id").unique().sort())
        .sort("received_on")
        .collect()
    )
    chained = {}
    digest = sha256(b"sluice").hexdigest()
    for day, submission_ids in pairs.iter_rows():
        digest = sha256("\n".join([digest, day.isoformat(), *submission_ids]).encode()).hexdigest()
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
