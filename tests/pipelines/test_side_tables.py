"""Side tables: what the page shows can be loaded; bad rows are named and lose nothing of the others."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import intake, tables
from pipelines.formats import side
from pipelines.home import Home, UserError, open_home
from pipelines.lake import Lake
from pipelines.side_tables import BY_NAME, SIDE_TABLES, SideTable
from sluice.side_docs import example_csv

DAY = date(2026, 5, 4)


def load(home: Home, item: SideTable, text: str, day: date = DAY, name: str = "side.csv") -> intake.IngestReport:
    file = home.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    with home.writing():
        return intake.ingest_side(home, file, day, item)


def codes(home: Home) -> list[tuple[str, str | None]]:
    findings = Lake(home.lake).read(tables.FINDINGS).sort("ordinal")
    return list(findings.select("code", "place").iter_rows())


def test_the_page_shows_files_that_can_be_loaded(tmp_path: Path) -> None:
    home = open_home(home=tmp_path)
    for item in SIDE_TABLES:
        assert set(item.example) == {column.name for column in item.file_columns}
        report = load(home, item, example_csv(item), name=f"{item.table.name}.csv")
        assert report.is_clean, item.table.name
        (row,) = Lake(home.lake).read(item.table).iter_rows(named=True)
        assert row["received_on"] == DAY
        assert {name for name, value in row.items() if value is None} == {n for n, v in item.example.items() if not v}
    assert codes(home) == []


def test_bad_rows_are_named_and_the_others_taken_in(tmp_path: Path) -> None:
    home = open_home(home=tmp_path)
    lines = [
        "place_id,kind,latitude,longitude,colour",
        "p1,terminal,43.2,76.9,red",
        "p2,terminal,91,76.9,red",
        "p3,kiosk,43.2,76.9,red",
        "p4,terminal,north,76.9,red",
        ",terminal,43.2,76.9,red",
        "p6,market,-90,180,red",
    ]
    report = load(home, BY_NAME["places"], "\n".join(lines))
    assert not report.is_clean
    assert list(Lake(home.lake).read(BY_NAME["places"].table)["place_id"]) == ["p1", "p6"]
    assert sorted(codes(home), key=str) == [
        ("column_unknown", None),
        ("kind_unknown", "line 4"),
        ("latitude_malformed", "line 5"),
        ("latitude_out_of_range", "line 3"),
        ("place_id_missing", "line 6"),
    ]
    kept = Lake(home.lake).read(tables.QUARANTINE)
    assert kept.height == 4
    assert '"p4"' in "".join(kept["payload"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("place_id,kind\np1,terminal\n", "column_missing"),
        ("", "file_empty"),
        ('place_id,kind,latitude,longitude\n"p1,terminal,1,2,3,4\nx', "side_unreadable"),
    ],
)
def test_a_file_that_is_no_table_is_quarantined_whole(tmp_path: Path, text: str, code: str) -> None:
    home = open_home(home=tmp_path)
    assert not load(home, BY_NAME["places"], text).is_clean
    assert Lake(home.lake).read(BY_NAME["places"].table).is_empty()
    assert [name for name, _ in codes(home)] == [code]


def test_a_broken_parquet_file_is_not_read_as_text(tmp_path: Path) -> None:
    home = open_home(home=tmp_path / "home")
    broken = tmp_path / "places.parquet"
    broken.write_bytes(b"place_id,kind\np1,terminal\n")
    report = intake.ingest_side(home, broken, DAY, BY_NAME["places"])
    assert [(item.code, "whole Parquet" in item.message) for item in report.quarantined] == [("side_unreadable", True)]


def test_a_file_counts_once_and_a_missing_one_is_said(tmp_path: Path) -> None:
    home = open_home(home=tmp_path)
    item = BY_NAME["kin_links"]
    load(home, item, example_csv(item))
    assert load(home, item, example_csv(item), date(2026, 5, 5)).already_known == 1
    assert Lake(home.lake).read(item.table).height == 1
    with pytest.raises(UserError, match="There is no file"):
        intake.ingest_side(home, tmp_path / "none.csv", DAY, item)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"iban": "KZ86 125K ZT50 0410 0100"}, "iban:KZ86125KZT5004100100"),
        ({"account_number": "0012", "institution_code": "B1"}, "acc:b1:0012"),
        ({"account_number": "0012"}, None),
        ({"national_id": "900101300123", "country": "kz"}, "per:nid:KZ:900101300123"),
        ({"name": "Ким Анна", "birth_date": "1990-01-01"}, "per:name:ким анна|1990-01-01"),
        ({"name": "Ким Анна"}, None),
        ({"registration_number": "0501", "country": "KZ"}, "ent:reg:KZ:0501"),
        ({"tax_number": "77", "country": "RU"}, "ent:tax:RU:77"),
        ({}, None),
    ],
)
def test_identifiers_make_the_key_that_reports_give(given: dict[str, str], key: str | None) -> None:
    assert side.node_key(given) == key


def test_parquet_is_read_like_text(tmp_path: Path) -> None:
    home = open_home(home=tmp_path)
    item = BY_NAME["partner_trade"]
    frame = pl.DataFrame(
        {"partner_country": ["CN"], "month": [date(2025, 3, 1)], "hs_code": ["847130"], "value_local": [9]}
    )
    frame.write_parquet(tmp_path / "trade.parquet")
    with home.writing():
        assert intake.ingest_side(home, tmp_path / "trade.parquet", DAY, item).is_clean
    (row,) = Lake(home.lake).read(item.table).iter_rows(named=True)
    assert (row["month"], row["value_local"]) == (date(2025, 3, 1), 9)
