"""The small world that the tests of models share, fresh for every test that writes, once for those that read."""

from pathlib import Path

import pytest

from models.train import TrainedModel, train
from tests.models.world import SMALL, World, feature_rows, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "home", feature_rows())


@pytest.fixture(scope="session")
def read_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("read") / "home", feature_rows())


@pytest.fixture(scope="session")
def trained(read_world: World) -> TrainedModel:
    return train(read_world.lake, read_world.last, read_world.home.settings, recipe=SMALL)
