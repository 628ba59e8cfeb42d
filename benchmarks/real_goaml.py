"""`make real-goaml`: the goAML samples of three FIUs and 138 Nepal-style reports, from XML to a queue.

Checks what can be checked without golden values: every transaction is in the lake or in quarantine, sums of amounts
are exact, every value of every file went to a column, to `extra`, or is a placeholder.
"""

import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from lxml import etree

from benchmarks.record import fresh_home, record, shared_data
from pipelines import intake, tables
from pipelines.checks import check_lake
from pipelines.home import Home
from pipelines.lake import Lake, Nights
from review import nightly, queue, text
from sluice.screen import bars, out

DAY = date(2026, 6, 15)
PROFILES = {"ae_*.xml": "ae", "thecury_*.xml": "generic", "misp_*.xml": "generic"}
CAVEAT = (
    "The Nepal-style reports are synthetic and their narratives name the typology: no claim of detection rests here."
)


def leaves(file: Path) -> tuple[int, int, Decimal]:
    """Values, transactions and the sum of `amount_local` in one file, counted without Sluice's reader."""
    tree = etree.parse(str(file), etree.XMLParser(resolve_entities=False, no_network=True))
    values = transactions = 0
    amount = Decimal(0)
    for element in tree.iter(tag=etree.Element):
        transactions += element.tag == "transaction"
        values += len([name for name in element.attrib if not name.startswith("{")])
        has_text = bool((element.text or "").strip())
        values += has_text and not len(element)
        values += element.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true" and not has_text
        if element.tag == "amount_local" and has_text:
            amount += Decimal(element.text.strip())
    return values, transactions, amount


def take_in(home: Home, folder: Path) -> Iterator[Path]:
    """Take in the samples, each under its FIU's profile; yields the files."""
    with home.writing(), bars() as tell:
        for pattern, profile in PROFILES.items():
            files = sorted((folder / "samples").glob(pattern))
            intake.ingest(home, files, DAY, profile, tell)
            yield from files
        intake.ingest(home, [folder / "nepal_style"], DAY, "np", tell)
        yield from sorted((folder / "nepal_style").glob("*.xml"))


def main() -> None:
    """Run, print, record."""
    folder = shared_data("goaml")
    home = fresh_home("real-goaml", country="NP", profile="np", capacity=20)
    counted = [leaves(file) for file in take_in(home, folder)]
    lake = Lake(home.lake)
    files, transactions = lake.read(tables.SUBMISSIONS), lake.read(tables.TRANSACTIONS)
    destinations = ("typed", "extra", "placeholder", "dropped")
    found = {name: int(files[f"{name}_leaf_count"].sum()) for name in destinations}
    expected_leaves = sum(values for values, _, _ in counted)
    with home.writing(), bars() as tell:
        nightly.run(home, Nights.of(DAY), tell)
    problems = check_lake(lake, nightly.TABLES)
    view = queue.queue(lake, DAY, limit=10, capacity=home.settings.capacity)
    out.print(text.queue_table(view, "en"))
    if view.rows:
        out.print(text.alert_page(queue.alert(lake, view.rows[0].alert_id), "en"))
    out.print(CAVEAT)
    figures = {
        "files": files.height,
        "files_accepted": files.filter(files["status"] == "accepted").height,
        "transactions_in_files": sum(number for _, number, _ in counted),
        "transactions": transactions.height,
        "transactions_quarantined": int(files["quarantined_count"].sum()),
        "amount_in_files": str(sum((amount for _, _, amount in counted), Decimal(0)).normalize()),
        "amount": str(sum(transactions["amount_local"], Decimal(0)).normalize()),
        "leaves_in_files": expected_leaves,
        **{f"leaves_{name}": number for name, number in found.items()},
        "leaf_coverage": sum(found.values()) / expected_leaves,
        "reports": lake.read(tables.REPORTS).height,
        "edges": lake.read(tables.EDGES).height,
        "hits": lake.read(tables.HITS).height,
        "alerts": view.total,
        "lake_problems": len(problems),
        "caveat": CAVEAT,
    }
    record("real-goaml", figures)
    if problems or figures["amount"] != figures["amount_in_files"] or figures["leaf_coverage"] != 1:
        sys.exit("The lake does not hold what the files hold.")


if __name__ == "__main__":
    main()
