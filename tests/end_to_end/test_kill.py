"""Killed at any point, the same command again comes to the same end."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from review import nightly
from tests.end_to_end.conftest import Sluice

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


@pytest.fixture(scope="module")
def undisturbed(written_world, tmp_path_factory):
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(written_world, home)
    return Sluice(home)


@pytest.fixture(scope="module")
def expected(undisturbed):
    undisturbed.run("backfill", "--from", "2025-03-03", "--to", "2025-03-26")
    digest = undisturbed.digest()
    assert digest["alerts"]["rows"] > 0
    return digest


def kill_at(sluice: Sluice, moment: Callable[[Path], bool], *words: str) -> bool:
    """Start the command and kill -9 it when the moment comes; was it still running."""
    process = sluice.start(*words)
    while process.poll() is None and not moment(sluice.home):
        time.sleep(0.002)
    was_running = process.poll() is None
    process.kill()
    process.communicate()
    return was_running


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_started_again_the_end_is_the_same(sluice, nights, expected, moment):
    words = ("backfill", "--from", nights[0], "--to", nights[1])
    assert kill_at(sluice, MOMENTS[moment], *words), "the command ended before the moment came"
    sluice.run(*words)
    assert sluice.digest() == expected
    sluice.run("lake", "check")
    assert not any((sluice.home / "staging").glob("*"))


def test_a_second_run_changes_no_value_and_computes_nothing(undisturbed, expected, nights):
    output = undisturbed.run("backfill", "--from", nights[0], "--to", nights[1])
    assert undisturbed.digest() == expected
    assert output.count("up to date") == len(nightly.STEPS)
