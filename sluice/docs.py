"""Writes the generated reference from the contracts: `python -m sluice.docs`, or `--check` to compare only."""

import sys
from pathlib import Path

from pipelines.tables import Table
from review import nightly
from sluice import feature_docs, side_docs, typology_docs

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


_PAGES = {
    "tables.md": page,
    "side-tables.md": side_docs.page,
    "features.md": feature_docs.page,
    "typologies.md": typology_docs.page,
}


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
