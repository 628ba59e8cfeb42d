"""The generated reference of features: one table per feature table, one row per family of features."""

from features import catalog, trace
from features.catalog import Feature
from pipelines.tables import Table

_HEAD = """# Features

Generated from the catalogue (`make docs`). `raw_*` is the transaction alone; `pit_*` is what had occurred before it;
`asof_*` is what was known at the cut-off of the night that learnt of it; `graph_*` is the account graph of the week.
Names begin with the horizon and, in a transaction's row, the end (`src` the payer, `dst` the receiver); they end with
the window. A name with braces stands for each of them. `sluice features show NAME` has a feature's Russian words and
its values; `sluice features explain ALERT` shows the transactions that a traceable number is made of.

A reason of the model says one such number of the transaction that it judged: whose it is (*the subject* or *another
account*), and the median of the transactions that the model learnt from, those known to be laundering left out. That is
no figure of the subject's own past. The reason links the transactions that the number is made of, the 25 largest of
them, and how many there are. It links the judged one alone, and says so, where the lake no longer gives the same
number, where the number is not traceable, and where more than 2,000 accounts, or one with more than 20,000
transactions, would have to be looked at.
"""

_TABLES = (
    (catalog.TRANSACTION_FEATURES, catalog.TRANSACTION),
    (catalog.ACCOUNT_FEATURES, catalog.ACCOUNT),
    (catalog.ACCOUNT_GRAPH, catalog.GRAPH),
)


def page() -> str:
    """The reference of every feature, as Markdown; features that differ in end and window alone share a row."""
    return "\n".join([_HEAD, *(_section(*item) for item in _TABLES)])


def _section(table: Table, features: tuple[Feature, ...]) -> str:
    grouped: dict[tuple[str, str, str], list[Feature]] = {}
    for item in features:
        grouped.setdefault((_family(item), item.unit, item.horizon), []).append(item)
    rows = [_row(name, unit, some) for (name, unit, _), some in grouped.items()]
    count = sum(trace.traceable(item.name) for item in features)
    return "\n".join(
        [
            f"## {table.name}",
            "",
            f"One row is {table.one_row}. {len(features)} features, {count} of them traceable.",
            "",
            "| feature | meaning | unit | traceable |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _family(item: Feature) -> str:
    """The name with its end and window as braces."""
    parts = ["{end}" if part in ("src", "dst") else part for part in item.name.split("_")]
    return "_".join(parts[:-1] if item.window and parts[-1] == item.window else parts) + (
        "_{window}" if item.window and parts[-1] == item.window else ""
    )


def _row(name: str, unit: str, some: list[Feature]) -> str:
    windows = list(dict.fromkeys(item.window for item in some if item.window and item.name.endswith(item.window)))
    shown = name.replace("{window}", "{" + ",".join(windows) + "}" if len(windows) > 1 else "".join(windows))
    ends = list(dict.fromkeys(part for item in some for part in item.name.split("_") if part in ("src", "dst")))
    shown = shown.replace("{end}", "{" + ",".join(ends) + "}" if len(ends) > 1 else "".join(ends))
    first = some[0]
    meaning = first.meaning_en
    if len(ends) > 1:
        meaning = meaning.partition(": ")[2] or meaning
    if len(windows) > 1:
        meaning = meaning.rpartition(" in ")[0] or meaning
    count = sum(trace.traceable(item.name) for item in some)
    traceable = "yes" if count == len(some) else "" if not count else f"{count} of {len(some)}"
    return f"| `{shown}` | {meaning} | {unit} | {traceable} |"
