"""Rolling files run by the compiled pass and by DuckDB: the same rows, whatever the groups, ties and missing values."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from features.engine import Engine, Share
from features.typology import rolling

SQL = """-- rolling: every kind of measure, over frames of two partitions and two orders.
select
    part, node, night, moment_s, edge_id,
    count(*) over recent as n,
    count(distinct other) over recent as others,
    cast(sum(cents) over recent as bigint) as cents,
    max(late) over recent as latest,
    min(late) over recent as earliest,
    sum(late) over recent as lateness,
    cast(sum(cents) over so_far as bigint) as all_cents,
    max(cents) over so_far as most_cents,
    cast(sum(cents) over before as bigint) as cents_before,
    count(*) over before as n_before,
    max(cents) over before as most_before
from marks
window
    recent as (
        partition by part, node order by moment_s range between $days * 10 - 1 preceding and current row
    ),
    so_far as (
        partition by part, node, night order by moment_s
        range between unbounded preceding and current row
    ),
    before as (
        partition by part, node order by day
        range between unbounded preceding and $days preceding
    )
"""


def marks(seed: int, rows: int) -> pl.DataFrame:
    """Rows of a few groups with many ties; some have no `other`, `late` or `night`."""
    draw = np.random.default_rng(seed)
    moment_s = draw.integers(0, 60, rows)
    nights = [date(2024, 1, 1), date(2024, 1, 2), None]
    return pl.DataFrame(
        {
            "part": draw.integers(0, 2, rows).astype(np.int32),
            "node": draw.choice(np.array([5, -7, 2**60]), rows),
            "night": [nights[i] for i in draw.integers(0, 3, rows)],
            "other": [None if i == 0 else int(i) for i in draw.integers(0, 6, rows)],
            "edge_id": np.arange(rows),
            "moment_s": moment_s,
            "day": moment_s // 10,
            "cents": draw.integers(-50, 2**40, rows),
            "late": [None if i < 4 else int(i) for i in draw.integers(0, 9, rows)],
        },
        schema_overrides={"night": pl.Date, "other": pl.Int64, "late": pl.Int64},
    )


def both(folder: Path, text: str, given: pl.DataFrame, threads: int, **parameters: Any) -> tuple[pl.DataFrame, ...]:
    """The rows of a text by the pass and by DuckDB, each in the order of the marks."""
    file = folder / "X.rolling.sql"
    file.write_text(text, encoding="utf-8")
    with Engine(threads, 1, folder / "scratch") as engine:
        engine.register("marks", given)
        passed, queried = (
            pl.DataFrame(rolling.measure(engine, file, parameters, threads)),
            engine.plain(file, parameters),
        )
    return passed.sort("edge_id"), queried.sort("edge_id").cast(passed.schema)


@pytest.mark.parametrize("rows", [0, 1, 7, 300])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_the_pass_counts_what_duckdb_counts(tmp_path: Path, seed: int, threads: int, rows: int) -> None:
    passed, queried = both(tmp_path, SQL, marks(seed, rows), threads, days=1 + seed)
    assert passed.height == rows
    assert passed.equals(queried)


@pytest.mark.parametrize("of", [2, 3, 50])
def test_shares_of_the_nodes_give_the_rows_of_all(tmp_path: Path, of: int) -> None:
    file = tmp_path / "X.rolling.sql"
    file.write_text(SQL, encoding="utf-8")
    with Engine(2, 1, tmp_path / "scratch") as engine:
        engine.register("marks", marks(1, 300))
        whole = rolling.measure(engine, file, {"days": 2}, 2)
        parts = [rolling.measure(engine, file, {"days": 2}, 2, Share(number, of)) for number in range(of)]
    assert sum(part.num_rows > 0 for part in parts) > 1
    assert pl.DataFrame(pa.concat_tables(parts)).sort("edge_id").equals(pl.DataFrame(whole).sort("edge_id"))


REFUSED = """
select {what} over w as c from marks {where}
window w as (partition by {by} order by moment_s {kind} between 1 preceding and current row)
"""


@pytest.mark.parametrize(
    ("what", "where", "by", "kind", "why"),
    [
        ("sum(cents + 1)", "", "node", "range", "no count, sum, max or min"),
        ("sum(cents)", "", "node", "rows", "a window is a range"),
        ("count(*)", "where moment_s > 1", "node", "range", "more than columns"),
        ("avg(cents)", "", "node", "range", "no count, sum, max or min"),
        ("sum(cents)", "", "part", "range", "a window holds rows of one node"),
    ],
)
def test_what_the_pass_cannot_run_is_refused(
    tmp_path: Path, what: str, where: str, by: str, kind: str, why: str
) -> None:
    with pytest.raises(ValueError, match=rf"^X\.rolling\.sql: .*{why}"):
        both(tmp_path, REFUSED.format(what=what, where=where, by=by, kind=kind), marks(1, 5), 1)
