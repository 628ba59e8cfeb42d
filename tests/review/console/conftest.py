"""The store for tests: a fresh database per test, on SQLite and on a real PostgreSQL, with one person per role."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from pipelines.home import open_home
from review.console import config
from tests.review.console.postgres import Cluster, binaries

_HOME = Path(tempfile.mkdtemp(prefix="sluice-console-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
# Django takes one home per process, and reads it when it starts; the other tests' homes are none of its business.
_before = os.environ.get("SLUICE_HOME")
(_HOME / "console" / "static").mkdir(parents=True)
config.set_up(open_home(home=_HOME))
os.environ.pop("SLUICE_HOME")
if _before is not None:
    os.environ["SLUICE_HOME"] = _before

from django.db import connections  # noqa: E402 (Django has to be set up first)
from django.utils import translation  # noqa: E402

from review.console.services.passwords import Hasher  # noqa: E402
from tests.review.console.store import Store, new_database, use  # noqa: E402

_numbers = count(1)
# The same algorithm, cheaper: what a hash costs is Django's matter, and tests sign in many times.
Hasher.time_cost, Hasher.memory_cost = 1, 1_024


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Every test begins in English: a request leaves its person's language behind in the thread that answered it."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for the session; a machine without one skips, the continuous integration fails."""
    found = binaries()
    if found is None:
        missing = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    cluster = Cluster.start(found)
    try:
        yield cluster
    finally:
        connections.close_all()
        cluster.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables and the persons."""
    folder = tmp_path_factory.mktemp("template")
    use(config.database("", folder))
    new_database()
    return folder / "console.sqlite3"


@pytest.fixture(scope="session")
def postgresql_template(cluster: Cluster) -> str:
    """The name of a PostgreSQL database with the tables and the persons."""
    cluster.execute("create database template")
    use(config.database(cluster.address("template"), _HOME))
    new_database()
    return "template"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of its own, on each of the two databases."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "console.sqlite3")
        use(config.database("", tmp_path))
        yield Store("sqlite")
    else:
        cluster, template = request.getfixturevalue("cluster"), request.getfixturevalue("postgresql_template")
        name = f"test{next(_numbers)}"
        cluster.execute(f"create database {name} template {template}")
        use(config.database(cluster.address(name), _HOME))
        yield Store("postgresql", cluster.address(name))
        connections.close_all()
        cluster.execute(f"drop database {name} with (force)")
    connections.close_all()


@pytest.fixture
def only_sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite, for rules that no database has a part in."""
    shutil.copyfile(sqlite_template, tmp_path / "console.sqlite3")
    use(config.database("", tmp_path))
    yield Store("sqlite")
    connections.close_all()
