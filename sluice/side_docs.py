"""The generated page on side tables: their columns with an example, how to load them, what bad rows become."""

import csv
import io
from collections.abc import Iterable

from features import typology
from pipelines.formats.side import IDENTIFIERS
from pipelines.side_tables import SIDE_TABLES, SideTable

_HEAD = f"""# Side tables

Generated from the contracts (`make docs`). Data that an FIU may load beside reports, so that more typologies run.
None is needed: without a table, the typologies that need it say `data_missing` on that night (table `typology_runs`,
and `sluice typologies list`), and those that could use it name it in the hit's `missing_data`.

## Load one

```sh
sluice side list                                  # what can be loaded, and what has been
sluice side columns wallet_labels                 # the columns of one table
sluice side load wallet_labels labels.csv --received-on 2025-05-01
```

- A file is CSV (UTF-8, commas, a header with the names below in any order) or Parquet. Dates are `YYYY-MM-DD`, numbers
  have a point, money is in the local currency of the FIU.
- `--received-on` is the day from which the FIU knew the rows; a night sees what had been told by its day, so loading
  history never changes what an earlier night could know. By default it is today.
- A later row with the same key columns (named at each table) takes the place of an earlier one from its own day on.
  Rows are never deleted; where a table has a last day (`valid_to`, `allowed_until`), a replacing row can set it.
- The same file twice changes nothing. Nights that are computed already, from that day on, are computed again by the
  next `sluice night` or `sluice backfill`.

## Who is meant: `node_key`

`node_key` is the identity of an account, person or entity as table `nodes` has it. Where a file does not know it, it
may leave it empty and give identifiers instead, of which Sluice makes the key as it does for reports:
{", ".join(f"`{name}`" for name in IDENTIFIERS)}.
An account is named by `iban`, or `account_number` and `institution_code`; a person by `national_id` or
`passport_number` with `country`, or by `name` and `birth_date`; an entity by `registration_number` or `tax_number`
with `country`. What is told of a person or company holds for the accounts that reports say they hold.

## What happens with bad rows

| what is wrong | what happens |
|---|---|
| the file is neither CSV nor Parquet, or lacks a required column | all of it is in quarantine (`side_unreadable`, \
`column_missing`) |
| a cell is no date or number | the row goes to quarantine (`COLUMN_malformed`), the others are taken in |
| a required cell is empty, no key can be made | the row goes to quarantine (`COLUMN_missing`) |
| a rule of the table is broken | the row goes to quarantine under the rule's code (listed at each table) |
| a column that no contract knows | left out, with a warning (`column_unknown`) |

Every quarantined row has a finding with its line and what to do (`sluice findings`); the command ends with code 3 where
there was one. Correct the rows and load them again as a new file.
"""


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([_HEAD, *(_section(side) for side in SIDE_TABLES)])


def _section(side: SideTable) -> str:
    table = side.table
    rules = [f"- `{rule.code}`: {rule.meaning}" for rule in table.rules]
    rows = [
        f"| `{column.name}` | {column.type.name.lower()} | {'yes' if column.required else ''} "
        f"| {_code(side.example.get(column.name, ''))} | {column.meaning} |"
        for column in side.file_columns
    ]
    return "\n".join(
        [
            f"## {table.name}",
            "",
            f"One row is {table.one_row}. {_used(side)} A later row with the same "
            f"{', '.join(f'`{name}`' for name in side.replaces)} replaces an earlier one.",
            "",
            "| column | type | required | example | meaning |",
            "|---|---|---|---|---|",
            *rows,
            *(["", "Rules, by the code of the finding:", "", *rules] if rules else []),
            "",
            "```csv",
            example_csv(side).rstrip(),
            "```",
            "",
        ]
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _used(side: SideTable) -> str:
    name = side.table.name
    needs = _names(item.id for item in typology.catalogue() if name in item.data_required)
    uses = _names(item.id for item in typology.catalogue() if name in item.data_optional)
    said = [f"Needed by {needs}." if needs else "", f"Used where it is there by {uses}." if uses else ""]
    return " ".join(text for text in said if text) or f"For {side.used_for}."


def _names(ids: Iterable[str]) -> str:
    return ", ".join(ids)


def example_csv(side: SideTable) -> str:
    """A file of one row, as it would be loaded."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [column.name for column in side.file_columns], lineterminator="\n")
    writer.writeheader()
    writer.writerow(side.example)
    return text.getvalue()
