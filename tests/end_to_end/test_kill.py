"""Killed at any point, the same command again comes to the same end."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.checks import check_lake
from review import nightly
from tests.end_to_end.conftest import Sluice, home_of

MOMENTS: dict[str, Callable[[Path], bool]] = {
    "while files are read": lambda home: any((home / "staging").glob("*")),
    "between the tables of a batch": lambda home: any((home / "staging").glob("*/batch.json")),
    "while the network is built": lambda home: (home / "lake/nodes").exists(),
    "while features are computed": lambda home: (home / "lake/edges/_delta_log/00000000000000000001.json").exists(),
    "while features are written": lambda home: (home / "lake/transaction_features").exists(),
    "while scores are computed": lambda home: (home / "lake/hits/_delta_log/00000000000000000001.json").exists(),
    "while scores are written": lambda home: (home / "lake/scores").exists(),
    "while alerts are written": lambda home: (home / "lake/alerts").exists(),
}


def kill_at(sluice: Sluice, moment: Callable[[Path], bool], *words: str) -> bool:
    """Start the command and kill -9 it when the moment comes; was it still running."""
    process = sluice.start(*words)
    while process.poll() is None and not moment(sluice.home):
        time.sleep(0.002)
    was_running = process.poll() is None
    process.kill()
    process.communicate()
    return was_running


@pytest.fixture(scope="module")
def killed(written_world, tmp_path_factory, nights) -> dict[str, Sluice]:
    """By moment, a home as the kill left it. One command is killed again and again, each time further on."""
    folder = tmp_path_factory.mktemp("killed")
    sluice = home_of(written_world, folder / "home")
    left = {}
    for place, (name, moment) in enumerate(MOMENTS.items()):
        # A kill that came late may have let the next moment pass as well.
        assert moment(sluice.home) or kill_at(sluice, moment, "backfill", "--from", nights[0], "--to", nights[1]), (
            f"the command ended before the moment came: {name}"
        )
        left[name] = home_of(sluice.home, folder / str(place))
    return left


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_started_again_the_end_is_the_same(killed, nights, expected, moment):
    sluice = killed[moment]
    sluice.run("backfill", "--from", nights[0], "--to", nights[1])
    assert sluice.digest() == expected
    assert check_lake(sluice.lake, nightly.TABLES) == []
    assert not any((sluice.home / "staging").glob("*"))


def test_a_second_run_changes_no_value_and_computes_nothing(finished, expected, nights):
    output = finished.run("backfill", "--from", nights[0], "--to", nights[1])
    assert finished.digest() == expected
    assert output.count("up to date") == len(nightly.STEPS)
