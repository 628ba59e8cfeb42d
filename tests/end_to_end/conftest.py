"""A small made-up world, written once as report files, and the command line as a user runs it."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from synthetic.world import make_world
from synthetic.write import write_world

ROOT = Path(__file__).parents[2]
FIRST = date(2025, 3, 3)
DAYS = 24


@dataclass(frozen=True)
class Sluice:
    """`sluice` on one home."""

    home: Path

    def start(self, *words: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "SLUICE_HOME": str(self.home), "SLUICE_CONFIG": str(ROOT / "deploy" / "demo.toml")}
        return subprocess.Popen(
            [sys.executable, "-m", "sluice", *words],
            env=environment,
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str, code: int = 0) -> str:
        process = self.start(*words)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == code, f"exit {process.returncode}\n{output}\n{errors}"
        assert "Traceback" not in output + errors
        return output

    def digest(self) -> dict[str, dict[str, object]]:
        return json.loads(self.run("lake", "digest", "--json"))


@pytest.fixture(scope="session")
def written_world(tmp_path_factory) -> Path:
    """A home's folder with the inbox and the truth of a small world, without broken files."""
    folder = tmp_path_factory.mktemp("world")
    write_world(make_world(11, FIRST, DAYS, 0.2), folder / "inbox", broken=False)
    return folder


@pytest.fixture
def sluice(written_world, tmp_path) -> Sluice:
    """The command line on a home of its own that holds the world's inbox and nothing else."""
    home = tmp_path / "home"
    shutil.copytree(written_world, home)
    return Sluice(home)


@pytest.fixture
def nights() -> tuple[str, str]:
    """The first and last night of the world, as a user types them."""
    return FIRST.isoformat(), (FIRST + timedelta(days=DAYS - 1)).isoformat()
