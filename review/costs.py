"""What each step cost when it ran last, stage by stage; it is kept beside the lake for `sluice features cost`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from features.engine import Stage, memory_mb
from pipelines.home import Home
from pipelines.steps import StepReport


@dataclass(frozen=True)
class Cost:
    """What a step, or a stage of it, cost; a stage that ran several times is added up."""

    step: str
    stage: str
    """Empty for the whole step."""
    nights: str
    rows: int
    seconds: float
    memory_mb: float
    """What the process held afterwards, at most."""

    @staticmethod
    def of(report: StepReport, seconds: float, stages: Iterable[Stage]) -> "Sequence[Cost]":
        """The step, and then each of its stages in the order in which they first ran."""
        added: dict[str, Cost] = {}
        for stage in stages:
            before = added.get(stage.name, Cost(report.step, stage.name, str(report.nights), 0, 0.0, 0.0))
            added[stage.name] = Cost(
                report.step,
                stage.name,
                before.nights,
                before.rows + stage.rows,
                before.seconds + stage.seconds,
                max(before.memory_mb, stage.memory_mb),
            )
        whole = Cost(report.step, "", str(report.nights), report.row_count, seconds, memory_mb())
        return [whole, *added.values()]


def keep_costs(home: Home, costs: Sequence[Cost]) -> None:
    """Keep what a step cost, in the place of what it cost when it ran before."""
    others = [cost for cost in read_costs(home) if cost.step != costs[0].step]
    path = _path(home)
    part = path.with_suffix(".part")
    part.write_text(json.dumps([asdict(cost) for cost in (*others, *costs)]), encoding="utf-8")
    part.replace(path)


def read_costs(home: Home) -> list[Cost]:
    """What each step cost when it ran last, the latest step last; none before the first."""
    path = _path(home)
    return [Cost(**row) for row in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def _path(home: Home) -> Path:
    return home.settings.home / "costs.json"
