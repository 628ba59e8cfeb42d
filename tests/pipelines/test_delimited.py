"""The delimited reader on small files written here: exact money, dates, accounting of every row and value."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import identity, tables
from pipelines.formats import delimited
from pipelines.formats.mappings import Mapping, Moment, load_mapping
from pipelines.formats.reader import BadFile, Source, digest_key
from tests.pipelines.collecting_delimited import Collecting

DELIVERED = date(2026, 3, 1)
AMLWORLD = (
    "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,Payment Currency,"
    "Payment Format,Is Laundering\n"
)
REMITTANCE = load_mapping("eag-remittance").columns


def read(path: Path, content: bytes | str, mapping: str | Mapping) -> Collecting:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    staging = Collecting()
    chosen = load_mapping(mapping) if isinstance(mapping, str) else mapping
    delimited.read(Source(path, "s" * 64, path.name, DELIVERED), staging, chosen)
    assert staging.balances()
    return staging


def table_text(header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


# --- money and dates ---


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**24), max_value=10**24), st.booleans())
def test_money_is_exact_for_plain_and_exponent_text(value: Decimal, exponent: bool) -> None:
    text = f"{value:E}" if exponent else f"{value:f}"
    with localcontext() as context:
        context.prec = 2_000
        expected = value.quantize(Decimal("1e-13"), rounding=ROUND_HALF_EVEN)
    found = delimited.money(pl.Series([text, None]))
    assert found.values.to_list() == [expected, None]
    assert not found.is_unreadable.any()
    assert found.rounded == (expected != value)


@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1e20, allow_nan=False))
def test_money_of_a_double_is_its_shortest_text(value: float) -> None:
    text = pl.Series([value]).cast(pl.String)
    with localcontext() as context:
        context.prec = 400
        expected = Decimal(repr(value)).quantize(Decimal("1e-13"), rounding=ROUND_HALF_EVEN)
    assert delimited.money(text).values.to_list() == [expected]


@pytest.mark.parametrize("text", ["abc", "1,5", "1_000", "NaN", "inf", "--1", "1e9999", "1e30", "٣", "1 2", "0x10"])
def test_money_refuses_what_is_no_number(text: str) -> None:
    found = delimited.money(pl.Series([text, "1"]))
    assert found.is_unreadable.to_list() == [True, False]


def test_money_with_other_separators() -> None:
    assert delimited.money(pl.Series(["1 234 567,89"]), ",", " ").values.to_list() == [Decimal("1234567.89")]


@settings(deadline=None)
@given(
    st.decimals(min_value=0, max_value=10**17, places=9, allow_nan=False),
    st.decimals(min_value=Decimal("0.0000001"), max_value=99999, places=7, allow_nan=False),
)
def test_conversion_rounds_the_exact_product_once(amount: Decimal, rate: Decimal) -> None:
    amounts = pl.Series([amount, None, amount], dtype=tables.Type.MONEY.polars)
    found = delimited.convert(amounts, pl.Series(["EUR", "EUR", "GBP"]), {"EUR": rate})
    with localcontext() as context:
        context.prec = 80
        expected = (amount * rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    assert found.to_list() == [expected, None, None]


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.times(), st.integers(-14 * 60, 14 * 60))
def test_iso_times_keep_their_offset(day: date, time: time, offset: int) -> None:
    local = datetime.combine(day, time, UTC)
    sign, hours, minutes = "-" if offset < 0 else "+", *divmod(abs(offset), 60)
    text = f"{day}T{time.isoformat(timespec='microseconds')}{sign}{hours:02}:{minutes:02}"
    found = delimited.moments(pl.Series([text]), Moment("t"))
    expected = local - timedelta(minutes=offset)
    assert found["at"].to_list() == [expected]
    assert found["offset"].to_list() == [offset]


@settings(deadline=None)
@given(st.dates(min_value=date(1901, 1, 1), max_value=date(2100, 1, 1)))
def test_english_month_text(day: date) -> None:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    text = f"{months[day.month - 1]} {day.day}, {day.year}"
    found = delimited.moments(pl.Series([text, None, "Foo 1, 2015"]), Moment("t", ("%b %d, %Y",)))
    assert found["day"].to_list() == [day, None, None]
    assert found["is_date_only"].to_list()[0] is True


@pytest.mark.parametrize(
    ("text", "expected", "offset", "date_only"),
    [
        ("2022/09/01 00:06", datetime(2022, 9, 1, 0, 6, tzinfo=UTC), 0, False),
        ("2020-01-01T00:00:00Z", datetime(2020, 1, 1, tzinfo=UTC), 0, False),
        ("2020-01-01 10:00:00", datetime(2020, 1, 1, 10, tzinfo=UTC), 0, False),
        ("2020-01-01T10:00+0500", datetime(2020, 1, 1, 5, tzinfo=UTC), 300, False),
        ("2020-01-01T10:00:00.5-03", datetime(2020, 1, 1, 13, 0, 0, 500_000, tzinfo=UTC), -180, False),
        ("2020-01-01", datetime(2020, 1, 1, tzinfo=UTC), 0, True),
        ("2020-02-30", None, None, False),
    ],
)
def test_dates_in_every_format(text: str, expected: datetime | None, offset: int | None, date_only: bool) -> None:
    found = delimited.moments(pl.Series([text]), Moment("t", ("%Y/%m/%d %H:%M", "iso")))
    assert found.select("at", "offset", "is_date_only").row(0) == (expected, offset, date_only)


def test_a_local_date_keeps_its_day_and_its_offset() -> None:
    found = delimited.moments(pl.Series(["2026-03-05"]), Moment("t", lag_days=2), "Asia/Tashkent")
    expected = (datetime(2026, 3, 4, 19, tzinfo=UTC), 300, True, date(2026, 3, 7))
    assert found.select("at", "offset", "is_date_only", "day").row(0) == expected


def test_a_local_time_that_the_clocks_skip_is_unreadable() -> None:
    found = delimited.moments(pl.Series(["2026-03-29T02:30:00"]), Moment("t"), "Europe/Berlin")
    assert found["at"].to_list() == [None]


def test_steps_count_from_their_base() -> None:
    moment = Moment("t", unit="days", base=date(2023, 1, 1))
    found = delimited.moments(pl.Series(["0", "364", "x", None, "99999999999999999"]), moment)
    assert found["day"].to_list() == [date(2023, 1, 1), date(2023, 12, 31), None, None, None]


# --- transactions ---


def test_an_amlworld_row_becomes_a_transaction_and_a_label(file: Path) -> None:
    row = "2022/09/01 00:06,021174,800737690,012,80011F990,2848.96,Euro,2848.96,Euro,ACH,1\n"
    staging = read(file, AMLWORLD + row, "amlworld")
    found = staging.table(tables.TRANSACTIONS).row(0, named=True)
    key = digest_key("ZZ", "amlworld", "amlworld-2022-09-01", "s" * 64, 1)
    assert found["transaction_id"] == f"{key}-1"
    assert found["occurred_at"] == datetime(2022, 9, 1, 0, 6, tzinfo=UTC)
    assert found["received_on"] == date(2022, 9, 1)
    assert (found["from_node_key"], found["to_node_key"]) == ("acc:21174:800737690", "acc:12:80011F990")
    assert (found["from_amount"], found["from_currency"]) == (Decimal("2848.96"), "EUR")
    assert found["amount_local"] == Decimal("3338.41")  # 2848.96 * 1.1718 = 3338.411328
    assert (found["channel"], found["channel_code"], found["extra"]) == ("transfer", "ACH", None)
    label = staging.table(tables.LABELS).row(0, named=True)
    assert (label["subject_id"], label["is_laundering"]) == (f"{key}-1", True)
    assert staging.counts == {
        "source_rows": 1, "leaves": 11, "typed": 11, "extra": 0, "placeholder": 0, "dropped": 0
    }  # fmt: skip
    report = staging.table(tables.REPORTS).row(0, named=True)
    assert (report["report_key"], report["report_reference"]) == (key, "amlworld-2022-09-01")


def test_ordinals_count_within_a_report_across_batches(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BATCH_ROWS", 2)
    row = "2022/09/0{} 00:06,1,A,2,B,1,Euro,1,Euro,ACH,0\n"
    staging = read(file, AMLWORLD + "".join(row.format(day) for day in (1, 2, 1, 1, 2)), "amlworld")
    found = staging.table(tables.TRANSACTIONS)
    assert found["transaction_ordinal"].to_list() == [1, 1, 2, 3, 2]
    assert found["transaction_id"].n_unique() == 5
    assert staging.table(tables.REPORTS)["report_ordinal"].to_list() == [1, 2]


def test_bad_rows_are_quarantined_with_line_and_payload_and_nothing_is_lost(file: Path) -> None:
    good = "2022/09/01 00:06,1,A,2,B,1,Euro,1,Euro,ACH,0\n"
    rows = [
        good,
        "\n",
        "too,few\n",
        good.replace("2022/09/01 00:06", "yesterday"),
        good.replace("2022/09/01 00:06", ""),
        good.replace(",1,Euro,ACH", ",abc,Euro,ACH"),
        good.replace(",1,Euro,ACH", ",-1,Euro,ACH"),
        good.replace(",1,Euro,ACH", ",,Euro,ACH"),
        good.replace(",1,Euro,ACH", ",1,Groat,ACH"),
        good.replace(",A,", ',"multi\nline",'),
        good.replace("2022/09/01 00:06", '"20"22'),
        good,
    ]
    staging = read(file, AMLWORLD + "".join(rows), "amlworld")
    assert {(rule, place) for _, rule, place, _ in staging.rejected} == {
        ("field_count", "line 4"),
        ("occurred_at_unreadable", "line 5"),
        ("occurred_at_missing", "line 6"),
        ("amount_unreadable", "line 7"),
        ("amount_negative", "line 8"),
        ("amount_local_missing", "line 9"),
        ("rate_missing", "line 10"),
        ("quotes_misplaced", "line 13"),
    }
    assert len(staging.table(tables.TRANSACTIONS)) == len(staging.table(tables.LABELS)) == 3
    assert staging.counts["source_rows"] == 11 == 3 + len(staging.rejected)
    payloads = {rule: json.loads(payload) for _, rule, _, payload in staging.rejected}
    assert payloads["occurred_at_unreadable"]["Timestamp"] == "yesterday"
    assert payloads["amount_negative"]["Amount Paid"] == "-1"
    assert payloads["field_count"] == {"fields": ["too", "few"]}
    assert not any("yesterday" in message or "Groat" in message for *_, message in staging.findings)


def test_labels_that_say_neither_are_left_out_and_told(file: Path) -> None:
    row = "2022/09/01 00:06,1,A,2,B,1,Euro,1,Euro,ACH,{}\n"
    staging = read(file, AMLWORLD + row.format("maybe") + row.format("") + row.format("0"), "amlworld")
    assert len(staging.table(tables.TRANSACTIONS)) == 3
    assert staging.table(tables.LABELS)["is_laundering"].to_list() == [False]
    assert staging.codes() == {"label_unreadable"}
    assert staging.counts["dropped"] == 1


def test_placeholders_never_become_accounts_and_truth_never_becomes_a_value(file: Path) -> None:
    mapping = load_mapping("amlgentex")
    row = ["3", "TRANSFER", "4e-9", "-2", "7", "source", "bank_a", "5", "0", "", "1.5", "", "", "", "", "1", "12", "3"]
    staging = read(file, table_text(mapping.columns, [row]), mapping)
    found = staging.table(tables.TRANSACTIONS).row(0, named=True)
    assert (found["from_node_key"], found["from_kind"], found["from_institution"]) == (None, None, "source")
    assert (found["to_node_key"], found["to_kind"]) == ("acc:bank a:7", "account")
    assert found["amount_local"] == Decimal("4e-9")
    assert found["occurred_at"] == datetime(2023, 1, 4, tzinfo=UTC)
    assert json.loads(found["extra"]) == {"daysInBankOrig": "5", "phoneChangesOrig": "0", "newbalanceOrig": "1.5"}
    assert staging.table(tables.LABELS).row(0, named=True)["pattern"] == "cycle-12"
    assert staging.counts["placeholder"] == 1


def test_parquet_and_csv_of_the_same_rows_agree(tmp_path: Path) -> None:
    mapping = load_mapping("amlgentex")
    values: dict[str, list[object]] = {column: [1, 2, 3] for column in mapping.columns}
    values |= {"type": ["CASH", "TRANSFER", 'x"y'], "amount": [0.1, 4.387771640320977e-09, 1e6 / 3], "isSAR": [0, 1, 0]}
    frame = pl.DataFrame(values, strict=False).with_columns(pl.col("type").cast(pl.Categorical))
    frame.write_parquet(tmp_path / "a.parquet")
    frame.with_columns(pl.all().cast(pl.String)).write_csv(tmp_path / "a.csv")
    one = read(tmp_path / "a", (tmp_path / "a.parquet").read_bytes(), mapping)
    two = read(tmp_path / "a", (tmp_path / "a.csv").read_bytes(), mapping)
    assert one.table(tables.TRANSACTIONS).equals(two.table(tables.TRANSACTIONS))
    assert one.table(tables.LABELS).equals(two.table(tables.LABELS))
    assert one.counts == two.counts
    assert one.table(tables.TRANSACTIONS)["amount_local"].to_list() == [
        Decimal("0.1"), Decimal("4.3878E-9"), Decimal("333333.3333333333")
    ]  # fmt: skip
    assert "amount_rounded" in one.codes()


def test_a_bad_row_of_parquet_is_named_by_its_number(tmp_path: Path) -> None:
    mapping = load_mapping("amlgentex")
    frame = pl.DataFrame({column: [1, 1] for column in mapping.columns}).with_columns(amount=pl.Series([1.0, None]))
    frame.write_parquet(tmp_path / "a.parquet")
    staging = read(tmp_path / "b", (tmp_path / "a.parquet").read_bytes(), mapping)
    assert [(rule, place) for _, rule, place, _ in staging.rejected] == [("amount_local_missing", "row 2")]


def test_fincen_reports_are_known_on_their_last_day_and_banks_are_parties(file: Path) -> None:
    mapping = load_mapping("fincen-files")
    names = {
        "icij_sar_id": "3297",
        "filer_org_name_id": "filer",
        "filer_org_name": "Filer",
        "begin_date": "Mar 1, 2015",
    }
    sides = {"originator_bank_id": "a-bank", "originator_bank": "A Bank", "originator_iso": "KAZ"}
    sides |= {"beneficiary_bank_id": "b-bank", "beneficiary_bank": "B Bank", "beneficiary_iso": "CHN"}

    def row(number: str, end: str, count: str, amount: str, **changes: str) -> list[str]:
        values = {**names, **sides, "id": number, "end_date": end, "number_transactions": count}
        return [{**values, "amount_transactions": amount, **changes}.get(column, "") for column in mapping.columns]

    rows = [
        row("1", "Mar 25, 2015", "68", "5.689852347E7"),
        row("2", "Sep 5, 2015", "", "5000"),
        row("3", "", "1", "7"),
        row("4", "May 1, 2015", "2", "9", originator_iso="XKX"),
    ]
    staging = read(file, table_text(mapping.columns, rows), mapping)
    found = staging.table(tables.TRANSACTIONS)
    assert found["received_on"].unique().to_list() == [date(2015, 9, 5)]
    assert found["amount_local"].to_list() == [Decimal("56898523.47"), Decimal(5000), Decimal(9)]
    assert found["movement_count"].to_list() == [68, 1, 2]
    assert found["is_date_only"].all()
    assert found["from_node_key"].to_list() == ["ent:reg:KZ:ABANK", "ent:reg:KZ:ABANK", "ent:reg:XKX:ABANK"]
    assert found["from_country"].to_list() == ["KZ", "KZ", "XKX"]
    assert json.loads(found["extra"][1])["number_transactions"] is None
    assert "number_transactions" not in json.loads(found["extra"][0])
    parties = staging.table(tables.PARTIES)
    assert parties.select("ordinal", "name", "country").rows() == [
        (1, "A Bank", "KZ"), (2, "A Bank", "XKX"), (3, "B Bank", "CN")
    ]  # fmt: skip
    assert staging.rules() == ["occurred_at_missing"]
    assert staging.codes() == {"occurred_at_missing", "movement_count_missing", "from_country_unknown"}
    report = staging.table(tables.REPORTS).row(0, named=True)
    assert (report["report_reference"], report["report_class"]) == ("3297", "suspicion")


def test_fincen_connections_become_parties_and_one_role_a_row(file: Path) -> None:
    mapping = load_mapping("fincen-connections")
    row = ["7", "filer", "Filer", "a-bank", "A Bank", "Kazakhstan", "KAZ"]
    staging = read(file, table_text(mapping.columns, [row, row, ["7", "filer", "Filer", "", "", "", ""]]), mapping)
    assert len(staging.table(tables.ROLES)) == 2
    assert staging.table(tables.PARTIES)["name"].to_list() == ["Filer", "A Bank"]
    assert staging.rules() == ["entity_missing"]
    assert staging.counts["source_rows"] == 3


def _remittance(**changes: str) -> list[str]:
    row = {"operator_id": "OP1", "transfer_number": "T-1", "sent_at": "2026-02-03T10:00:00+03:00", "amount": "1500.50"}
    row |= {"currency": "RUB", "sender_name": "Иван Петров", "sender_doc": "40 08 123456", "sender_birth": "1980-05-06"}
    row |= {
        "sender_country": "RU",
        "sender_region": "RU-MOW",
        "receiver_name": "Aziz Karimov",
        "receiver_country": "UZ",
    }
    row |= {"receiver_doc": "AA1234567", "receiver_birth": "07.08.1990", "receiver_region": "UZ-TK"}
    return [{**row, **changes}[column] for column in REMITTANCE]


def test_a_remittance_names_two_persons(file: Path) -> None:
    staging = read(
        file, table_text(REMITTANCE, [_remittance(), _remittance(transfer_number="T-2")], ";"), "eag-remittance"
    )
    found = staging.table(tables.TRANSACTIONS).row(0, named=True)
    assert found["from_node_key"] == "per:id:RU:4008123456"
    assert found["to_node_key"] == "per:id:UZ:AA1234567"
    assert (found["from_kind"], found["channel"], found["transaction_number"]) == ("person", "remittance", "T-1")
    assert (found["from_territory"], found["to_country"]) == ("RU-MOW", "UZ")
    assert found["occurred_at"] == datetime(2026, 2, 3, 7, tzinfo=UTC)
    assert (found["utc_offset_minutes"], found["received_on"]) == (180, DELIVERED)
    parties = staging.table(tables.PARTIES)
    assert parties["name"].to_list() == ["Иван Петров", "Aziz Karimov"]
    assert parties["birth_date"].to_list() == [date(1980, 5, 6), date(1990, 8, 7)]


def test_a_person_without_document_is_known_by_name_and_birth_or_only_in_the_report(file: Path) -> None:
    rows = [
        _remittance(sender_doc=""),
        _remittance(sender_doc="", sender_birth="sometime"),
        _remittance(sender_doc="", sender_birth="", sender_name=""),
    ]
    staging = read(file, table_text(REMITTANCE, rows, ";"), "eag-remittance")
    keys = staging.table(tables.TRANSACTIONS)["from_node_key"].to_list()
    assert keys[0] == "per:name:иван петров|1980-05-06"
    assert keys[1] == f"per:report:{staging.table(tables.REPORTS)['report_key'][0]}:2-from"
    assert staging.codes() == {"birth_date_unreadable"}
    extra = staging.table(tables.PARTIES).filter(pl.col("node_key") == keys[1])["extra"][0]
    assert json.loads(extra) == {"sender_birth": "sometime"}
    assert staging.counts["extra"] == 1


def test_a_remittance_in_another_currency_is_not_summed_up_as_roubles(file: Path) -> None:
    staging = read(file, table_text(REMITTANCE, [_remittance(currency="USD")], ";"), "eag-remittance")
    assert staging.rules() == ["rate_missing"]
    assert staging.table(tables.REPORTS).is_empty()
    assert staging.counts["dropped"] == staging.counts["leaves"] == 15


# --- labels ---


def test_account_labels_have_the_keys_of_the_transactions(file: Path) -> None:
    mapping = load_mapping("amlgentex-accounts")
    rows = [
        ["0", "C_0", "40649.62", "3", "57", "city_4", "true", "bank_a"],
        ["0", "C_0", "40649.62", "3", "57", "city_4", "false", "bank_a"],
        ["1", "C_1", "1", "3", "57", "", "perhaps", "bank_a"],
        ["2", "C_2", "1", "3", "57", "", "false", ""],
    ]
    staging = read(file, table_text(mapping.columns, rows), mapping)
    label = staging.table(tables.LABELS).row(0, named=True)
    assert (label["subject_kind"], label["subject_id"], label["is_laundering"]) == ("account", "acc:bank a:0", True)
    assert label["received_on"] == label["known_on"] == date(2024, 1, 1)
    account = staging.table(tables.ACCOUNTS).row(0, named=True)
    assert json.loads(account["extra"])["CITY"] == "city_4"
    assert "IS_SAR" not in account["extra"]
    assert staging.rules() == ["label_repeated", "label_unreadable", "institution_missing"]
    assert staging.counts["source_rows"] == 4


def test_the_step_of_the_fraud_dates_the_label(file: Path) -> None:
    mapping = load_mapping("amlsim-nodes")
    staging = read(file, table_text(mapping.columns, [["0", "1", "1.5", "10"], ["1", "1", "1.5", "-1"]]), mapping)
    assert staging.table(tables.LABELS)["known_on"].to_list() == [date(2020, 1, 11), date(2020, 5, 30)]
    assert staging.counts["placeholder"] == 1


def test_outcomes_are_labels_of_transaction_numbers(file: Path) -> None:
    mapping = load_mapping("eag-outcomes")
    rows = [["T-1", "1", "fan_in", "2026-02-20"], ["T-2", "0", "", ""], ["T-3", "1", "", "soon"], ["", "1", "", ""]]
    staging = read(file, table_text(mapping.columns, rows, ";"), mapping)
    assert staging.table(tables.LABELS).select(
        "source", "subject_kind", "subject_id", "known_on", "pattern"
    ).rows() == [
        ("outcomes", "transaction_number", "T-1", date(2026, 2, 20), "fan_in"),
        ("outcomes", "transaction_number", "T-2", DELIVERED, None),
    ]
    assert staging.rules() == ["known_on_unreadable", "subject_missing"]


# --- whole files ---


@pytest.mark.parametrize(
    ("content", "mapping", "code", "place"),
    [
        (b"", "amlworld", "file_empty", None),
        (b"\xef\xbb\xbf\n \n", "amlworld", "file_empty", None),
        (b"a,b\n1,2\n", "amlworld", "column_missing", "line 1"),
        (AMLWORLD.encode() + b"2022/09/01 00:06,1,\xff,2,B,1,Euro,1,Euro,ACH,0\n", "amlworld", "encoding", "line 2"),
        (AMLWORLD.encode() + b'2022/09/01 00:06,1,"open,2\n1,2\n', "amlworld", "csv_malformed", "line 2"),
        (b"PAR1 but not really", "amlgentex", "not_parquet", None),
        (b"PAR1 but not really", "amlworld", "not_delimited", None),
    ],
)
def test_a_file_that_cannot_be_used(content: bytes, mapping: str, code: str, place: str | None, file: Path) -> None:
    with pytest.raises(BadFile) as raised:
        read(file, content, mapping)
    assert (raised.value.code, raised.value.place) == (code, place)


def test_missing_columns_are_named(file: Path) -> None:
    with pytest.raises(BadFile, match="amlworld needs Is Laundering; it expects the columns Timestamp, From Bank"):
        read(file, AMLWORLD.replace(",Is Laundering", ""), "amlworld")


def test_a_header_without_rows_is_a_warning(file: Path) -> None:
    staging = read(file, "\ufeff" + AMLWORLD, "amlworld")
    assert staging.codes() == {"no_rows"}
    assert not staging.frames["reports"]


def test_columns_that_the_mapping_does_not_list_go_to_extra(file: Path) -> None:
    text = AMLWORLD.replace("Laundering\n", "Laundering,Branch\n")
    staging = read(file, text + "2022/09/01 00:06,1,A,2,B,1,Euro,1,Euro,ACH,0, Main \n", "amlworld")
    assert json.loads(staging.table(tables.TRANSACTIONS)["extra"][0]) == {"Branch": " Main "}
    assert staging.codes() == {"column_unexpected"}


# Python takes the four separators of ASCII for white space, Unicode and so the reader don't.
_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1c\x1d\x1e\x1f"), max_size=6)
_PLAUSIBLE = ("2022/09/01 00:06", "1", "A", "", "1e400", "-0.0", "Euro", "US Dollar", "0", "9" * 30, "ACH", " ")
_ROWS = st.lists(
    st.lists(_CELL, min_size=1, max_size=12)
    | st.lists(st.sampled_from(_PLAUSIBLE) | _CELL, min_size=11, max_size=11)
    | st.tuples(
        st.just("2022/09/01 00:06"), *[_CELL] * 4, st.sampled_from(("1", "", "7e-14")), st.just("Euro"),
        st.sampled_from(("1", "3e2", "1e30")), st.sampled_from(("Euro", "")), _CELL, st.sampled_from(("0", "1", "?")),
    ).map(list),
    max_size=20,
)  # fmt: skip


@settings(deadline=None)
@given(_ROWS)
def test_no_text_stops_the_reader_or_is_lost(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Whatever stands in the cells: every row is kept or quarantined, and every value has a place."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([next(csv.reader([AMLWORLD])), *rows])
    staging = read(tmp_path_factory.mktemp("any") / "file.csv", text.getvalue(), "amlworld")
    kept = len(staging.table(tables.TRANSACTIONS))
    assert staging.counts["source_rows"] == kept + len(staging.rejected) == len(rows)
    assert staging.counts["leaves"] == sum(1 for row in rows for value in row if value.strip())


@settings(deadline=None)
@given(st.lists(st.tuples(*[_CELL] * 14), max_size=10))
def test_no_person_stops_the_reader_or_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    """Whatever stands in the cells about persons: every value has a place and the keys keep the contract."""
    text = io.StringIO()
    sent = [[row[0], row[1], "2026-02-03", *row[2:12], "1.5", "RUB"] for row in rows]
    csv.writer(text, quoting=csv.QUOTE_ALL, delimiter=";").writerows([REMITTANCE, *sent])
    staging = read(tmp_path_factory.mktemp("any") / "file.csv", text.getvalue(), "eag-remittance")
    found = staging.table(tables.TRANSACTIONS)
    assert staging.counts["source_rows"] == len(found) + len(staging.rejected) == len(rows)
    named = {*found["from_node_key"].drop_nulls(), *found["to_node_key"].drop_nulls()}
    assert named == set(staging.table(tables.PARTIES)["node_key"])


def test_parquet_types_are_read_by_their_text(tmp_path: Path) -> None:
    mapping = load_mapping("amlworld")
    row: dict[str, object] = dict.fromkeys(mapping.columns, "1")
    row |= {"Timestamp": datetime(2022, 9, 1, 0, 6, tzinfo=UTC), "Amount Paid": Decimal("1.50"), "Is Laundering": True}
    row |= {"Payment Currency": "Euro", "Amount Received": 2.5, "more": [1, 2], "day": date(2022, 9, 1), "none": None}
    pl.DataFrame([row]).write_parquet(tmp_path / "a.parquet")
    text = replace(mapping, formats=("parquet",), label=replace(mapping.label, positive=("true",)))
    staging = read(tmp_path / "b", (tmp_path / "a.parquet").read_bytes(), text)
    found = staging.table(tables.TRANSACTIONS).row(0, named=True)
    assert found["occurred_at"] == datetime(2022, 9, 1, 0, 6, tzinfo=UTC)
    assert (found["from_amount"], found["to_amount"]) == (Decimal("1.5"), Decimal("2.5"))
    assert json.loads(found["extra"]) == {"more": "[1, 2]", "day": "2022-09-01"}
    assert staging.table(tables.LABELS)["is_laundering"].to_list() == [True]


def test_a_parquet_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    mapping = load_mapping("amlgentex")
    pl.DataFrame({column: range(100) for column in mapping.columns}).write_parquet(tmp_path / "a.parquet")
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[4:200] = bytes(196)
    with pytest.raises(BadFile) as raised:
        read(tmp_path / "b", bytes(content), mapping)
    assert raised.value.code == "parquet_broken"


def test_accounts_are_emitted_once_per_report_where_the_mapping_asks(file: Path) -> None:
    mapping = replace(load_mapping("amlworld"), emits_accounts=True)
    row = "2022/09/01 00:06,1,A,2,B,1,Euro,1,Euro,ACH,0\n"
    staging = read(file, AMLWORLD + row + row + row.replace("09/01", "09/02"), mapping)
    found = staging.table(tables.ACCOUNTS)
    assert found.select("ordinal", "transaction_ordinal", "account_number").rows() == [
        (1, 1, "A"),
        (1, 1, "A"),
        (2, 1, "B"),
        (2, 1, "B"),
    ]


def test_a_short_number_without_institution_is_kept_apart_for_each_report(file: Path) -> None:
    rows = ["2022/09/01 00:06,,A-1,,GB33BUKB20201555555555,1,Euro,1,Euro,ACH,0\n"]
    staging = read(file, AMLWORLD + rows[0], "amlworld")
    found = staging.table(tables.TRANSACTIONS).row(0, named=True)
    assert found["from_node_key"] == f"acc:report:{found['report_key']}:A1"
    assert found["to_node_key"] == "iban:GB33BUKB20201555555555"


@pytest.mark.parametrize("institution", ["Bank_A", "  ", "Bänk-7"])
@pytest.mark.parametrize("number", ["12-34 5a", "GB33 BUKB 2020 1555 5555 55", "0012345678901"])
def test_account_keys_are_those_of_identity(institution: str, number: str, file: Path) -> None:
    row = ["2022/09/01 00:06", institution, number, "2", "B", "1", "Euro", "1", "Euro", "ACH", "0"]
    staging = read(file, table_text(next(csv.reader([AMLWORLD])), [row]), "amlworld")
    found = staging.table(tables.TRANSACTIONS).row(0, named=True)
    expected = identity.account_key(
        number, None, identity.institution_key(institution.strip(), None, None), found["report_key"], 1
    )
    assert found["from_node_key"] == expected


def test_a_file_of_which_no_row_keeps_the_contract_brings_no_report(file: Path) -> None:
    row = "2022/09/01 00:06,1,A,2,B,1,Euro,-1,Euro,ACH,0\n"
    for content in (row, row * 2, "a,b\n"):
        staging = read(file, AMLWORLD + content, replace(load_mapping("amlworld"), emits_accounts=True))
        assert len(staging.rejected) == staging.counts["source_rows"] == content.count("\n")
        assert not any(len(frame) for frames in staging.frames.values() for frame in frames)
    staging = read(file, table_text(REMITTANCE, [_remittance(amount="-1")], ";"), "eag-remittance")
    assert staging.rules() == ["amount_negative"]
    assert staging.table(tables.PARTIES).is_empty()


def test_a_row_dated_after_its_delivery_is_quarantined(file: Path) -> None:
    staging = read(file, AMLWORLD + "2099/09/01 00:06,1,A,2,B,1,Euro,1,Euro,ACH,0\n", "amlworld")
    assert staging.rules() == ["occurred_out_of_range"]
