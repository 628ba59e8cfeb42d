"""The goAML reader on the shared public samples; skipped where they are not at hand."""

import os
from collections import Counter
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from pipelines.formats.goaml import parse_moment, parse_money, read, sniff
from pipelines.formats.profiles import load_profile
from pipelines.tables import ACCOUNTS, INDICATORS, PARTIES, REPORTS, ROLES, TRANSACTIONS, Table
from tests.pipelines.collecting import Collecting, extra_of, leaves, source

SHARED = Path(os.environ.get("SLUICE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "goaml"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared goAML data at {SHARED}")

SAMPLES = ("ae_AIF", "ae_ECDD", "ae_SAR", "ae_STR", "misp_goamlexport", "thecury_goAMLSchema.instance")
SUBJECT_TABLES = (REPORTS, TRANSACTIONS, ACCOUNTS, PARTIES, ROLES, INDICATORS)


def reading(path: Path, profile: str) -> Collecting:
    """The file as rows, with every leaf accounted for."""
    staging = Collecting()
    assert sniff(path.read_bytes()[:4096])
    read(source(path), staging, load_profile(profile))
    found = sum(1 for _ in leaves(path))
    counts = staging.counts
    assert counts["leaves"] == found == sum(counts[kind] for kind in ("typed", "extra", "placeholder", "dropped"))
    return staging


@pytest.fixture(scope="module")
def nepal() -> dict[Path, Collecting]:
    return {path: reading(path, "np") for path in sorted((SHARED / "nepal_style").glob("*.xml"))}


def test_nepal_counts(nepal: dict[Path, Collecting]) -> None:
    def total(table: Table) -> int:
        return sum(len(staging.table(table)) for staging in nepal.values())

    assert (total(REPORTS), total(TRANSACTIONS), total(INDICATORS)) == (138, 158, 138)
    accounts = {key for staging in nepal.values() for key in staging.table(ACCOUNTS)["node_key"]}
    assert len(accounts) == 224
    assert sum(staging.counts["source_rows"] for staging in nepal.values()) == 158
    assert not [bad for staging in nepal.values() for bad in staging.bad]
    assert {
        kind for s in nepal.values() for row in s.rows(TRANSACTIONS) for kind in (row["from_kind"], row["to_kind"])
    } == {"account"}


def test_nepal_sums_are_exact(nepal: dict[Path, Collecting]) -> None:
    for tag, column in (("amount_local", "amount_local"), ("t_to//foreign_amount", "to_amount")):
        delivered = sum(
            (Decimal(found.text or "") for path in nepal for found in etree.parse(path).iterfind(f".//{tag}")),
            Decimal(0),
        )
        read_back = sum(
            (amount for s in nepal.values() for amount in s.table(TRANSACTIONS)[column] if amount is not None),
            Decimal(0),
        )
        if column == "amount_local":
            assert read_back == delivered
        else:
            local = [row for s in nepal.values() for row in s.rows(TRANSACTIONS) if row["to_rate"] is None]
            assert read_back - sum(row["to_amount"] for row in local) == delivered


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_accounted_for(name: str) -> None:
    staging = reading(SHARED / "samples" / f"{name}.xml", "ae")
    assert len(staging.rows(REPORTS)) == 1
    assert not staging.bad


def test_every_value_of_the_skeleton_is_found_again() -> None:
    """Each leaf text stands in a typed column or in `extra`, as often as it does in the file."""
    path = SHARED / "samples" / "thecury_goAMLSchema.instance.xml"
    staging = reading(path, "generic")
    assert (staging.counts["leaves"], staging.counts["dropped"], len(staging.rows(TRANSACTIONS))) == (1117, 0, 1)
    delivered = Counter(value for _, _, value in leaves(path) if value not in ("-", "---"))
    assert staging.counts["placeholder"] == 1117 - delivered.total()
    rows = [row for table in SUBJECT_TABLES for row in staging.rows(table)]
    missing = delivered - Counter(value for row in rows for value in extra_of(row).values())
    typed = Counter(_written(value) for row in rows for name, value in row.items() if name != "extra")
    short = {text: times for text, times in missing.items() if sum(typed[form] for form in _forms(text)) < times}
    assert not short


def _written(value: object) -> str:
    """A typed value in one spelling."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _forms(text: str) -> set[str]:
    """The spellings that a typed column may give a delivered value."""
    forms = {text, {"true": "True", "false": "False"}.get(text, text)}
    moment = parse_moment(text, UTC)
    if moment:
        forms |= {moment.day.isoformat(), moment.at.isoformat()}
    money = parse_money(text)
    return forms | ({_written(money)} if money is not None else set())
