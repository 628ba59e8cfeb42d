"""The delimited reader on the shared data sets; skipped where they are not at hand."""

import csv
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines import tables
from pipelines.formats import delimited
from pipelines.formats.mappings import match
from pipelines.formats.reader import Source
from tests.pipelines.collecting_delimited import Collecting

DATA = Path(os.environ.get("SLUICE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def _read(name: str, mapping: str) -> tuple[Path, Collecting]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here; set SLUICE_SHARED_DATA to the folder of the shared data")
    found = match(path)
    assert found is not None
    assert found.name == mapping
    staging = Collecting()
    delimited.read(Source(path, "s" * 64, path.name, date(2026, 3, 1)), staging, found)
    assert staging.balances()
    return path, staging


def _column(path: Path, name: str) -> list[str]:
    with path.open(newline="", encoding="utf-8") as handle:
        return [row[name] for row in csv.DictReader(handle)]


def test_amlworld() -> None:
    path, staging = _read("amlworld/HI-Small_subset.csv", "amlworld")
    found = staging.table(tables.TRANSACTIONS)
    assert len(found) == staging.counts["source_rows"] == 36_595
    assert staging.table(tables.LABELS)["is_laundering"].sum() == 5_177
    assert found["from_amount"].sum() == sum(map(Decimal, _column(path, "Amount Paid")))
    assert found["to_amount"].sum() == sum(map(Decimal, _column(path, "Amount Received")))
    assert pl.concat([found["from_node_key"], found["to_node_key"]]).n_unique() == 6_357
    assert found.filter(pl.col("from_currency") != pl.col("to_currency")).height == 3_282
    assert found["transaction_id"].n_unique() == 36_595
    assert found["extra"].null_count() == 36_595
    assert not staging.rejected
    dollars = found.filter(pl.col("from_currency") == "USD")
    assert dollars["amount_local"].equals(dollars["from_amount"].round(2, mode="half_to_even"))


def test_fincen_files() -> None:
    path, staging = _read("fincen_files/download_transactions_map.csv", "fincen-files")
    found = staging.table(tables.TRANSACTIONS)
    assert staging.counts["source_rows"] == len(found) + len(staging.rejected) == 4_507
    assert staging.rules() == ["occurred_at_missing"] * 6  # six rows carry no date at all
    total = sum(map(Decimal, _column(path, "amount_transactions")))
    undated = pl.DataFrame({"payload": [payload for *_, payload in staging.rejected]}).select(
        pl.col("payload").str.json_path_match("$.amount_transactions").cast(pl.Decimal(38, 13)).sum()
    )
    assert found["amount_local"].sum() + undated.item() == total
    assert round(total) == 35_682_247_985
    assert len(staging.table(tables.REPORTS)) == 534
    missing = [message for _, _, code, _, message in staging.findings if code == "movement_count_missing"]
    assert "Number: 111;" in missing[0]
    assert found["extra"].str.contains('"number_transactions":null', literal=True).sum() == 111
    assert found["received_on"].max() == date(2017, 11, 3)
    assert found["from_country"].str.len_chars().eq(2).all()


def test_fincen_connections() -> None:
    _, staging = _read("fincen_files/download_bank_connections.csv", "fincen-connections")
    assert len(staging.table(tables.ROLES)) == staging.counts["source_rows"] == 5_498
    assert len(staging.table(tables.REPORTS)) == 1_401
    assert not staging.rejected


def test_amlsim() -> None:
    path, staging = _read("amlsim/transactions_hist.csv", "amlsim")
    found = staging.table(tables.TRANSACTIONS)
    assert len(found) == 54_428
    assert found["amount_local"].sum() == sum(map(Decimal, _column(path, "base_amt")))
    labels = staging.table(tables.LABELS).filter("is_laundering")
    assert len(labels) == 204
    assert labels["pattern"].n_unique() == 10


def test_amlsim_steps_and_their_accounts() -> None:
    path, staging = _read("amlsim/20K_cycle200/transactions.csv", "amlsim-steps")
    found = staging.table(tables.TRANSACTIONS)
    assert len(found) == 117_805
    assert found["amount_local"].sum() == sum(map(Decimal, _column(path, "value")))
    _, accounts = _read("amlsim/20K_cycle200/nodes.csv", "amlsim-nodes")
    labels = accounts.table(tables.LABELS)
    assert len(labels) == 20_000
    assert labels["is_laundering"].sum() == 945
    assert found["from_node_key"].is_in(labels["subject_id"].implode()).all()


class _Counting(Collecting):
    """Keeps sums instead of rows, so that the memory that is measured is the reader's."""

    def add(
        self, table: tables.Table, frame: pl.DataFrame, places: pl.Series, payloads: pl.Series | None = None
    ) -> pl.Series:
        kept = super().add(table, frame, places, payloads)
        good = self.frames[table.name].pop()
        wanted = {"transactions": ["amount_local", "from_node_key", "to_node_key"], "labels": ["is_laundering"]}
        self.frames[table.name].append(good.select(wanted.get(table.name, [])))
        return kept

    def parts(self, name: str) -> pl.DataFrame:
        return pl.concat(self.frames[name])


def test_amlgentex() -> None:
    path = DATA / "amlgentex/exp2_tx_log.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here; set SLUICE_SHARED_DATA to the folder of the shared data")
    mapping = match(path)
    assert mapping is not None
    staging = _Counting()
    delimited.read(Source(path, "s" * 64, path.name, date(2026, 3, 1)), staging, mapping)
    assert staging.balances()
    found = staging.parts("transactions")
    assert len(found) == staging.counts["source_rows"] == 2_026_629
    assert staging.parts("labels")["is_laundering"].sum() == 3_026
    assert found.filter(pl.all_horizontal(pl.all().is_not_null())).height == 63_073
    assert not staging.rejected
    texts = pl.read_parquet(path, columns=["amount"])["amount"].cast(pl.String)
    step = Decimal("1e-13")
    assert found["amount_local"].sum() == sum(Decimal(text).quantize(step) for text in texts.to_list())


def test_amlgentex_accounts() -> None:
    _, staging = _read("amlgentex/exp2_accounts.csv", "amlgentex-accounts")
    labels = staging.table(tables.LABELS)
    assert len(labels) == len(staging.table(tables.ACCOUNTS)) == 10_000
    assert labels["is_laundering"].sum() == 1_272
