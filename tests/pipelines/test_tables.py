"""Contracts: the split, the types, and that every contract can be written and read."""

from datetime import date

import duckdb
import polars as pl
import pytest

from pipelines import tables
from pipelines.tables import Column, Table, Type
from review import nightly


def finding(**changes):
    row = {
        "submission_id": "a" * 64,
        "ordinal": 1,
        "received_on": date(2026, 1, 1),
        "severity": "error",
        "stage": "file",
        "code": "file_empty",
        "message": "The file is empty.",
    }
    return {**row, **changes}


def test_split_names_the_first_rule_that_a_row_breaks():
    rows = [
        finding(),
        finding(ordinal=2, code=None),
        finding(ordinal=3, severity="fatal"),
        finding(ordinal=4, place=""),
    ]
    split = tables.FINDINGS.split(tables.FINDINGS.frame(rows))
    assert split.good["ordinal"].to_list() == [1, 4]
    assert dict(split.bad.select("ordinal", "rule").iter_rows()) == {2: "code_missing", 3: "severity_unknown"}


def test_a_rule_about_an_empty_value_does_not_break():
    rows = tables.FINDINGS.frame([finding(severity=None)])
    assert tables.FINDINGS.split(rows).bad["rule"].to_list() == ["severity_missing"]


@pytest.mark.parametrize("table", nightly.TABLES, ids=lambda table: table.name)
def test_the_types_of_a_contract_agree_in_polars_arrow_and_duckdb(table):
    arrow = table.empty().to_arrow().cast(table.arrow_schema)
    assert arrow.schema.names == list(table.duckdb_types)
    with duckdb.connect() as connection:
        connection.register("rows", arrow)
        described = dict(connection.sql("select column_name, column_type from (describe rows)").fetchall())
    assert described == table.duckdb_types
    assert dict(pl.from_arrow(arrow).schema) == table.polars_schema


@pytest.mark.parametrize("table", nightly.TABLES, ids=lambda table: table.name)
def test_references_lead_to_columns_that_exist(table):
    by_name = {other.name: other for other in nightly.TABLES}
    for reference in table.references:
        assert set(reference.target_columns) <= set(by_name[reference.target].polars_schema)


def test_a_contract_with_an_unknown_key_is_refused():
    with pytest.raises(ValueError, match="unknown columns"):
        Table("x", "a row", (Column("received_on", Type.DATE, "day"),), key=("missing",))
