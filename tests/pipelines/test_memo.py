"""Memos: what is read once of a night is not read again until its rows are written anew."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import tables
from pipelines.lake import Lake, Nights
from pipelines.memo import by_night

FIRST = date(2026, 1, 1)
WEEK = Nights(FIRST, FIRST + timedelta(days=6))


class Told:
    """Tells the steps of each night, and notes the nights that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[date]] = []

    def __call__(self, rows: pl.LazyFrame) -> pl.DataFrame:
        found = rows.group_by("received_on").agg(pl.col("step").sort().alias("texts")).collect()
        self.asked.append(sorted(found["received_on"]))
        return found


def write(lake: Lake, *nights: tuple[int, str]) -> None:
    rows = [
        {"received_on": FIRST + timedelta(days=day), "step": step, "inputs_digest": "d", "row_count": 1}
        for day, step in nights
    ]
    chosen = [row["received_on"] for row in rows]
    lake.replace_nights(tables.RUNS, tables.RUNS.frame(rows), Nights(min(chosen), max(chosen)), {})  # type: ignore[type-var]


def test_only_nights_that_were_written_anew_are_read(tmp_path: Path) -> None:
    lake, told = Lake(tmp_path), Told()
    write(lake, (0, "edges"), (1, "nodes"), (4, "hits"))
    first = by_night(lake, tables.RUNS, WEEK.last, told)
    assert list(first.values()) == [["edges"], ["nodes"], ["hits"]]
    assert by_night(Lake(tmp_path), tables.RUNS, WEEK.last, told) == first
    write(lake, (1, "alerts"))
    assert list(by_night(lake, tables.RUNS, WEEK.last, told).values()) == [["edges"], ["alerts"], ["hits"]]
    assert told.asked == [[FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=4)], [FIRST + timedelta(days=1)]]


def test_nights_after_the_last_are_not_told(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, (0, "edges"), (5, "hits"))
    by_night(lake, tables.RUNS, WEEK.last, Told())
    assert list(by_night(lake, tables.RUNS, FIRST, Told())) == [FIRST]


@pytest.mark.parametrize("content", [None, b"", b"{half of a"])
def test_a_memo_that_is_lost_or_broken_is_made_again(tmp_path: Path, content: bytes | None) -> None:
    lake, told = Lake(tmp_path), Told()
    write(lake, (0, "edges"))
    first = by_night(lake, tables.RUNS, WEEK.last, told)
    (memo,) = tmp_path.glob("_nights/*.json")
    if content is None:
        memo.unlink()
    else:
        memo.write_bytes(content)
    assert by_night(lake, tables.RUNS, WEEK.last, told) == first
    assert len(told.asked) == 2
