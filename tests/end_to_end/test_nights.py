"""Night after night, in any order, equals one backfill; Dagster equals the command line."""

import json
from datetime import timedelta

from dagster_project.launch import run_night
from pipelines import tables
from pipelines.home import Home, load_settings
from pipelines.intake import ingest_inbox
from pipelines.lake import Nights
from review import nightly
from review.costs import read_costs
from tests.end_to_end.conftest import FIRST, LAST, ROOT


def test_the_digest_that_is_printed_is_that_of_the_lake(finished, expected):
    printed = json.loads(finished.run("lake", "digest", "--json"))
    assert {name: (told["rows"], told["digest"]) for name, told in printed.items()} == expected


def test_nights_out_of_order_equal_one_backfill(sluice, expected, nights, monkeypatch):
    """A backfill of an old day sees exactly what that day knew; a night run before its past is mended by it."""
    monkeypatch.setenv("SLUICE_CONFIG", str(ROOT / "deploy" / "demo.toml"))
    home = Home(load_settings(home=sluice.home))
    with home.writing():
        ingest_inbox(home, Nights(FIRST, LAST))
    for night in (LAST, LAST - timedelta(days=2)):
        sluice.run("night", "--date", night.isoformat())
    sluice.run("backfill", "--from", nights[0], "--to", nights[1])
    assert sluice.digest() == expected


def test_dagster_makes_the_same_rows(sluice, expected, monkeypatch):
    monkeypatch.setenv("SLUICE_CONFIG", str(ROOT / "deploy" / "demo.toml"))
    home = Home(load_settings(home=sluice.home))
    assert run_night(home, Nights(FIRST, LAST))
    assert sluice.digest() == expected
    assert {cost.step for cost in read_costs(home)} == {step.__name__.removeprefix("build_") for step in nightly.STEPS}


def test_every_alert_is_explained(finished):
    alerts = finished.lake.read(tables.ALERTS)
    assert alerts.height > 0
    assert alerts["reasons"].str.len_chars().min() > 2
    assert alerts["evidence"].list.len().min() > 0
