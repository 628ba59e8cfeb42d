"""Broken files are broken in the way that their names claim, and in no other."""

import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from synthetic.broken import BOMB_BYTES, write_broken
from synthetic.csv_writer import OPERATOR_COLUMNS
from synthetic.write import WrittenWorld


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {path.name: path for path in write_broken(tmp_path_factory.mktemp("broken"), 7)}


def test_there_is_one_file_of_each_kind(files: dict[str, Path]) -> None:
    assert sorted(files) == [
        "broken_csv_in_cp1251.csv",
        "broken_csv_without_amount.csv",
        "broken_doctype_entity_bomb.xml",
        "broken_empty_file.xml",
        "broken_truncated.xml",
        "broken_two_bad_transactions.xml",
        "broken_zip_bomb.zip",
    ]


def test_they_lie_among_the_last_three_days(written: WrittenWorld) -> None:
    days = {path.parent.name for path in written.inbox.rglob("broken_*")}
    assert days == set(sorted(child.name for child in written.inbox.iterdir())[-3:])


def test_same_seed_same_bytes(files: dict[str, Path], tmp_path: Path) -> None:
    again = write_broken(tmp_path, 7)
    assert [path.read_bytes() for path in again] == [files[path.name].read_bytes() for path in again]


def test_empty_file(files: dict[str, Path]) -> None:
    assert files["broken_empty_file.xml"].stat().st_size == 0


def test_truncated_xml_has_good_rows_before_its_end(files: dict[str, Path]) -> None:
    content = files["broken_truncated.xml"].read_bytes()
    assert b"</transaction>" in content
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(content)


def test_entity_bomb_is_small_and_has_a_doctype(files: dict[str, Path]) -> None:
    content = files["broken_doctype_entity_bomb.xml"].read_bytes()
    assert len(content) < 2_000
    assert content.count(b"<!ENTITY") == 9
    assert b"<!DOCTYPE" in content
    with pytest.raises(etree.XMLSyntaxError, match="amplification"):
        etree.fromstring(content)


def test_zip_bomb_has_a_huge_ratio(files: dict[str, Path]) -> None:
    with zipfile.ZipFile(files["broken_zip_bomb.zip"]) as archive:
        (member,) = archive.infolist()
    assert member.file_size == BOMB_BYTES
    assert member.file_size / member.compress_size > 500
    assert files["broken_zip_bomb.zip"].stat().st_size < 300_000


def test_csv_lacks_only_the_amount(files: dict[str, Path]) -> None:
    lines = files["broken_csv_without_amount.csv"].read_text(encoding="utf-8").splitlines()
    assert lines[0].split(";") == [column for column in OPERATOR_COLUMNS if column != "amount"]
    assert {len(line.split(";")) for line in lines} == {len(OPERATOR_COLUMNS) - 1}


def test_csv_is_cp1251_and_not_utf8(files: dict[str, Path]) -> None:
    content = files["broken_csv_in_cp1251.csv"].read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert "Лугов" in content.decode("cp1251")
    assert content.decode("cp1251").splitlines()[0].split(";") == list(OPERATOR_COLUMNS)


def is_date(text: str | None) -> bool:
    try:
        datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return True


def test_two_of_six_transactions_are_bad(files: dict[str, Path]) -> None:
    rows = etree.parse(files["broken_two_bad_transactions.xml"]).findall("transaction")
    assert [Decimal(str(row.findtext("amount_local"))) > 0 for row in rows] == [True, False, True, True, True, True]
    assert [is_date(row.findtext("date_transaction")) for row in rows] == [True, True, True, True, False, True]
