"""The reader of delimited files: CSV, TSV and Parquet whose columns a mapping explains.

A file is read in batches of rows as text; Polars expressions turn the text into the columns of the contracts. What a
column means stands in the mapping (`pipelines/formats/mappings.py`), never here.

Money is exact: text never passes through a float, and a float of a Parquet file is read by its shortest text. More
than 13 decimals are rounded half to even. An amount in another currency than the mapping's is multiplied by the
mapping's rate and rounded half to even to two decimals; the amounts of both sides stay as delivered.
"""

import codecs
import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import tables
from pipelines.formats import mappings
from pipelines.formats.countries import ALPHA2, ALPHA2_OF_ALPHA3
from pipelines.formats.mappings import Cell, Label, Moment, Report, Side, Transaction
from pipelines.formats.reader import BadFile, Source, Staging, digest_key
from pipelines.identity import fold_name
from pipelines.tables import Table, Type

BATCH_ROWS = 50_000
_MONEY = Type.MONEY.polars
_TEXT = Type.TEXT.polars
_TIME = pl.Datetime("us", "UTC")
_PLAIN_NUMBER = r"^[+-]?(?:[0-9]{1,25}(?:\.[0-9]{0,13})?|\.[0-9]{1,13})$"
_ANY_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_STEP = Decimal("1e-13")
_LARGEST = Decimal(10) ** 25
_CONVERTIBLE = Decimal(10) ** 15
_SEPARATORS = r"[\s\-\x{2010}-\x{2015}\x{00ad}]+"
_IBAN = r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"
_NOBODY = r"^[0./_]*$"
_LONG_ENOUGH = 10
_FARTHEST_SECONDS = 10**11
_PLACES_SHOWN = 5


def read(source: Source, staging: Staging, mapping: mappings.Mapping) -> None:
    """Stage every row of one file, as the mapping says.

    Raises:
        BadFile: the file as a whole can't be used: file_empty, encoding, column_missing, not_parquet, not_delimited,
            parquet_broken, csv_malformed.
    """
    rows = _rows(source.path, mapping)
    header = next(rows).cells.columns
    _demand_columns(header, mapping)
    reading = _READINGS[mapping.kind](source, staging, mapping, tuple(header))
    reading.notice_columns()
    count = 0
    for batch in rows:
        count += len(batch.places) + len(batch.broken)
        reading.take(batch)
    if not count:
        message = "The file has a header and no row. Check that it was exported whole."
        staging.finding("warning", "file", "no_rows", None, message)
    reading.finish()


def _demand_columns(header: list[str], mapping: mappings.Mapping) -> None:
    missing = sorted(mapping.used() - mapping.optional - set(header))
    if missing:
        raise BadFile(
            "column_missing",
            f"The mapping {mapping.name} needs {', '.join(missing)}; it expects the columns "
            f"{', '.join(mapping.columns)}, separated by {mapping.delimiter!r}. Send the file with these columns, or "
            "name another mapping with --profile.",
            "line 1",
        )


# --- from bytes to batches of text ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _BadRow:
    place: str
    rule: str
    message: str
    payload: str
    leaves: int


@dataclass(frozen=True)
class _Batch:
    """Rows as text: `raw` as delivered, `cells` stripped, with null for the empty; and rows that are not rows."""

    raw: pl.DataFrame
    cells: pl.DataFrame
    places: pl.Series
    broken: tuple[_BadRow, ...] = ()
    blank: tuple[str, ...] = ()


def _rows(path: Path, mapping: mappings.Mapping) -> Iterator[_Batch]:
    """Batches of rows; the first one is empty and carries the header."""
    if path.stat().st_size == 0:
        raise BadFile("file_empty", "The file is empty. Send it again.")
    parquet = mappings.is_parquet(path)
    if parquet and "parquet" not in mapping.formats:
        raise BadFile("not_delimited", f"This is a Parquet file; the mapping {mapping.name} expects text (CSV).")
    if not parquet and "csv" not in mapping.formats:
        raise BadFile("not_parquet", f"This is not a Parquet file, which the mapping {mapping.name} expects.")
    return _parquet_rows(path, mapping) if parquet else _csv_rows(path, mapping)


def _batch(raw: pl.DataFrame, places: pl.Series, broken: list[_BadRow], blank: list[str]) -> _Batch:
    stripped = raw.with_columns(pl.all().str.strip_chars())
    cells = stripped.with_columns(pl.when(pl.all() != "").then(pl.all()))
    return _Batch(raw, cells, places, tuple(broken), tuple(blank))


def _parquet_rows(path: Path, mapping: mappings.Mapping) -> Iterator[_Batch]:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError):
        raise BadFile(
            "not_parquet", "The file begins as a Parquet file and can't be read as one. Send it again."
        ) from None
    with file:
        header = mapping.canonical(file.schema_arrow.names)
        yield _batch(pl.DataFrame(schema=dict.fromkeys(header, _TEXT)), _numbered("row", 1, 0), [], [])
        start = 1
        try:
            for arrow in file.iter_batches(batch_size=BATCH_ROWS):
                columns = [pl.Series(n, column) for n, column in zip(header, arrow.columns, strict=True)]
                raw = pl.DataFrame([_as_text(column) for column in columns])
                yield _batch(raw, _numbered("row", start, len(raw)), [], [])
                start += len(raw)
        except (pa.ArrowException, OSError):
            raise BadFile(
                "parquet_broken", "The Parquet file breaks off or is damaged. Send it again.", f"row {start}"
            ) from None


def _numbered(unit: str, start: int, count: int) -> pl.Series:
    numbers = pl.int_range(start, start + count, eager=True)
    return numbers.to_frame("n").select(pl.format(f"{unit} {{}}", "n").alias("place")).to_series()


def _as_text(column: pl.Series) -> pl.Series:
    """A column of a Parquet file as text; floats by their shortest text, times as ISO 8601."""
    kind = column.dtype
    if kind == pl.String:
        return column
    if isinstance(kind, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if kind.time_zone else ""))
    if kind.is_numeric() or kind in (pl.Boolean, pl.Date, pl.Categorical, pl.Enum, pl.Time):
        return column.cast(pl.String)
    texts = [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in column.to_list()]
    return pl.Series(column.name, texts, pl.String)


def _csv_rows(path: Path, mapping: mappings.Mapping) -> Iterator[_Batch]:
    try:
        with path.open(encoding=mapping.codec, newline="") as handle:
            yield from _csv_batches(handle, mapping)
    except UnicodeDecodeError:
        line = _undecodable_line(path, mapping.codec)
        raise BadFile(
            "encoding",
            f"The file holds bytes that are not {mapping.encoding}, which the mapping {mapping.name} expects. Save it "
            f"in {mapping.encoding}, or set `encoding` in the mapping.",
            f"line {line}",
        ) from None


def _undecodable_line(path: Path, encoding: str) -> int:
    """The first line with bytes that the encoding can't read."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            try:
                line += decoder.decode(block).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].decode(encoding, errors="ignore").count("\n")
    return line


def _csv_batches(handle: Iterator[str], mapping: mappings.Mapping) -> Iterator[_Batch]:
    text = _Lines(handle)
    records = csv.reader(text, delimiter=mapping.delimiter, strict=True)
    try:
        first = next((record for record in records if any(cell.strip() for cell in record)), None)
    except csv.Error:
        raise _malformed(1) from None
    if first is None:
        raise BadFile("file_empty", "The file holds no header and no row. Send it again.")
    header = mapping.canonical(first)
    yield _text_batch(header, [], [], [], [])
    rows, lines, broken, blank = list[list[str]](), list[int](), list[_BadRow](), list[str]()
    while True:
        text.current.clear()
        line = records.line_num + 1
        try:
            record = next(records, None)
        except csv.Error as error:
            if "unexpected end" in str(error) or "field limit" in str(error):
                raise _malformed(line) from None
            broken.append(_broken(line, "quotes_misplaced", "A quotation mark stands inside a value.", text.current))
            continue
        if record is None:
            break
        if len(record) == len(header):
            rows.append(record)
            lines.append(line)
        elif not record:
            blank.append(f"line {line}")
        else:
            message = f"The row has {len(record)} fields and the header {len(header)}."
            broken.append(_broken(line, "field_count", message, record))
        if len(rows) + len(broken) >= BATCH_ROWS:
            yield _text_batch(header, rows, lines, broken, blank)
            rows, lines, broken, blank = [], [], [], []
    if rows or broken or blank:
        yield _text_batch(header, rows, lines, broken, blank)


class _Lines:
    """The lines of a file; `current` holds those that the record at hand was made of."""

    def __init__(self, handle: Iterator[str]) -> None:
        self._handle = handle
        self.current: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._handle:
            self.current.append(line)
            yield line


def _malformed(line: int) -> BadFile:
    return BadFile(
        "csv_malformed",
        "A value that begins with a quotation mark never ends, so the rows after it can't be told apart. "
        "Close or double the quotation mark and send the file again.",
        f"line {line}",
    )


def _broken(line: int, rule: str, message: str, fields: list[str]) -> _BadRow:
    leaves = sum(1 for value in fields if value.strip())
    payload = json.dumps({"fields": fields}, ensure_ascii=False)
    return _BadRow(f"line {line}", rule, f"{message} Correct it and send it again.", payload, leaves)


def _text_batch(
    header: tuple[str, ...], rows: list[list[str]], lines: list[int], broken: list[_BadRow], blank: list[str]
) -> _Batch:
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    raw = pl.DataFrame([pl.Series(n, values, _TEXT) for n, values in zip(header, columns, strict=True)])
    places = pl.DataFrame({"n": pl.Series(lines, dtype=pl.Int64)}).select(pl.format("line {}", "n").alias("place"))
    return _batch(raw, places.to_series(), broken, blank)


# --- from text to values -------------------------------------------------------------------------------------------


def _value(cell: Cell) -> pl.Expr:
    """The value of a cell that has a column, as an expression over the stripped text."""
    value = pl.col(str(cell.column))
    if cell.placeholders:
        value = pl.when(value.is_in(list(cell.placeholders)).not_()).then(value)
    if cell.strips_zeros:
        bare = value.str.strip_chars_start("0")
        value = pl.when(bare == "").then(pl.lit("0")).otherwise(bare)
    if cell.values or cell.default is not None:
        default = value if cell.default is None else pl.lit(cell.default)
        names = list(cell.values)
        value = value.replace_strict(names, [cell.values[n] for n in names], default=default, return_dtype=_TEXT)
    return value


@dataclass(frozen=True)
class Money:
    """Text read as money: exact values, which rows can't be read, and how many values were rounded to 13 decimals."""

    values: pl.Series
    is_unreadable: pl.Series
    rounded: int


def money(text: pl.Series, decimal: str = ".", thousands: str = "") -> Money:
    """Text as `DECIMAL(38,13)` without a float step; null stays null.

    Plain numbers are cast at once; exponents and long fractions are read one by one with `Decimal`.

    >>> money(pl.Series(["5.689852347E7", "4e-9", None, "x"])).values.to_list()
    [Decimal('56898523.4700000000000'), Decimal('4.0000E-9'), None, None]
    """
    if thousands:
        text = text.str.replace_all(thousands, "", literal=True)
    if decimal != ".":
        text = text.str.replace_all(decimal, ".", literal=True)
    odd = text.filter(text.str.contains(_PLAIN_NUMBER).not_().fill_null(value=False))
    rounded = 0
    if len(odd):
        plain: dict[str, str | None] = {}
        is_rounded: dict[str, bool] = {}
        for value in odd.unique().to_list():
            plain[value], is_rounded[value] = _plain(value)
        rounded = sum(is_rounded[value] for value in odd)
        names = list(plain)
        with_nulls = pl.Series([plain[name] for name in names], dtype=_TEXT)
        readable = text.replace(pl.Series(names, dtype=_TEXT), with_nulls)
    else:
        readable = text
    values = readable.cast(_MONEY, strict=False)
    return Money(values, values.is_null() & text.is_not_null(), rounded)


def _plain(text: str) -> tuple[str | None, bool]:
    """A number without exponent and with at most 13 decimals, and whether it had to be rounded; None if it is none."""
    if not _ANY_NUMBER.fullmatch(text):
        return None, False
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None, False
    if not abs(exact) < _LARGEST:
        return None, False
    with localcontext() as context:
        context.prec = 1_200
        fixed = exact.quantize(_STEP, rounding=ROUND_HALF_EVEN)
        return f"{fixed:f}", fixed != exact


def convert(amounts: pl.Series, currencies: pl.Series, rates: Mapping[str, Decimal]) -> pl.Series:
    """Amounts times the rate of their currency, rounded half to even to two decimals; null without amount or rate.

    The product of at most 6 decimals and a rate of at most 7 is exact in `DECIMAL(38,13)`; others go through `Decimal`.
    """
    names = list(rates)
    rate_values = pl.Series([rates[n] for n in names], dtype=_MONEY)
    frame = pl.DataFrame({"amount": amounts, "currency": currencies})
    own = pl.col("amount")
    short = (own == own.round(6, mode="half_to_even")) & (own.abs() < _CONVERTIBLE)
    rate = pl.col("currency").replace_strict(names, rate_values, default=None, return_dtype=_MONEY)
    frame = frame.with_columns(rate.alias("rate"), short.alias("short"))
    product = (
        frame.select(pl.when("short").then(own).alias("amount"), "rate")
        .select((own * pl.col("rate")).cast(_MONEY).round(2, mode="half_to_even"))
        .to_series()
    )
    left = frame["short"].not_() & frame["rate"].is_not_null()
    if not left.any():
        return product
    slow = [
        _times(amount, rate) if is_left else None
        for amount, rate, is_left in zip(frame["amount"], frame["rate"], left.fill_null(value=False), strict=True)
    ]
    return pl.select(pl.coalesce(product, pl.Series(slow, dtype=_MONEY))).to_series()


def _times(amount: Decimal, rate: Decimal) -> Decimal | None:
    with localcontext() as context:
        context.prec = 80
        product = (amount * rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
        return product if abs(product) < _LARGEST else None


_ISO_FORMATS = (
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%dT%H:%M%:z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
)


def moments(text: pl.Series, moment: Moment, timezone: str = "UTC") -> pl.DataFrame:
    """Text as times: `at` (UTC), `offset` (minutes), `is_date_only`, and `day`, the day as written for a date.

    `at` is null where the text is null or unreadable. Formats are those of strftime, `iso` for ISO 8601 with or
    without offset and seconds; a local time that a change of clocks leaves out is unreadable.
    """
    found = _steps(text, moment) if moment.unit is not None else _written(text, moment, timezone)
    if moment.is_date_only:
        found = found.with_columns(is_date_only=pl.lit(value=True))
    return found.with_columns(day=_day() + timedelta(moment.lag_days))


def _day() -> pl.Expr:
    """The day of a time: as written where it is a date only, else the day in UTC."""
    local = pl.col("at") + pl.duration(minutes=pl.col("offset"))
    return pl.when("is_date_only").then(local.dt.date()).otherwise(pl.col("at").dt.date())


def _steps(text: pl.Series, moment: Moment) -> pl.DataFrame:
    base = moment.base or date(1970, 1, 1)
    start = datetime(base.year, base.month, base.day, tzinfo=UTC)
    width = timedelta(**{str(moment.unit): 1}) // timedelta(microseconds=1)
    steps = text.cast(pl.Int64, strict=False)
    steps = pl.select(pl.when(steps.abs() * (width // 1_000_000) < _FARTHEST_SECONDS).then(steps)).to_series()
    return pl.select(
        at=pl.lit(start).cast(_TIME) + (steps * width).cast(pl.Duration("us")),
        offset=pl.when(steps.is_not_null()).then(pl.lit(0, pl.Int64)),
        is_date_only=pl.when(steps.is_not_null()).then(moment.unit == "days").otherwise(statement=False),
    )


def _written(text: pl.Series, moment: Moment, timezone: str) -> pl.DataFrame:
    found = pl.DataFrame(
        {"at": [None] * len(text), "offset": [None] * len(text), "is_date_only": [False] * len(text)},
        schema={"at": _TIME, "offset": pl.Int64(), "is_date_only": pl.Boolean()},
    )
    for form in moment.formats:
        for exact in _ISO_FORMATS if form == "iso" else (form,):
            left = pl.select(pl.when(found["at"].is_null()).then(text)).to_series()
            if left.null_count() == len(left):
                return found
            tried = _one_format(_normal_iso(left) if form == "iso" else left, exact, timezone)
            is_day = not re.search("%[HIkTRsc+]", exact)
            found = pl.select(
                at=pl.coalesce(found["at"], tried["at"]),
                offset=pl.coalesce(found["offset"], pl.when(tried["at"].is_not_null()).then(tried["offset"])),
                is_date_only=found["is_date_only"] | (tried["at"].is_not_null() & is_day),
            )
    return found


def _normal_iso(text: pl.Series) -> pl.Series:
    return (
        text.str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[ t]", "${1}T")
        .str.replace(r"[Zz]$", "+00:00")
        .str.replace(r"(T.*[+-][0-9]{2})([0-9]{2})$", "${1}:${2}")
        .str.replace(r"(T.*[+-][0-9]{2})$", "${1}:00")
    )


def _one_format(text: pl.Series, form: str, timezone: str) -> pl.DataFrame:
    """The times that one format reads, in UTC, with their offset in minutes."""
    if "z" in form:
        sign = pl.when(pl.col("t").str.contains(r"-[0-9]{2}:?[0-9]{2}$")).then(-1).otherwise(1)
        hours = pl.col("t").str.extract(r"[+-]([0-9]{2}):?[0-9]{2}$").cast(pl.Int64)
        minutes = pl.col("t").str.extract(r"[+-][0-9]{2}:?([0-9]{2})$").cast(pl.Int64)
        return text.to_frame("t").select(
            pl.col("t").str.strptime(_TIME, form, strict=False).alias("at"),
            (sign * (hours * 60 + minutes)).fill_null(0).alias("offset"),
        )
    local = text.to_frame("t").select(
        pl.col("t")
        .str.strptime(pl.Datetime("us"), form, strict=False)
        .dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
        .alias("z")
    )
    return local.select(
        pl.col("z").dt.convert_time_zone("UTC").alias("at"),
        (pl.col("z").dt.base_utc_offset() + pl.col("z").dt.dst_offset()).dt.total_minutes().alias("offset"),
    )


def _country(value: pl.Expr) -> pl.Expr:
    """ISO 3166-1 alpha-2 of a code; other text stays as delivered."""
    names = list(ALPHA2_OF_ALPHA3)
    code = value.str.to_uppercase()
    return code.replace_strict(names, [ALPHA2_OF_ALPHA3[n] for n in names], default=code, return_dtype=_TEXT)


def _folded(values: pl.Series) -> pl.Series:
    """Names or codes as `identity.fold_name` folds them; few distinct values are expected."""
    known = values.drop_nulls().unique().to_list()
    return values.replace_strict(known, [fold_name(v) for v in known], default=None, return_dtype=_TEXT)


def _canonical(number: pl.Expr) -> pl.Expr:
    return number.str.to_uppercase().str.replace_all(_SEPARATORS, "")


def _json_object(raw: pl.DataFrame, columns: list[str], notes: list[pl.Series]) -> pl.Series:
    """A JSON object of the columns' texts as delivered, without the empty ones; null where nothing is left."""
    if not columns and not notes:
        return pl.Series("extra", [None] * len(raw), _TEXT)
    parts = raw.select(columns)
    filled = [parts[c].str.contains(r"\S").fill_null(value=False) for c in columns]
    if all(f.all() for f in filled) and not notes:
        return parts.select(pl.struct(columns).struct.json_encode().alias("extra")).to_series()
    pieces = [
        parts.select(
            pl.when(has).then(pl.struct(c).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}"))
        ).to_series()
        for c, has in zip(columns, filled, strict=True)
    ]
    named = {f"p{n}": piece for n, piece in enumerate([*pieces, *notes])}
    joined = pl.concat_str(list(named), separator=",", ignore_nulls=True).alias("j")
    filled_in = pl.when(pl.col("j") != "").then(pl.concat_str(pl.lit("{"), "j", pl.lit("}"))).alias("extra")
    return pl.DataFrame(named).select(joined).select(filled_in).to_series()


# --- from values to tables -----------------------------------------------------------------------------------------


@dataclass
class _Group:
    """A report in the making: its identity and how many rows of each table it has so far."""

    ordinal: int
    key: str
    entity: str
    reference: str
    received_on: date
    place: str
    counts: Counter[str] = field(default_factory=Counter)


class _Faults:
    """The first fault of each row of a batch, found before a contract could judge the row."""

    def __init__(self, rows: int) -> None:
        self.rule = pl.Series("rule", [None] * rows, _TEXT)
        self.messages: dict[str, str] = {}

    def add(self, where: pl.Series, rule: str, message: str) -> None:
        """Mark the rows where the mask is true, unless they are marked already."""
        if where.any():
            self.messages[rule] = message
            marked = pl.when(where.fill_null(value=False)).then(pl.lit(rule))
            self.rule = pl.select(pl.coalesce(self.rule, marked).alias("rule")).to_series()

    @property
    def is_good(self) -> pl.Series:
        """Which rows have no fault."""
        return self.rule.is_null()


class _Reading:
    """What the rows of every kind of mapping go through; `stage` is the part of one kind."""

    table: Table = tables.TRANSACTIONS

    def __init__(self, source: Source, staging: Staging, mapping: mappings.Mapping, header: tuple[str, ...]) -> None:
        self.source, self.staging, self.mapping = source, staging, mapping
        self.available = frozenset(header)
        used = mapping.used()
        self.typed = [c for c in header if c in used]
        self.dropped = [c for c in header if c in mapping.drop]
        self.extra = [c for c in header if c not in used and c not in mapping.drop]
        self.unexpected = [n for n, c in enumerate(header, start=1) if c not in mapping.columns]
        self.placeholders = {c: values for c, values in mapping.placeholders().items() if c in self.available}
        self.groups: dict[str, _Group] = {}
        self._notes: dict[tuple[str, str], tuple[str, list[str]]] = {}
        self._noted: Counter[tuple[str, str]] = Counter()
        self._moved: Counter[str] = Counter()
        self._seen: set[str] = set()

    def stage(self, batch: _Batch) -> pl.Series:
        """Stage the rows of a batch; returns which were kept."""
        raise NotImplementedError

    def take(self, batch: _Batch) -> None:
        """Stage a batch and count its rows and values."""
        for bad in batch.broken:
            self.staging.reject(self.table, bad.rule, bad.place, bad.message, bad.payload)
        if batch.blank:
            self.note("info", "line_blank", "Blank lines are not rows.", len(batch.blank), list(batch.blank))
        self._moved.clear()
        kept = self.stage(batch) if len(batch.places) else pl.Series([], dtype=pl.Boolean)
        counts = self._tally(batch.cells if kept.all() else batch.cells.filter(kept))
        lost = 0 if kept.all() else self._tally(batch.cells.filter(~kept))["leaves"]
        lost += sum(bad.leaves for bad in batch.broken)
        counts.update({"leaves": lost, "dropped": lost, "source_rows": len(batch.places) + len(batch.broken)})
        counts.update(self._moved)
        self.staging.count(counts)

    def finish(self) -> None:
        """Stage the reports that have a row, and the findings that were gathered."""
        self._stage_reports()
        for (severity, code), (message, places) in self._notes.items():
            number = self._noted[severity, code]
            shown = f" Number: {number}" + (f"; first: {', '.join(places)}." if places else ".")
            self.staging.finding(severity, "row", code, places[0] if places else None, message + shown)

    def note(self, severity: str, code: str, message: str, number: int, places: list[str]) -> None:
        """Gather a finding; one line per code is recorded at the end, with the number and the first places."""
        if number:
            self._noted[severity, code] += number
            known = self._notes.setdefault((severity, code), (message, []))[1]
            known.extend(places[: _PLACES_SHOWN - len(known)])

    def note_rows(self, severity: str, code: str, message: str, where: pl.Series, places: pl.Series) -> None:
        """Gather a finding about the rows where the mask is true."""
        if where.any():
            self.note(severity, code, message, int(where.sum()), places.filter(where).head(_PLACES_SHOWN).to_list())

    def notice_columns(self) -> None:
        """Tell of columns that the mapping does not list."""
        if self.unexpected:
            message = (
                f"The mapping does not list the columns at position {', '.join(map(str, self.unexpected))}; "
                "their values are kept in `extra`. If one of them is a label, name it in the mapping."
            )
            self.staging.finding("warning", "file", "column_unexpected", None, message)

    def _tally(self, cells: pl.DataFrame) -> Counter[str]:
        filled = {c: len(cells) - cells[c].null_count() for c in cells.columns}
        void = {c: int(cells[c].is_in(list(values)).sum()) for c, values in self.placeholders.items()}
        placeholder = sum(void.values())
        return Counter(
            leaves=sum(filled.values()),
            typed=sum(filled[c] for c in self.typed) - placeholder,
            extra=sum(filled[c] for c in self.extra),
            placeholder=placeholder,
            dropped=sum(filled[c] for c in self.dropped),
        )

    def move(self, number: int, source: str, target: str) -> None:
        """Count values of kept rows under another heading than their column's."""
        self._moved.update({source: -number, target: number})

    def reject(self, batch: _Batch, faults: _Faults) -> None:
        """Quarantine the rows that have a fault."""
        for position in faults.rule.is_not_null().arg_true().to_list():
            rule = faults.rule[position]
            message = f"{faults.messages[rule]} Correct the row and send it again."
            self.staging.reject(self.table, rule, batch.places[position], message, _payload(batch, position))

    def add(self, table: Table, frame: pl.DataFrame, batch: _Batch, rows: pl.Series) -> pl.Series:
        """Stage typed rows that stand for the rows at these positions of the batch; returns which were kept."""
        typed = table.conform(frame)
        places = batch.places.gather(rows)
        bad = table.split(typed.with_row_index("_row")).bad["_row"].to_list()
        if not bad:
            return self.staging.add(table, typed, places)
        payloads: list[str | None] = [None] * len(typed)
        for row in bad:
            payloads[row] = _payload(batch, rows[row])
        return self.staging.add(table, typed, places, pl.Series(payloads, dtype=_TEXT))

    def values(self, cells: pl.DataFrame, cell: Cell | None) -> pl.Series:
        """The values of a cell."""
        if cell is None or cell.column not in self.available:
            constant = None if cell is None else cell.constant
            return pl.Series("v", [constant], _TEXT).new_from_index(0, len(cells))
        return cells.select(_value(cell).alias("v")).to_series()

    def times(self, cells: pl.DataFrame, moment: Moment) -> tuple[pl.DataFrame, pl.Series]:
        """The times of a moment, and which texts can't be read."""
        if moment.constant is not None:
            day = pl.Series("day", [moment.constant + timedelta(moment.lag_days)]).new_from_index(0, len(cells))
            return day.to_frame(), pl.Series([False]).new_from_index(0, len(cells))
        text = self.values(cells, Cell(column=moment.column, placeholders=moment.placeholders))
        found = moments(text, moment, self.mapping.timezone)
        return found, text.is_not_null() & found["at"].is_null()

    def labels(self, cells: pl.DataFrame, label: Label, received: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
        """is_laundering, pattern and known_on of each row, and which days can't be read."""
        text = self.values(cells, Cell(column=label.column))
        truth = (
            pl.when(text.is_in(list(label.positive)))
            .then(statement=True)
            .when(text.is_in(list(label.negative)))
            .then(statement=False)
        )
        parts = {f"p{n}": self.values(cells, cell) for n, cell in enumerate(label.pattern)}
        pattern = pl.Series("pattern", [None], _TEXT).new_from_index(0, len(cells))
        if parts:
            joined = pl.concat_str(list(parts), separator="-", ignore_nulls=True).alias("p")
            pattern = pl.DataFrame(parts).select(joined).select(pl.when(pl.col("p") != "").then("p")).to_series()
        known, unreadable = received, pl.Series([False]).new_from_index(0, len(cells))
        if label.known_on is not None:
            found, unreadable = self.times(cells, label.known_on)
            known = pl.select(pl.coalesce(found["day"], received)).to_series()
        frame = pl.select(is_laundering=truth).with_columns(pattern.alias("pattern"), known.alias("known_on"))
        return frame, unreadable

    def group(self, text: str, entity: str, reference: str, received_on: date, place: str) -> _Group:
        """The report of a group of rows; made when its first row is met."""
        found = self.groups.get(text)
        if found is None:
            ordinal = len(self.groups) + 1
            key = digest_key(self.mapping.jurisdiction, entity, reference, self.source.submission_id, ordinal)
            found = self.groups[text] = _Group(ordinal, key, entity, reference, received_on, place)
        return found

    def received(self, day: date) -> date:
        """A day of receipt, at the latest the day of delivery."""
        return min(day, self.source.received_on)

    def _stage_reports(self) -> None:
        report = self.mapping.report
        kept = [group for group in self.groups.values() if group.counts["kept"]]
        if report is None or not kept:
            return
        frame = tables.REPORTS.frame(
            {
                "report_key": group.key,
                "received_on": group.received_on,
                "submission_id": self.source.submission_id,
                "report_ordinal": group.ordinal,
                "jurisdiction": self.mapping.jurisdiction,
                "reporting_entity_id": group.entity,
                "report_reference": group.reference,
                "report_code": report.code,
                "report_class": report.report_class,
                "submission_code": "E",
                "relation": "new",
                "currency_local": self.mapping.currency_local,
            }
            for group in kept
        )
        self.staging.add(tables.REPORTS, frame, pl.Series([group.place for group in kept], dtype=_TEXT))

    def add_distinct(self, table: Table, frame: pl.DataFrame, batch: _Batch) -> None:
        """Stage the rows that no earlier row of their report equals, numbered within the report.

        The frame has the table's columns but `ordinal` and `submission_id`, and `_row` and `_group`.
        """
        compared = [c for c in frame.columns if c not in ("_row", "received_on", "transaction_ordinal")]
        texts = frame.select(
            pl.concat_str([pl.col(c).cast(_TEXT).fill_null("\x1e") for c in compared], separator="\x1f")
        ).to_series()
        is_new: list[bool] = []
        ordinals: list[int] = []
        for text, name in zip(texts, frame["_group"], strict=True):
            marked = f"{table.name}\x1f{text}"
            is_new.append(marked not in self._seen)
            if is_new[-1]:
                self._seen.add(marked)
                counts = self.groups[name].counts
                counts[table.name] += 1
                ordinals.append(counts[table.name])
        fresh = frame.filter(pl.Series(is_new, dtype=pl.Boolean))
        if len(fresh):
            numbered = fresh.with_columns(
                pl.Series("ordinal", ordinals, pl.Int64), submission_id=pl.lit(self.source.submission_id)
            )
            self.add(table, _completed(table, numbered), batch, fresh["_row"])


def _completed(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with a null column for every column of the contract that it lacks."""
    lacking = [c for c in table.columns if c.name not in frame.columns]
    return frame.with_columns(pl.lit(None, c.type.polars).alias(c.name) for c in lacking)


def _payload(batch: _Batch, position: int) -> str:
    return json.dumps(batch.raw.row(position, named=True), ensure_ascii=False)


class _Transactions(_Reading):
    """Rows that are transactions."""

    def __init__(self, source: Source, staging: Staging, mapping: mappings.Mapping, header: tuple[str, ...]) -> None:
        super().__init__(source, staging, mapping, header)
        if mapping.transaction is None or mapping.report is None:
            raise ValueError(f"mapping {mapping.name} has no [transaction] or no [report]")
        self.row: Transaction = mapping.transaction
        self.report: Report = mapping.report
        self.latest = self._latest_days()

    def _latest_days(self) -> dict[str, date] | None:
        """By report, the latest day of any of its rows; None where reports are not dated so."""
        moment = self.report.received_on
        if self.report.group != "column" or moment is None or moment.column is None:
            return None
        latest: dict[str, date] = {}
        for batch in _rows(self.source.path, self.mapping):
            days = self.times(batch.cells, moment)[0]["day"]
            names = self.values(batch.cells, Cell(column=self.report.column))
            found = pl.DataFrame({"name": names, "day": days}).drop_nulls().group_by("name").agg(pl.col("day").max())
            for name, day in found.iter_rows():
                latest[name] = max(day, latest.get(name, day))
        return latest

    def stage(self, batch: _Batch) -> pl.Series:
        """Stage the transactions, then what hangs on those that were kept."""
        faults = _Faults(len(batch.places))
        frame = self._typed(batch, faults)
        self.reject(batch, faults)
        frame = self._keyed(frame.filter(faults.is_good), batch)
        if frame.is_empty():
            return faults.is_good
        kept = self.add(tables.TRANSACTIONS, _completed(tables.TRANSACTIONS, frame), batch, frame["_row"])
        frame = frame.filter(kept)
        for name, number in frame["_group"].value_counts().iter_rows():
            self.groups[name].counts["kept"] += number
        for side, meaning in self.row.sides.items():
            if meaning.has_party:
                self._stage_parties(side, meaning, frame, batch)
            if self.mapping.emits_accounts and meaning.kind == "account":
                self._stage_accounts(side, frame, batch)
        if self.mapping.label is not None:
            self._stage_labels(self.mapping.label, frame, batch)
        self._note_kept(frame, batch)
        result = pl.Series([False]).new_from_index(0, len(batch.places))
        return result.scatter(frame["_row"], True) if len(frame) else result  # noqa: FBT003

    def _typed(self, batch: _Batch, faults: _Faults) -> pl.DataFrame:
        """Every row with its values; rows with a fault are marked."""
        cells, row = batch.cells, self.row
        times, unreadable = self.times(cells, row.occurred_at)
        faults.add(unreadable, "occurred_at_unreadable", f"The column {row.occurred_at.column} holds no known date.")
        faults.add(times["at"].is_null(), "occurred_at_missing", f"The column {row.occurred_at.column} is empty.")
        amount = self._money(cells, row.amount, faults)
        columns: dict[str, pl.Series] = {
            "_row": pl.int_range(len(cells), eager=True),
            "occurred_at": times["at"],
            "utc_offset_minutes": times["offset"],
            "is_date_only": times["is_date_only"],
            "amount_local": self._local(cells, amount, batch, faults),
            "movement_count": self._movements(cells, batch, faults),
            "channel": self.values(cells, row.channel),
        }
        columns["channel_code"] = self.values(cells, Cell(column=row.channel.column) if row.channel.column else None)
        for name, cell in row.texts.items():
            columns[name] = self.values(cells, cell)
        for side, meaning in row.sides.items():
            columns.update(self._side(side, meaning, cells, faults))
        columns.update(self._report_columns(cells, times, faults))
        missing_count = [] if row.movement_count is None else [self._count_note(cells)]
        columns["extra"] = _json_object(batch.raw, self.extra, [n for n in missing_count if n.is_not_null().any()])
        currency = pl.Series([self.mapping.currency_local], dtype=_TEXT).new_from_index(0, len(cells))
        columns["currency_local"] = currency
        return pl.DataFrame(columns)

    def _money(self, cells: pl.DataFrame, cell: Cell, faults: _Faults) -> pl.Series:
        found = money(self.values(cells, cell), self.mapping.decimal, self.mapping.thousands)
        faults.add(found.is_unreadable, "amount_unreadable", f"The column {cell.column} holds no number.")
        message = f"Amounts of the column {cell.column} with more than 13 decimals were rounded."
        self.note("info", "amount_rounded", message, found.rounded, [])
        return found.values

    def _local(self, cells: pl.DataFrame, amount: pl.Series, batch: _Batch, faults: _Faults) -> pl.Series:
        rates, cell = self.mapping.rates, self.row.amount_currency
        if not rates or cell is None:
            return amount
        currency = self.values(cells, cell)
        message = f"Rows without currency were read as {self.mapping.currency_local}."
        self.note_rows("warning", "currency_missing", message, currency.is_null(), batch.places)
        currency = currency.fill_null(str(self.mapping.currency_local))
        unknown = currency.is_in(list(rates)).not_()
        faults.add(unknown, "rate_missing", f"The mapping has no rate for the currency in the column {cell.column}.")
        return convert(amount, currency, rates)

    def _movements(self, cells: pl.DataFrame, batch: _Batch, faults: _Faults) -> pl.Series:
        cell = self.row.movement_count
        if cell is None:
            return pl.Series([1], dtype=pl.Int64).new_from_index(0, len(cells))
        text = self.values(cells, cell)
        number = text.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
        faults.add(
            text.is_not_null() & number.is_null(),
            "movement_count_unreadable",
            f"The column {cell.column} holds no whole number.",
        )
        message = f"The column {cell.column} is empty; the row counts as one movement and `extra` says so."
        self.note_rows("info", "movement_count_missing", message, text.is_null(), batch.places)
        return number.fill_null(1)

    def _count_note(self, cells: pl.DataFrame) -> pl.Series:
        cell = self.row.movement_count
        note = pl.lit(f"{json.dumps(cell.column if cell else None)}:null")
        return pl.select(pl.when(self.values(cells, cell).is_null()).then(note)).to_series()

    def _side(self, side: str, meaning: Side, cells: pl.DataFrame, faults: _Faults) -> dict[str, pl.Series]:
        found = {f"_{side}_number": self.values(cells, meaning.number)}
        for name in ("institution", "country", "territory", "currency", "funds_code"):
            found[f"{side}_{name}"] = self.values(cells, getattr(meaning, name))
        if meaning.country is not None:
            found[f"{side}_country"] = _as_country(found[f"{side}_country"])
        if meaning.amount is not None:
            found[f"{side}_amount"] = self._money(cells, meaning.amount, faults)
        for name, cell in meaning.party.items():
            found[f"_{side}_party_{name}"] = self.values(cells, cell)
        if meaning.birth is not None:
            birth, unreadable = self.times(cells, meaning.birth)
            found[f"_{side}_birth"] = birth["day"]
            text = self.values(cells, Cell(column=meaning.birth.column))
            found[f"_{side}_birth_text"] = pl.select(pl.when(unreadable).then(text)).to_series()
        return found

    def _report_columns(self, cells: pl.DataFrame, times: pl.DataFrame, faults: _Faults) -> dict[str, pl.Series]:
        """The reporting entity, the reference and the day of receipt of each row."""
        entity = self.values(cells, self.report.reporting_entity)
        faults.add(entity.is_null(), "reporting_entity_missing", "The row does not name the reporting entity.")
        delivered = pl.Series([self.source.received_on]).new_from_index(0, len(cells))
        reference = pl.Series([self.mapping.name], dtype=_TEXT).new_from_index(0, len(cells))
        if self.report.group == "column":
            reference = self.values(cells, Cell(column=self.report.column))
            faults.add(reference.is_null(), "report_reference_missing", f"The column {self.report.column} is empty.")
        received = delivered
        if self.latest is not None:
            names = list(self.latest)
            days = pl.Series([self.latest[n] for n in names], dtype=pl.Date)
            received = reference.replace_strict(names, days, default=None, return_dtype=pl.Date)
        elif self.report.received_on is not None:
            received = self.times(cells, self.report.received_on)[0]["day"]
        faults.add(received.is_null(), "received_on_missing", "The day on which the report was received is not known.")
        received = pl.select(pl.min_horizontal(received, delivered)).to_series()
        if self.report.group == "day":
            days = times.select(_day()).to_series().cast(_TEXT)
            reference = pl.select(pl.concat_str(reference, days, separator="-")).to_series()
        return {"_entity": entity, "_reference": reference, "received_on": received}

    def _keyed(self, frame: pl.DataFrame, batch: _Batch) -> pl.DataFrame:
        """The rows with the keys of their reports, their ordinals and the keys of their sides."""
        length = pl.col("_entity").str.len_chars().cast(_TEXT)  # keeps "a" + "bc" apart from "ab" + "c"
        parts = [length, "_entity", "_reference", pl.col("received_on").cast(_TEXT)]
        frame = frame.with_columns(pl.concat_str(parts, separator="\x1f").alias("_group"))
        first = frame.unique("_group", keep="first", maintain_order=True)
        known: list[tuple[str, str, int]] = []
        for name, entity, reference, received_on, row in first.select(
            "_group", "_entity", "_reference", "received_on", "_row"
        ).iter_rows():
            group = self.group(name, entity, reference, received_on, batch.places[row])
            known.append((name, group.key, group.counts["rows"]))
        for name, number in frame["_group"].value_counts().iter_rows():
            self.groups[name].counts["rows"] += number
        lookup = pl.DataFrame(known, schema={"_group": _TEXT, "report_key": _TEXT, "_before": pl.Int64}, orient="row")
        frame = frame.join(lookup, on="_group", how="left", maintain_order="left")
        position = pl.int_range(pl.len()).over("_group") + 1 + pl.col("_before")
        frame = frame.with_columns(position.cast(pl.Int64).alias("transaction_ordinal"))
        frame = frame.with_columns(
            pl.concat_str("report_key", "transaction_ordinal", separator="-").alias("transaction_id"),
            submission_id=pl.lit(self.source.submission_id),
        )
        for side, meaning in self.row.sides.items():
            frame = frame.with_columns(_node_key(frame, side, meaning).alias(f"{side}_node_key"))
            kind = pl.when(pl.col(f"{side}_node_key").is_not_null()).then(pl.lit(meaning.kind))
            frame = frame.with_columns(kind.alias(f"{side}_kind"))
        return frame

    def _stage_parties(self, side: str, meaning: Side, frame: pl.DataFrame, batch: _Batch) -> None:
        rows = frame.filter(pl.col(f"{side}_node_key").is_not_null())
        columns = {name: pl.col(f"_{side}_party_{name}") for name in meaning.party}
        for name in {"country", "residence", "nationality", "passport_country"} & set(columns):
            columns[name] = _country(columns[name])
        if meaning.birth is not None:
            unread = pl.struct(pl.col(f"_{side}_birth_text").alias(str(meaning.birth.column))).struct.json_encode()
            columns["birth_date"] = pl.col(f"_{side}_birth")
            columns["extra"] = pl.when(pl.col(f"_{side}_birth_text").is_not_null()).then(unread)
            is_unread = frame[f"_{side}_birth_text"].is_not_null()
            message = "Dates of birth that are not a known date are kept in the party's `extra`."
            self.note_rows("warning", "birth_date_unreadable", message, is_unread, batch.places.gather(frame["_row"]))
            self.move(int(is_unread.sum()), "typed", "extra")
        parties = rows.select(
            "_row",
            "_group",
            "report_key",
            "received_on",
            pl.col(f"{side}_node_key").alias("node_key"),
            pl.lit(meaning.kind).alias("kind"),
            *(expression.alias(name) for name, expression in columns.items()),
        )
        self.add_distinct(tables.PARTIES, parties, batch)

    def _stage_accounts(self, side: str, frame: pl.DataFrame, batch: _Batch) -> None:
        accounts = frame.filter(pl.col(f"{side}_node_key").is_not_null()).select(
            "_row",
            "_group",
            "report_key",
            "received_on",
            "transaction_ordinal",
            pl.col(f"{side}_node_key").alias("node_key"),
            pl.col(f"{side}_institution").alias("institution_code"),
            pl.col(f"_{side}_number").alias("account_number"),
            pl.col(f"{side}_country").alias("country"),
        )
        self.add_distinct(tables.ACCOUNTS, accounts, batch)

    def _stage_labels(self, label: Label, frame: pl.DataFrame, batch: _Batch) -> None:
        cells = batch.cells if len(frame) == len(batch.cells) else batch.cells[frame["_row"].to_list()]
        found, unreadable_day = self.labels(cells, label, frame["received_on"])
        places = batch.places.gather(frame["_row"])
        text = self.values(cells, Cell(column=label.column))
        unreadable = text.is_not_null() & found["is_laundering"].is_null()
        message = f"Labels of the column {label.column} that are neither true nor false were left out."
        self.note_rows("warning", "label_unreadable", message, unreadable, places)
        message = "Days on which a label was known that are not a known date; the day of receipt stands instead."
        self.note_rows("warning", "known_on_unreadable", message, unreadable_day, places)
        self.move(int(unreadable.sum()) + int(unreadable_day.sum()), "typed", "dropped")
        labels = found.with_columns(
            frame["transaction_id"].alias("subject_id"),
            frame["received_on"],
            frame["_row"],
            source=pl.lit(self.mapping.source_of_labels),
            subject_kind=pl.lit("transaction"),
            submission_id=pl.lit(self.source.submission_id),
        ).filter(pl.col("is_laundering").is_not_null())
        if len(labels):
            self.add(tables.LABELS, labels, batch, labels["_row"])

    def _note_kept(self, frame: pl.DataFrame, batch: _Batch) -> None:
        """Findings about kept rows: codes that the mapping does not know."""
        places = batch.places.gather(frame["_row"])
        channel = self.row.channel
        if channel.column is not None:
            odd = frame["channel_code"].is_in(list(channel.values)).not_() & frame["channel_code"].is_not_null()
            message = f"Codes of the column {channel.column} that the mapping does not know read as {channel.default}."
            self.note_rows("info", "channel_unmapped", message, odd, places)
        for side, meaning in self.row.sides.items():
            if meaning.country is not None:
                code = frame[f"{side}_country"]
                message = f"The country {side} is no code of ISO 3166-1; it is kept as delivered."
                self.note_rows("info", f"{side}_country_unknown", message, code.is_in(list(ALPHA2)).not_(), places)


def _as_country(values: pl.Series) -> pl.Series:
    return values.to_frame("c").select(_country(pl.col("c"))).to_series()


def _node_key(frame: pl.DataFrame, side: str, meaning: Side) -> pl.Series:
    """The key of whoever stands on one side; the rules are those of `pipelines.identity`."""
    number = _canonical(pl.col(f"_{side}_number"))
    own = pl.concat_str("report_key", pl.concat_str("transaction_ordinal", pl.lit(side), separator="-"), separator=":")
    if meaning.kind == "account":
        return (
            frame.with_columns(
                _folded(frame[f"{side}_institution"]).fill_null("").alias("_at"), number.alias("_number")
            )
            .select(_account_key(pl.col("_at"), pl.col("_number"), pl.col("report_key")))
            .to_series()
        )
    prefix = "per" if meaning.kind == "person" else "ent"
    country = pl.col(f"{side}_country").fill_null("")
    numbered = pl.concat_str(pl.lit(f"{prefix}:{meaning.number_kind}"), country, number, separator=":")
    described = [c for c in frame.columns if c.startswith((f"_{side}_party_", f"_{side}_birth", f"_{side}_number"))]
    names = pl.col(f"_{side}_party_name") if "name" in meaning.party else pl.lit(None, _TEXT)
    is_nobody = number.str.contains(_NOBODY).fill_null(value=True)
    lacking = frame.select(pl.when(is_nobody).then(names).alias("name")).to_series()
    frame = frame.with_columns(_folded(lacking).alias("_name"))
    named = pl.concat_str(pl.lit("ent:name:"), country, pl.lit("|"), "_name")
    if meaning.kind == "person":
        birth = pl.col(f"_{side}_birth").cast(_TEXT) if meaning.birth is not None else pl.lit(None, _TEXT)
        named = pl.concat_str(pl.lit("per:name:"), "_name", pl.lit("|"), birth)
    key = (
        pl.when(is_nobody.not_())
        .then(numbered)
        .when((pl.col("_name") != "") & named.is_not_null())
        .then(named)
        .when(pl.any_horizontal(pl.col(described).is_not_null()))
        .then(pl.concat_str(pl.lit(f"{prefix}:report:"), own))
    )
    return frame.select(key.alias("key")).to_series()


def _account_key(institution: pl.Expr, number: pl.Expr, report_key: pl.Expr) -> pl.Expr:
    """The key of an account, from the folded institution and the canonical number.

    Unlike `identity.account_key`, a number of zeros alone is an account: simulations number theirs from 0.
    """
    is_known = (institution != "") | (number.str.len_chars() >= _LONG_ENOUGH)
    return (
        pl.when(number == "")
        .then(None)
        .when(number.str.contains(_IBAN))
        .then(pl.concat_str(pl.lit("iban:"), number))
        .when(is_known)
        .then(pl.concat_str(pl.lit("acc:"), institution, pl.lit(":"), number))
        .otherwise(pl.concat_str(pl.lit("acc:report:"), report_key, pl.lit(":"), number))
    )


class _Labels(_Reading):
    """Rows that are labels of accounts or of transaction numbers."""

    table = tables.LABELS

    def stage(self, batch: _Batch) -> pl.Series:
        """Stage the labels, and the accounts where the mapping asks for them."""
        cells, mapping, label = batch.cells, self.mapping, self.mapping.label
        if label is None:
            raise ValueError(f"mapping {mapping.name} has no [label]")
        day = self.source.received_on
        if mapping.report is not None and mapping.report.received_on is not None:
            day = self.received(mapping.report.received_on.constant or day)
        faults = _Faults(len(batch.places))
        received = pl.Series("received_on", [day]).new_from_index(0, len(cells))
        found, unreadable = self.labels(cells, label, received)
        faults.add(found["is_laundering"].is_null(), "label_unreadable", f"{label.column} is neither true nor false.")
        faults.add(unreadable, "known_on_unreadable", "The day on which the label was known is no known date.")
        subject = self._subjects(cells, faults)
        faults.add(self._repeated(subject, faults), "label_repeated", "The file labels the same subject before.")
        self.reject(batch, faults)
        frame = found.with_columns(
            subject.alias("subject_id"),
            received,
            pl.int_range(len(cells), eager=True).alias("_row"),
            source=pl.lit(mapping.source_of_labels),
            subject_kind=pl.lit("account" if mapping.kind == "account_labels" else "transaction_number"),
            submission_id=pl.lit(self.source.submission_id),
        ).filter(faults.is_good)
        result = pl.Series([False]).new_from_index(0, len(batch.places))
        if frame.is_empty():
            return result
        frame = frame.filter(self.add(tables.LABELS, frame, batch, frame["_row"]))
        if mapping.emits_accounts:
            self._stage_accounts(frame, batch)
        return result.scatter(frame["_row"], True) if len(frame) else result  # noqa: FBT003

    def _subjects(self, cells: pl.DataFrame, faults: _Faults) -> pl.Series:
        account = self.mapping.account
        if account is None:
            subject = self.values(cells, self.mapping.outcome_number)
            faults.add(subject.is_null(), "subject_missing", "The row names no transaction.")
            return subject
        institution = _folded(self.values(cells, account.institution)).fill_null("")
        number = self.values(cells, account.number)
        both = pl.DataFrame({"at": institution, "n": number}).with_columns(_canonical(pl.col("n")))
        subject = both.select(_account_key(pl.col("at"), pl.col("n"), pl.lit("")).alias("key")).to_series()
        faults.add(subject.is_null(), "subject_missing", "The row names no account.")
        nowhere = subject.str.starts_with("acc:report:")
        faults.add(nowhere, "institution_missing", "The account number is short and the row names no institution.")
        return subject

    def _repeated(self, subject: pl.Series, faults: _Faults) -> pl.Series:
        repeated: list[bool] = []
        for name, is_good in zip(subject, faults.is_good, strict=True):
            repeated.append(is_good and name in self._seen)
            if is_good:
                self._seen.add(name)
        return pl.Series(repeated, dtype=pl.Boolean)

    def _stage_accounts(self, frame: pl.DataFrame, batch: _Batch) -> None:
        report, account = self.mapping.report, self.mapping.account
        if report is None or account is None or frame.is_empty():
            return
        cells = batch.cells[frame["_row"].to_list()]
        entity = report.reporting_entity.constant or self.mapping.name
        day = frame["received_on"][0]
        group = self.group("file", entity, self.mapping.name, day, batch.places[frame["_row"][0]])
        group.counts["kept"] += len(frame)
        first = group.counts["accounts"] + 1
        group.counts["accounts"] += len(frame)
        accounts = frame.select("_row", "received_on", "submission_id", node_key="subject_id").with_columns(
            pl.int_range(first, first + len(frame), eager=True).alias("ordinal"),
            self.values(cells, account.number).alias("account_number"),
            self.values(cells, account.institution).alias("institution_code"),
            _json_object(batch.raw[frame["_row"].to_list()], self.extra, []),
            report_key=pl.lit(group.key),
        )
        self.add(tables.ACCOUNTS, _completed(tables.ACCOUNTS, accounts), batch, frame["_row"])


class _Links(_Reading):
    """Rows that name an entity beside the filer of a report; one role per row."""

    table = tables.ROLES

    def stage(self, batch: _Batch) -> pl.Series:
        """Stage the filer and the entities as parties, and each row as a role."""
        link, report, cells = self.mapping.link, self.mapping.report, batch.cells
        if link is None or report is None:
            raise ValueError(f"mapping {self.mapping.name} has no [link] or no [report]")
        rows = pl.DataFrame(
            {
                "filer": self.values(cells, link.filer),
                "filer_name": self.values(cells, link.filer_name),
                "entity": self.values(cells, link.entity),
                "entity_name": self.values(cells, link.entity_name),
                "country": _as_country(self.values(cells, link.entity_country)),
                "reporter": self.values(cells, report.reporting_entity),
                "reference": self.values(cells, Cell(column=report.column)),
            }
        )
        faults = _Faults(len(rows))
        for name in ("filer", "entity", "reporter", "reference"):
            faults.add(rows[name].is_null(), f"{name}_missing", f"The row names no {name}.")
        self.reject(batch, faults)
        extra = _json_object(batch.raw, self.extra, [])
        good = faults.is_good.arg_true()
        roles = [self._role(rows.row(n, named=True), batch.places[n], extra[n]) for n in good.to_list()]
        if roles:
            self.staging.add(tables.ROLES, tables.ROLES.frame(roles), batch.places.gather(good))
        return faults.is_good

    def _role(self, row: dict[str, str], place: str, extra: str | None) -> dict[str, object]:
        name = f"{row['reporter']}\x1f{row['reference']}"
        group = self.group(name, row["reporter"], row["reference"], self.source.received_on, place)
        filer = self._party(group, place, row["filer"], row["filer_name"], None)
        entity = self._party(group, place, row["entity"], row["entity_name"], row["country"])
        group.counts["kept"] += 1
        return {
            "report_key": group.key,
            "ordinal": group.counts["kept"],
            "received_on": group.received_on,
            "submission_id": self.source.submission_id,
            "subject_kind": "party",
            "subject_ordinal": entity,
            "of_kind": "party",
            "of_ordinal": filer,
            "role": "related",
            "extra": extra,
        }

    def _party(self, group: _Group, place: str, number: str, name: str | None, country: str | None) -> int:
        """The ordinal of a party of the report; it is staged when it is first met."""
        mark = f"party\x1f{number}\x1f{name}\x1f{country}"
        if mark not in group.counts:
            group.counts["parties"] += 1
            group.counts[mark] = group.counts["parties"]
            canonical = re.sub(r"[\s\-\u2010-\u2015\u00ad]+", "", number.upper())
            party = {
                "report_key": group.key,
                "ordinal": group.counts[mark],
                "received_on": group.received_on,
                "submission_id": self.source.submission_id,
                "node_key": f"ent:reg:{country or ''}:{canonical}",
                "kind": "entity",
                "name": name,
                "country": country,
            }
            self._parties.append((party, place))
        return group.counts[mark]

    def __init__(self, source: Source, staging: Staging, mapping: mappings.Mapping, header: tuple[str, ...]) -> None:
        super().__init__(source, staging, mapping, header)
        self._parties: list[tuple[dict[str, object], str]] = []

    def finish(self) -> None:
        """Stage the parties, then what every kind ends with."""
        if self._parties:
            places = pl.Series([place for _, place in self._parties], dtype=_TEXT)
            self.staging.add(tables.PARTIES, tables.PARTIES.frame(party for party, _ in self._parties), places)
        super().finish()


_READINGS: dict[str, Callable[[Source, Staging, mappings.Mapping, tuple[str, ...]], _Reading]] = {
    "transactions": _Transactions,
    "account_labels": _Labels,
    "outcomes": _Labels,
    "links": _Links,
}
