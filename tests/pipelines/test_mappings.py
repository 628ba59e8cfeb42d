"""The mappings that are shipped, the loader's messages, and finding the mapping of a file."""

import csv
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.formats.countries import ALPHA2, ALPHA2_OF_ALPHA3
from pipelines.formats.mappings import MappingError, load_mapping, mapping_names, match

SMALL = """
name = "small"
title = "A small mapping"
kind = "transactions"
columns = ["when", "sum", "payer", "payee", "rest"]
[report]
code = "DATA"
class = "data"
reporting_entity = { constant = "x" }
[transaction]
occurred_at = "when"
amount = "sum"
[transaction.from]
number = "payer"
[transaction.to]
number = "payee"
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_ten_mappings_are_shipped() -> None:
    assert mapping_names() == (
        "amlgentex",
        "amlgentex-accounts",
        "amlsim",
        "amlsim-nodes",
        "amlsim-steps",
        "amlworld",
        "eag-outcomes",
        "eag-remittance",
        "fincen-connections",
        "fincen-files",
    )


@pytest.mark.parametrize("name", mapping_names())
def test_a_file_with_the_header_of_a_shipped_mapping_finds_it_and_no_other(name: str, tmp_path: Path) -> None:
    mapping = load_mapping(name)
    assert mapping.name == name
    path = tmp_path / "file"
    for form in mapping.formats:
        if form == "parquet":
            pl.DataFrame({column: ["1"] for column in mapping.columns}).write_parquet(path)
        else:
            with path.open("w", newline="") as handle:
                csv.writer(handle, delimiter=mapping.delimiter).writerow(mapping.columns)
        found = match(path)
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize("second", ["Account", "Account.1"])
def test_both_headers_of_amlworld_are_one(second: str) -> None:
    mapping = load_mapping("amlworld")
    header = ["\ufeffTimestamp", "From Bank", "Account", "To Bank", second, "Amount Received", "Receiving Currency"]
    header += ["Amount Paid", "Payment Currency", "Payment Format", "Is Laundering"]
    assert mapping.canonical(header) == mapping.columns
    assert mapping.fits(header)
    assert not mapping.fits(header[1:])


def test_a_file_that_no_mapping_fits_finds_none(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    for content in (b"a,b\n1,2\n", b"", b"\xff\xfe\x00", b"PAR1 broken", b'"open'):
        path.write_bytes(content)
        assert match(path) is None


def test_labels_and_truth_columns_are_never_left_to_extra() -> None:
    truth = {"amlworld": {"Is Laundering"}, "amlsim": {"is_sar", "alert_id"}, "amlsim-nodes": {"isFraud", "fraudStep"}}
    truth |= {"amlgentex": {"isSAR", "patternID", "modelType"}, "amlgentex-accounts": {"IS_SAR"}}
    for name, columns in truth.items():
        mapping = load_mapping(name)
        assert columns <= mapping.used() | mapping.drop
        if mapping.transaction is not None and mapping.label is not None:
            texts = {cell.column for cell in mapping.transaction.texts.values()}
            assert not columns & texts


def test_placeholders_belong_to_their_column() -> None:
    placeholders = load_mapping("amlgentex").placeholders()
    assert placeholders["nameOrig"] == {"-2"}
    assert placeholders["nameDest"] == {"-1"}
    assert placeholders["patternID"] == {"-1"}


def test_rates_are_decimals_and_the_local_currency_is_one() -> None:
    rates = load_mapping("amlworld").rates
    assert len(rates) == 15
    assert rates["USD"] == 1
    assert rates["EUR"] == Decimal("1.1718")


def test_a_small_mapping_loads_from_a_path(tmp_path: Path) -> None:
    mapping = load_mapping(_written(tmp_path, SMALL))
    assert mapping.used() == {"when", "sum", "payer", "payee"}
    assert load_mapping(str(tmp_path / "small.toml")) == mapping


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "transactions"', 'kind = "rows"', "kind: give one of transactions, account_labels, outcomes, links"),
        ('name = "small"', "", "name: give a text"),
        ('name = "small"', 'name = "small"\ncolour = "red"', "colour: unknown key; known here: "),
        ('amount = "sum"', 'amount = "total"', "columns: lacks total"),
        ('amount = "sum"', "", "transaction.amount: required"),
        ('amount = "sum"', 'amount = { column = "sum", constant = "1" }', "transaction.amount: give either"),
        ('occurred_at = "when"', 'occurred_at = { column = "when", unit = "days" }', "`unit` and `base` go together"),
        ('class = "data"', 'class = "other"', "report.class: give one of"),
        ('class = "data"', 'class = "data"\ngroup = "column"', "report.column: give the column"),
        ('[report]\ncode = "DATA"', '[report]\ncode = "DATA"\nreceived_on = { lag_days = 1 }', "report.received_on"),
        ('amount = "sum"', 'amount = "sum"\nchannel = { constant = "boat" }', "transaction.channel: use only cash"),
        ('name = "small"', 'name = "small"\nencoding = "klingon"', "encoding: give an encoding"),
        ('name = "small"', 'name = "small"\ntimezone = "Moon/Sea"', "timezone: give a name"),
        ('name = "small"', 'name = "small"\ndelimiter = ";;"', "delimiter: give one character"),
        ('name = "small"', 'name = "small"\ndrop = ["sum"]', "drop: sum is used as well"),
        ('name = "small"', 'name = "small"\nformats = ["xlsx"]', "formats: give some of csv, parquet"),
        ('number = "payee"', 'number = "payee"\n[rates]\nEUR = "1.12345678"', "rates.EUR: give a rate above 0"),
        (
            'number = "payee"',
            'number = "payee"\n[rates]\nEUR = "1.1"',
            "currency_local: required where there are rates",
        ),
        ('number = "payee"', "number = 'payee", "not a TOML file"),
    ],
)
def test_a_fault_names_the_file_the_key_and_the_remedy(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in SMALL
    path = _written(tmp_path, SMALL.replace(old, new, 1))
    with pytest.raises(MappingError) as raised:
        load_mapping(path)
    assert str(raised.value).startswith(str(path))
    assert words in str(raised.value)


def test_a_label_mapping_loses_no_column(tmp_path: Path) -> None:
    text = """
name = "labels"
title = "Labels"
kind = "account_labels"
columns = ["account", "bank", "label", "city"]
[account]
number = "account"
institution = "bank"
[label]
column = "label"
"""
    with pytest.raises(MappingError, match="drop: city has no place to go"):
        load_mapping(_written(tmp_path, text))
    assert load_mapping(_written(tmp_path, text.replace("[account]", 'drop = ["city"]\n[account]'))).drop == {"city"}


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(MappingError, match=r"no mapping 'amlworlds': use one of amlgentex, .*amlworld, "):
        load_mapping("amlworlds")


def test_countries_are_pairs() -> None:
    assert len(ALPHA2) == len(ALPHA2_OF_ALPHA3) == 249
    expected = {"RUS": "RU", "KAZ": "KZ", "KGZ": "KG", "TJK": "TJ", "TKM": "TM", "UZB": "UZ", "BLR": "BY", "CHN": "CN"}
    assert {code: ALPHA2_OF_ALPHA3[code] for code in expected} == expected
    assert ALPHA2_OF_ALPHA3["CUW"] == "CW"


def test_the_mapping_that_the_documentation_shows_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert load_mapping(own).name == "my-bank"
