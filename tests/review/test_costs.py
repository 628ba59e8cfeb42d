"""Costs of a run: stages are collected while a step runs, added up by name, kept, and shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from features.engine import Engine, Stage, costing
from pipelines.home import Home
from pipelines.lake import Nights
from pipelines.steps import StepReport
from review.costs import Cost, keep_costs, read_costs
from sluice.cli import main
from tests.features.worlds import day, quick


def test_stages_are_collected_only_while_a_step_runs(tmp_path: Path) -> None:
    path = tmp_path / "some.sql"
    path.write_text("select 1 as a", encoding="utf-8")
    with Engine(1, 0.5, tmp_path / "scratch") as engine:
        with costing() as stages:
            engine.materialise("kept", path)
        engine.materialise("kept", path)
    assert [(stage.name, stage.rows) for stage in stages] == [("some", 1)]
    assert stages[0].memory_mb > 1


def test_costs_are_added_up_kept_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(quick(tmp_path))
    report = StepReport("hits", Nights.of(day(3)), 7, 1)
    stages = [Stage("ends", 10, 1.0, 50.0), Stage("pairs", 4, 0.5, 80.0), Stage("ends", 5, 2.0, 40.0)]
    assert read_costs(home) == []
    keep_costs(home, Cost.of(report, 4.0, stages))
    step, ends, pairs = read_costs(home)
    assert (step.stage, step.rows, step.seconds) == ("", 7, 4.0)
    assert (ends.stage, ends.rows, ends.seconds, ends.memory_mb) == ("ends", 15, 3.0, 50.0)
    assert pairs.stage == "pairs"
    keep_costs(home, Cost.of(StepReport("nodes", Nights.of(day(3)), 1, 1), 1.0, []))
    keep_costs(home, Cost.of(report, 2.0, stages[:1]))
    assert [(cost.step, cost.stage, cost.seconds) for cost in read_costs(home)] == [
        ("nodes", "", 1.0),
        ("hits", "", 2.0),
        ("hits", "ends", 1.0),
    ]
    keep_costs(home, Cost.of(report, 4.0, stages))
    monkeypatch.setenv("SLUICE_HOME", str(tmp_path))
    shown = CliRunner().invoke(main, ["features", "cost"])
    assert shown.exit_code == 0
    assert "3.00" in shown.output
