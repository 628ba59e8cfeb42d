"""The contract of every table: what one row is, its columns, key, rules and references.

One object per table drives the Polars, Arrow and DuckDB types, the split into good and quarantined rows, the casts
of the final SELECT and the generated reference `docs/tables.md`. Nothing here reads or writes data.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import polars as pl
import pyarrow as pa


class _Names(NamedTuple):
    polars: pl.DataType
    arrow: pa.DataType
    duckdb: str


class Type(Enum):
    """A column's type, with its name in Polars, Arrow and DuckDB."""

    value: _Names

    TEXT = _Names(pl.String(), pa.large_string(), "VARCHAR")
    TEXTS = _Names(pl.List(pl.String()), pa.large_list(pa.large_string()), "VARCHAR[]")
    DATE = _Names(pl.Date(), pa.date32(), "DATE")
    TIME = _Names(pl.Datetime("us", "UTC"), pa.timestamp("us", "UTC"), "TIMESTAMP WITH TIME ZONE")
    BOOL = _Names(pl.Boolean(), pa.bool_(), "BOOLEAN")
    INT = _Names(pl.Int64(), pa.int64(), "BIGINT")
    REAL = _Names(pl.Float64(), pa.float64(), "DOUBLE")
    SINGLE = _Names(pl.Float32(), pa.float32(), "FLOAT")
    MONEY = _Names(pl.Decimal(38, 13), pa.decimal128(38, 13), "DECIMAL(38,13)")

    @property
    def polars(self) -> pl.DataType:
        """The Polars type."""
        return self.value.polars

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type."""
        return self.value.arrow

    @property
    def duckdb(self) -> str:
        """The DuckDB type, as it stands in a cast."""
        return self.value.duckdb


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means, and whether it may be empty."""

    name: str
    type: Type
    meaning: str
    required: bool = False


@dataclass(frozen=True)
class Rule:
    """A condition that every good row meets; a row that does not is quarantined under the rule's code."""

    code: str
    meaning: str
    holds: pl.Expr


@dataclass(frozen=True)
class Reference:
    """The values of `columns` exist as `target_columns` in the table named `target`."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """Rows that keep a contract, and rows that break it with the code of the first rule broken in column `rule`."""

    good: pl.DataFrame
    bad: pl.DataFrame


@dataclass(frozen=True)
class Table:
    """A table's contract."""

    name: str
    one_row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    references: tuple[Reference, ...] = ()
    partition: str = "received_on"
    _names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        object.__setattr__(self, "_names", frozenset(names))
        unknown = {*self.key, self.partition, *(c for r in self.references for c in r.columns)} - self._names
        if len(names) != len(self._names) or unknown:
            raise ValueError(f"contract {self.name}: repeated or unknown columns {sorted(unknown)}")

    @property
    def polars_schema(self) -> dict[str, pl.DataType]:
        """Column names and Polars types, in order."""
        return {column.name: column.type.polars for column in self.columns}

    @property
    def arrow_schema(self) -> pa.Schema:
        """Column names, Arrow types and nullability, in order."""
        return pa.schema([pa.field(c.name, c.type.arrow, nullable=not c.required) for c in self.columns])

    @property
    def duckdb_types(self) -> dict[str, str]:
        """Column names and DuckDB types, in order: the casts of a final SELECT."""
        return {column.name: column.type.duckdb for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """A frame with this table's columns and no row."""
        return pl.DataFrame(schema=self.polars_schema)

    def frame(self, rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
        """Rows given as mappings, as a typed frame; a column that a row lacks is null."""
        return pl.DataFrame(list(rows), schema=self.polars_schema, orient="row")

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with exactly the contract's columns, order and types.

        Raises:
            polars.exceptions.PolarsError: a column is missing or can't be cast.
        """
        return frame.select(pl.col(c.name).cast(c.type.polars) for c in self.columns)

    def split(self, frame: pl.DataFrame) -> Split:
        """The rows of a typed frame that keep every rule, and those that break one, with the first rule broken."""
        checks = [
            *(
                Rule(f"{c.name}_missing", f"{c.name} is required", pl.col(c.name).is_not_null())
                for c in self.columns
                if c.required
            ),
            *self.rules,
        ]
        verdict = pl.coalesce(
            *(pl.when(check.holds.fill_null(value=True).not_()).then(pl.lit(check.code)) for check in checks),
            pl.lit(None, pl.String),
        )
        judged = frame.with_columns(verdict.alias("rule"))
        good = judged.filter(pl.col("rule").is_null()).drop("rule")
        return Split(good, judged.filter(pl.col("rule").is_not_null()))


def _text(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, Type.TEXT, meaning, required)


_RECEIVED = Column("received_on", Type.DATE, "the day from which the FIU knew the row (UTC)", required=True)
_SUBMISSION = _text("submission_id", "the delivered file that the row comes from (SHA-256)", required=True)
_REPORT = _text("report_key", "the report version that the row belongs to", required=True)
_EXTRA = _text("extra", "JSON object of every source value without a column of its own, by its path")
_TO_SUBMISSION = Reference(("submission_id",), "submissions", ("submission_id",))
_TO_REPORT = Reference(("report_key",), "reports", ("report_key",))


def _one_of(column: str, *values: str) -> Rule:
    return Rule(f"{column}_unknown", f"{column} is one of {', '.join(values)}", pl.col(column).is_in(values))


SUBMISSIONS = Table(
    "submissions",
    "one delivered file, whatever became of it",
    (
        _SUBMISSION,
        Column("received_on", Type.DATE, "the day on which the file was delivered (UTC)", required=True),
        _text("file_name", "the file's name as delivered, without its folder"),
        _text("container_id", "the zip file (SHA-256) that held the file"),
        Column("size_bytes", Type.INT, "the file's size in bytes", required=True),
        _text("format", "goaml, delimited, zip, attachment or unknown", required=True),
        _text("profile", "the profile or mapping that the file was read with"),
        _text("reader_version", "the version of the reader", required=True),
        _text("status", "accepted, partly (some rows quarantined), quarantined or attachment", required=True),
        Column("report_count", Type.INT, "reports accepted", required=True),
        Column("transaction_count", Type.INT, "transactions accepted", required=True),
        Column("source_row_count", Type.INT, "transactions or data rows found in the file", required=True),
        Column("quarantined_count", Type.INT, "transactions or data rows quarantined", required=True),
        Column("leaf_count", Type.INT, "values found in the file", required=True),
        Column("typed_leaf_count", Type.INT, "values that went to a column", required=True),
        Column("extra_leaf_count", Type.INT, "values that went to an `extra` column", required=True),
        Column("placeholder_leaf_count", Type.INT, "values read as null: placeholders of the profile", required=True),
        Column("dropped_leaf_count", Type.INT, "values in quarantined rows, or that the profile drops", required=True),
    ),
    key=("submission_id",),
    rules=(
        _one_of("format", "goaml", "delimited", "zip", "attachment", "unknown"),
        _one_of("status", "accepted", "partly", "quarantined", "attachment"),
    ),
)

FINDINGS = Table(
    "findings",
    "one thing wrong with a submission, a report or a row; never a personal value",
    (
        _SUBMISSION,
        Column("ordinal", Type.INT, "position among the submission's findings, from 1", required=True),
        Column("received_on", Type.DATE, "the day on which the file was delivered (UTC)", required=True),
        _text("severity", "error, warning or info", required=True),
        _text("stage", "file, xml, row, rule or version", required=True),
        _text("code", "the finding's code", required=True),
        _text("place", "XPath, or line and column"),
        _text("message", "what is wrong and what to do", required=True),
        _text("report_key", "the report concerned"),
    ),
    key=("submission_id", "ordinal"),
    rules=(_one_of("severity", "error", "warning", "info"),),
    references=(_TO_SUBMISSION,),
)

QUARANTINE = Table(
    "quarantine",
    "one row or file that broke a rule, as delivered",
    (
        _SUBMISSION,
        Column("ordinal", Type.INT, "position among the submission's quarantined rows, from 1", required=True),
        Column("received_on", Type.DATE, "the day on which the file was delivered (UTC)", required=True),
        _text("table_name", "the table that the row was meant for", required=True),
        _text("rule", "the first rule that the row breaks", required=True),
        _text("place", "XPath, or line and column"),
        _text("payload", "the row as delivered, as JSON or XML text"),
    ),
    key=("submission_id", "ordinal"),
    references=(_TO_SUBMISSION,),
)

REPORTS = Table(
    "reports",
    "one version of one report",
    (
        _REPORT,
        _RECEIVED,
        _SUBMISSION,
        Column("report_ordinal", Type.INT, "position of the report in its file, from 1", required=True),
        _text("jurisdiction", "ISO 3166-1 alpha-2 code of the FIU's country, or ZZ", required=True),
        _text("reporting_entity_id", "the reporting entity, as the FIU numbers it", required=True),
        _text("reporting_branch", "the reporting entity's branch"),
        _text("report_reference", "the reporting entity's own reference", required=True),
        _text("report_code", "the report type, as delivered (STR, CTR, ...)", required=True),
        _text("report_class", "suspicion, threshold, transfer, information or data", required=True),
        _text("submission_code", "E electronic, M manual"),
        _text("relation", "new, correct, replace, supplement, delete, duplicate or resend", required=True),
        _text("prior_reference", "the reference of the report that this one corrects or answers"),
        Column("reported_at", Type.TIME, "the reporting entity's own date of the report"),
        _text("currency_local", "ISO 4217 code of `amount_local`"),
        _text("reason", "the grounds of suspicion, as written"),
        _text("action", "what the reporting entity did, as written"),
        _text("territory", "ISO 3166-2 code of the reported location, or as written"),
        _EXTRA,
    ),
    key=("report_key",),
    rules=(
        _one_of("report_class", "suspicion", "threshold", "transfer", "information", "data"),
        _one_of("relation", "new", "correct", "replace", "supplement", "delete", "duplicate", "resend"),
    ),
    references=(_TO_SUBMISSION,),
)


def _side(side: str, words: str) -> tuple[Column, ...]:
    return (
        _text(f"{side}_node_key", f"the node {words}; null where the report names nobody"),
        _text(f"{side}_kind", f"account, person or entity: what stands {words}"),
        Column(f"{side}_is_client", Type.BOOL, f"is the side {words} a client of the reporting entity"),
        _text(f"{side}_funds_code", f"kind of funds {words}, as delivered"),
        _text(f"{side}_currency", f"ISO 4217 code of `{side}_amount`"),
        Column(f"{side}_amount", Type.MONEY, f"amount {words} in `{side}_currency`"),
        Column(f"{side}_rate", Type.MONEY, f"exchange rate {words}, as delivered"),
        _text(f"{side}_country", f"ISO 3166-1 code of the country {words}, as delivered"),
        _text(f"{side}_territory", f"ISO 3166-2 code of the territory {words}, or as written"),
        _text(f"{side}_institution", f"code of the institution {words}"),
    )


CHANNELS = ("cash", "transfer", "card", "cheque", "remittance", "wallet", "crypto", "other", "unknown")

TRANSACTIONS = Table(
    "transactions",
    "one movement of value in one report version",
    (
        _text("transaction_id", "report_key, a hyphen and the ordinal", required=True),
        _REPORT,
        Column("transaction_ordinal", Type.INT, "position of the transaction in its report, from 1", required=True),
        _RECEIVED,
        _SUBMISSION,
        _text("transaction_number", "the reporting entity's own number; may repeat"),
        _text("internal_reference", "the reporting entity's internal reference"),
        Column("occurred_at", Type.TIME, "when the value moved (UTC)", required=True),
        Column("utc_offset_minutes", Type.INT, "the offset that the source or the profile gave, in minutes"),
        Column("is_date_only", Type.BOOL, "the source gives a day and no time", required=True),
        Column("amount_local", Type.MONEY, "amount in the local currency of the FIU", required=True),
        _text("currency_local", "ISO 4217 code of `amount_local`"),
        Column("movement_count", Type.INT, "how many movements the row sums up (1 where it is one)", required=True),
        _text("channel", f"how value moved: {', '.join(CHANNELS)}", required=True),
        _text("channel_code", "how value moved, as delivered"),
        _text("transaction_type", "kind of transaction, as delivered"),
        _text("location", "where it was done, as written"),
        _text("description", "purpose, as written"),
        *_side("from", "on the paying side"),
        *_side("to", "on the receiving side"),
        _text("conductor_node_key", "the person who carried out the transaction for another"),
        _EXTRA,
    ),
    key=("transaction_id",),
    rules=(
        _one_of("channel", *CHANNELS),
        Rule("amount_negative", "the amount is zero or more", pl.col("amount_local") >= 0),
        Rule(
            "occurred_out_of_range",
            "the transaction is not dated before 1900 or after the day of receipt plus one day",
            pl.col("occurred_at").dt.date().is_between(pl.date(1900, 1, 1), pl.col("received_on").dt.offset_by("1d")),
        ),
        Rule("movement_count_below_one", "a row stands for at least one movement", pl.col("movement_count") >= 1),
    ),
    references=(_TO_REPORT, _TO_SUBMISSION),
)

ACCOUNTS = Table(
    "accounts",
    "one account as one report version describes it",
    (
        _REPORT,
        Column("ordinal", Type.INT, "position of the account in its report, from 1", required=True),
        _RECEIVED,
        _SUBMISSION,
        _text("node_key", "the account's identity in the network", required=True),
        Column("transaction_ordinal", Type.INT, "the transaction that names the account; null for the report itself"),
        _text("institution_name", "name of the institution"),
        _text("institution_code", "code of the institution"),
        _text("swift", "BIC of the institution"),
        _text("branch", "branch"),
        _text("account_number", "account number as delivered"),
        _text("iban", "IBAN as delivered"),
        _text("currency", "ISO 4217 code"),
        _text("account_name", "name of the account"),
        _text("client_number", "the institution's client number"),
        _text("account_type", "type of account, as delivered"),
        Column("opened_on", Type.DATE, "opened"),
        Column("closed_on", Type.DATE, "closed"),
        Column("balance", Type.MONEY, "balance in `currency`"),
        Column("balance_at", Type.TIME, "when the balance was read (UTC)"),
        _text("status_code", "status, as delivered"),
        _text("beneficiary", "beneficiary, as written"),
        Column("is_client", Type.BOOL, "is the account held at the reporting entity"),
        _text("country", "ISO 3166-1 code, as delivered"),
        _text("territory", "ISO 3166-2 code, or as written"),
        _EXTRA,
    ),
    key=("report_key", "ordinal"),
    references=(_TO_REPORT, _TO_SUBMISSION),
)

PARTIES = Table(
    "parties",
    "one person or entity as one report version describes it",
    (
        _REPORT,
        Column("ordinal", Type.INT, "position of the party in its report, from 1", required=True),
        _RECEIVED,
        _SUBMISSION,
        _text("node_key", "the party's identity in the network", required=True),
        _text("kind", "person or entity", required=True),
        _text("name", "full name or name of the entity, as written"),
        _text("first_name", "first name"),
        _text("last_name", "last name"),
        Column("birth_date", Type.DATE, "date of birth"),
        _text("gender", "gender, as delivered"),
        _text("national_id", "national identifier (ssn)"),
        _text("id_number", "number of an identity document"),
        _text("passport_number", "passport number"),
        _text("passport_country", "country of the passport"),
        _text("nationality", "first nationality (shown, never a term of a rule)"),
        _text("residence", "country of residence"),
        _text("tax_number", "tax number"),
        _text("phone", "first phone number"),
        _text("email", "first e-mail address"),
        _text("address", "first address, as written"),
        _text("city", "city of the first address"),
        _text("territory", "ISO 3166-2 code of the first address, or as written"),
        _text("country", "country of the first address"),
        _text("occupation", "occupation or business"),
        _text("legal_form", "legal form"),
        _text("incorporation_number", "registration number"),
        _text("incorporation_country", "country of registration"),
        Column("incorporated_on", Type.DATE, "date of registration"),
        Column("is_client", Type.BOOL, "is the party a client of the reporting entity"),
        _EXTRA,
    ),
    key=("report_key", "ordinal"),
    rules=(_one_of("kind", "person", "entity"),),
    references=(_TO_REPORT, _TO_SUBMISSION),
)

PARTS = (
    *("from", "to", "involved", "conductor", "signatory"),
    *("director", "holder", "related", "reporter", "subject"),
)

ROLES = Table(
    "roles",
    "one part that an account or a party plays in one report version",
    (
        _REPORT,
        Column("ordinal", Type.INT, "position of the role in its report, from 1", required=True),
        _RECEIVED,
        _SUBMISSION,
        Column("transaction_ordinal", Type.INT, "the transaction; null for a role in the report itself"),
        _text("subject_kind", "account or party", required=True),
        Column("subject_ordinal", Type.INT, "`ordinal` of the account or party", required=True),
        _text("of_kind", "account or party that the subject acts for (signatory, director)"),
        Column("of_ordinal", Type.INT, "`ordinal` of that account or party"),
        _text("role", ", ".join(PARTS), required=True),
        _text("role_code", "role, as delivered"),
        Column("is_suspected", Type.BOOL, "the reporting entity suspects this subject"),
        Column("significance", Type.INT, "0 to 10, as delivered"),
        _text("reason", "why the subject is named, as written"),
        _EXTRA,
    ),
    key=("report_key", "ordinal"),
    rules=(
        _one_of("subject_kind", "account", "party"),
        _one_of("role", *PARTS),
    ),
    references=(_TO_REPORT, _TO_SUBMISSION),
)

INDICATORS = Table(
    "indicators",
    "one indicator code on one report version",
    (_REPORT, _text("code", "indicator code, as delivered", required=True), _RECEIVED, _SUBMISSION),
    key=("report_key", "code"),
    references=(_TO_REPORT, _TO_SUBMISSION),
)

LABELS = Table(
    "labels",
    "what is known of one subject: laundering or not; truth for training and evaluation, never a feature",
    (
        _text("source", "who says so: the mapping's name, or outcomes", required=True),
        _text("subject_kind", "transaction, transaction_number or account", required=True),
        _text("subject_id", "transaction_id, transaction number or node_key", required=True),
        _RECEIVED,
        _SUBMISSION,
        Column("known_on", Type.DATE, "the day from which the label was known (UTC)", required=True),
        Column("is_laundering", Type.BOOL, "the label", required=True),
        _text("pattern", "the laundering attempt or scheme, where the source names it"),
    ),
    key=("source", "subject_kind", "subject_id"),
    rules=(_one_of("subject_kind", "transaction", "transaction_number", "account"),),
    references=(_TO_SUBMISSION,),
)

INTAKE_TABLES = (
    SUBMISSIONS,
    FINDINGS,
    QUARANTINE,
    REPORTS,
    TRANSACTIONS,
    ACCOUNTS,
    PARTIES,
    ROLES,
    INDICATORS,
    LABELS,
)

_NIGHT = Column("received_on", Type.DATE, "the night that computed the row (UTC)", required=True)

NODES = Table(
    "nodes",
    "one account, person or entity that the night's transactions name, as they describe it",
    (
        Column("node_id", Type.INT, "the first 60 bits of SHA-256 of `node_key`", required=True),
        _NIGHT,
        _text("node_key", "the identity that reports give", required=True),
        _text("kind", "account, person or entity", required=True),
        _text("name", "name to show"),
        _text("holder_kind", "person or entity: who holds the account, where the night's reports say so"),
        _text("institution", "code of the institution that holds the account"),
        _text("country", "ISO 3166-1 code"),
        _text("territory", "ISO 3166-2 code, or as written"),
    ),
    key=("node_id", "received_on"),
    rules=(_one_of("kind", "account", "person", "entity"),),
)

EDGES = Table(
    "edges",
    "one transaction between two known nodes",
    (
        Column("edge_id", Type.INT, "the first 60 bits of SHA-256 of `transaction_id`", required=True),
        _RECEIVED,
        _text("transaction_id", "the transaction", required=True),
        _REPORT,
        Column("src", Type.INT, "`node_id` of the payer", required=True),
        Column("dst", Type.INT, "`node_id` of the receiver", required=True),
        Column("occurred_at", Type.TIME, "when the value moved (UTC)", required=True),
        Column("occurred_s", Type.INT, "the same in seconds since 1970; end of the day for date-only", required=True),
        Column("is_date_only", Type.BOOL, "the source gives a day and no time", required=True),
        Column("amount_local", Type.MONEY, "amount in the local currency of the FIU", required=True),
        Column("amount_c", Type.INT, "the same in hundredths, 10^16 for more than that: for sums", required=True),
        _text("channel", "how value moved", required=True),
        Column("movement_count", Type.INT, "how many movements the edge sums up", required=True),
        Column("is_cross_currency", Type.BOOL, "the two sides name different currencies", required=True),
        _text("src_currency", "currency that the payer gave"),
        _text("dst_currency", "currency that the receiver got"),
        _text("src_country", "country of the payer"),
        _text("dst_country", "country of the receiver"),
        _text("src_territory", "territory of the payer"),
        _text("dst_territory", "territory of the receiver"),
    ),
    key=("edge_id",),
    references=(Reference(("transaction_id",), "transactions", ("transaction_id",)),),
)

HITS = Table(
    "hits",
    "one typology found on one subject on one night",
    (
        _text("hit_id", "hash of typology, version, subject and night", required=True),
        _NIGHT,
        _text("typology_id", "the typology", required=True),
        Column("typology_version", Type.INT, "its version", required=True),
        _text("family", "the typology family that alerts are grouped by", required=True),
        _text("theme", "the queue's theme", required=True),
        Column("node_id", Type.INT, "the subject", required=True),
        Column("window_from", Type.TIME, "first transaction of the evidence (UTC)", required=True),
        Column("window_to", Type.TIME, "last transaction of the evidence (UTC)", required=True),
        Column("value", Type.REAL, "the measured value", required=True),
        Column("threshold", Type.REAL, "the threshold that it passed", required=True),
        Column("strength", Type.REAL, "0 to 1", required=True),
        Column("amount_local", Type.MONEY, "sum of the evidence in local currency", required=True),
        Column("evidence", Type.TEXTS, "transaction_id of the evidence, at most 200", required=True),
        Column("evidence_count", Type.INT, "transactions that made the hit", required=True),
        _text("facts", "JSON object of the numbers that the sentence prints", required=True),
        _text("missing_data", "comma-separated names of data that the typology lacked", required=True),
    ),
    key=("hit_id",),
    rules=(Rule("strength_out_of_range", "strength lies in 0..1", pl.col("strength").is_between(0, 1)),),
)

TYPOLOGY_RUNS = Table(
    "typology_runs",
    "what became of one typology on one night",
    (
        _NIGHT,
        _text("typology_id", "the typology", required=True),
        Column("typology_version", Type.INT, "its version", required=True),
        _text(
            "status",
            "ran, data_missing (a table that it needs was never loaded), too_many_rows (left out: see stage_rows_max) "
            "or not_in_force",
            required=True,
        ),
        _text("missing_data", "comma-separated names of side tables that nobody had loaded by then", required=True),
        Column("hit_count", Type.INT, "hits", required=True),
    ),
    key=("received_on", "typology_id"),
    rules=(_one_of("status", "ran", "data_missing", "too_many_rows", "not_in_force"),),
)

SCORES = Table(
    "scores",
    "one risk of one subject on one night",
    (
        _NIGHT,
        _text(
            "level",
            "transaction (learnt of that night), account, or window (earlier; a high account rests on it)",
            required=True,
        ),
        _text("subject_id", "transaction_id, or node_id as text", required=True),
        Column("risk", Type.REAL, "0 to 1; a probability where `is_calibrated`", required=True),
        Column("is_calibrated", Type.BOOL, "false on a cold start: an order, not a probability", required=True),
        Column("anomaly", Type.REAL, "isolation-forest percentile among the level's rows, 0 to 1", required=True),
        _text("model_id", "the model, or cold-start", required=True),
        _text("inputs_digest", "hash of everything that the score was computed from", required=True),
        _text("explanation", "JSON list of {feature, value, usual, contribution}, largest first"),
    ),
    key=("received_on", "level", "subject_id"),
    rules=(
        _one_of("level", "transaction", "account", "window"),
        Rule("risk_out_of_range", "risk lies in 0..1", pl.col("risk").is_between(0, 1)),
    ),
)

ALERTS = Table(
    "alerts",
    "one subject x typology family x window that a night puts before an analyst",
    (
        _text("alert_id", "hash of subject, family and window; the same on every night of the window", required=True),
        _NIGHT,
        Column("rank", Type.INT, "position in the night's queue, from 1", required=True),
        _text("component_id", "alerts that share subjects or evidence share this", required=True),
        Column("is_lead", Type.BOOL, "the first alert of its component; the others fold under it", required=True),
        Column("linked_count", Type.INT, "other alerts of the component", required=True),
        Column("node_id", Type.INT, "the subject", required=True),
        _text("subject_name", "name or account to show", required=True),
        _text("family", "typology family", required=True),
        _text("theme", "theme of the queue", required=True),
        _text("territory", "home territory; ZZ where unknown", required=True),
        _text("corridor", "largest ordered pair of countries in the evidence, as AA>BB"),
        Column("window_from", Type.TIME, "first transaction of the evidence (UTC)", required=True),
        Column("window_to", Type.TIME, "last transaction of the evidence (UTC)", required=True),
        Column("risk", Type.REAL, "0 to 1", required=True),
        Column("is_calibrated", Type.BOOL, "is `risk` a probability", required=True),
        Column("harm", Type.REAL, "0 to 1: theme, amount, reach", required=True),
        Column("minutes", Type.REAL, "expected minutes of work", required=True),
        Column("value_per_minute", Type.REAL, "what the order is made by", required=True),
        Column("amount_local", Type.MONEY, "sum of the evidence in local currency", required=True),
        _text(
            "reasons",
            "JSON list of {source, code, en, ru, weight, evidence, about, rows, among, since, until}, strongest first, "
            "1 to 5",
            required=True,
        ),
        Column("evidence", Type.TEXTS, "transaction_id of the evidence, at most 200", required=True),
        _text("missing_data", "comma-separated names of data that was lacking", required=True),
        _text("model_id", "the model, or cold-start", required=True),
        _text("inputs_digest", "hash of everything that the alert was computed from", required=True),
    ),
    key=("alert_id", "received_on"),
    rules=(
        Rule("reason_missing", "an alert has a reason", pl.col("reasons").str.len_chars() > 2),
        Rule("evidence_missing", "an alert has evidence", pl.col("evidence").list.len() > 0),
    ),
)

OUTCOMES = Table(
    "outcomes",
    "what became of one alert",
    (
        _text("alert_id", "the alert", required=True),
        Column("received_on", Type.DATE, "the day of the decision (UTC)", required=True),
        Column("ordinal", Type.INT, "position among the alert's decisions, from 1", required=True),
        _text("code", "disposition D1 to D10 (docs/words.md)", required=True),
        Column("node_id", Type.INT, "the subject", required=True),
        Column("evidence", Type.TEXTS, "transaction_id of the evidence that the decision rests on", required=True),
        _text("reason", "coded reason"),
    ),
    key=("alert_id", "ordinal"),
    rules=(_one_of("code", *(f"D{number}" for number in range(1, 11))),),
)

RUNS = Table(
    "runs",
    "one step of one night that is complete",
    (
        _NIGHT,
        _text("step", "the table that the step makes", required=True),
        _text("inputs_digest", "hash of the step's inputs and code", required=True),
        Column("row_count", Type.INT, "rows that the step wrote", required=True),
    ),
    key=("received_on", "step"),
)
