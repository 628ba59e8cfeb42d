"""The lake: replaced partitions, streamed submissions, old versions, digests."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import tables
from pipelines.lake import Lake, Nights, write_atomically

FIRST = date(2026, 1, 1)


def runs(days, count=1):
    return tables.RUNS.frame(
        {"received_on": FIRST + timedelta(days=day), "step": "edges", "inputs_digest": "d", "row_count": count}
        for day in days
    )


def test_replacing_nights_leaves_the_others_alone(tmp_path):
    lake = Lake(tmp_path)
    lake.replace_nights(tables.RUNS, runs(range(5)), Nights(FIRST, FIRST + timedelta(days=4)), {})
    second = FIRST + timedelta(days=1)
    lake.replace_nights(tables.RUNS, runs([1], count=9), Nights.of(second), {})
    assert lake.read(tables.RUNS)["row_count"].to_list() == [1, 9, 1, 1, 1]
    lake.replace_nights(tables.RUNS, tables.RUNS.empty(), Nights.of(second), {})
    assert lake.nights(tables.RUNS) == [FIRST + timedelta(days=day) for day in (0, 2, 3, 4)]


def test_rows_outside_the_replaced_nights_are_refused(tmp_path):
    lake = Lake(tmp_path)
    with pytest.raises(Exception, match="(?i)check|predicate|constraint|invariant"):
        lake.replace_nights(tables.RUNS, runs([3]), Nights.of(FIRST), {})
    assert lake.read(tables.RUNS).is_empty()


def test_parts_are_seen_together_and_only_when_they_are_committed(tmp_path):
    lake, week = Lake(tmp_path), Nights(FIRST, FIRST + timedelta(days=4))
    lake.replace_nights(tables.RUNS, runs(range(7)), Nights(FIRST, FIRST + timedelta(days=6)), {})
    parts = lake.in_parts(tables.RUNS)
    for days in ([3, 1], [0], [2]):
        parts.add(runs(days, count=9).to_arrow().cast(tables.RUNS.arrow_schema))
    assert parts.counts == {FIRST + timedelta(days=day): 1 for day in range(4)}
    assert lake.read(tables.RUNS)["row_count"].to_list() == [1] * 7
    parts.commit(week, {"run_id": "parts"})
    assert lake.read(tables.RUNS)["row_count"].to_list() == [9, 9, 9, 9, 1, 1]  # the fifth night has no row any more
    assert lake.history(tables.RUNS)[0].metadata["run_id"] == "parts"
    parts.add(runs([0], count=5).to_arrow().cast(tables.RUNS.arrow_schema))
    parts.commit(Nights.of(FIRST), {})
    assert lake.read(tables.RUNS)["row_count"].to_list() == [5, 9, 9, 9, 1, 1]


def test_parts_of_another_night_are_refused(tmp_path):
    lake = Lake(tmp_path)
    parts = lake.in_parts(tables.RUNS)
    parts.add(runs([3]).to_arrow().cast(tables.RUNS.arrow_schema))
    with pytest.raises(ValueError, match="2026-01-04"):
        parts.commit(Nights.of(FIRST), {})
    assert lake.read(tables.RUNS).is_empty()


def test_an_old_version_stays_readable_and_commits_say_who_made_them(tmp_path):
    lake = Lake(tmp_path)
    lake.replace_nights(tables.RUNS, runs([0]), Nights.of(FIRST), {"run_id": "first"})
    old = lake.version(tables.RUNS)
    lake.replace_nights(tables.RUNS, runs([0], count=5), Nights.of(FIRST), {"run_id": "second"})
    assert lake.read(tables.RUNS, version=old)["row_count"].to_list() == [1]
    assert lake.history(tables.RUNS)[0].metadata["run_id"] == "second"


def test_a_table_that_does_not_exist_reads_as_empty(tmp_path):
    lake = Lake(tmp_path)
    assert lake.read(tables.EDGES).schema == tables.EDGES.polars_schema
    assert lake.digest(tables.EDGES) == (0, "-")
    assert lake.nights(tables.EDGES) == []
    assert lake.version(tables.EDGES) is None


def findings_file(folder: Path, name: str, submission: str, ordinals) -> Path:
    rows = tables.FINDINGS.frame(
        {
            "submission_id": submission,
            "ordinal": ordinal,
            "received_on": FIRST,
            "severity": "error",
            "stage": "file",
            "code": "c",
            "message": "m",
        }
        for ordinal in ordinals
    )
    file = folder / name
    pq.write_table(rows.to_arrow().cast(tables.FINDINGS.arrow_schema), file)
    return file


def test_replacing_a_submission_again_changes_nothing(tmp_path):
    lake, one, two = Lake(tmp_path / "lake"), "1" * 64, "2" * 64
    first = findings_file(tmp_path, "one.parquet", one, range(3))
    second = findings_file(tmp_path, "two.parquet", two, range(2))
    lake.replace_submissions(tables.FINDINGS, [first], [one], {})
    lake.replace_submissions(tables.FINDINGS, [second], [two], {})
    before = lake.digest(tables.FINDINGS)
    lake.replace_submissions(tables.FINDINGS, [first], [one], {})
    assert lake.digest(tables.FINDINGS) == before
    assert lake.read(tables.FINDINGS).height == 5


def test_a_submission_id_that_is_no_hash_never_reaches_a_predicate(tmp_path):
    lake = Lake(tmp_path)
    lake.replace_nights(tables.FINDINGS, tables.FINDINGS.empty(), Nights.of(FIRST), {})
    with pytest.raises(ValueError, match="64 hexadecimal"):
        lake.replace_submissions(tables.FINDINGS, [], ["x' or 'a' = 'a"], {})


@given(st.permutations(list(range(6))), st.integers(min_value=1, max_value=5))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_digest_depends_on_values_alone(tmp_path_factory, order, cut):
    whole, parts = Lake(tmp_path_factory.mktemp("whole")), Lake(tmp_path_factory.mktemp("parts"))
    nights = Nights(FIRST, FIRST + timedelta(days=5))
    whole.replace_nights(tables.RUNS, runs(range(6)), nights, {})
    for day in order:
        parts.replace_nights(tables.RUNS, runs([day]), Nights.of(FIRST + timedelta(days=day)), {})
    assert whole.digest(tables.RUNS) == parts.digest(tables.RUNS)
    parts.replace_nights(tables.RUNS, runs([cut], count=2), Nights.of(FIRST + timedelta(days=cut)), {})
    assert whole.digest(tables.RUNS) != parts.digest(tables.RUNS)


def test_money_keeps_every_digit(tmp_path):
    lake = Lake(tmp_path)
    amount = "7900000000000000.1234567890123"
    row = {
        "edge_id": 1,
        "received_on": FIRST,
        "transaction_id": "r-1",
        "report_key": "r",
        "src": 1,
        "dst": 2,
        "occurred_at": None,
        "occurred_s": 0,
        "amount_local": amount,
        "amount_c": 10**16,
    }
    frame = pl.DataFrame([row]).with_columns(pl.col("amount_local").str.to_decimal(scale=13).cast(pl.Decimal(38, 13)))
    full = tables.EDGES.empty().clear()
    frame = pl.concat([full, frame], how="diagonal_relaxed").with_columns(
        pl.lit(FIRST).cast(pl.Datetime("us", "UTC")).alias("occurred_at"),
        pl.lit("cash").alias("channel"),
        pl.lit(1).alias("movement_count"),
        is_date_only=False,
        is_cross_currency=False,
    )
    lake.replace_nights(tables.EDGES, frame, Nights.of(FIRST), {})
    assert str(lake.read(tables.EDGES)["amount_local"][0]) == amount


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "deep" / "file"
    write_atomically(target, b"old")
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"
    assert [path.name for path in target.parent.iterdir()] == ["file"]
