"""The gate that keeps SQL portable: what a file may use, and that its Spark text means the same.

Each file is read, held against an allow-list, turned into Spark SQL and back, and both texts run on a small world with
the inputs that the product itself gives them. docs/decisions/0010-portable-sql.md says what is allowed and why.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from features import account_graph, network, portable, typology
from features.engine import SQL, Engine, Params, read_sql
from features.typology.run import Plan
from pipelines.lake import Nights
from tests.features.spark_text import SHIMS, back, is_date, is_distinct_text, own_text, recurses_distinctly, spark
from tests.features.test_features import crowd
from tests.features.test_typology import MOVED, told
from tests.features.test_typology_engine import NIGHTS, eased, tangled
from tests.features.worlds import at, day, movement, quick, world

FILES = sorted(
    path
    for folder in (SQL, SQL.parent / "typologies")
    for path in folder.glob("*.sql")
    if not path.name.endswith(".spark.sql")
)

OWN_TEXT = {
    "moments": "bounds of its windows differ from row to row, for speed; Spark takes constants",
}
"""Files whose Spark text is not a translation but stands beside them as NAME.spark.sql, and why."""

NO_SPARK = {
    "DRP-08": "groups are whatever can be reached: Spark needs a loop around the SQL, not a recursion",
}
"""Files that no Spark text can stand for, and what the runner has to do in its place."""

FUNCTIONS = {
    exp.Abs, exp.And, exp.Array, exp.ArrayAgg, exp.ArrayAppend, exp.ArrayContains, exp.Ascii, exp.Asin, exp.Avg,
    exp.BitwiseOrAgg, exp.Case, exp.Cast, exp.Ceil, exp.Coalesce, exp.ConcatWs, exp.Contains, exp.Cos, exp.Count,
    exp.DateDiff, exp.Day, exp.DenseRank, exp.Exp, exp.Explode, exp.Floor, exp.GenerateSeries, exp.Greatest, exp.If,
    exp.JSONObject, exp.Lag, exp.Lead, exp.Least, exp.Left, exp.Length, exp.Ln, exp.Lower, exp.Max, exp.Min, exp.Month,
    exp.Nullif, exp.Or, exp.Pi, exp.Pow, exp.Radians, exp.Rank, exp.RegexpLike, exp.RegexpReplace, exp.Round,
    exp.RowNumber, exp.SHA2, exp.Sign, exp.Sin, exp.Split, exp.Sqrt, exp.StartsWith, exp.Substring, exp.Sum,
    exp.TimeToStr, exp.TimeToUnix, exp.Trim, exp.UnixToTime, exp.Upper, exp.Year,
}  # fmt: skip
"""Functions that mean the same in both engines, or that a rule of `spark_text` puts right."""

NAMED = {"bin", "bit_count", "list_position", "list_slice"}
"""The same, of functions that sqlglot knows by name alone."""

STRUCTURE = {
    exp.Add, exp.Alias, exp.Between, exp.BitwiseAnd, exp.BitwiseLeftShift, exp.BitwiseOr, exp.Boolean, exp.CTE,
    exp.Column, exp.DPipe, exp.DataType, exp.DataTypeParam, exp.Distinct, exp.Div, exp.EQ, exp.Except, exp.Exists,
    exp.Filter, exp.From, exp.GT, exp.GTE, exp.Group, exp.Having, exp.Identifier, exp.In, exp.IntDiv,
    exp.Intersect, exp.Interval, exp.Is, exp.JSONKeyValue, exp.Join, exp.LT, exp.LTE, exp.Limit, exp.Literal,
    exp.Mod, exp.Mul, exp.NEQ, exp.Neg, exp.Not, exp.Null, exp.Order, exp.Ordered, exp.Paren, exp.Placeholder,
    exp.Select, exp.Star, exp.Sub, exp.Subquery, exp.Table, exp.TableAlias, exp.Union, exp.Var, exp.Where,
    exp.Window, exp.WindowSpec, exp.With,
}  # fmt: skip

ADVICE = {
    "PercentileCont": "Spark's is approximate: number the rows and take the middle ones",
    "Quantile": "Spark's is approximate: number the rows and take the middle ones",
    "Median": "number the rows and take the middle ones",
    "ArgMax": "ties differ: take row_number() over (... order by value desc, key) = 1",
    "ArgMin": "ties differ: take row_number() over (... order by value, key) = 1",
    "First": "it depends on the order of rows: take min(), or row_number() = 1",
    "AnyValue": "it depends on the order of rows: take min()",
    "DayOfWeek": "its base differs: (days since 1970-01-01 + 3) % 7 is 0 on Monday",
    "Extract": "compute it from occurred_s: (occurred_s % 86400) // 3600",
    "GroupConcat": "Spark keeps no order: list(x order by key) and join it where it is shown",
    "Qualify": "put row_number() into a paragraph of its own",
    "Lateral": "join, or unnest in a paragraph of its own",
    "CurrentDate": "the night is a parameter",
    "CurrentTimestamp": "the night is a parameter",
    "Rand": "nothing is random",
}
"""What to write in place of a construct; for the reader of a failed test."""


def faults(path: Path) -> Iterator[str]:
    """What a file uses that is not portable, each with what to do."""
    tree = sqlglot.parse_one(read_sql(path), read="duckdb")
    for node in tree.walk():
        kind = type(node).__name__
        if isinstance(node, exp.Anonymous):
            if node.name.lower() not in NAMED:
                yield f"{node.name}() is on no list: write it with functions of FUNCTIONS"
        elif isinstance(node, exp.GroupConcat) and is_distinct_text(node):
            pass
        elif type(node) not in FUNCTIONS | STRUCTURE:
            yield f"{kind}: {ADVICE.get(kind, 'write it otherwise')} ({_short(node)})"
        yield from _shape_faults(node)
        if path.stem not in OWN_TEXT | NO_SPARK:
            yield from _spark_faults(node)


def _shape_faults(node: exp.Expr) -> Iterator[str]:
    """What is on the list, but not in this shape: the meaning differs or depends on the order of rows."""
    if isinstance(node, exp.Cast) and node.is_type(*exp.DataType.INTEGER_TYPES) and _is_fraction(node.this):
        yield f"DuckDB rounds and Spark cuts off: floor() or round() inside the cast ({_short(node)})"
    if isinstance(node, exp.Sub) and is_date(node.this) != is_date(node.expression) and is_date(node.expression):
        yield f"a day is subtracted from what is not named as a day is ({_short(node)})"
    if isinstance(node, exp.RegexpReplace) and "g" not in str(node.args.get("modifiers")):
        yield f"Spark replaces every match: 'g' ({_short(node)})"
    if isinstance(node, exp.ArrayAgg) and not isinstance(node.this, exp.Order):
        yield f"the list has no order: list(x order by key) ({_short(node)})"
    if isinstance(node, exp.ArrayAgg) and any(item.args.get("desc") for item in node.find_all(exp.Ordered)):
        yield f"sort upwards; turn the sign of the key ({_short(node)})"
    if isinstance(node, exp.Anonymous) and node.name.lower() == "list_slice" and node.expressions[1].name != "1":
        yield f"list_slice from the first place on only ({_short(node)})"
    if isinstance(node, exp.Limit) and not node.parent.args.get("order"):
        yield "limit without order by: other rows on every run"
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        yield "distinct on: take row_number() = 1"


def _spark_faults(node: exp.Expr) -> Iterator[str]:
    """What Spark refuses, unless the file has a text of its own."""
    if isinstance(node, exp.WindowSpec):
        for edge in (node.args.get("start"), node.args.get("end")):
            if isinstance(edge, exp.Expr) and edge.find(exp.Column):
                yield f"a window's bound must be constant or a parameter ({_short(node)})"
    if isinstance(node, exp.Window) and node.args.get("alias") and node.args.get("spec"):
        yield f"a named window can't be given rows: name the whole window ({_short(node)})"
    if isinstance(node, exp.Join) and (node.args.get("method") or node.args.get("using")):
        yield f"a join is a plain, left or cross join with on ({_short(node)})"
    if isinstance(node, exp.CTE) and recurses_distinctly(node):
        readers = [select for select in node.parent.parent.find_all(exp.Select) if _reads(select, node.alias)]
        if not all(select.args.get("distinct") or select.find_ancestor(exp.CTE) is node for select in readers):
            yield f"{node.alias} recurses with a distinct union: union all, or read it with select distinct alone"


def _reads(node: exp.Select, name: str) -> bool:
    sources = [node.args.get("from_"), *node.args.get("joins", [])]
    return any(source is not None and source.this.name == name for source in sources)


def _is_decimal_literal(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and "." in node.this


def _is_fraction(node: exp.Expr) -> bool:
    if isinstance(node, exp.Floor | exp.Round | exp.Ceil | exp.Count | exp.Subquery):
        return False
    if isinstance(node, exp.Div | exp.Ln | exp.Pow | exp.Sqrt | exp.Exp) or _is_decimal_literal(node):
        return True
    return any(_is_fraction(child) for child in node.iter_expressions())


def _short(node: exp.Expr) -> str:
    text = node.sql(dialect="duckdb")
    return text if len(text) <= 70 else text[:67] + "..."


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_keeps_to_what_both_engines_understand(path: Path) -> None:
    found = list(faults(path))
    assert not found, f"{path.name} is not portable (docs/decisions/0010-portable-sql.md):\n- " + "\n- ".join(found)


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem not in OWN_TEXT | NO_SPARK], ids=lambda path: path.stem
)
def test_a_file_has_a_spark_text(path: Path) -> None:
    text = _spark_text(path)
    assert sqlglot.parse_one(text, read="spark")
    for name in ("COLLECT_LIST(", "INT128", "JSON_OBJECT", "FROM_UNIXTIME", "'0x'"):
        if name != "COLLECT_LIST(" or "ARRAY_SORT" not in text:
            assert name not in text, f"{path.name}: no rule of spark_text took {name} out"


def test_own_texts_are_those_that_stand_beside() -> None:
    beside = {path.name.removesuffix(".spark.sql") for folder in _folders() for path in folder.glob("*.spark.sql")}
    assert beside == set(OWN_TEXT)


def _folders() -> tuple[Path, ...]:
    return SQL, SQL.parent / "typologies"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("select percentile_cont(0.5) within group (order by a) as m from t", "PercentileCont"),
        ("select median(a) as m from t", "middle ones"),
        ("select list(a) as m from t", "no order"),
        ("select cast(a / b as int) as m from t", "rounds"),
        ("select cast(a / b + 1 as bigint) as m from t", "rounds"),
        ("select dayofweek(a) as m from t", "base differs"),
        ("select arg_max(a, b) as m from t", "ties differ"),
        ("select first(a) as m from t", "order of rows"),
        ("select a from t limit 1", "limit without"),
        ("select distinct on (a) a, b from t", "row_number"),
        ("select sum(a) over (order by b range between c preceding and current row) as m from t", "constant"),
        ("select sum(a) over (w rows unbounded preceding) as m from t window w as (order by b)", "named window"),
        ("with recursive r as (select 1 as a union select a + 1 from r) select a from r", "distinct union"),
        ("select regexp_replace(a, 'x', '') as m from t", "every match"),
        ("select list_slice(a, 2, 3) as m from t", "first place"),
        ("select hash(a) as m from t", "hash()"),
        ("select a from t asof join u on t.b >= u.b", "plain, left or cross"),
    ],
)
def test_the_gate_says_what_is_wrong(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "some.sql"
    path.write_text(text, encoding="utf-8")
    found = list(faults(path))
    assert any(word in fault for fault in found), found


# ------------------------------------------------------------------------------------------- both texts, the same rows


def rows(relation: duckdb.DuckDBPyRelation) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in relation.fetchall())


class Both:
    """An `Engine.run` that also runs the Spark text, on the same inputs, and remembers what it saw."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.differing: set[str] = set()
        self.plainly = Engine.run

    def run(self, engine: Engine, sql_path: Path, params: Params | None = None) -> duckdb.DuckDBPyRelation:
        if sql_path.stem in NO_SPARK:
            return self.plainly(engine, sql_path, params)
        text = read_sql(sql_path)
        connection = engine._connection
        for shim in SHIMS:
            connection.execute(shim)
        other = _through_spark(sql_path)
        relation = connection.sql(text, params=_named(params, text))
        translated = connection.sql(other, params=_named(params, other))
        expected = rows(relation)
        if translated.columns != relation.columns or rows(translated) != expected:
            self.differing.add(sql_path.name)
        self.seen[sql_path.stem] += expected.total()
        return connection.sql(text, params=_named(params, text))


@cache
def _through_spark(path: Path) -> str:
    own = own_text(path)
    return back(read_sql(own) if own.exists() else _spark_text(path))


@cache
def _spark_text(path: Path) -> str:
    return spark(read_sql(path))


def _named(params: Params | None, text: str) -> dict[str, object]:
    names = set(re.findall(r"\$(\w+)", re.sub(r"--[^\n]*", "", text)))
    return {name: value for name, value in (params or {}).items() if name in names}


def borders() -> list[dict[str, Any]]:
    """Payments at the last second in, and the first second out, of every window before the last one."""
    before = [(days, second) for days in (1, 7, 30) for second in (0, 1)]
    past = [movement("a", f"b{days}", 100, at(40 - days, 50 + second)) for days, second in before]
    return [
        *past,
        movement("b30", "a", 7, at(10, 51)),
        movement("a", "c", 5, at(40, 50)),
        movement("a", "b30", 6, at(40, 50)),
    ]


def test_the_spark_text_of_every_file_gives_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = Both()
    monkeypatch.setattr(Engine, "run", lambda engine, path, params=None: both.run(engine, path, params))
    root = tmp_path / "tangled"
    lake, settings = tangled(root, 1, 0.5), quick(root)
    network.nodes(lake, NIGHTS, settings)
    portable.transactions(lake, NIGHTS, settings)
    portable.accounts(lake, NIGHTS, settings)
    account_graph.build(lake, [day(9)], settings)
    typology.evaluate(lake, NIGHTS, settings, eased(), plan=Plan(is_portable=True))
    portable.transactions(world(tmp_path / "wide", crowd()), Nights(day(20), day(44)), quick(tmp_path / "wide"))
    portable.transactions(world(tmp_path / "edge", borders()), Nights(day(9), day(40)), quick(tmp_path / "edge"))
    told(tmp_path / "told", [(1, "1"), (2, "1")], MOVED, 2)
    assert not both.differing, f"other rows from the Spark text of: {sorted(both.differing)}"
    empty = {path.stem for path in FILES if path.parent == SQL and not both.seen[path.stem]}
    compared = len(list(SQL.glob("*.sql"))) - len(empty)
    assert compared >= 3 * len(empty), f"too few files with rows to compare; none of: {sorted(empty)}"
