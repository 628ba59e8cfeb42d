"""The engine: what it may see, and the types that it returns."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl
import pytest

from features.engine import Engine, Share, TooManyRows
from pipelines.tables import EDGES, RUNS
from tests.features.worlds import day


def sql(root: Path, text: str) -> Path:
    path = root / "some.sql"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(1, 0.5, tmp_path / "scratch") as opened:
        yield opened


def test_an_empty_list_of_files_is_a_typed_table(engine: Engine, tmp_path: Path) -> None:
    engine.register_files(EDGES, [])
    got = engine.frame(EDGES, sql(tmp_path, "select * from edges"))
    assert got.equals(EDGES.empty())


def test_a_frame_gets_the_contracts_types_and_order(engine: Engine, tmp_path: Path) -> None:
    text = "select '7' as row_count, 'b' as step, 'x' as inputs_digest, '2024-03-01' as received_on, 1 as stray"
    got = engine.frame(RUNS, sql(tmp_path, text))
    assert dict(got.schema) == dict(RUNS.polars_schema)
    assert got.row(0) == (day(0), "b", "x", 7)
    assert [(stage.name, stage.rows) for stage in engine.explain] == [("some", 1)]


def test_parameters_are_values_and_only_those_named_are_passed(engine: Engine, tmp_path: Path) -> None:
    path = sql(tmp_path, "-- parameters: $other\nselect cast($what as varchar) as what")
    got = engine.plain(path, {"what": "'; drop table edges; --", "other": 1, "third": 2})
    assert got.item() == "'; drop table edges; --"


def test_a_python_name_is_no_table(engine: Engine, tmp_path: Path) -> None:
    stray = pl.DataFrame({"a": [1]})
    assert stray.height == 1
    with pytest.raises(duckdb.CatalogException):
        engine.plain(sql(tmp_path, "select * from stray"))


def test_no_extension_is_loaded_from_anywhere(engine: Engine, tmp_path: Path) -> None:
    text = "select name, value from duckdb_settings() where name like 'auto%known_extensions' order by name"
    assert set(engine.plain(sql(tmp_path, text))["value"]) == {"false"}


def test_kept_tables_are_replaced_and_dropped(engine: Engine, tmp_path: Path) -> None:
    assert engine.materialise("kept", sql(tmp_path, "select 1 as a"), {}) == 1
    (tmp_path / "next.sql").write_text("select unnest([1, 2]) as a", encoding="utf-8")
    assert engine.materialise("kept", tmp_path / "next.sql") == 2
    engine.drop("kept")
    with pytest.raises(ValueError, match="not a table name"):
        engine.drop("kept; drop table x")


def test_shares_hold_every_node_once_with_all_of_its_rows(engine: Engine) -> None:
    nodes = [-(2**63), -7, -7, -1, 0, 5, 5, 2**63 - 1]
    engine.register("rows", pl.DataFrame({"node": nodes, "place": range(len(nodes))}))
    found = [pl.DataFrame(engine.columns("rows", ["place", "node"], Share(number, 3))) for number in range(3)]
    assert [set(one["node"]) & set(other["node"]) for one, other in pairwise(found)] == [set(), set()]
    assert sorted(pl.concat(found)["place"]) == list(range(len(nodes)))
    assert found[0].columns == ["place", "node"]


def test_parts_are_kept_together(engine: Engine) -> None:
    parts = (pl.DataFrame({"a": [number]}).to_arrow() for number in range(3))
    assert engine.keep("kept", parts) == 3
    assert engine.count("kept") == 3
    assert engine.keep("kept", [pl.DataFrame({"b": ["x"]}).to_arrow()]) == 1


def test_more_rows_join_those_that_are_kept_and_count_with_them(engine: Engine, tmp_path: Path) -> None:
    three = sql(tmp_path, "select unnest([1, 2, 3]) as a")
    assert engine.materialise("kept", three) == 3
    assert engine.materialise("kept", three, rows_max=6, is_more=True) == 6
    with pytest.raises(TooManyRows, match="more than 8 rows"):
        engine.materialise("kept", three, rows_max=8, is_more=True)


def test_a_written_file_has_the_contracts_types(engine: Engine, tmp_path: Path) -> None:
    text = "select '7' as row_count, 'b' as step, 'x' as inputs_digest, '2024-03-01' as received_on, 1 as stray"
    assert engine.write(RUNS, sql(tmp_path, text), tmp_path / "runs.parquet") == 1
    got = pl.read_parquet(tmp_path / "runs.parquet")
    assert dict(got.schema) == dict(RUNS.polars_schema)
    assert got.row(0) == (day(0), "b", "x", 7)


def test_a_stage_over_its_budget_is_not_kept(engine: Engine, tmp_path: Path) -> None:
    rows = sql(tmp_path, "select * from range(1000)")
    assert engine.materialise("kept", rows, {}, 1000) == 1000
    with pytest.raises(TooManyRows, match="some would make more than 999 rows"):
        engine.materialise("kept", rows, {}, 999)
    (tmp_path / "next.sql").write_text("select * from kept", encoding="utf-8")
    with pytest.raises(duckdb.CatalogException):
        engine.plain(tmp_path / "next.sql")


def test_a_stage_that_does_not_fit_says_so(tmp_path: Path) -> None:
    """With 20 megabytes of memory and four times as much of scratch files, a billion rows are too many."""
    exploding = "select hash(a.range + b.range) as x from range(100000) as a cross join range(10000) as b"
    with (
        Engine(1, 0.02, tmp_path / "scratch") as engine,
        pytest.raises(TooManyRows, match="some needs more memory than memory_limit_gb allows"),
    ):
        engine.materialise("kept", sql(tmp_path, exploding))
