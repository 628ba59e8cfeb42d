"""The Spark SQL of a DuckDB file, by sqlglot and by rules for what sqlglot mistranslates without a word.

Holds no allow-list and runs nothing: `test_portability.py` does both.
Why each rule: docs/decisions/0010-portable-sql.md.
"""

from collections.abc import Callable
from pathlib import Path

import sqlglot
from sqlglot import ErrorLevel, exp

SHIMS = (
    "create or replace macro conv(digits, from_base, to_base) as cast('0x' || digits as bigint)",
    "create or replace macro array_join(words, separator) as array_to_string(words, separator)",
    "create or replace macro timestamp_seconds(seconds) as to_timestamp(seconds)",
    # Spark's collect_set of nothing is empty, DuckDB's list of nothing is null
    "create or replace macro set_size(found) as coalesce(array_length(found), 0)",
)
"""Functions of Spark that DuckDB has not, with Spark's meaning for what the rules make of them."""


def spark(text: str) -> str:
    """The Spark SQL with the meaning of a DuckDB text.

    Raises:
        sqlglot.errors.SqlglotError: it can't be read, or Spark has nothing for a part of it.
    """
    tree = sqlglot.parse_one(text, read="duckdb")
    for rule in RULES:
        tree = tree.transform(rule)
    return tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE, pretty=True, comments=False)


def back(spark_text: str) -> str:
    """The DuckDB text with the meaning of a Spark text, for a connection that has SHIMS."""
    tree = sqlglot.parse_one(spark_text, read="spark")
    tree = tree.transform(_unix_timestamp_back)
    text = tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE, comments=False)
    return text.replace("ARRAY_LENGTH(LIST(", "set_size(LIST(")


def own_text(path: Path) -> Path:
    """Where the Spark text of a file stands that has one of its own."""
    return path.with_suffix(".spark.sql")


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _hexadecimal(node: exp.Expr) -> exp.Expr:
    """'0x...' as a number is null in Spark: conv."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.DPipe):
        prefix = node.this.this
        if isinstance(prefix, exp.Literal) and prefix.this == "0x":
            digits = node.this.expression
            number = _call("conv", digits, exp.Literal.number(16), exp.Literal.number(10))
            return exp.cast(number, node.to)
    return node


def _json(node: exp.Expr) -> exp.Expr:
    """Spark has no json_object."""
    if isinstance(node, exp.JSONObject):
        flat = [part for pair in node.expressions for part in (pair.this, pair.expression)]
        return _call("to_json", _call("named_struct", *flat))
    return node


def _seconds(node: exp.Expr) -> exp.Expr:
    """from_unixtime goes through text in the session's time zone."""
    return _call("timestamp_seconds", node.this) if isinstance(node, exp.UnixToTime) else node


def _distinct_in_window(node: exp.Expr) -> exp.Expr:
    """Spark refuses count(distinct x) over a window, and takes the size of a set."""
    if isinstance(node, exp.Window) and isinstance(node.this, exp.Count) and isinstance(node.this.this, exp.Distinct):
        window = node.copy()
        window.set("this", _call("collect_set", node.this.this.expressions[0]))
        return _call("size", window)
    return node


def _ordered_list(node: exp.Expr) -> exp.Expr:
    """collect_list has no order: sort the structs, keep the value."""
    if not (isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Order)):
        return node
    order = node.this
    keys = [exp.alias_(item.this, f"key_{place}") for place, item in enumerate(order.expressions)]
    row = exp.Struct(expressions=[*keys, exp.alias_(order.this, "item")])
    picked = exp.Lambda(this=exp.column("item", table="pick"), expressions=[exp.to_identifier("pick")])
    return _call("transform", _call("array_sort", _call("collect_list", row)), picked)


def _slice(node: exp.Expr) -> exp.Expr:
    """list_slice(x, 1, n) names the last place, Spark's slice a length: the same from the first place on."""
    return _call("slice", *node.expressions) if isinstance(node, exp.Anonymous) and _is(node, "list_slice") else node


def _wide_integer(node: exp.Expr) -> exp.Expr:
    """Spark has no 128-bit integer."""
    if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.INT128:
        return exp.DataType.build("decimal(38, 0)")
    return node


def _sum(node: exp.Expr) -> exp.Expr:
    """A sum of integers is wide in DuckDB and overflows 64 bits in Spark. Sums are of integers or of amount_local."""
    if isinstance(node, exp.Sum) and not isinstance(node.this, exp.Cast) and not _is_decimal(node.this):
        return exp.Sum(this=exp.cast(node.this.copy(), "decimal(38, 0)"))
    return node


def _is_decimal(node: exp.Expr) -> bool:
    return any(column.name in {"amount_local", "total"} for column in node.find_all(exp.Column))


def _fraction(node: exp.Expr) -> exp.Expr:
    """0.5 is a decimal in Spark, whose quotients have six places."""
    if isinstance(node, exp.Literal) and not node.is_string and "." in node.this:
        parent = node.parent
        if not isinstance(parent, exp.Cast):
            return exp.cast(node.copy(), "double")
    return node


def _days_between(node: exp.Expr) -> exp.Expr:
    """A date less a date is a number in DuckDB and an interval in Spark."""
    if isinstance(node, exp.Sub) and is_date(node.this) and is_date(node.expression):
        return _call("datediff", node.this, node.expression)
    return node


def is_date(node: exp.Expr) -> bool:
    """Whether an expression is a column that is named as days are."""
    if not isinstance(node, exp.Column):
        return False
    name = node.name
    return name in {"night", "known_from"} or name.endswith(("_on", "_until", "_since", "_night"))


def _shift(node: exp.Expr) -> exp.Expr:
    """shiftleft takes a 32-bit number of places."""
    if isinstance(node, exp.BitwiseLeftShift) and not isinstance(node.expression, exp.Literal):
        return exp.BitwiseLeftShift(this=node.this, expression=exp.cast(node.expression.copy(), "int"))
    return node


def _position(node: exp.Expr) -> exp.Expr:
    """Where nothing is found, DuckDB says null and Spark 0."""
    if isinstance(node, exp.Anonymous) and _is(node, "list_position"):
        return exp.Nullif(this=_call("array_position", *node.expressions), expression=exp.Literal.number(0))
    return node


def _joined(node: exp.Expr) -> exp.Expr:
    """A text of distinct values in their own order."""
    if isinstance(node, exp.GroupConcat) and is_distinct_text(node):
        words = _call("array_sort", _call("collect_set", exp.column(node.find(exp.Column).name)))
        return _call("array_join", words, node.args["separator"])
    return node


def is_distinct_text(node: exp.GroupConcat) -> bool:
    """Whether it is listagg(distinct x, separator order by x)."""
    words = [column.sql() for column in node.find_all(exp.Column)]
    return node.find(exp.Distinct) is not None and len(words) == 2 and words[0] == words[1]


def _average(node: exp.Expr) -> exp.Expr:
    """An average of decimals is a decimal in Spark."""
    if isinstance(node, exp.Avg) and not isinstance(node.this, exp.Cast):
        return exp.Avg(this=exp.cast(node.this.copy(), "double"))
    return node


def _recursion(node: exp.Expr) -> exp.Expr:
    """Spark recurses with `union all` alone: more rows, until the select distinct through which they are read."""
    if isinstance(node, exp.CTE) and recurses_distinctly(node):
        made = node.copy()
        made.this.set("distinct", False)
        return made
    return node


def recurses_distinctly(node: exp.CTE) -> bool:
    """Whether a paragraph reads itself below a distinct union."""
    union = node.this
    if not (isinstance(union, exp.Union) and union.args.get("distinct")):
        return False
    return any(table.name == node.alias for table in union.find_all(exp.Table))


def _unix_timestamp_back(node: exp.Expr) -> exp.Expr:
    """Of a timestamp, whole seconds; sqlglot takes it for one of a text."""
    if isinstance(node, exp.StrToUnix):
        seconds = exp.Floor(this=exp.TimeToUnix(this=node.this.copy()))
        return exp.cast(seconds, "bigint")
    return node


def _is(node: exp.Anonymous, name: str) -> bool:
    return str(node.name).lower() == name


RULES: tuple[Callable[[exp.Expr], exp.Expr], ...] = (
    _hexadecimal,
    _json,
    _seconds,
    _distinct_in_window,
    _ordered_list,
    _slice,
    _wide_integer,
    _sum,
    _fraction,
    _days_between,
    _shift,
    _position,
    _joined,
    _average,
    _recursion,
)
