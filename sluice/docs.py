"""Writes the generated reference from the contracts: `python -m sluice.docs`, or `--check` to compare only."""

import sys
from pathlib import Path

from features import catalog, trace
from features.catalog import Feature
from pipelines.tables import Table
from review import nightly

_DOCS = Path(__file__).parent.parent / "docs"
_HEAD = """# Tables

Generated from the contracts (`make docs`). All tables lie in the lake, in Parquet under Delta Lake, partitioned by
`received_on`. Money is `DECIMAL(38,13)`, times are UTC, identifiers are text.
"""


def page() -> str:
    """The reference of every table, as Markdown."""
    return "\n".join([_HEAD, *(_section(table) for table in nightly.TABLES)])


def _section(table: Table) -> str:
    rows = [
        f"| `{column.name}` | {column.type.duckdb} | {'yes' if column.required else ''} | {_cell(column.meaning)} |"
        for column in table.columns
    ]
    rules = [f"- `{rule.code}`: {rule.meaning}" for rule in table.rules]
    references = [
        f"- `{', '.join(r.columns)}` exists in `{r.target}` as `{', '.join(r.target_columns)}`"
        for r in table.references
    ]
    kept = ["", "Rules, by the code of the finding:", "", *rules] if rules else []
    linked = ["", "References:", "", *references] if references else []
    return "\n".join(
        [
            f"## {table.name}",
            "",
            f"One row is {table.one_row}. Key: {', '.join(f'`{name}`' for name in table.key)}.",
            "",
            "| column | type | required | meaning |",
            "|---|---|---|---|",
            *rows,
            *kept,
            *linked,
            "",
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_FEATURES_HEAD = """# Features

Generated from the catalogue (`make docs`). `raw_*` is the transaction alone; `pit_*` is what had occurred before it;
`asof_*` is what was known at the cut-off of the night that learnt of it; `graph_*` is the account graph of the week.
Names begin with the horizon and, in a transaction's row, the end (`src` the payer, `dst` the receiver); they end with
the window. A name with braces stands for each of them. `sluice features show NAME` has a feature's Russian words and
its values; `sluice features explain ALERT` shows the transactions that a traceable number is made of.
"""

_FEATURE_TABLES = (
    (catalog.TRANSACTION_FEATURES, catalog.TRANSACTION),
    (catalog.ACCOUNT_FEATURES, catalog.ACCOUNT),
    (catalog.ACCOUNT_GRAPH, catalog.GRAPH),
)


def features_page() -> str:
    """The reference of every feature, as Markdown; features that differ in end and window alone share a row."""
    return "\n".join([_FEATURES_HEAD, *(_feature_section(*item) for item in _FEATURE_TABLES)])


def _feature_section(table: Table, features: tuple[Feature, ...]) -> str:
    grouped: dict[tuple[str, str, str], list[Feature]] = {}
    for item in features:
        grouped.setdefault((_family(item), item.unit, item.horizon), []).append(item)
    rows = [_feature_row(name, unit, some) for (name, unit, _), some in grouped.items()]
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


def _feature_row(name: str, unit: str, some: list[Feature]) -> str:
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
    return f"| `{shown}` | {_cell(meaning)} | {unit} | {traceable} |"


_PAGES = {"tables.md": page, "features.md": features_page}


def main() -> int:
    """Write the pages, or with `--check` say which is not up to date."""
    if "--check" not in sys.argv:
        for name, made in _PAGES.items():
            (_DOCS / name).write_text(made(), encoding="utf-8")
        return 0
    stale = [
        name
        for name, made in _PAGES.items()
        if not (_DOCS / name).exists() or (_DOCS / name).read_text(encoding="utf-8") != made()
    ]
    for name in stale:
        sys.stderr.write(f"docs/{name} does not match what it is made from. Run: make docs\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
