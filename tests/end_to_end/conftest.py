"""A small made-up world, written once as report files, and the command line on it, here or in another process."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.lake import Lake
from review import nightly
from sluice.cli import main
from synthetic.world import make_world
from synthetic.write import write_world

ROOT = Path(__file__).parents[2]
FIRST, LAST = date(2025, 3, 3), date(2025, 3, 26)


@dataclass(frozen=True)
class Sluice:
    """`sluice` on one home."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"SLUICE_HOME": str(self.home), "SLUICE_CONFIG": str(ROOT / "deploy" / "demo.toml")}

    @property
    def lake(self) -> Lake:
        return Lake(self.home / "lake")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "sluice", *words],
            env={**os.environ, **self.environment},
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run_apart(self, *words: str) -> str:
        """What the command prints, run to its end in a process of its own."""
        process = self.start(*words)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, f"exit {process.returncode}\n{output}\n{errors}"
        assert "Traceback" not in output + errors
        return output

    def run(self, *words: str) -> str:
        """What the command prints, run in this process, which has loaded everything once."""
        result = CliRunner().invoke(main, words, env=self.environment, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    def digest(self) -> dict[str, tuple[int, str]]:
        """Rows and hash of every table."""
        return {table.name: self.lake.digest(table) for table in nightly.TABLES}


@pytest.fixture(scope="session")
def written_world(tmp_path_factory) -> Path:
    """A home's folder with the inbox and the truth of a small world, without broken files."""
    folder = tmp_path_factory.mktemp("world")
    write_world(make_world(11, FIRST, (LAST - FIRST).days + 1, 0.1), folder / "inbox", broken=False)
    return folder


def home_of(source: Path, folder: Path) -> Sluice:
    """The command line on a copy of a home."""
    shutil.copytree(source, folder)
    return Sluice(folder)


@pytest.fixture
def sluice(written_world, tmp_path) -> Sluice:
    """The command line on a home of its own that holds the world's inbox and nothing else."""
    return home_of(written_world, tmp_path / "home")


@pytest.fixture(scope="session")
def nights() -> tuple[str, str]:
    """The first and last night of the world, as a user types them."""
    return FIRST.isoformat(), LAST.isoformat()


@pytest.fixture(scope="session")
def finished(written_world, tmp_path_factory, nights) -> Sluice:
    """A home after one backfill that nothing disturbed, in a process of its own; for tests that change no row."""
    sluice = home_of(written_world, tmp_path_factory.mktemp("finished") / "home")
    sluice.run_apart("backfill", "--from", nights[0], "--to", nights[1])
    return sluice


@pytest.fixture(scope="session")
def expected(finished) -> dict[str, tuple[int, str]]:
    """The digest that every way to the same end has to have."""
    digest = finished.digest()
    assert digest["alerts"][0] > 0
    return digest
