"""One world and its files for all tests of this folder."""

from datetime import date

import pytest

from synthetic.world import World, make_world
from synthetic.write import WrittenWorld, write_world

FIRST_DAY = date(2025, 9, 1)


@pytest.fixture(scope="session")
def world() -> World:
    """The world of scale 1 that the demo uses."""
    return make_world(7, FIRST_DAY, 60)


@pytest.fixture(scope="session")
def small_world() -> World:
    """A world that is quick to write."""
    return make_world(11, FIRST_DAY, 30, 0.3)


@pytest.fixture(scope="session")
def written(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> WrittenWorld:
    """The small world's files, broken ones included."""
    return write_world(small_world, tmp_path_factory.mktemp("small") / "inbox")
