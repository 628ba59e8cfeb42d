"""The reader of side tables: CSV or Parquet whose columns bear the names of the contract.

The contract stands in `pipelines/side_tables.py`. A column that the file lacks is empty; one that no contract knows
is said and left out. Where `node_key` is empty it is made from the identifiers that the file gives.
"""

import json
from collections.abc import Mapping
from datetime import date

import polars as pl

from pipelines import identity
from pipelines.formats.reader import BadFile, Source, Staging
from pipelines.side_tables import SideTable
from pipelines.tables import Column, Type

IDENTIFIERS = (
    *("iban", "account_number", "institution_code", "national_id", "passport_number"),
    *("tax_number", "registration_number", "country", "name", "birth_date"),
)
_PARQUET = b"PAR1"
_TEXT = pl.String()


def read(source: Source, staging: Staging, side: SideTable) -> None:
    """Stage every row of one file.

    Raises:
        BadFile: the file is neither CSV nor Parquet, or lacks a required column.
    """
    cells = _cells(source)
    names = [column.name for column in side.file_columns]
    _demand(cells, side)
    strange = sorted(set(cells.columns) - set(names) - set(IDENTIFIERS))
    if strange:
        message = (
            f"{len(strange)} columns are not part of {side.table.name} and were left out. See docs/side-tables.md."
        )
        staging.finding("warning", "file", "column_unknown", None, message)
    staging.count({"source_rows": cells.height, "leaves": cells.height * cells.width})
    if not cells.height:
        staging.finding("warning", "file", "no_rows", None, "The file has a header and no row. Was it exported whole?")
        return
    _stage(cells, source, staging, side)


def _cells(source: Source) -> pl.DataFrame:
    """The file's cells as text; empty ones are null."""
    with source.path.open("rb") as handle:
        is_parquet = handle.read(4) == _PARQUET or source.file_name.lower().endswith(".parquet")
    try:
        if is_parquet:
            frame = pl.read_parquet(source.path)
            frame = frame.select(pl.col(name).cast(_TEXT) for name in frame.columns)
        else:
            frame = pl.read_csv(source.path, infer_schema=False, encoding="utf8")
    except (pl.exceptions.PolarsError, UnicodeDecodeError):
        kind = "a whole Parquet file" if is_parquet else "Parquet or comma-separated text in UTF-8 with a header"
        message = f"The file is not {kind}. Export or copy it again."
        raise BadFile("side_unreadable", message) from None
    trimmed = (pl.col(name).str.strip_chars().replace("", None) for name in frame.columns)
    return frame.select(trimmed).rename(lambda name: name.strip().lower())


def _demand(cells: pl.DataFrame, side: SideTable) -> None:
    needed = {column.name for column in side.file_columns if column.required}
    if set(cells.columns) & set(IDENTIFIERS):
        needed.discard("node_key")
    missing = sorted(needed - set(cells.columns))
    if missing:
        message = f"{side.table.name} needs the columns {', '.join(missing)}. See docs/side-tables.md for all columns."
        raise BadFile("column_missing", message)


def _stage(cells: pl.DataFrame, source: Source, staging: Staging, side: SideTable) -> None:
    columns = {column.name: column for column in side.file_columns}
    given = cells.with_columns(pl.lit(None, _TEXT).alias(name) for name in columns if name not in cells.columns)
    if "node_key" in columns:
        keys = [row["node_key"] or node_key(row) for row in given.iter_rows(named=True)]
        given = given.with_columns(pl.Series("node_key", keys, _TEXT))
    typed = given.select(_typed(column).alias(name) for name, column in columns.items())
    broken = given.select((pl.col(n).is_not_null() & typed[n].is_null()).alias(n) for n in columns)
    places = pl.Series([f"line {line}" for line in range(2, cells.height + 2)])
    payloads = pl.Series([json.dumps(row, ensure_ascii=False) for row in cells.iter_rows(named=True)])
    is_whole = ~broken.select(pl.any_horizontal(pl.all())).to_series()
    for row in broken.with_row_index("at").filter(~is_whole).iter_rows(named=True):
        name = next(name for name in columns if row[name])
        message = f"{name} can't be read as {_words(columns[name].type)}. Correct it and send the row again."
        staging.reject(side.table, f"{name}_malformed", places[row["at"]], message, payloads[row["at"]])
    good = side.table.conform(
        typed.with_columns(
            pl.lit(source.submission_id).alias("submission_id"),
            pl.lit(source.received_on).alias("received_on"),
            pl.int_range(1, cells.height + 1).alias("ordinal"),
        ).filter(is_whole)
    )
    kept = staging.add(side.table, good, places.filter(is_whole), payloads.filter(is_whole))
    staging.count({"typed": int(kept.sum() or 0) * len(columns)})


def _typed(column: Column) -> pl.Expr:
    cell = pl.col(column.name)
    if column.type is Type.DATE:
        return cell.str.to_date("%Y-%m-%d", strict=False)
    return cell.cast(column.type.polars, strict=False)


def _words(kind: Type) -> str:
    return {Type.DATE: "a day, YYYY-MM-DD", Type.INT: "a whole number"}.get(kind, "a number")


def node_key(row: Mapping[str, str | None]) -> str | None:
    """The key that reports give the same account, person or entity; None where no identifier is there.

    An account is named by `iban`, or `account_number` and `institution_code`; a person by `national_id` or
    `passport_number` with `country`, or by `name` and `birth_date`; an entity by `registration_number` or
    `tax_number` with `country`.
    """
    country = row.get("country") or ""
    if row.get("iban") or row.get("account_number"):
        institution = identity.institution_key(row.get("institution_code"), None, None)
        key = identity.account_key(row.get("account_number"), row.get("iban"), institution, "", 0)
        return None if key.startswith("acc:report:") else key
    if row.get("registration_number") or (row.get("tax_number") and not row.get("birth_date")):
        numbers = (("reg", country, row.get("registration_number")), ("tax", country, row.get("tax_number")))
        key = identity.entity_key(numbers, row.get("name"), country, "", 0)
        return None if key.startswith("ent:report:") else key
    numbers = (("nid", country, row.get("national_id")), ("pass", country, row.get("passport_number")))
    key = identity.person_key(numbers, row.get("name"), _day(row.get("birth_date")), "", 0)
    return None if key.startswith("per:report:") else key


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
