"""Mappings: what the columns of one delimited format mean, read from TOML into frozen values.

Holds the loader, its checks and the search for the shipped mapping that fits a file. Reads no more than a header.
"""

import csv
import tomllib
from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.home import UserError
from pipelines.tables import CHANNELS, PARTIES, Type

FOLDER = Path(__file__).parent / "mappings"
KINDS = ("transactions", "account_labels", "outcomes", "links")
FORMATS = ("csv", "parquet")
GROUPS = ("day", "column", "file")
UNITS = ("days", "hours", "minutes", "seconds")
SIDE_KINDS = ("account", "entity", "person")
CLASSES = ("suspicion", "threshold", "transfer", "information", "data")
RATE_DECIMALS = 7
_HEADER_CHARACTERS = 65_536
_NUMBER_KINDS = {"account": "", "entity": "reg", "person": "doc"}
_PARTY_COLUMNS = frozenset(c.name for c in PARTIES.columns if c.type is Type.TEXT and not c.required) - {"extra"}


class MappingError(UserError):
    """A mapping that can't be used; the message gives the file, the key and what to do."""


@dataclass(frozen=True)
class Cell:
    """Where one value comes from: a column or a constant, and how its text is turned into the value.

    Order of work: `placeholders` become null, `strips_zeros` removes leading zeros, `values` maps the text; text that
    `values` lacks becomes `default`, or stays as delivered where there is none.
    """

    column: str | None = None
    constant: str | None = None
    values: abc.Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    placeholders: tuple[str, ...] = ()
    strips_zeros: bool = False


@dataclass(frozen=True)
class Moment:
    """Where a date or time comes from: a column of text, a column of whole steps from a base, or a constant day."""

    column: str | None = None
    formats: tuple[str, ...] = ("iso",)
    unit: str | None = None
    base: date | None = None
    constant: date | None = None
    is_date_only: bool = False
    lag_days: int = 0
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Side:
    """Who stands on one side of a transaction.

    `number_kind` stands in the node key of a person or an entity (doc, pass, reg, tax); `party` names the columns of
    PARTIES that are filled.
    """

    kind: str
    number: Cell
    number_kind: str = ""
    institution: Cell | None = None
    country: Cell | None = None
    territory: Cell | None = None
    amount: Cell | None = None
    currency: Cell | None = None
    funds_code: Cell | None = None
    party: abc.Mapping[str, Cell] = field(default_factory=dict)
    birth: Moment | None = None

    @property
    def has_party(self) -> bool:
        """Does the side describe a person or an entity that PARTIES has room for."""
        return bool(self.party) or self.birth is not None


@dataclass(frozen=True)
class Report:
    """How rows are grouped into reports and when the FIU is taken to have known them (None: the day of delivery)."""

    code: str
    report_class: str
    group: str
    column: str | None
    reporting_entity: Cell
    received_on: Moment | None


@dataclass(frozen=True)
class Label:
    """The column that is the truth of a row; `known_on` is by default the day on which the report was received."""

    column: str
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    pattern: tuple[Cell, ...] = ()
    known_on: Moment | None = None


@dataclass(frozen=True)
class Transaction:
    """What a row of a transactions file says."""

    occurred_at: Moment
    amount: Cell
    amount_currency: Cell | None
    channel: Cell
    sides: abc.Mapping[str, Side]
    texts: abc.Mapping[str, Cell]
    movement_count: Cell | None


@dataclass(frozen=True)
class Link:
    """A row that names a filer and an entity that one of its reports concerns."""

    filer: Cell
    filer_name: Cell
    entity: Cell
    entity_name: Cell
    entity_country: Cell


@dataclass(frozen=True)
class Mapping:
    """One delimited format: what its columns mean and what its rows become."""

    name: str
    title: str
    kind: str
    formats: tuple[str, ...]
    jurisdiction: str
    columns: tuple[str, ...]
    report: Report | None = None
    transaction: Transaction | None = None
    label: Label | None = None
    account: Side | None = None
    outcome_number: Cell | None = None
    link: Link | None = None
    optional: frozenset[str] = frozenset()
    aliases: abc.Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    delimiter: str = ","
    encoding: str = "utf-8"
    timezone: str = "UTC"
    decimal: str = "."
    thousands: str = ""
    currency_local: str | None = None
    rates: abc.Mapping[str, Decimal] = field(default_factory=dict)
    emits_accounts: bool = False

    @property
    def codec(self) -> str:
        """The encoding to open a file with; a byte-order mark of UTF-8 is taken away."""
        return "utf-8-sig" if self.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else self.encoding

    @property
    def source_of_labels(self) -> str:
        """What LABELS names as the source of this mapping's labels."""
        return "outcomes" if self.kind == "outcomes" else self.name

    def canonical(self, header: Sequence[str]) -> tuple[str, ...]:
        """The header as the mapping addresses it: aliases resolved, the n-th column of one name suffixed `#n`."""
        names: list[str] = []
        for position, cell in enumerate(header, start=1):
            name = cell.strip().lstrip("\ufeff").strip()
            name = self.aliases.get(name, name) or f"unnamed#{position}"
            stem, count = name, 1
            while name in names:
                count += 1
                name = f"{stem}#{count}"
            names.append(name)
        return tuple(names)

    def fits(self, header: Sequence[str]) -> bool:
        """Are the header's columns exactly the mapping's, in any order, the optional ones left aside."""
        names = set(self.canonical(header))
        return set(self.columns) - self.optional <= names <= set(self.columns)

    def used(self) -> frozenset[str]:
        """The columns that go to a typed column, a key or a label."""
        return frozenset(column for column, _ in self.uses())

    def placeholders(self) -> dict[str, frozenset[str]]:
        """By column, the values that are read as null."""
        found: dict[str, frozenset[str]] = {}
        for column, values in self.uses():
            if values:
                found[column] = found.get(column, frozenset()) | frozenset(values)
        return found

    def uses(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every use of a column, with the placeholders of that use."""
        found: list[tuple[str, tuple[str, ...]]] = []
        _collect(self, found)
        return found


def _collect(value: object, found: list[tuple[str, tuple[str, ...]]]) -> None:
    if isinstance(value, Cell | Moment | Label | Report) and value.column is not None:
        found.append((value.column, getattr(value, "placeholders", ())))
    if isinstance(value, abc.Mapping):
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, tuple):
        for item in value:
            _collect(item, found)
    elif isinstance(value, Mapping | Report | Transaction | Label | Link | Side):
        for name in value.__dataclass_fields__:
            _collect(getattr(value, name), found)


def mapping_names() -> tuple[str, ...]:
    """The names of the shipped mappings, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_mapping(name_or_path: str | Path) -> Mapping:
    """A mapping, by the name of a shipped one or by the path of a TOML file.

    Raises:
        MappingError: there is no such mapping, or it can't be used.
    """
    text = str(name_or_path)
    path = Path(text) if isinstance(name_or_path, Path) or text.endswith(".toml") else FOLDER / f"{text}.toml"
    if not path.is_file():
        raise MappingError(
            f"no mapping {text!r}: use one of {', '.join(mapping_names())}, or give the path of a .toml file"
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{path}: not a TOML file in UTF-8 ({error}); mend the file") from None
    return _mapping(_Section(path, "", raw))


def match(path: Path) -> Mapping | None:
    """The shipped mapping whose columns are those of a file; None where none or more than one fits.

    >>> match(Path("/no/such/file")) is None
    True
    """
    fitting = [m for m in _shipped() if m.fits(header_of(path, m) or ())]
    return fitting[0] if len(fitting) == 1 else None


@cache
def _shipped() -> tuple[Mapping, ...]:
    return tuple(map(load_mapping, mapping_names()))


def is_parquet(path: Path) -> bool:
    """Does the file begin as a Parquet file does."""
    with path.open("rb") as handle:
        return handle.read(4) == b"PAR1"


def header_of(path: Path, mapping: Mapping) -> tuple[str, ...] | None:
    """The header of a file as delivered, read the way the mapping says; None where it can't be read so."""
    try:
        if is_parquet(path):
            return tuple(pq.read_schema(path).names) if "parquet" in mapping.formats else None
        if "csv" not in mapping.formats:
            return None
        with path.open(encoding=mapping.codec, newline="") as handle:
            line = handle.readline(_HEADER_CHARACTERS)
        return tuple(next(csv.reader([line], delimiter=mapping.delimiter, strict=True), ()))
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException):
        return None


class _Section:
    """A TOML table whose keys are taken one by one; what is left at the end is unknown."""

    def __init__(self, path: Path, prefix: str, values: dict[str, Any]) -> None:
        self._path, self._prefix, self._values, self._known = path, prefix, dict(values), list[str]()

    def fault(self, key: str, advice: str) -> MappingError:
        return MappingError(f"{self._path}: {self._prefix}{key}: {advice}")

    def has(self, key: str) -> bool:
        return key in self._values

    def take(self, key: str, default: Any = None) -> Any:
        self._known.append(key)
        return self._values.pop(key, default)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.fault(key, "give a text")
        return value

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else self.take(key)

    def one_of(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.fault(key, f"give one of {', '.join(allowed)}")
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = self.take(key, list(default))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(key, "give a list of texts")
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.take(key, default=False)
        if not isinstance(value, bool):
            raise self.fault(key, "give true or false")
        return value

    def whole(self, key: str) -> int:
        value = self.take(key, 0)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.fault(key, "give a whole number")
        return value

    def day(self, key: str) -> date | None:
        value = self.take(key)
        if value is None:
            return None
        try:
            return value if type(value) is date else date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.fault(key, "give a date as 2023-01-31") from None

    def table(self, key: str) -> "_Section":
        value = self.take(key, {})
        if not isinstance(value, dict):
            raise self.fault(key, "give a table")
        return _Section(self._path, f"{self._prefix}{key}.", value)

    def text_table(self, key: str) -> abc.Mapping[str, str]:
        section = self.table(key)
        return MappingProxyType({name: section.text(name) for name in list(section._values)})

    def cell(self, key: str) -> Cell:
        found = self.cell_or_none(key)
        if found is None:
            raise self.fault(key, "required: give a column's name, or a table with `column` or `constant`")
        return found

    def cell_or_none(self, key: str) -> Cell | None:
        if not self.has(key):
            self.take(key)
            return None
        if isinstance(self._values[key], str):
            return Cell(column=self.text(key))
        section = self.table(key)
        cell = Cell(
            section.text_or_none("column"),
            section.text_or_none("constant"),
            section.text_table("values"),
            section.text_or_none("default"),
            section.texts("placeholders"),
            section.flag("strip_leading_zeros"),
        )
        section.finish()
        if (cell.column is None) == (cell.constant is None):
            raise self.fault(key, "give either `column` or `constant`")
        return cell

    def moment(self, key: str) -> Moment | None:
        if not self.has(key):
            self.take(key)
            return None
        if isinstance(self._values[key], str):
            return Moment(column=self.text(key))
        section = self.table(key)
        moment = Moment(
            section.text_or_none("column"),
            section.texts("formats", ("iso",)),
            section.one_of("unit", UNITS) if section.has("unit") else section.take("unit"),
            section.day("base"),
            section.day("constant"),
            section.flag("date_only"),
            section.whole("lag_days"),
            section.texts("placeholders"),
        )
        section.finish()
        if (moment.column is None) == (moment.constant is None):
            raise self.fault(key, "give either `column` or `constant`")
        if (moment.unit is None) != (moment.base is None):
            raise self.fault(key, "`unit` and `base` go together")
        if not moment.formats:
            raise self.fault(key, "give at least one format")
        return moment

    def finish(self) -> None:
        if self._values:
            key = next(iter(self._values))
            raise self.fault(key, f"unknown key; known here: {', '.join(sorted(set(self._known)))}")


def _mapping(top: _Section) -> Mapping:
    kind = top.one_of("kind", KINDS)
    formats = top.texts("formats", ("csv",))
    if not formats or set(formats) - set(FORMATS):
        raise top.fault("formats", f"give some of {', '.join(FORMATS)}")
    mapping = Mapping(
        name=top.text("name"),
        title=top.text("title"),
        kind=kind,
        formats=formats,
        jurisdiction=top.text("jurisdiction", "ZZ"),
        columns=top.texts("columns"),
        optional=frozenset(top.texts("optional")),
        aliases=top.text_table("aliases"),
        drop=frozenset(top.texts("drop")),
        delimiter=top.text("delimiter", ","),
        encoding=top.text("encoding", "utf-8"),
        timezone=top.text("timezone", "UTC"),
        decimal=top.text("decimal", "."),
        thousands=top.text("thousands", ""),
        currency_local=top.text_or_none("currency_local"),
        emits_accounts=top.flag("emit_accounts"),
        report=_report(top.table("report")) if top.has("report") else top.take("report"),
        transaction=_transaction(top.table("transaction")) if kind == "transactions" else None,
        label=_label(top.table("label")) if top.has("label") else top.take("label"),
        account=_side(top.table("account"), "account") if kind == "account_labels" else None,
        outcome_number=top.cell("number") if kind == "outcomes" else None,
        link=_link(top.table("link")) if kind == "links" else None,
        rates=_rates(top.table("rates")),
    )
    top.finish()
    _check(top, mapping)
    return mapping


def _check(top: _Section, mapping: Mapping) -> None:
    """Faults that only show on the whole mapping."""
    try:
        ZoneInfo(mapping.timezone)
    except (KeyError, ValueError, OSError):
        raise top.fault("timezone", "give a name such as UTC or Asia/Almaty") from None
    try:
        "".encode(mapping.encoding)
    except LookupError:
        raise top.fault("encoding", "give an encoding that Python knows, such as utf-8 or cp1251") from None
    if len(mapping.delimiter) != 1:
        raise top.fault("delimiter", "give one character")
    if mapping.rates and mapping.currency_local not in mapping.rates:
        raise top.fault("currency_local", "required where there are rates, and one of them")
    _check_columns(top, mapping)
    _check_kind(top, mapping)


def _check_columns(top: _Section, mapping: Mapping) -> None:
    if len(set(mapping.columns)) != len(mapping.columns) or not mapping.columns:
        raise top.fault("columns", "list each column once; a repeated header is written `Name#2`")
    used = mapping.used()
    if unknown := sorted((used | mapping.drop | mapping.optional) - set(mapping.columns)):
        raise top.fault("columns", f"lacks {', '.join(unknown)}, which the mapping uses; add it or mend its name")
    if both := sorted(used & mapping.drop):
        raise top.fault("drop", f"{', '.join(both)} is used as well; remove it from one of the two")


def _check_kind(top: _Section, mapping: Mapping) -> None:
    if mapping.kind in ("transactions", "links"):
        if mapping.report is None:
            raise top.fault("report", "required: how rows form reports")
        if mapping.kind == "links" and mapping.report.group != "column":
            raise top.fault("report.group", "links are grouped by a column")
        return
    if mapping.label is None:
        raise top.fault("label", "required: the column of the label")
    if mapping.emits_accounts and mapping.report is None:
        raise top.fault("report", "required where accounts are emitted")
    rest = sorted(set(mapping.columns) - mapping.used() - mapping.drop)
    if rest and not mapping.emits_accounts:
        raise top.fault("drop", f"{', '.join(rest)} has no place to go; list it under `drop` or map it")


def _report(section: _Section) -> Report:
    group = section.one_of("group", GROUPS, "day")
    column = section.text_or_none("column")
    if (group == "column") != (column is not None):
        raise section.fault("column", "give the column where `group` is column, and only there")
    received = section.take("received_on", "delivery")
    moment = None
    if received != "delivery":
        wrapper = _Section(section._path, section._prefix, {"received_on": received})
        moment = wrapper.moment("received_on")
    report = Report(
        section.text("code"),
        section.one_of("class", CLASSES),
        group,
        column,
        section.cell("reporting_entity"),
        moment,
    )
    section.finish()
    return report


_TEXTS = ("transaction_number", "internal_reference", "transaction_type", "location", "description")


def _transaction(section: _Section) -> Transaction:
    occurred = section.moment("occurred_at")
    if occurred is None or occurred.column is None:
        raise section.fault("occurred_at", "required: the column of the date")
    channel = section.cell_or_none("channel") or Cell(constant="unknown")
    outcomes = {channel.constant, channel.default, *channel.values.values()} - {None}
    if outcomes - set(CHANNELS):
        raise section.fault("channel", f"use only {', '.join(CHANNELS)}")
    if channel.column is not None and channel.default is None:
        raise section.fault("channel", 'give a `default`, such as "unknown"')
    transaction = Transaction(
        occurred,
        section.cell("amount"),
        section.cell_or_none("amount_currency"),
        channel,
        MappingProxyType({side: _side(section.table(side), None) for side in ("from", "to")}),
        MappingProxyType({name: cell for name in _TEXTS if (cell := section.cell_or_none(name)) is not None}),
        section.cell_or_none("movement_count"),
    )
    section.finish()
    return transaction


def _side(section: _Section, kind: str | None) -> Side:
    party = section.table("party")
    kind = kind or section.one_of("kind", SIDE_KINDS, "account")
    side = Side(
        kind,
        section.cell("number"),
        section.text("number_kind", _NUMBER_KINDS[kind]),
        section.cell_or_none("institution"),
        section.cell_or_none("country"),
        section.cell_or_none("territory"),
        section.cell_or_none("amount"),
        section.cell_or_none("currency"),
        section.cell_or_none("funds_code"),
        MappingProxyType({n: cell for n in sorted(_PARTY_COLUMNS) if (cell := party.cell_or_none(n)) is not None}),
        party.moment("birth_date"),
    )
    party.finish()
    section.finish()
    return side


def _label(section: _Section) -> Label:
    label = Label(
        section.text("column"),
        section.texts("positive", ("1", "true", "True", "TRUE")),
        section.texts("negative", ("0", "false", "False", "FALSE")),
        tuple(cell for key in ("pattern", "pattern_number") if (cell := section.cell_or_none(key)) is not None),
        section.moment("known_on"),
    )
    section.finish()
    return label


def _link(section: _Section) -> Link:
    link = Link(*(section.cell(key) for key in ("filer", "filer_name", "entity", "entity_name", "entity_country")))
    section.finish()
    return link


def _rates(section: _Section) -> abc.Mapping[str, Decimal]:
    rates: dict[str, Decimal] = {}
    for currency in list(section._values):
        text = section.text(currency)
        try:
            rate = Decimal(text)
        except InvalidOperation:
            raise section.fault(currency, 'give the rate as text, such as "1.1718"') from None
        exponent = rate.as_tuple().exponent
        if not rate.is_finite() or not 0 < rate < 10**6 or not isinstance(exponent, int) or -exponent > RATE_DECIMALS:
            raise section.fault(currency, f"give a rate above 0 with at most {RATE_DECIMALS} decimals")
        rates[currency] = rate
    return MappingProxyType(rates)
