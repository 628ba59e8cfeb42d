"""Night after night, in any order, equals one backfill; Dagster equals the command line."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from dagster_project.launch import run_night
from pipelines import tables
from pipelines.home import Home, load_settings
from pipelines.intake import ingest_inbox
from pipelines.lake import Lake, Nights
from tests.end_to_end.conftest import ROOT, Sluice

LAST = date(2025, 3, 26)


@pytest.fixture
def one_backfill(sluice, nights):
    sluice.run("backfill", "--from", nights[0], "--to", nights[1])
    return sluice.digest()


def test_nights_out_of_order_equal_one_backfill(sluice, one_backfill, nights, tmp_path, written_world, monkeypatch):
    """A backfill of an old day sees exactly what that day knew; a night run before its past is mended by it."""
    monkeypatch.setenv("SLUICE_CONFIG", str(ROOT / "deploy" / "demo.toml"))
    other = Sluice(tmp_path / "other")
    shutil.copytree(written_world, other.home)
    home = Home(load_settings(home=other.home))
    with home.writing():
        ingest_inbox(home, Nights(date(2025, 3, 3), LAST))
    for night in (LAST, LAST - timedelta(days=2)):
        other.run("night", "--date", night.isoformat())
    other.run("backfill", "--from", nights[0], "--to", nights[1])
    assert other.digest() == one_backfill


def test_dagster_makes_the_same_rows(sluice, tmp_path, written_world, monkeypatch):
    nights = Nights(date(2025, 3, 3), date(2025, 3, 9))
    sluice.run("backfill", "--from", nights.first.isoformat(), "--to", nights.last.isoformat())
    monkeypatch.setenv("SLUICE_CONFIG", str(ROOT / "deploy" / "demo.toml"))
    other = Sluice(tmp_path / "other")
    shutil.copytree(written_world, other.home)
    assert run_night(Home(load_settings(home=other.home)), nights)
    assert other.digest() == sluice.digest()


def test_every_alert_is_explained(sluice, one_backfill):
    alerts = Lake(Path(sluice.home) / "lake").read(tables.ALERTS)
    assert alerts.height > 0
    assert alerts["reasons"].str.len_chars().min() > 2
    assert alerts["evidence"].list.len().min() > 0
