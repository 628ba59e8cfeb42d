"""Intake: whatever is delivered becomes a submission; bad files are named and lose nothing of the others."""

import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import intake, staging, tables
from pipelines.checks import check_lake
from pipelines.home import UserError, open_home
from pipelines.lake import Lake
from review import nightly

DAY = date(2026, 5, 4)

REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<report>
  <rentity_id>7</rentity_id><submission_code>E</submission_code><report_code>STR</report_code>
  <entity_reference>{reference}</entity_reference><submission_date>2026-05-04T10:00:00</submission_date>
  <currency_code_local>RUB</currency_code_local>
  {transactions}
  <report_indicators><indicator>A1</indicator></report_indicators>
</report>
"""
TRANSACTION = """<transaction><transactionnumber>{number}</transactionnumber>
  <date_transaction>2026-05-03T09:30:00</date_transaction><transmode_code>TRANSFER</transmode_code>
  <amount_local>{amount}</amount_local>
  <t_from><from_funds_code>D</from_funds_code><from_account><institution_code>B1</institution_code>
    <account>40817</account><account_name>A</account_name></from_account><from_country>RU</from_country></t_from>
  <t_to><to_funds_code>D</to_funds_code><to_account><institution_code>B2</institution_code>
    <account>40818</account><account_name>B</account_name></to_account><to_country>KZ</to_country></t_to>
</transaction>"""
TRANSFERS = """operator_id;transfer_number;sent_at;sender_name;sender_doc;sender_birth;sender_region;sender_country;\
receiver_name;receiver_doc;receiver_birth;receiver_region;receiver_country;amount;currency
201;T-1;2026-05-03 08:00:00;Sender One;D1;1990-01-01;RU-OMS;RU;Receiver One;D2;1991-02-02;KZ-ALA;KZ;1500.50;RUB
"""


def report(reference="R-1", amounts=("100.25",)):
    transactions = [TRANSACTION.format(number=f"T{n}", amount=amount) for n, amount in enumerate(amounts)]
    return REPORT.format(reference=reference, transactions="".join(transactions))


@pytest.fixture
def home(tmp_path):
    return open_home(home=tmp_path / "home", profile="eag-demo", zip_max_ratio=50)


@pytest.fixture
def delivered(tmp_path) -> Path:
    folder = tmp_path / "delivered"
    folder.mkdir()
    return folder


def take_in(home, *paths, day=DAY, profile=None):
    with home.writing():
        return intake.ingest(home, paths, day, profile)


def codes(home):
    rows = intake.findings(Lake(home.lake)).filter(pl.col("severity") == "error")
    return dict(rows.select("file_name", "code").iter_rows())


def test_a_folder_of_good_and_bad_files(home, delivered):
    (delivered / "good.xml").write_text(report())
    (delivered / "transfers.csv").write_text(TRANSFERS)
    (delivered / "empty.xml").write_bytes(b"")
    (delivered / "truncated.xml").write_text(report("R-2")[:700])
    bomb = '<?xml version="1.0"?><!DOCTYPE report [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    (delivered / "bomb.xml").write_text(bomb + report("R-3").split("?>", 1)[1])
    (delivered / "column.csv").write_text("\n".join(row.rsplit(";", 2)[0] for row in TRANSFERS.splitlines()))
    (delivered / "encoding.csv").write_bytes(TRANSFERS.replace("Sender", "Отправитель").encode("cp1251"))
    with zipfile.ZipFile(delivered / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.xml", b"0" * 5_000_000)
    result = take_in(home, delivered)
    assert result.statuses == {"accepted": 2, "quarantined": 6}
    assert codes(home) == {
        "empty.xml": "file_empty",
        "truncated.xml": "xml_malformed",
        "bomb.xml": "doctype",
        "column.csv": "column_missing",
        "encoding.csv": "encoding",
        "bomb.zip": "zip_bomb",
    }
    assert result.rows["transactions"] == 2
    assert check_lake(Lake(home.lake), nightly.TABLES) == []


def test_the_same_content_is_one_submission_whatever_its_name_and_day(home, delivered):
    (delivered / "a.xml").write_text(report())
    take_in(home, delivered)
    before = {table.name: Lake(home.lake).digest(table) for table in tables.INTAKE_TABLES}
    (delivered / "b.xml").write_text(report())
    result = take_in(home, delivered, day=date(2026, 5, 9))
    assert (result.already_known, sum(result.statuses.values())) == (2, 0)
    assert {table.name: Lake(home.lake).digest(table) for table in tables.INTAKE_TABLES} == before


def test_a_bad_transaction_goes_to_quarantine_alone(home, delivered):
    (delivered / "a.xml").write_text(report(amounts=("10", "-5", "20.5", "many")))
    result = take_in(home, delivered)
    assert result.statuses == {"partly": 1}
    lake = Lake(home.lake)
    assert sorted(map(str, lake.read(tables.TRANSACTIONS)["amount_local"])) == ["10.0000000000000", "20.5000000000000"]
    quarantined = lake.read(tables.QUARANTINE)
    assert quarantined.height == 2
    assert all("transaction" in payload for payload in quarantined["payload"])
    submission = lake.read(tables.SUBMISSIONS).row(0, named=True)
    assert (submission["source_row_count"], submission["transaction_count"], submission["quarantined_count"]) == (
        4,
        2,
        2,
    )


def test_members_of_a_zip_are_submissions_of_their_own(home, delivered):
    with zipfile.ZipFile(delivered / "a.zip", "w") as archive:
        archive.writestr("../../escape.xml", report("R-1"))
        archive.writestr("deep/second.xml", report("R-2"))
        archive.writestr("letter.pdf", b"%PDF-1.7 words")
    result = take_in(home, delivered)
    assert result.statuses == {"accepted": 3, "attachment": 1}
    rows = Lake(home.lake).read(tables.SUBMISSIONS)
    assert set(rows["file_name"]) == {"a.zip", "escape.xml", "second.xml", "letter.pdf"}
    assert rows["container_id"].null_count() == 1
    assert not (delivered.parent / "escape.xml").exists()
    assert {path.name for path in home.originals.glob("??/*")} == set(rows["submission_id"])


@pytest.mark.parametrize(
    ("content", "code"), [(b"PK\x03\x04broken", "zip_damaged"), (b"some words\n", "format_unknown")]
)
def test_what_is_no_report_says_so(home, delivered, content, code):
    (delivered / "file").write_bytes(content)
    take_in(home, delivered)
    assert codes(home) == {"file": code}


def test_a_batch_that_was_staged_but_not_committed_is_finished_by_the_next_run(home, delivered, monkeypatch):
    (delivered / "a.xml").write_text(report())

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(staging, "redo", killed)
        take_in(home, delivered)
    assert Lake(home.lake).read(tables.TRANSACTIONS).is_empty()
    result = take_in(home, delivered, day=date(2026, 6, 1))
    assert (result.finished_earlier_batch, result.already_known) == (1, 1)
    rows = Lake(home.lake).read(tables.TRANSACTIONS)
    assert rows["received_on"].to_list() == [DAY]
    assert not any(home.staging.glob("*"))


@pytest.mark.parametrize("count", [3, 4, 5])
def test_batches_of_any_size_bring_every_file(home, delivered, monkeypatch, count):
    monkeypatch.setattr(intake, "_BATCH_FILES", 2)
    for number in range(count):
        (delivered / f"{number}.xml").write_text(report(f"R-{number}"))
    assert take_in(home, delivered).statuses == {"accepted": count}
    assert take_in(home, delivered).already_known == count
    assert Lake(home.lake).read(tables.REPORTS).height == count


def test_a_zip_may_be_larger_than_a_batch(home, delivered, monkeypatch):
    monkeypatch.setattr(intake, "_BATCH_FILES", 2)
    monkeypatch.setattr(staging, "_SPILL_ROWS", 1)
    (delivered / "0.xml").write_text(report("R-first"))
    with zipfile.ZipFile(delivered / "a.zip", "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}.xml", report(f"R-{number}"))
    assert take_in(home, delivered).statuses == {"accepted": 7}
    assert Lake(home.lake).read(tables.REPORTS).height == 6


def test_a_kill_while_a_finished_batch_is_removed_blocks_nothing(home, delivered, monkeypatch):
    (delivered / "a.xml").write_text(report())

    def killed(folder, **_):
        for file in folder.glob("*.parquet"):
            file.unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(staging.shutil, "rmtree", killed)
        take_in(home, delivered)
    assert take_in(home, delivered).already_known == 1
    assert Lake(home.lake).read(tables.TRANSACTIONS).height == 1


def test_a_quarantined_file_can_be_taken_in_once_its_mapping_is_named(home, delivered):
    names = TRANSFERS.split("\n")[0].replace("operator_id", "operator")
    (delivered / "own.csv").write_text("x;y\n1;2\n")
    (delivered / "transfers.csv").write_text("\n".join([names, *TRANSFERS.split("\n")[1:]]))
    assert take_in(home, delivered).statuses == {"quarantined": 2}
    mapping = Path(intake.__file__).parent / "formats" / "mappings" / "eag-remittance.toml"
    own = delivered.parent / "own.toml"
    own.write_text(mapping.read_text().replace('"operator_id"', '"operator"').replace("eag-remittance", "own"))
    result = take_in(home, delivered / "transfers.csv", profile=str(own))
    assert result.statuses == {"accepted": 1}
    lake = Lake(home.lake)
    assert lake.read(tables.SUBMISSIONS)["status"].sort().to_list() == ["accepted", "quarantined"]
    assert check_lake(lake, nightly.TABLES) == []


def test_a_zip_whose_data_is_corrupt_is_quarantined(home, delivered):
    with zipfile.ZipFile(delivered / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", report(amounts=[str(n) for n in range(300)]))
    damaged = bytearray((delivered / "a.zip").read_bytes())
    damaged[60:120] = bytes(60)
    (delivered / "a.zip").write_bytes(damaged)
    (delivered / "b.xml").write_text(report())
    assert take_in(home, delivered).statuses == {"accepted": 1, "quarantined": 1}
    assert codes(home) == {"a.zip": "zip_damaged"}


def test_a_missing_path_and_an_unknown_profile_are_the_users_mistakes(home, delivered):
    with pytest.raises(UserError, match="no file or folder"):
        take_in(home, delivered / "absent")
    (delivered / "a.xml").write_text(report())
    with pytest.raises(UserError, match="amlworld"):
        take_in(home, delivered, profile="unheard-of")


def test_findings_hold_no_value_of_a_row(home, delivered):
    secret = "Ivanov-Secret"
    text = report(amounts=("10", "-5", "many")).replace("<account_name>A<", f"<account_name>{secret}<")
    (delivered / "a.xml").write_text(text)
    (delivered / "b.xml").write_text(text.replace("</report>", f"<{secret}"))
    result = take_in(home, delivered)
    said = intake.findings(Lake(home.lake)).write_json() + str(result.quarantined)
    assert secret not in said.replace('"file_name"', "")
