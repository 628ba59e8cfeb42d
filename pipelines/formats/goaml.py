"""The goAML reader: one XML report, 4.x or 5.x, as rows of the intake tables.

The file is parsed as it streams in and handed over about every 2,000 transactions, so that memory does not grow with
its size. What an element means follows from its path from the nearest subject, never from the version label or from
the tag alone, since persons, entities and accounts nest. Every value goes to a typed column, to the `extra` object of
the nearest row, or is counted as a placeholder or as dropped; none disappears. Nothing here judges a schema.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Context, Decimal, Inexact
from functools import lru_cache
from itertools import chain, product, takewhile
from json import JSONEncoder
from pathlib import Path
from typing import Any, Literal

import polars as pl
from lxml import etree

from pipelines.formats.profiles import Profile
from pipelines.formats.reader import BadFile, Source, Staging, digest_key
from pipelines.identity import account_key, canonical_number, entity_key, institution_key, person_key
from pipelines.tables import ACCOUNTS, INDICATORS, PARTIES, REPORTS, ROLES, TRANSACTIONS, Table

VERSION = "1"

_ROOTS = ("report", "reportdata")
_BATCH_TRANSACTIONS = 2_000
_BATCH_ROWS = 40_000
_CHUNK_BYTES = 64 * 1024
_PROLOG_LIMIT_BYTES = 1024 * 1024
_PART_LIMIT_BYTES = 64 * 1024 * 1024
_FINDINGS_OF_ONE_CODE = 19
_ABSENT = "-"  # goAML's own code for "unknown", where a contract requires a code
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_is_odd = etree.XPath("boolean(descendant-or-self::*/@* | descendant-or-self::*[*]/text()[normalize-space()])")

_NODE = ("account", "person", "entity")
_KINDS: Mapping[str, str] = {
    f"{prefix}{kind}{suffix}": kind
    for prefix, kind, suffix in product(("", "t_", "from_", "to_"), _NODE, ("", "_my_client"))
}


# -- values -----------------------------------------------------------------------------------------------------------

_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:([T ])([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_MONEY = Context(prec=38, traps=[Inexact])
_CENT_OF_MONEY = Decimal("1e-13")
_MONEY_LIMIT = Decimal(10) ** 25
_LONGEST_DECIMAL = 1_000
_LARGEST_OFFSET_MINUTES = 14 * 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time as a report gives it.

    Attributes:
        at: the moment (UTC).
        day: the calendar day as written (the next one for 24:00:00).
        offset_minutes: offset from UTC that the text or the profile's zone gives.
        is_date_only: the text gives a day and no time.
        is_midnight: the time is 00:00:00 or absent.
        has_zone: the text itself names the offset.
        is_standard: the text is an xs:dateTime.
        is_exact: microseconds hold the fraction of the second.
    """

    at: datetime
    day: date
    offset_minutes: int
    is_date_only: bool
    is_midnight: bool
    has_zone: bool
    is_standard: bool
    is_exact: bool


@lru_cache(maxsize=16_384)
def parse_moment(text: str, zone: tzinfo) -> Moment | None:
    """The moment that an xs:dateTime, an xs:date or `YYYY-MM-DD hh:mm:ss` names, or None where the text is none.

    Args:
        text: the value without surrounding blanks.
        zone: the zone that holds where the text names none.

    >>> parse_moment("2024-02-29T24:00:00+04:00", UTC).at.isoformat()
    '2024-02-29T20:00:00+00:00'
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, separator, hour, minute, second, fraction, offset = match.groups()
    try:
        local = _local_time(date(int(year), int(month), int(day)), hour, minute, second, fraction)
        own_zone = _fixed_zone(offset)
        aware = local.replace(tzinfo=own_zone or zone)
        shift = aware.utcoffset() or timedelta()
        at = aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return Moment(
        at=at,
        day=local.date(),
        offset_minutes=int(shift.total_seconds() // 60),
        is_date_only=separator is None,
        is_midnight=local == datetime(local.year, local.month, local.day),  # noqa: DTZ001 - the day as written
        has_zone=own_zone is not None,
        is_standard=separator == "T",
        is_exact=not (fraction or "")[6:].strip("0"),
    )


def _local_time(day: date, hour: str | None, minute: str, second: str, fraction: str | None) -> datetime:
    start = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone is added by the caller
    if hour is None:
        return start
    if hour == "24":
        if (minute, second) != ("00", "00") or (fraction or "").strip("0"):
            raise ValueError("24 is an hour only as 24:00:00")
        return start + timedelta(days=1)
    return start.replace(
        hour=int(hour), minute=int(minute), second=int(second), microsecond=int((fraction or "")[:6].ljust(6, "0"))
    )


def _fixed_zone(offset: str | None) -> timezone | None:
    if offset is None:
        return None
    if offset == "Z":
        return UTC
    hours, rest = int(offset[1:3]), int(offset[4:6])
    minutes = hours * 60 + rest
    if minutes > _LARGEST_OFFSET_MINUTES or rest >= 60:
        raise ValueError("an offset lies within 14 hours")
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def parse_money(text: str) -> Decimal | None:
    """The xs:decimal that the text names, exactly, or None where it names none or one beyond DECIMAL(38,13).

    >>> parse_money("-5.10"), parse_money("1,000.00"), parse_money("1e3"), parse_money("0.00000000000001")
    (Decimal('-5.1000000000000'), None, None, None)
    """
    if not _DECIMAL.fullmatch(text) or len(text) > _LONGEST_DECIMAL:
        return None
    value = Decimal(text)
    if value.copy_abs() >= _MONEY_LIMIT:
        return None
    try:
        return value.quantize(_CENT_OF_MONEY, context=_MONEY)
    except Inexact:
        return None


def report_class(code: str, profile: Profile) -> str:
    """The class of a report type: the profile's word, else the general rule for the codes that FIUs share."""
    given = profile.report_classes.get(code)
    if given:
        return given
    stem = code.upper().split("-")[0]
    for group, stems in _CLASS_STEMS.items():
        if stem in stems:
            return group
    return "suspicion" if stem.startswith(("STR", "SAR")) else "data"


_CLASS_STEMS: Mapping[str, frozenset[str]] = {
    "suspicion": frozenset({"STR", "SAR", "TFR"}),
    "threshold": frozenset({"CTR", "TTR", "ECTR", "LCTR", "TCR", "TTRC"}),
    "transfer": frozenset({"EFT", "IFT", "EFTR", "IFTI", "IFTR"}),
    "information": frozenset({"AIF", "AIFT", "IRF", "IRD", "ITR", "IRR", "BCR", "ECDD", "ECDDT", "RFI"}),
}

_TERRITORY = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_SUBDIVISION = re.compile(r"[A-Z0-9]{1,3}")
_COUNTRY = re.compile(r"[A-Z]{2}")


def _territory(state: str, country: str | None) -> str:
    """The ISO 3166-2 code where state and country make one, else the state as written."""
    if _SUBDIVISION.fullmatch(state) and country and _COUNTRY.fullmatch(country):
        return f"{country}-{state}"
    return state


# -- where each path goes ---------------------------------------------------------------------------------------------

_Kind = Literal["number", "date", "time", "money", "amount", "moment", "flag", "count"]


@dataclass(frozen=True)
class _Shape:
    """What the paths below one kind of element mean; a column with a leading underscore is moved on later.

    Attributes:
        texts: column by path, for values kept as they are.
        typed: column and kind by path, for values that are converted or may be placeholders.
        nested: method of `_Reader` by path, for elements that open a row of their own.
    """

    table: Table
    texts: Mapping[str, str]
    typed: Mapping[str, tuple[str, _Kind]] = field(default_factory=dict)
    nested: Mapping[str, str] = field(default_factory=dict)


_RELATED = {
    f"{container}/{prefix}related_{kind}": "open_link"
    for container in ("related_persons", "related_entities", "related_accounts")
    for prefix, kind in product(("", "account_", "person_", "entity_"), _NODE)
}
_ADDRESS = {
    "addresses/address/address": "address",
    "addresses/address/city": "city",
    "addresses/address/state": "territory",
    "addresses/address/country_code": "country",
    "phones/phone/tph_number": "phone",
    "email": "email",
    "emails/email": "email",
}
_PERSON = _Shape(
    PARTIES,
    texts={
        **_ADDRESS,
        "first_name": "first_name",
        "last_name": "last_name",
        "gender": "gender",
        "passport_country": "passport_country",
        "nationality1": "nationality",
        "residence": "residence",
        "occupation": "occupation",
        "role": "_role",
    },
    typed={
        "birthdate": ("birth_date", "date"),
        "ssn": ("national_id", "number"),
        "id_number": ("id_number", "number"),
        "identification/number": ("id_number", "number"),
        "identifications/identification/number": ("id_number", "number"),
        "passport_number": ("passport_number", "number"),
        "tax_number": ("tax_number", "number"),
    },
    nested=_RELATED,
)
_ENTITY = _Shape(
    PARTIES,
    texts={
        **_ADDRESS,
        "name": "name",
        "business": "occupation",
        "incorporation_legal_form": "legal_form",
        "incorporation_country_code": "incorporation_country",
        "role": "_role",
    },
    typed={
        "incorporation_number": ("incorporation_number", "number"),
        "incorporation_date": ("incorporated_on", "date"),
        "tax_number": ("tax_number", "number"),
    },
    nested={**_RELATED, "director_id": "open_director"},
)
_ACCOUNT = _Shape(
    ACCOUNTS,
    texts={
        "institution_name": "institution_name",
        "institution_code": "institution_code",
        "swift": "swift",
        "institution_country": "country",
        "branch": "branch",
        "currency_code": "currency",
        "account_name": "account_name",
        "personal_account_type": "account_type",
        "account_type": "account_type",
        "status_code": "status_code",
        "beneficiary": "beneficiary",
        "addresses/address/state": "territory",
        "role": "_role",
    },
    typed={
        "account": ("account_number", "number"),
        "iban": ("iban", "number"),
        "client_number": ("client_number", "number"),
        "opened": ("opened_on", "date"),
        "closed": ("closed_on", "date"),
        "balance": ("balance", "money"),
        "date_balance": ("balance_at", "time"),
    },
    nested={**_RELATED, "signatory": "open_link", "t_entity": "open_holder"},
)
_SUBJECTS: Mapping[str, _Shape] = {"account": _ACCOUNT, "person": _PERSON, "entity": _ENTITY}

_LINK = _Shape(
    ROLES,
    texts={
        "role": "role_code",
        "person_person_relation": "role_code",
        "account_person_relation": "role_code",
        "account_entity_relation": "role_code",
        "account_account_relation": "role_code",
        "entity_person_relation": "role_code",
        "entity_entity_relation": "role_code",
        "reason": "reason",
    },
    typed={"is_suspected": ("is_suspected", "flag"), "significance": ("significance", "count")},
    nested=dict.fromkeys(_KINDS, "open_linked"),
)
_LINK_ON_SIDE = _Shape(
    ROLES,
    texts={
        **_LINK.texts,
        "funds_code": "_funds_code",
        "country": "_country",
        "foreign_currency/foreign_currency_code": "_currency",
    },
    typed={
        **_LINK.typed,
        "foreign_currency/foreign_amount": ("_amount", "amount"),
        "foreign_currency/foreign_exchange_rate": ("_rate", "money"),
    },
    nested=_LINK.nested,
)

_SIDES = ("from", "to")
_SIDE_ELEMENTS = {f"t_{side}{suffix}": side for side, suffix in product(_SIDES, ("", "_my_client"))}
_TRANSACTION = _Shape(
    TRANSACTIONS,
    texts={
        "transactionnumber": "transaction_number",
        "internal_ref_number": "internal_reference",
        "transaction_type_code": "transaction_type",
        "transmode_code": "channel_code",
        "transaction_location": "location",
        "transaction_description": "description",
        **{f"{tag}/{side}_funds_code": f"{side}_funds_code" for tag, side in _SIDE_ELEMENTS.items()},
        **{f"{tag}/{side}_country": f"{side}_country" for tag, side in _SIDE_ELEMENTS.items()},
        **{
            f"{tag}/{side}_foreign_currency/foreign_currency_code": f"{side}_currency"
            for tag, side in _SIDE_ELEMENTS.items()
        },
    },
    typed={
        "date_transaction": ("occurred_at", "moment"),
        "amount_local": ("amount_local", "amount"),
        **{
            f"{tag}/{side}_foreign_currency/foreign_amount": (f"{side}_amount", "amount")
            for tag, side in _SIDE_ELEMENTS.items()
        },
        **{
            f"{tag}/{side}_foreign_currency/foreign_exchange_rate": (f"{side}_rate", "money")
            for tag, side in _SIDE_ELEMENTS.items()
        },
        **{f"{tag}/{side}_is_suspected": (f"_{side}_suspected", "flag") for tag, side in _SIDE_ELEMENTS.items()},
        **{
            f"{tag}/conductor_is_suspected": (f"_{side}_conductor_suspected", "flag")
            for tag, side in _SIDE_ELEMENTS.items()
        },
    },
    nested={
        **{
            f"{tag}/{prefix}{kind}{suffix}": "open_side"
            for tag, side in _SIDE_ELEMENTS.items()
            for prefix, kind, suffix in product((f"{side}_", "", "t_"), _NODE, ("", "_my_client"))
        },
        **{f"{tag}/t_conductor{suffix}": "open_conductor" for tag in _SIDE_ELEMENTS for suffix in ("", "_my_client")},
        "involved_parties/party": "open_party",
    },
)
_REPORT = _Shape(
    REPORTS,
    texts={
        "rentity_id": "reporting_entity_id",
        "rentity_branch": "reporting_branch",
        "entity_reference": "report_reference",
        "report_code": "report_code",
        "submission_code": "submission_code",
        "fiu_ref_number": "_answers",
        "prev_rejected_ref_number": "prior_reference",
        "currency_code_local": "currency_local",
        "reason": "reason",
        "action": "action",
        "location/state": "territory",
        "location/country_code": "_country",
    },
    typed={"submission_date": ("reported_at", "time"), "report_date": ("reported_at", "time")},
    nested={"reporting_person": "open_reporter"},
)


# -- rows in the making -----------------------------------------------------------------------------------------------


class _Row:
    """One row in the making: its columns so far, the values without a column, and where it stands in the file."""

    __slots__ = ("extra", "is_client", "place", "raw", "shape", "values")

    def __init__(self, shape: _Shape, place: str, *, is_client: bool | None = None) -> None:
        self.shape, self.place, self.is_client = shape, place, is_client
        self.values: dict[str, Any] = {}
        self.extra: dict[str, str] = {}
        self.raw: dict[str, tuple[str, str]] = {}

    @property
    def subject_kind(self) -> str:
        return "account" if self.shape.table is ACCOUNTS else "party"


class _Unit:
    """One transaction, one party of an activity, or the report's header: its rows, and how its values fared."""

    __slots__ = ("conductor", "extra", "number", "payload", "placeholder", "rows", "sides", "transaction", "typed")

    def __init__(self, number: int | None = None, transaction: _Row | None = None, payload: str = "") -> None:
        self.number, self.transaction, self.payload = number, transaction, payload
        self.rows: list[_Row] = []
        self.sides: dict[str, tuple[_Row, _Row]] = {}
        self.conductor: tuple[str, _Row, _Row] | None = None
        self.typed = self.extra = self.placeholder = 0


class _Unreadable(Exception):
    """A value without which a transaction can't be used."""

    def __init__(self, rule: str, path: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.path, self.message = rule, path, message


class _Findings:
    """Findings of one file: the first ones of a code one by one, the others as a number."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._seen: dict[tuple[str, str, str], int] = {}

    def add(self, severity: str, stage: str, code: str, place: str | None, message: str) -> None:
        key = (severity, stage, code)
        self._seen[key] = self._seen.get(key, 0) + 1
        if self._seen[key] <= _FINDINGS_OF_ONE_CODE:
            self._staging.finding(severity, stage, code, place, message)

    def close(self) -> None:
        for (severity, stage, code), seen in self._seen.items():
            if seen > _FINDINGS_OF_ONE_CODE:
                more = seen - _FINDINGS_OF_ONE_CODE
                self._staging.finding(severity, stage, code, None, f"{more} more of the same in this file")


# -- the bytes --------------------------------------------------------------------------------------------------------

_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:\-]+)["']""")
_ALWAYS = {"utf-8": "utf-8", "ascii": "ascii", "utf-16": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be"}
_SUBSETS = {"gbk": "gb18030", "gb2312": "gb18030"}


def _declared_codec(head: bytes) -> str | None:
    """Python's name of the encoding that a byte-order mark or the XML declaration names, UTF-8 without one."""
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(mark):
            return codec
    if head[:4] in (b"<\0?\0", b"\0<\0?"):
        return "utf-16-le" if head[0] else "utf-16-be"
    match = _DECLARED.match(head)
    try:
        codec = codecs.lookup(match[1].decode("ascii")).name if match else "utf-8"
    except LookupError:
        return None
    return None if codec.startswith("utf-16") else codec  # its declaration would not have been legible


def _codec(path: Path, profile: Profile, findings: _Findings) -> str:
    """The encoding to read the file with.

    Raises:
        BadFile: the file is empty, or its encoding is not allowed.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if not head.strip():
        raise BadFile("file_empty", "the file is empty; deliver the report again")
    declared = _declared_codec(head)
    local = {codecs.lookup(name).name for name in profile.encodings}
    known = _ALWAYS.get(declared or "") or _SUBSETS.get(declared or "", declared)
    if known is None or (known not in _ALWAYS and known not in local):
        message = "the file declares an encoding that the profile does not allow; deliver it in UTF-8"
        raise BadFile("encoding", message, "line 1")
    if known != "utf-8" or not local or _decodes(path, known):
        return known
    for name in profile.encodings:
        if _decodes(path, name):
            findings.add("warning", "file", "encoding_mislabelled", None, f"declared as UTF-8, read as {name}")
            return name
    return known


def _decodes(path: Path, codec: str) -> bool:
    try:
        for _ in _utf8_chunks(path, codec):
            pass
    except BadFile:
        return False
    return True


def _utf8_chunks(path: Path, codec: str) -> Iterator[bytes]:
    """The file in UTF-8, piece by piece.

    Raises:
        BadFile: a byte does not belong to the encoding.
    """
    decoder = codecs.getincrementaldecoder(codec)()
    position = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                place = f"byte {position - (len(error.object) - len(chunk)) + error.start + 1}"
                message = "the bytes are not text in the encoding that the file declares; deliver it in UTF-8"
                raise BadFile("encoding", message, place) from None
            if not chunk:
                return
            position += len(chunk)
            yield chunk if codec == "utf-8" else text.encode()


# -- the XML ----------------------------------------------------------------------------------------------------------

_PLAIN_WORDS: Mapping[int, str] = {
    4: "the file holds no XML element",
    5: "text or an element follows the end of the report",
    9: "a character that XML does not allow",
    26: "an entity that is not defined",
    68: "a sign < or & that is not part of the markup; write it as &lt; or &amp;",
    73: "a tag is not closed with >",
    76: "an end tag does not match its start tag",
    77: "the file ends before its last element is closed; it may have been cut off in transfer",
    114: "elements nest too deep, or one value is too long",
}


def _malformed(error: etree.XMLSyntaxError) -> BadFile:
    """The error in our own words: the library's text may quote the file."""
    line, column = error.position
    place = f"line {line} column {column}" if line else None
    words = _PLAIN_WORDS.get(getattr(error, "code", None) or 0, "the markup is broken")
    return BadFile("xml_malformed", f"the file is not well-formed XML: {words}", place, "xml")


def _parser(event: Literal["start", "end"], tags: tuple[str, ...] | None) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=(event,),
        tag=tags,
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _elements(parser: etree.XMLPullParser) -> Iterator[etree._Element]:
    return (element for _, element in parser.read_events() if isinstance(element, etree._Element))


def _root_tag(chunks: Iterator[bytes], consumed: list[bytes]) -> str:
    """The tag of the root element; the chunks read to find it are put into `consumed`.

    Raises:
        BadFile: the file has a DOCTYPE, is malformed before its root, or its root is not a goAML report.
    """
    parser = _parser("start", None)
    size = 0
    for chunk in chunks:
        consumed.append(chunk)
        size += len(chunk)
        problem = None
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            problem = error
        for root in _elements(parser):
            return _goaml_root(root)
        if problem:
            raise _malformed(problem) from None
        if size > _PROLOG_LIMIT_BYTES:
            break
    raise BadFile("not_goaml", "no goAML report begins in this file", "line 1", "xml")


def _goaml_root(root: etree._Element) -> str:
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadFile("doctype", "the file has a DOCTYPE; a report must not, deliver it without", "line 1", "xml")
    tag = str(root.tag)
    if tag not in _ROOTS:
        message = "the root element is not `report`; this is no goAML report"
        raise BadFile("not_goaml", message, f"line {root.sourceline}", "xml")
    return tag


def sniff(head: bytes) -> bool:
    """Whether the first bytes of a file are XML whose root is a goAML report.

    A DOCTYPE and an encoding that is not allowed are for `read` to reject.
    """
    codec = _declared_codec(head) or ""
    text = head.decode(codec if codec.startswith("utf-") else "latin-1", "replace")
    return _root_name(text.removeprefix("\ufeff")) in _ROOTS


_START_TAG = re.compile(r"<([A-Za-z_][\w.\-]*)[\s/>]")
_SUBSET = re.compile(r"<!DOCTYPE[^\[>]*\[")
_PROLOG = {"<?": "?>", "<!--": "-->", "<!DOCTYPE": ">"}


def _root_name(text: str) -> str | None:
    """The name in the first start tag, behind the declaration, comments, instructions and a DOCTYPE."""
    while True:
        text = text.lstrip()
        match = _START_TAG.match(text)
        if match:
            return match[1]
        closing = next((close for opening, close in _PROLOG.items() if text.startswith(opening)), None)
        start = text.find("]", text.find("[")) if closing == ">" and _SUBSET.match(text) else 0
        end = text.find(closing, start) if closing and start >= 0 else -1
        if end < 0 or closing is None:
            return None
        text = text[end + len(closing) :]


def count_leaves(element: etree._Element) -> int:
    """The values at and below an element: text of elements without children, attributes, and `xsi:nil`."""
    found = 0
    for node in element.iter("*"):
        found += sum(1 for name, value in _attributes(node) if not name.startswith(_XSI) and value.strip())
        text = (node.text or "").strip()
        if len(node):
            found += bool(text) + sum(1 for child in node if (child.tail or "").strip())
        else:
            found += bool(text) or _is_nil(node)
    return found


def _attributes(element: etree._Element) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in element.items()]


def _is_nil(element: etree._Element) -> bool:
    return (element.get(f"{_XSI}nil") or "").strip() in ("true", "1")


# -- the report -------------------------------------------------------------------------------------------------------


def read(source: Source, staging: Staging, profile: Profile) -> None:
    """Stream one goAML file into the staging area.

    Raises:
        BadFile: the file can't be used as a whole (`file_empty`, `encoding`, `doctype`, `xml_malformed`, `not_goaml`,
            `xml_part_too_large`).
    """
    findings = _Findings(staging)
    codec = _codec(source.path, profile, findings)
    chunks = _utf8_chunks(source.path, codec)
    consumed: list[bytes] = []
    root_tag = _root_tag(chunks, consumed)
    reader = _Reader(source, staging, profile, findings, root_tag)
    parser = _parser("end", ("transaction", "report_party"))
    try:
        _feed(parser, chain(consumed, chunks), reader)
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from None
    reader.finish(root)
    findings.close()


def _feed(parser: etree.XMLPullParser, chunks: Iterable[bytes], reader: "_Reader") -> None:
    waiting = 0
    for chunk in chunks:
        parser.feed(chunk)
        waiting += len(chunk)
        for element in _elements(parser):
            if reader.take(element):
                waiting = 0
        if waiting > _PART_LIMIT_BYTES:
            message = "one transaction or the header is larger than 64 MB; split the report"
            raise BadFile("xml_part_too_large", message, None, "xml")


class _Reader:
    """Reads one report, element by element."""

    def __init__(self, source: Source, staging: Staging, profile: Profile, findings: _Findings, root_tag: str) -> None:
        self._source, self._staging, self._profile, self._findings = source, staging, profile, findings
        self._root_place = f"/{root_tag}"
        self._zone = profile.zone
        self._unknown = profile.placeholders | _date_texts(profile.placeholder_dates)
        self._longest_unknown = max(map(len, self._unknown), default=0)
        self._report = _Row(_REPORT, self._root_place)
        self._header = self._unit = _Unit()
        self._header_steps: dict[str, int] = {}
        self._indicators: dict[str, str] = {}
        self._report_key: str | None = None
        self._entity_id = self._reference = ""
        self._transactions = self._report_parties = 0
        self._ordinals = {ACCOUNTS.name: 0, PARTIES.name: 0, ROLES.name: 0}
        self._batch: list[_Unit] = []
        self._batch_rows = 0
        self._dropped = self._strays = 0
        self._is_odd = False

    # The stream.

    def take(self, element: etree._Element) -> bool:
        """Read a complete transaction or activity party and free it; False where the element is neither."""
        top = self._top(element)
        if top is None:
            return False
        self._read_header(top.getparent(), top)
        if element.tag == "transaction":
            self._read_transaction(element)
        else:
            self._read_report_party(element)
        element.clear(keep_tail=True)  # type: ignore[call-arg]  # the stubs lag behind
        self._free_before(element)
        if len(self._batch) >= _BATCH_TRANSACTIONS or self._batch_rows >= _BATCH_ROWS:
            self._flush()
        return True

    def _free_before(self, element: etree._Element) -> None:
        """Take the units already read out of the tree; the parser still holds on to the last one."""
        parent, previous = element.getparent(), element.getprevious()
        if parent is not None and previous is not None and previous.tag == element.tag:
            self._stray_text(previous.tail)
            parent.remove(previous)

    def _stray_text(self, text: str | None) -> None:
        """Text between transactions, which no schema allows, is kept all the same."""
        if text and text.strip():
            self._unit = self._header
            self._strays += 1
            self._leaf(self._report, f"text()[{self._strays}]", text.strip())

    def _top(self, element: etree._Element) -> etree._Element | None:
        """The child of the root that holds a transaction or activity party in its proper place, else None."""
        wanted = ("transactions",) if element.tag == "transaction" else ("report_parties", "activity")
        top: etree._Element = element
        parent = element.getparent()
        for name in wanted:
            if parent is not None and parent.tag == name and parent.getparent() is not None:
                top, parent = parent, parent.getparent()
        is_placed = top is not element or element.tag == "transaction"
        return top if is_placed and parent is not None and parent.getparent() is None else None

    def finish(self, root: etree._Element) -> None:
        """Read what is left of the header and stage the report itself."""
        self._read_header(root, None)
        self._unit = self._header
        self._is_odd = bool(root.items())
        self._attributes(self._report, root, "")
        self._stray_text(root.text)
        self._flush()
        self._stage_report()
        self._staging.count(_counts(self._header, kept=True))
        self._staging.count({"leaves": self._dropped, "dropped": self._dropped})

    def _read_header(self, root: etree._Element | None, before: etree._Element | None) -> None:
        """Read and free the children of the root that precede an element (all of them where it is None)."""
        if root is None:
            return
        if self._report_key is None:
            self._open_report(root, before)
        if before is not None and before.getprevious() is None:
            return
        self._unit = self._header
        for child in list(root):
            if child is before:
                break
            if child.tag != "transaction":
                self._read_header_child(child)
            self._stray_text(child.tail)
            if before is not None:
                root.remove(child)

    def _read_header_child(self, child: etree._Element) -> None:
        if child.tag in self._profile.dropped:
            self._dropped += count_leaves(child)
            return
        self._drop(child, str(child.tag))
        self._is_odd = bool(_is_odd(child))
        if child.tag == "report_indicators" and len(child):
            self._read_indicators(child)
        else:
            self._visit(self._report, (child,), "", self._header_steps)

    def _open_report(self, root: etree._Element, before: etree._Element | None) -> None:
        """Fix the report's key, which its transactions need before its header is complete.

        Only what precedes the first transaction counts, however far the parser has run ahead.
        """
        seen: dict[str, str | None] = {}
        for child in takewhile(lambda child: child is not before, root):
            seen.setdefault(child.tag, child.text)
        entity_id = self._known(seen.get("rentity_id"))
        reference = self._known(seen.get("entity_reference"))
        if entity_id is None:
            message = "the report names no reporting entity before its transactions; `unknown` stands for it"
            self._findings.add("warning", "rule", "rentity_id_missing", f"{self._root_place}/rentity_id", message)
        if reference is None:
            message = "the report has no reference before its transactions; the submission's id stands for it"
            self._findings.add("warning", "rule", "reference_missing", f"{self._root_place}/entity_reference", message)
        self._entity_id = entity_id or "unknown"
        self._reference = reference or self._source.submission_id
        self._report_key = digest_key(
            self._profile.jurisdiction, self._entity_id, self._reference, self._source.submission_id, 1
        )

    def _known(self, text: str | None) -> str | None:
        stripped = (text or "").strip()
        return stripped if stripped and stripped.casefold() not in self._unknown else None

    # Elements and values.

    def _fill(self, row: _Row, element: etree._Element, prefix: str) -> None:
        """Take every value below an element into a row, and open the rows that lie below it."""
        if self._is_odd:
            self._attributes(row, element, prefix[:-1])
            self._mixed_text(row, element, prefix)
        if len(element):
            self._visit(row, element, prefix, {})
        else:
            self._lone_text(row, element, prefix)

    def _visit(self, row: _Row, elements: Iterable[etree._Element], prefix: str, steps: dict[str, int]) -> None:
        """Take the values of sibling elements; `steps` counts those of each tag, as paths name the second and later."""
        nested, is_odd = row.shape.nested, self._is_odd
        for child in elements:
            tag = child.tag
            step = _step(steps, tag)
            if len(child):
                handler = nested.get(prefix + tag)
                if handler is None:
                    self._fill(row, child, f"{prefix}{step}/")
                else:
                    getattr(self, handler)(row, child, prefix + step)
                continue
            text = (child.text or "").strip()
            if text:
                self._leaf(row, prefix + step, text)
            if is_odd:
                self._attributes(row, child, prefix + step)
                self._unit.placeholder += not text and _is_nil(child)

    def _leaf(self, row: _Row, path: str, text: str) -> None:
        """Put one value where it belongs."""
        unit = self._unit
        if len(text) <= self._longest_unknown and text.casefold() in self._unknown:
            unit.placeholder += 1
            return
        column = row.shape.texts.get(path)
        if column is not None:
            if column not in row.values:
                row.values[column] = text
                unit.typed += 1
                if column[0] == "_":
                    row.raw[column] = (path, text)
                return
        else:
            target = row.shape.typed.get(path)
            if target is not None and target[0] not in row.values:
                self._convert(row, path, text, *target)
                return
        row.extra[path] = text
        unit.extra += 1

    def _convert(self, row: _Row, path: str, text: str, column: str, kind: _Kind) -> None:
        """Put one value into a column that is not plain text, or where that fails into `extra`."""
        if kind in ("date", "time", "moment"):
            value = self._moment(row, path, text, kind)
        elif kind == "number":
            value = None if self._profile.zero_numbers and not canonical_number(text) else text
        else:
            value = self._scalar(row, path, text, kind)
        if value is _UNREADABLE:
            row.extra[path] = text
            self._unit.extra += 1
        elif value is None:
            self._unit.placeholder += 1
        else:
            row.values[column] = value
            self._unit.typed += 1
            if column[0] == "_":
                row.raw[column] = (path, text)

    def _scalar(self, row: _Row, path: str, text: str, kind: _Kind) -> object:
        """An amount, a count or a flag."""
        value: object
        if kind in ("money", "amount"):
            value = parse_money(text)
        elif kind == "count":
            value = int(text) if _INTEGER.fullmatch(text) else None
        else:
            value = _FLAGS.get(text.lower())
        if value is not None:
            return value
        if kind == "amount":
            raise _Unreadable("amount_unreadable", path, "the amount is no decimal number of at most 25 + 13 digits")
        message = "the value can't be read as a number or flag; it is kept in `extra`"
        self._findings.add("warning", "row", f"{kind}_unreadable", f"{row.place}/{path}", message)
        return _UNREADABLE

    def _moment(self, row: _Row, path: str, text: str, kind: _Kind) -> object:
        """A date or time; None for a placeholder. What a column can't hold stays in `extra` too."""
        moment = parse_moment(text, self._zone)
        place = f"{row.place}/{path}"
        if moment is None:
            if kind == "moment":
                raise _Unreadable("date_unreadable", path, "the date of the transaction is no date and time")
            message = "the value can't be read as a date; it is kept in `extra`"
            self._findings.add("warning", "row", "date_unreadable", place, message)
            return _UNREADABLE
        if moment.day in self._profile.placeholder_dates:
            return None
        if not moment.is_standard:
            message = "the date is not written as YYYY-MM-DDThh:mm:ss; it was read all the same"
            self._findings.add("warning", "row", "date_not_standard", place, message)
        if kind == "moment":
            row.values["utc_offset_minutes"] = moment.offset_minutes
            row.values["is_date_only"] = moment.is_date_only
        if _loses(moment, kind):
            row.extra[path] = text
        return moment.day if kind == "date" else moment.at

    def _attributes(self, row: _Row, element: etree._Element, path: str) -> None:
        for name, value in _attributes(element):
            text = value.strip()
            if text and not name.startswith(_XSI):
                self._leaf(row, f"{path}/@{name}" if path else f"@{name}", text)

    def _lone_text(self, row: _Row, element: etree._Element, prefix: str) -> None:
        """A transaction or party that is text and nothing else, which no schema allows."""
        text = (element.text or "").strip()
        if text:
            self._leaf(row, f"{prefix}text()", text)
        elif _is_nil(element):
            self._unit.placeholder += 1

    def _mixed_text(self, row: _Row, element: etree._Element, prefix: str) -> None:
        """Text that stands between child elements, which no schema allows, is kept all the same."""
        parts = [element.text, *(child.tail for child in element)] if len(element) else []
        for position, part in enumerate((text for text in parts if text and text.strip()), start=1):
            self._leaf(row, f"{prefix}text()[{position}]", part.strip())

    def _demote(self, row: _Row, column: str) -> None:
        """Move a value that found no column in the end to `extra`."""
        if column in row.raw:
            path, text = row.raw.pop(column)
            del row.values[column]
            row.extra[path] = text
            self._unit.typed -= 1
            self._unit.extra += 1

    def _drop(self, element: etree._Element, base: str) -> None:
        """Take out of the tree what the profile does not keep."""
        for dropped in self._profile.dropped:
            if not dropped.startswith(f"{base}/"):
                continue
            for found in element.findall(dropped.removeprefix(f"{base}/")):
                self._dropped += count_leaves(found)
                parent = found.getparent()
                if parent is not None:
                    parent.remove(found)

    # Rows.

    def _open_row(self, shape: _Shape, place: str, *, is_client: bool | None = None) -> _Row:
        row = _Row(shape, place, is_client=is_client)
        name = shape.table.name
        self._ordinals[name] += 1
        row.values["ordinal"] = self._ordinals[name]
        row.values["transaction_ordinal"] = self._unit.number
        self._unit.rows.append(row)
        return row

    def _subject(self, element: etree._Element, kind: str, place: str, *, is_client: bool | None) -> _Row:
        """The row of an account, person or entity, complete with its key and the rows below it."""
        row = self._open_row(_SUBJECTS[kind], place, is_client=is_client)
        row.values["is_client"] = is_client
        self._fill(row, element, "")
        if "territory" in row.values:
            self._code_territory(row, "addresses/address/state")
        if kind == "account":
            self._finish_account(row)
        else:
            row.values["kind"] = kind
            (self._finish_person if kind == "person" else self._finish_entity)(row)
        return row

    def _code_territory(self, row: _Row, path: str) -> None:
        state = row.values["territory"]
        code = _territory(state, row.values.get("country") or row.values.get("_country"))
        if code != state:
            row.values["territory"] = code
            row.extra[path] = state

    def _finish_account(self, row: _Row) -> None:
        values = row.values
        institution = institution_key(
            values.get("institution_code"), values.get("swift"), values.get("institution_name")
        )
        if not institution and row.is_client:
            institution = f"rentity {self._profile.jurisdiction} {self._entity_id}".casefold()
        values["node_key"] = account_key(
            values.get("account_number"), values.get("iban"), institution, self._key, values["ordinal"]
        )

    def _finish_person(self, row: _Row) -> None:
        values, home = row.values, self._profile.jurisdiction
        parts = (values.get("first_name"), row.extra.get("middle_name"), values.get("last_name"))
        values["name"] = " ".join(part for part in parts if part) or None
        values["node_key"] = person_key(
            (
                ("nid", home, values.get("national_id")),
                ("pass", values.get("passport_country") or "", values.get("passport_number")),
                ("id", _issuer(row) or home, values.get("id_number")),
                ("tax", home, values.get("tax_number")),
            ),
            values["name"],
            values.get("birth_date"),
            self._key,
            values["ordinal"],
        )

    def _finish_entity(self, row: _Row) -> None:
        values = row.values
        country = values.get("incorporation_country") or self._profile.jurisdiction
        values["node_key"] = entity_key(
            (("reg", country, values.get("incorporation_number")), ("tax", country, values.get("tax_number"))),
            values.get("name"),
            values.get("incorporation_country") or values.get("country"),
            self._key,
            values["ordinal"],
        )

    @property
    def _key(self) -> str:
        if self._report_key is None:
            raise RuntimeError("the report's key is fixed before its rows")
        return self._report_key

    # Roles.

    def _role(self, role: str, place: str, shape: _Shape = _LINK, of: _Row | None = None) -> _Row:
        row = self._open_row(shape, place)
        row.values["role"] = role
        if of is not None:
            self._acts_for(row, of)
        return row

    def _acts_for(self, role: _Row, principal: _Row) -> None:
        role.values["of_kind"] = principal.subject_kind
        role.values["of_ordinal"] = principal.values["ordinal"]

    def _play(self, role: _Row, subject: _Row) -> None:
        """Say whose role it is; a role code that stood within the subject belongs to the role."""
        role.values["subject_kind"] = subject.subject_kind
        role.values["subject_ordinal"] = subject.values["ordinal"]
        if "_role" in subject.raw and "role_code" not in role.values:
            role.values["role_code"] = subject.values.pop("_role")
            del subject.raw["_role"]
        self._demote(subject, "_role")

    def open_reporter(self, row: _Row, element: etree._Element, path: str) -> None:
        """Read the reporting person."""
        place = f"{row.place}/{path}"
        role = self._role("reporter", place)
        self._play(role, self._subject(element, "person", place, is_client=None))

    def open_side(self, row: _Row, element: etree._Element, path: str) -> None:
        """Read who or what stands on one side of a two-sided transaction."""
        container = path.split("/", 1)[0]
        side = _SIDE_ELEMENTS[container]
        if side in self._unit.sides:
            self._fill(row, element, path + "/")
            return
        tag = str(element.tag)
        is_client = container.endswith("_my_client") or tag.endswith("_my_client")
        place = f"{row.place}/{path}"
        role = self._role(side, place)
        subject = self._subject(element, _KINDS[tag], place, is_client=is_client)
        self._play(role, subject)
        self._unit.sides[side] = (subject, role)

    def open_conductor(self, row: _Row, element: etree._Element, path: str) -> None:
        """Read the person who carried out the transaction for another."""
        place = f"{row.place}/{path}"
        role = self._role("conductor", place)
        subject = self._subject(element, "person", place, is_client=None)
        self._play(role, subject)
        if self._unit.conductor is None:
            self._unit.conductor = (_SIDE_ELEMENTS[path.split("/", 1)[0]], subject, role)

    def open_holder(self, row: _Row, element: etree._Element, path: str) -> None:
        """Read the entity that holds an account."""
        place = f"{row.place}/{path}"
        role = self._role("holder", place, of=row)
        self._play(role, self._subject(element, "entity", place, is_client=row.is_client))

    def open_director(self, row: _Row, element: etree._Element, path: str) -> None:
        """Read a director of an entity: a person and the role in one element."""
        place = f"{row.place}/{path}"
        role = self._role("director", place, of=row)
        self._play(role, self._subject(element, "person", place, is_client=None))

    def open_link(self, row: _Row, element: etree._Element, path: str) -> None:
        """Read a signatory or another link from an account, person or entity to a further one."""
        if not _names_somebody(element):
            self._fill(row, element, path + "/")
            return
        name = "signatory" if element.tag == "signatory" else "related"
        self._fill(self._role(name, f"{row.place}/{path}", of=row), element, "")

    def open_linked(self, row: _Row, element: etree._Element, path: str) -> None:
        """Read whom a link names."""
        tag = str(element.tag)
        is_client = True if tag.endswith("_my_client") else row.is_client
        role = row
        if "subject_kind" in row.values:
            role = self._role(row.values["role"], row.place)
            role.values |= {name: row.values.get(name) for name in ("of_kind", "of_ordinal", "role_code")}
        self._play(role, self._subject(element, _KINDS[tag], f"{row.place}/{path}", is_client=is_client))

    def open_party(self, row: _Row, element: etree._Element, path: str) -> None:
        """Read one party of a multi-party transaction; its side follows from its role alone."""
        if not _names_somebody(element):
            self._fill(row, element, path + "/")
            return
        side = self._profile.party_roles.get((element.findtext("role") or "").strip())
        is_first = side in _SIDES and side not in self._unit.sides
        place = f"{row.place}/{path}"
        role = self._role(side if side in _SIDES and side else "involved", place, _LINK_ON_SIDE if is_first else _LINK)
        role.is_client = False
        before = len(self._unit.rows)
        self._fill(role, element, "")
        if is_first and side:
            self._unit.sides[side] = (self._unit.rows[before], role)
            self._move_to_side(row, role, side)
        elif side in _SIDES:
            message = "several parties stand on one side; the transaction names the first, the roles name all"
            self._findings.add("warning", "rule", "side_repeated", place, message)

    def _move_to_side(self, transaction: _Row, role: _Row, side: str) -> None:
        for name in ("funds_code", "country", "currency", "amount", "rate"):
            if f"{side}_{name}" in transaction.values:
                self._demote(role, f"_{name}")
            elif f"_{name}" in role.values:
                transaction.values[f"{side}_{name}"] = role.values.pop(f"_{name}")

    # Units.

    def _read_transaction(self, element: etree._Element) -> None:
        self._transactions += 1
        number = self._transactions
        container = "/transactions" if getattr(element.getparent(), "tag", "") == "transactions" else ""
        place = f"{self._root_place}{container}/transaction[{number}]"
        self._drop(element, "transaction")
        self._is_odd = bool(_is_odd(element))
        payload = etree.tostring(element, encoding="unicode", with_tail=False)
        row = _Row(_TRANSACTION, place)
        unit = self._unit = _Unit(number, row, payload)
        try:
            self._fill(row, element, "")
        except _Unreadable as problem:
            self._staging.reject(TRANSACTIONS, problem.rule, f"{place}/{problem.path}", problem.message, payload)
            self._count_dropped(count_leaves(element))
            return
        self._finish_transaction(unit, row)
        self._batch.append(unit)
        self._batch_rows += len(unit.rows)

    def _count_dropped(self, leaves: int) -> None:
        self._staging.count({"source_rows": 1, "leaves": leaves, "dropped": leaves})

    def _finish_transaction(self, unit: _Unit, row: _Row) -> None:
        values = row.values
        values["transaction_id"] = f"{self._key}-{unit.number}"
        values["transaction_ordinal"] = unit.number
        values["movement_count"] = 1
        values.setdefault("is_date_only", False)
        values["currency_local"] = self._report.values.get("currency_local") or self._profile.currency
        code = values.get("channel_code")
        values["channel"] = "unknown" if code is None else self._profile.transmode.get(code, "other")
        for side in _SIDES:
            self._finish_side(unit, row, side)
        self._finish_conductor(unit, row)

    def _finish_side(self, unit: _Unit, row: _Row, side: str) -> None:
        if side not in unit.sides:
            self._demote(row, f"_{side}_suspected")
            return
        subject, role = unit.sides[side]
        values, described = row.values, subject.values
        if f"_{side}_suspected" in values:
            role.values["is_suspected"] = values.pop(f"_{side}_suspected")
        if f"{side}_currency" not in values and f"{side}_amount" not in values:
            values[f"{side}_currency"] = values["currency_local"]
            values[f"{side}_amount"] = values.get("amount_local")
        values[f"{side}_node_key"] = described["node_key"]
        values[f"{side}_kind"] = described.get("kind", "account")
        values[f"{side}_is_client"] = subject.is_client
        values[f"{side}_territory"] = described.get("territory")
        values[f"{side}_institution"] = (
            described.get("institution_code") or described.get("swift") or described.get("institution_name")
        )

    def _finish_conductor(self, unit: _Unit, row: _Row) -> None:
        acting = unit.conductor
        if acting is not None:
            side, subject, role = acting
            row.values["conductor_node_key"] = subject.values["node_key"]
            if f"_{side}_conductor_suspected" in row.values:
                role.values["is_suspected"] = row.values.pop(f"_{side}_conductor_suspected")
                del row.raw[f"_{side}_conductor_suspected"]
            if side in unit.sides:
                self._acts_for(role, unit.sides[side][0])
        for side in _SIDES:
            self._demote(row, f"_{side}_conductor_suspected")

    def _read_report_party(self, element: etree._Element) -> None:
        self._report_parties += 1
        path = f"activity/report_parties/report_party[{self._report_parties}]"
        self._drop(element, "activity/report_parties/report_party")
        self._unit = self._header
        self._is_odd = bool(_is_odd(element))
        if _names_somebody(element):
            role = self._role("subject", f"{self._root_place}/{path}")
            role.is_client = False
            self._fill(role, element, "")
        else:
            self._fill(self._report, element, path + "/")
        self._batch_rows = sum(len(unit.rows) for unit in self._batch) + len(self._header.rows)

    def _read_indicators(self, element: etree._Element) -> None:
        step = _step(self._header_steps, "report_indicators")
        self._attributes(self._report, element, step)
        self._mixed_text(self._report, element, f"{step}/")
        steps: dict[str, int] = {}
        for position, child in enumerate(element, start=1):
            text = (child.text or "").strip()
            if child.tag != "indicator" or len(child) or not text:
                self._visit(self._report, (child,), f"{step}/", steps)
                continue
            self._attributes(self._report, child, f"{step}/indicator[{position}]")
            if self._known(text) is None:
                self._header.placeholder += 1
            else:
                self._indicators.setdefault(text, f"{self._root_place}/report_indicators")
                self._header.typed += 1

    # Handing over.

    def _flush(self) -> None:
        """Stage the transactions read so far and the rows of those that keep their contract."""
        rows = self._header.rows
        for unit, is_kept in zip(self._batch, self._stage_transactions(), strict=True):
            self._staging.count({"source_rows": 1, **_counts(unit, kept=is_kept)})
            if is_kept:
                rows.extend(unit.rows)
        for table in (ACCOUNTS, PARTIES, ROLES):
            self._stage(table, [row for row in rows if row.shape.table is table])
        self._batch, self._batch_rows, self._header.rows = [], 0, []

    def _stage_transactions(self) -> list[bool]:
        rows = [unit.transaction for unit in self._batch if unit.transaction is not None]
        return self._stage(TRANSACTIONS, rows, [unit.payload for unit in self._batch])

    def _stage(self, table: Table, rows: list[_Row], payloads: list[str] | None = None) -> list[bool]:
        if not rows:
            return []
        frame = self._frame(table, [_with_extra(row) for row in rows])
        places = pl.Series("place", [row.place for row in rows], dtype=pl.String)
        texts = None if payloads is None else pl.Series("payload", payloads, dtype=pl.String)
        return self._staging.add(table, frame, places, texts).to_list()

    def _frame(self, table: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
        """Rows as a typed frame, with the columns that are the same for the whole report."""
        same = {
            "report_key": self._key,
            "received_on": self._source.received_on,
            "submission_id": self._source.submission_id,
        }
        return pl.DataFrame(
            [
                pl.Series(name, [same[name]] * len(rows) if name in same else [row.get(name) for row in rows], dtype)
                for name, dtype in table.polars_schema.items()
            ]
        )

    def _stage_report(self) -> None:
        self._unit = self._header
        self._finish_report()
        self._stage(REPORTS, [self._report])
        codes = [_Row(_Shape(INDICATORS, {}), place) for place in self._indicators.values()]
        for row, code in zip(codes, self._indicators, strict=True):
            row.values["code"] = code
        self._stage(INDICATORS, codes)

    def _finish_report(self) -> None:
        values = self._report.values
        delivered = (
            values.get("reporting_entity_id", self._entity_id),
            values.get("report_reference", self._reference),
        )
        if delivered != (self._entity_id, self._reference):
            message = "the reporting entity or the reference stands behind the transactions; the key does without it"
            self._findings.add("warning", "rule", "header_late", self._root_place, message)
        values["reporting_entity_id"], values["report_reference"] = delivered
        if "report_code" not in values:
            message = "the report does not say its type; it is kept as data, not as a report of suspicion"
            self._findings.add("warning", "rule", "report_code_missing", f"{self._root_place}/report_code", message)
        code = values.setdefault("report_code", _ABSENT)
        values["report_class"] = report_class(code, self._profile)
        values["report_ordinal"] = 1
        values["jurisdiction"] = self._profile.jurisdiction
        values.setdefault("currency_local", self._profile.currency)
        self._relate()
        self._locate()

    def _relate(self) -> None:
        values = self._report.values
        values["relation"] = "correct" if "prior_reference" in values else "new"
        if "prior_reference" in values:
            self._demote(self._report, "_answers")
        elif "_answers" in values:
            values["prior_reference"] = values["_answers"]

    def _locate(self) -> None:
        values = self._report.values
        if "territory" in values:
            self._code_territory(self._report, "location/state")
            self._demote(self._report, "_country")
        elif "_country" in values:
            values["territory"] = values["_country"]


_UNREADABLE = object()


def _step(steps: dict[str, int], tag: str) -> str:
    """The tag as it stands in a path: with its number from the second of its kind on."""
    number = steps[tag] = steps.get(tag, 0) + 1
    return tag if number == 1 else f"{tag}[{number}]"


def _issuer(person: _Row) -> str | None:
    """The country that issued the person's `id_number`, where its own identification element says so."""
    for path in ("identification", "identifications/identification"):
        number = person.extra.get(f"{path}/number", person.values.get("id_number"))
        if canonical_number(number) == canonical_number(person.values.get("id_number")):
            country = person.extra.get(f"{path}/issue_country")
            if country:
                return country
    return None


def _loses(moment: Moment, kind: _Kind) -> bool:
    """Whether a column of that kind holds less than the text says."""
    if kind == "date":
        return not moment.is_midnight or moment.has_zone or not moment.is_exact
    if kind == "moment":
        return not moment.is_exact
    return moment.has_zone or moment.is_date_only or not moment.is_exact


def _date_texts(days: Iterable[date]) -> frozenset[str]:
    """The ways in which a placeholder date is written, case-folded."""
    return frozenset(
        f"{day.isoformat()}{time}" for day in days for time in ("", "t00:00:00", " 00:00:00", "t00:00:00z")
    )


def _names_somebody(element: etree._Element) -> bool:
    return any(child.tag in _KINDS and len(child) for child in element)


def _with_extra(row: _Row) -> dict[str, Any]:
    if row.extra:
        row.values["extra"] = _encode(row.extra)
    return row.values


def _counts(unit: _Unit, *, kept: bool) -> dict[str, int]:
    leaves = unit.typed + unit.extra + unit.placeholder
    if not kept:
        return {"leaves": leaves, "dropped": leaves}
    return {"leaves": leaves, "typed": unit.typed, "extra": unit.extra, "placeholder": unit.placeholder}
