"""What lies in the inbox: well-formed reports without a word of the truth, complete, and equal for equal seeds."""

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from lxml import etree

from synthetic.__main__ import main
from synthetic.csv_writer import OPERATOR_COLUMNS
from synthetic.labels import make_outcomes
from synthetic.world import World, make_world
from synthetic.write import WrittenWorld, write_world

LEAKS = re.compile(
    rb"(DRP|CSH|COR|TRD|VAS|NET|EVD)-\d\d|SCH-\d|MIXED|is_laundering|scheme|typology|look_alike|launder", re.I
)


def digests(inbox: Path) -> dict[str, str]:
    files = (path for path in inbox.parent.rglob("*") if path.is_file())
    return {str(f.relative_to(inbox.parent)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def report_files(written: WrittenWorld) -> Iterator[tuple[Path, bytes]]:
    """Every unbroken report with its content, those in zips too; never the outcomes."""
    for path in sorted(written.inbox.rglob("*")):
        if path.is_dir() or path.name.startswith(("broken_", "outcomes")):
            continue
        if path.suffix != ".zip":
            yield path, path.read_bytes()
            continue
        with zipfile.ZipFile(path) as archive:
            yield from ((path.parent / name, archive.read(name)) for name in archive.namelist())


def documents(written: WrittenWorld) -> Iterator[tuple[Path, etree._Element]]:
    for path, content in report_files(written):
        if path.suffix == ".xml":
            yield path, etree.fromstring(content)


def transfers(written: WrittenWorld) -> Iterator[tuple[Path, dict[str, str]]]:
    for path, content in report_files(written):
        if path.suffix == ".csv":
            for row in csv.DictReader(io.StringIO(content.decode("utf-8")), delimiter=";"):
                yield path, row


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")), delimiter=";"))


def outcome_rows(written: WrittenWorld) -> list[dict[str, str]]:
    found = []
    for path in sorted(written.inbox.rglob("outcomes.csv")):
        found += rows_of(path)
    return found


def test_same_seed_same_bytes(small_world: World, written: WrittenWorld, tmp_path: Path) -> None:
    again = write_world(make_world(11, small_world.first_day, 30, 0.3), tmp_path / "inbox")
    assert digests(again.inbox) == digests(written.inbox)


def test_a_second_call_writes_nothing(small_world: World, written: WrittenWorld) -> None:
    before = {path: path.stat().st_mtime_ns for path in written.inbox.parent.rglob("*")}
    again = write_world(small_world, written.inbox)
    assert not again.is_new
    assert again.numbers == written.numbers
    assert before == {path: path.stat().st_mtime_ns for path in written.inbox.parent.rglob("*")}


def test_another_world_replaces_the_first_as_a_whole(small_world: World, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    write_world(make_world(3, date(2024, 1, 1), 20, 0.1), inbox)
    write_world(small_world, inbox, broken=False)
    assert min(child.name for child in inbox.iterdir()) == "2025-09-01"
    assert sorted(child.name for child in tmp_path.iterdir()) == ["inbox", "truth.json", "truth.parquet", "world.json"]


def test_a_write_that_was_cut_off_is_written_again(
    small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path.replace

    def cut(self: Path, target: Path) -> Path:
        if self.name == "truth.json":
            raise KeyboardInterrupt
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(KeyboardInterrupt):
        write_world(small_world, tmp_path / "inbox", broken=False)
    monkeypatch.undo()
    assert (tmp_path / "inbox").exists()
    assert write_world(small_world, tmp_path / "inbox", broken=False).is_new
    assert (tmp_path / "truth.json").exists()


def test_files_of_another_origin_are_never_replaced(small_world: World, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "real.xml").write_text("<report/>")
    with pytest.raises(FileExistsError, match="another origin"):
        write_world(small_world, inbox)
    assert (inbox / "real.xml").read_text() == "<report/>"


def test_every_transaction_is_in_exactly_one_report(small_world: World, written: WrittenWorld) -> None:
    in_xml = [n.text for _, root in documents(written) for n in root.iterfind("transaction/transactionnumber")]
    in_csv = [row["transfer_number"] for _, row in transfers(written)]
    counted = Counter([*in_xml, *in_csv])
    assert set(counted.values()) == {1}
    assert set(counted) == set(small_world.transactions["transaction_number"].to_list())


def test_sums_are_exact(small_world: World, written: WrittenWorld) -> None:
    in_xml = sum(Decimal(str(n.text)) for _, r in documents(written) for n in r.iterfind("transaction/amount_local"))
    in_csv = sum(Decimal(row["amount"]) for _, row in transfers(written))
    assert in_xml + in_csv == small_world.transactions["amount"].sum()


def test_a_report_holds_its_own_bank_day_and_kind(written: WrittenWorld) -> None:
    seen = set()
    for path, root in documents(written):
        reference, code = root.findtext("entity_reference"), root.findtext("report_code")
        assert code in {"EFT", "CTR", "SAR"}
        assert path.name == f"{reference}.xml"
        assert str(root.findtext("submission_date"))[:10] == path.parent.name
        for stamp in root.iterfind("transaction/date_transaction"):
            assert str(stamp.text)[:10] == path.parent.name
        seen.add(reference)
    assert len(seen) == sum(1 for _ in documents(written))


def test_cash_above_the_threshold_and_only_that_is_in_ctr(written: WrittenWorld) -> None:
    for _, root in documents(written):
        for row in root.iterfind("transaction"):
            amount, mode = Decimal(str(row.findtext("amount_local"))), row.findtext("transmode_code")
            assert (root.findtext("report_code") == "CTR") == (mode == "CASH" and amount >= 600_000)


def test_suspicion_reports_are_activity_reports(written: WrittenWorld) -> None:
    reports = [root for _, root in documents(written) if root.findtext("report_code") == "SAR"]
    assert reports
    for root in reports:
        assert root.find("transaction") is None
        assert root.findtext("activity/report_parties/report_party/account_my_client/account")
        assert len(str(root.findtext("activity/report_parties/report_party/reason"))) > 40
        assert root.find("report_indicators/indicator") is not None


def test_elements_stand_in_the_order_of_goaml(written: WrittenWorld) -> None:
    order = [
        *("rentity_id", "submission_code", "report_code", "entity_reference", "submission_date"),
        *("currency_code_local", "reporting_person", "location", "reason", "action", "transaction", "activity"),
        "report_indicators",
    ]
    for _, root in documents(written):
        positions = [order.index(str(child.tag)) for child in root]
        assert positions == sorted(positions)


def test_an_account_is_described_in_full_once_a_report(written: WrittenWorld) -> None:
    for _, root in documents(written):
        full = Counter(s.getparent().findtext("account") for s in root.iter("signatory", "t_entity"))  # type: ignore[union-attr]
        named = {a.findtext("account") for a in root.iter("from_account", "to_account", "account_my_client")}
        assert set(full) == named
        assert set(full.values()) <= {1}


def test_no_word_of_the_truth_is_in_a_report(written: WrittenWorld) -> None:
    for path, content in report_files(written):
        assert not LEAKS.search(content), path.name
        assert not LEAKS.search(path.name.encode()), path.name


def test_nothing_of_the_truth_lies_in_the_inbox(written: WrittenWorld) -> None:
    assert not [p for p in written.inbox.rglob("*") if p.name.startswith(("truth", "world"))]
    assert {p.name for p in written.inbox.parent.iterdir()} >= {"truth.parquet", "truth.json", "world.json"}


def test_operator_file_has_the_agreed_columns(written: WrittenWorld) -> None:
    rows = list(transfers(written))
    assert rows
    for path, row in rows:
        assert tuple(row) == OPERATOR_COLUMNS
        assert row["sent_at"][:10] == path.parent.name
        assert all(row.values())


def test_some_days_come_as_a_zip_of_two_reports(written: WrittenWorld) -> None:
    zips = [path for path in written.inbox.rglob("*.zip") if not path.name.startswith("broken_")]
    assert len(zips) == 4
    assert {len(zipfile.ZipFile(path).namelist()) for path in zips} == {2}


def test_outcomes_are_late_and_leave_out_the_last_days(small_world: World, written: WrittenWorld) -> None:
    occurred = dict(small_world.transactions.select("transaction_number", "local_date").rows())
    rows = outcome_rows(written)
    assert {row["is_laundering"] for row in rows} == {"0", "1"}
    for row in rows:
        day = occurred[row["transfer_or_transaction_number"]]
        assert day <= small_world.last_day - timedelta(days=14)
        assert date.fromisoformat(row["known_on"]) >= day + timedelta(days=3)


def test_an_outcome_arrives_on_the_day_on_which_it_is_known(written: WrittenWorld) -> None:
    for path in written.inbox.rglob("outcomes.csv"):
        assert {row["known_on"] for row in rows_of(path)} == {path.parent.name}


def test_outcomes_are_true_and_partial(world: World) -> None:
    outcomes = make_outcomes(world)
    both = outcomes.join(world.transactions, on="transaction_number", suffix="_true")
    assert len(both) == len(outcomes) == outcomes["transaction_number"].n_unique()
    assert both.select((pl.col("is_laundering") == pl.col("is_laundering_true").cast(pl.Int64)).all()).item()
    last = world.last_day - timedelta(days=14)
    old = world.transactions.filter(pl.col("local_date") <= last)
    ended = old.filter("is_laundering", pl.col("scheme_id").is_in(outcomes["scheme"].drop_nulls().unique().implode()))
    assert 0.78 <= outcomes["is_laundering"].sum() / len(ended) <= 0.92
    innocents = len(old.filter(~pl.col("is_laundering")))
    assert 0.23 <= len(outcomes.filter(pl.col("is_laundering") == 0)) / innocents <= 0.27


def test_truth_names_every_transaction(small_world: World, written: WrittenWorld) -> None:
    truth = pl.read_parquet(written.truth_table)
    assert truth["transaction_number"].to_list() == small_world.transactions["transaction_number"].to_list()
    assert truth["is_laundering"].sum() == written.numbers["laundering"]
    cores = truth.filter("is_laundering")["core_accounts"]
    assert cores.list.len().min() >= 1  # type: ignore[operator]
    assert set(cores.explode()) <= set(small_world.accounts["account"])


def test_the_command_writes_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--seed", "3", "--days", "20", "--scale", "0.1", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("written: ")
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("already there: ")
