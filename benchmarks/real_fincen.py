"""`make real-fincen`: 17 years of real suspicious-activity flows, one backfill, a cold-start queue, EAG corridors.

Real, leaked, chosen by journalists, bank level: no claim of detection can rest on it; it shows intake, backfill, the
cold start and corridors on real input.
"""

from datetime import UTC, datetime
from time import perf_counter

import polars as pl

from benchmarks.record import fresh_home, record, shared_data
from pipelines import intake, tables
from pipelines.checks import check_lake
from pipelines.lake import Lake, Nights
from review import nightly, queue, text
from sluice.screen import bars, number, out, table

EAG = ("BY", "CN", "IN", "KG", "KZ", "RU", "TJ", "TM", "UZ")
CAVEAT = (
    "Positive-only, leaked, chosen by journalists; banks, not accounts or persons; one row sums up a flow, dated by "
    "its end, which is also taken as the day on which the FIU knew it. No claim of detection rests on it."
)


def corridors(lake: Lake) -> pl.DataFrame:
    """Flows by ordered pair of countries with an EAG member on one side: rows, movements, amount in US dollars."""
    crossing = pl.col("src_country").is_in(EAG) | pl.col("dst_country").is_in(EAG)
    return (
        lake.scan(tables.EDGES)
        .filter(crossing)
        .group_by("src_country", "dst_country")
        .agg(pl.len().alias("rows"), pl.col("movement_count").sum(), pl.col("amount_local").sum())
        .sort("amount_local", "src_country", "dst_country", descending=[True, False, False], nulls_last=True)
        .collect()
    )


def by_member(pairs: pl.DataFrame) -> dict[str, dict[str, float]]:
    """For each EAG member the rows and billions of dollars that it sent or received; two members count both."""
    members = {}
    for member in EAG:
        mine = pairs.filter((pl.col("src_country") == member) | (pl.col("dst_country") == member))
        billions = round(float(mine["amount_local"].sum() or 0) / 1e9, 3)
        members[member] = {"rows": int(mine["rows"].sum()), "billion_usd": billions}
    return members


def main() -> None:
    """Run, print, record."""
    folder = shared_data("fincen_files")
    home = fresh_home("real-fincen", country="US", capacity=50)
    started = perf_counter()
    today = datetime.now(UTC).date()
    with home.writing(), bars() as tell:
        files = sorted(folder.glob("*.csv"))
        report = intake.ingest(home, files, today, None, tell)
        known = Nights(Lake(home.lake).nights(tables.TRANSACTIONS)[0], Lake(home.lake).nights(tables.TRANSACTIONS)[-1])
        taken_in = perf_counter()
        nightly.run(home, known, tell)
    done = perf_counter()
    lake = Lake(home.lake)
    alerts = lake.read(tables.ALERTS)
    busiest = alerts.group_by("received_on").len().sort("len", "received_on", descending=True)["received_on"][0]
    view = queue.queue(lake, busiest, limit=10, capacity=home.settings.capacity)
    out.print(text.queue_table(view, "en"))
    pairs = corridors(lake)
    shown = table("Largest corridors with an EAG member", "from", "to", "flows", "movements", "million USD")
    for row in pairs.head(12).iter_rows(named=True):
        million = number(float(row["amount_local"]) / 1e6)
        shown.add_row(row["src_country"], row["dst_country"], str(row["rows"]), str(row["movement_count"]), million)
    out.print(shown)
    out.print(CAVEAT)
    transactions = lake.read(tables.TRANSACTIONS)
    record(
        "real-fincen",
        {
            "nights": str(known),
            "transactions": transactions.height,
            "quarantined": report.rows["quarantine"],
            "reports": lake.read(tables.REPORTS).height,
            "movements": int(transactions["movement_count"].sum()),
            "amount_usd": str(transactions["amount_local"].sum().normalize()),
            "edges": lake.read(tables.EDGES).height,
            "hits": lake.read(tables.HITS).height,
            "alerts": alerts.height,
            "alert_nights": alerts["received_on"].n_unique(),
            "eag": by_member(pairs),
            "intake_seconds": round(taken_in - started, 1),
            "backfill_seconds": round(done - taken_in, 1),
            "lake_problems": len(check_lake(lake, nightly.TABLES)),
            "caveat": CAVEAT,
        },
    )


if __name__ == "__main__":
    main()
