"""`sluice typologies`: what an analyst reads, tries and tunes; and what they may get wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from features import typology
from pipelines.lake import Lake, Nights
from pipelines.tables import HITS, OUTCOMES, TYPOLOGY_RUNS
from sluice import screen, trial_plot
from sluice.cli import EXIT_USER, main
from tests.features.worlds import at, day, movement, node_id, put, quick, with_delivery, world

Run = Callable[..., Result]
PERIOD = ("--from", "2024-03-01", "--to", "2024-03-05")
REPORT = [{"report_key": "r", "report_reference": "r", "received_on": day(0)}]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with accounts that 8, 11 and 14 people paid in a day; the second is confirmed."""
    root = tmp_path / "home"
    rows = [
        movement(f"p{i}", f"acc{count}", 10, at(1, i), id=f"{count}-{i}") for count in (8, 11, 14) for i in range(count)
    ]
    lake = world(root, rows, REPORT)
    decision = {"alert_id": "a", "received_on": day(9), "ordinal": 1, "code": "D1", "node_id": node_id("acc11")}
    put(lake, OUTCOMES, with_delivery(OUTCOMES, [{**decision, "evidence": []}]))
    monkeypatch.setenv("SLUICE_HOME", str(root))
    monkeypatch.setenv("SLUICE_COUNTRY", "ZZ")
    monkeypatch.chdir(tmp_path)
    return root


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(screen.out, "_width", 200)

    def invoke(*words: str) -> Result:
        result = CliRunner().invoke(main, ["typologies", *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


def test_list_names_every_typology_and_what_became_of_it(run: Run, home: Path) -> None:
    lake = Lake(home / "lake")
    put(lake, TYPOLOGY_RUNS, typology.statuses(lake, HITS.empty(), Nights.of(day(1))))
    told = {row["id"]: row for row in json.loads(run("list", "--json").output)}
    assert set(told) == set(typology.by_id())
    assert (told["CSH-03"]["status"], told["CSH-03"]["missing_data"]) == ("data_missing", "places")
    assert "data missing: places" in run("list").output


def test_show_has_the_words_the_parameters_and_the_data(run: Run) -> None:
    shown = run("show", "drp-03").output
    for words in ("Оборот между людьми", "turnover_day", "100000", "sums in the country's currency", "2024-03-02"):
        assert words in shown
    assert "sluice side load device_links FILE" in run("show", "DRP-08").output
    assert "sluice typologies tune NET-06 counterparties_min" in run("show", "NET-06").output
    told = json.loads(run("show", "DRP-03", "--json").output)
    assert told["by_country"]["RU"]["turnover_month"] == 1_000_000
    assert told["parameters"]["turnover_month"] == 10_000


def test_show_tells_the_newest_hits(run: Run, home: Path) -> None:
    lake = Lake(home / "lake")
    hits = typology.build(lake, Nights.of(day(1)), quick(home)).hits
    put(lake, HITS, hits)
    put(lake, TYPOLOGY_RUNS, typology.statuses(lake, hits, Nights.of(day(1))))
    assert "from 14 payers in 1 day" in run("show", "DRP-01").output


def test_a_night_of_too_many_rows_is_told(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_STAGE_ROWS_MAX", "20")
    told = run("run", "DRP-01", "CSH-03", *PERIOD)
    assert "DRP-01 left out on 2024-03-02: too many rows: " in told.stderr
    assert "left out on 1: too many rows" in told.output
    assert "too many rows" in run("tune", "DRP-01", "payers_day", *PERIOD).stderr
    lake = Lake(home / "lake")
    runs = typology.statuses(lake, HITS.empty(), Nights.of(day(1)), {(day(1), "DRP-01")})
    put(lake, TYPOLOGY_RUNS, runs)
    assert "too many rows on 2024-03-02: left out" in run("list").output


def test_run_finds_what_the_nights_would_and_writes_nothing(run: Run, home: Path) -> None:
    before = Lake(home / "lake").nights(HITS)
    told = json.loads(run("run", "DRP-01", "CSH-03", *PERIOD, "--json").output)
    assert [hit["node_id"] for hit in told] == [node_id("acc14"), node_id("acc11")]
    shown = run("run", "DRP-01", "CSH-03", *PERIOD).output
    assert "from 14 payers" in shown
    assert "missing: places" in shown
    assert Lake(home / "lake").nights(HITS) == before == []


def test_tune_counts_hits_of_every_value_and_those_that_were_right(run: Run) -> None:
    told = json.loads(run("tune", "DRP-01", "payers_day", "--values", "7,13,14", *PERIOD, "--json").output)
    found = [(row["value"], row["is_in_force"], row["hits"], row["confirmed_hits"]) for row in told["trials"]]
    assert found == [(7, False, 3, 1), (10, True, 2, 1), (13, False, 1, 0), (14, False, 0, 0)]
    shown = run("tune", "DRP-01", "payers_day", *PERIOD).output
    assert "← in force" in shown
    assert "█" in shown


def test_tune_draws(run: Run, tmp_path: Path) -> None:
    drawn = run("tune", "DRP-01", "payers_day", *PERIOD, "--plot", "x.svg")
    assert "Drawn: x.svg" in drawn.output
    picture = ElementTree.parse(tmp_path / "x.svg")
    words = "".join(picture.getroot().itertext())
    assert "DRP-01 Many payers: payers_day" in words
    assert "2 hits, 2 subjects" in words


def test_a_sum_of_money_is_tuned_in_the_countrys_currency(run: Run) -> None:
    told = json.loads(run("tune", "DRP-03", "turnover_day", "--values", "109.99,110,140", *PERIOD, "--json").output)
    assert [row["hits"] for row in told["trials"]][:3] == [2, 1, 0]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "DRP-99"),
        ("run", "DRP-01", "NOPE"),
        ("run", "DRP-01", "--from", "2024-03-05", "--to", "2024-03-01"),
        ("run", "DRP-01", "--to", "2999-01-01"),
        ("tune", "DRP-01", "payers_year"),
        ("tune", "DRP-01", "payers_day", "--values", "many"),
        ("tune", "DRP-01", "payers_day", "--values", ","),
        ("tune", "DRP-01", "payers_day", "--values", "nan"),
        ("tune", "CSH-06", "zones", "--values", "1"),
        ("tune", "DRP-02", "window_days", "--values", "400", *PERIOD),
        ("tune", "DRP-01", "payers_day", "--plot", "absent/x.svg", *PERIOD),
    ],
)
def test_a_mistake_is_answered_in_words(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == EXIT_USER
    assert len(result.output.strip()) > 20


def test_an_empty_lake_is_no_error_of_the_program(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_HOME", str(tmp_path / "other"))
    assert run("list").exit_code == 0
    assert run("show", "DRUG-SHOP").exit_code == 0
    assert "no report yet" in run("run", "DRP-01").output


def test_bars_keep_the_proportion_and_show_the_least() -> None:
    trials = [
        typology.Trial(place, place == 2, hits, hits, right, right, hits)
        for place, hits, right in [(1, 400, 100), (2, 1, 0), (3, 0, 0)]
    ]
    assert [len(bar) for bar in trial_plot.bars(trials)] == [40, 1, 0]
    assert trial_plot.bars(trials)[0].count("█") == 10
