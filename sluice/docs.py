"""Writes the generated reference from the contracts: `python -m sluice.docs`, or `--check` to compare only."""

import sys
from pathlib import Path

from pipelines.tables import Table
from review import nightly

_FILE = Path(__file__).parent.parent / "docs" / "tables.md"
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


def main() -> int:
    """Write the page, or with `--check` say whether it is up to date."""
    if "--check" not in sys.argv:
        _FILE.write_text(page(), encoding="utf-8")
        return 0
    if _FILE.exists() and _FILE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write("docs/tables.md does not match the contracts. Run: make docs\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
