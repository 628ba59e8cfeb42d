"""The command line with what a user may get wrong: plain words, an exit code that says so, never a traceback."""

from datetime import date

import polars as pl
import pytest
from click.testing import CliRunner

from pipelines import tables
from pipelines.lake import Lake, Nights
from sluice.cli import EXIT_PROBLEM, EXIT_QUARANTINE, EXIT_USER, main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("SLUICE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def invoke(*words):
        result = CliRunner().invoke(main, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@pytest.mark.parametrize(
    "words",
    [
        ("queue",),
        ("queue", "--date", "2025-01-01"),
        ("alert", "abcd1234"),
        ("alert", "ab"),
        ("train",),
        ("backfill",),
        ("backfill", "--from", "2025-02-01", "--to", "2025-01-01"),
        ("findings", "--from", "2025-02-02", "--to", "2025-01-01"),
        ("ingest", ".", "--received-on", "2205-01-01"),
        ("night", "--date", "0001-01-01"),
        ("ingest", "no[/b].xml"),
        ("ingest", "absent.xml"),
        ("ingest", ".", "--profile", "unheard-of"),
        ("ingest", ".", "--profile", "absent.toml"),
        ("night", "--date", "2025-02-30"),
        ("queue", "--limit", "0"),
    ],
)
def test_a_users_mistake_is_answered_in_words(run, words):
    result = run(*words)
    assert result.exit_code == EXIT_USER
    assert len(result.output.strip()) > 20


@pytest.mark.parametrize("words", [("--help",), ("config",), ("typologies",), ("findings",), ("lake", "tables")])
def test_what_works_on_an_empty_home(run, words):
    assert run(*words).exit_code == 0


@pytest.mark.parametrize("content", [None, "a file"])
def test_a_lake_that_is_not_where_it_should_be_is_not_said_to_be_well(run, tmp_path, content):
    if content:
        (tmp_path / "home").write_text(content)
    result = run("lake", "check")
    assert result.exit_code == EXIT_USER
    assert "nothing was checked" in result.output


@pytest.mark.parametrize(
    ("words", "told", "never"),
    [
        (("publish", "--from", "2999-01-01"), "--from 2999-01-01 lies after", "--to"),
        (("findings", "--to", "1899-01-01"), "not between", "--from"),
        (("queue", "--date", "30.02.2025"), "30.02.2025 is no day of the calendar", "%Y"),
        (("side", "load", "wallet_labels", "x.csv", "--received-on", "2025-02-30"), "2025-02-30 is no day", "%Y"),
        (("queue", "--help"), "YYYY-MM-DD", "%Y"),
    ],
)
def test_days_are_asked_for_and_refused_in_words(run, words, told, never):
    output = " ".join(run(*words).output.split())
    assert told in output
    assert never not in output


def test_wrong_settings_name_the_setting(run, tmp_path):
    (tmp_path / "sluice.toml").write_text("capacity = 0\n")
    result = run("config")
    assert result.exit_code == EXIT_USER
    assert "capacity" in result.output


@pytest.mark.parametrize(("name", "content"), [("SLUICE_CONFIG", None), ("SLUICE_HOME", "a file")])
def test_a_home_or_settings_file_that_is_none_is_named(run, tmp_path, monkeypatch, name, content):
    place = tmp_path / "place"
    if content:
        place.write_text(content)
    monkeypatch.setenv(name, str(place))
    (tmp_path / "a.xml").write_text("x")
    result = run("ingest", "a.xml")
    assert result.exit_code == EXIT_USER
    assert "place" in result.output


def test_a_folder_that_is_no_day_is_named(run, tmp_path):
    (tmp_path / "home" / "inbox" / "2025-02-30").mkdir(parents=True)
    result = run("night", "--date", "2025-02-28")
    assert result.exit_code == EXIT_USER
    assert "2025-02-30" in result.output


def test_a_files_name_can_t_write_on_the_terminal(run, tmp_path):
    (tmp_path / "a\x1b[31m[bold].xml").write_bytes(b"")
    result = run("ingest", ".")
    assert "\x1b[31m" not in result.output
    assert "[bold]" in result.output


def test_a_table_that_lost_a_file_is_reported(run, tmp_path):
    (tmp_path / "empty.xml").write_bytes(b"")
    run("ingest", "empty.xml")
    next((tmp_path / "home" / "lake" / "findings").rglob("*.parquet")).unlink()
    result = run("lake", "check")
    assert result.exit_code == EXIT_PROBLEM
    assert "unreadable" in result.output


def test_quarantine_has_an_exit_code_of_its_own(run, tmp_path):
    (tmp_path / "empty.xml").write_bytes(b"")
    result = run("ingest", "empty.xml")
    assert result.exit_code == EXIT_QUARANTINE
    assert "The file is empty" in result.output
    assert "file_empty" in run("findings").output


def test_a_lost_row_is_found_by_the_check(run, tmp_path):
    csv = "operator_id;transfer_number;sent_at;sender_name;sender_doc;sender_birth;sender_region;sender_country;"
    csv += "receiver_name;receiver_doc;receiver_birth;receiver_region;receiver_country;amount;currency\n"
    csv += "1;T1;2026-05-03 08:00:00;A;D1;1990-01-01;RU-OMS;RU;B;D2;1991-02-02;KZ-ALA;KZ;10.50;RUB\n"
    csv += "1;T2;2026-05-03 09:00:00;A;D1;1990-01-01;RU-OMS;RU;B;D2;1991-02-02;KZ-ALA;KZ;11.50;RUB\n"
    (tmp_path / "t.csv").write_text(csv)
    assert run("ingest", "t.csv", "--received-on", "2026-05-03").exit_code == 0
    assert run("lake", "check").exit_code == 0
    lake, day = Lake(tmp_path / "home" / "lake"), Nights.of(date(2026, 5, 3))
    kept = lake.read(tables.TRANSACTIONS).filter(pl.col("transaction_number") == "T1")
    lake.replace_nights(tables.TRANSACTIONS, kept, day, {})
    result = run("lake", "check")
    assert result.exit_code == EXIT_PROBLEM
    assert "transactions_lost" in result.output
