"""The small world that the tests of models share, a copy for every test that writes, itself for those that read."""

from pathlib import Path

import pytest

from models.train import TrainedModel, train
from tests.models.world import SMALL, World, copied, feature_rows, make_world


@pytest.fixture(scope="session")
def read_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("read") / "home", feature_rows())


@pytest.fixture
def world(read_world: World, tmp_path: Path) -> World:
    return copied(read_world, tmp_path / "home")


@pytest.fixture(scope="session")
def trained(read_world: World) -> TrainedModel:
    return train(read_world.lake, read_world.last, read_world.home.settings, recipe=SMALL)
