"""`make real-amlworld`: the AMLworld HI-Small subset, trained and evaluated by time, recall per laundering attempt.

The last fifth of the rows is the test part; the model is fitted and calibrated on nights before it. An attempt counts
where one of its transactions falls into the test part.
"""

import csv
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl

from benchmarks.record import fresh_home, record, shared_data, tell_done
from models import evaluate, store
from models.train import Recipe, Split, TrainedModel, train
from pipelines import intake, tables
from pipelines.checks import check_lake
from pipelines.home import Home
from pipelines.lake import Lake, Nights
from review import nightly, queue, text
from sluice.screen import bars, out, table

BUDGETS = (100, 500, 1000)
TAIL_FROM = date(2022, 9, 11)
LEAKS = ("raw_channel_*", "raw_is_cross_currency")
CAVEATS = (
    "Subset of illicit accounts: every account takes part in laundering; nothing here can be compared with results "
    "on the full data set, nor read as precision, alert volume or thresholds.",
    "The laundering rate is 139 times too high; the payment format and a currency change leak the label (hence the "
    "figures without them); rows after 10 September are an artefact (hence the figures without them).",
    "Nearly every one of the first 1,000 ranked rows is laundering (precision_at): recall per attempt among them says "
    "which laundering rows come first, not how many are missed.",
    "The day of the transaction is taken as the day on which the FIU knew it; labels are complete and known at once.",
)


def attempts(file: Path) -> pl.DataFrame:
    """Rows of the patterns file: attempt, typology, and what identifies the transaction."""
    rows, typology, number = [], "", 0
    with file.open(newline="") as handle:
        for cells in csv.reader(handle):
            if cells and cells[0].startswith("BEGIN"):
                number, typology = number + 1, cells[0].split(" - ", 1)[1].split(":")[0].strip()
            elif len(cells) == 11:
                rows.append((number, typology, *_identity(cells)))
    names = ["attempt", "typology", "minute", "from_node_key", "to_node_key", "from_amount"]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def _identity(cells: Sequence[str]) -> tuple[str, str, str, str]:
    minute = cells[0].replace("/", "-")[:16]
    ends = [f"acc:{cells[at].lstrip('0') or '0'}:{cells[at + 1]}" for at in (1, 3)]
    return minute, ends[0], ends[1], str(Decimal(cells[7]).quantize(Decimal("0.01")))


def with_transactions(lake: Lake, patterns: pl.DataFrame) -> pl.DataFrame:
    """The patterns' rows with their transaction_id and night; each transaction is used once."""
    transactions = lake.read(tables.TRANSACTIONS).select(
        "transaction_id",
        "received_on",
        pl.col("occurred_at").dt.strftime("%Y-%m-%d %H:%M").alias("minute"),
        "from_node_key",
        "to_node_key",
        pl.col("from_amount").cast(pl.Decimal(38, 2)).cast(pl.String),
    )
    keys = ["minute", "from_node_key", "to_node_key", "from_amount"]
    numbered = [
        frame.with_columns(pl.int_range(pl.len()).over(keys).alias("repeat"))
        for frame in (patterns, transactions.sort("transaction_id"))
    ]
    return numbered[0].join(numbered[1], on=[*keys, "repeat"])


def split_by_time(lake: Lake) -> Split:
    """Train, validation, calibration and test: nights nearest to 60, 70 and 80 % of the rows."""
    nights = lake.scan(tables.EDGES).group_by("received_on").len().sort("received_on").collect()
    done = nights["len"].cum_sum() / nights["len"].sum()
    ends = [nights["received_on"][int((done - goal).abs().arg_min() or 0)] for goal in (0.6, 0.7, 0.8)]
    return Split(last_nights=(ends[0], ends[1], ends[2]))


def measured(held_back: pl.DataFrame, patterns: pl.DataFrame) -> dict[str, Any]:
    """Average precision, precision and recall per attempt by ranked transactions, as the peer's figures are made."""
    ranked = held_back.drop("attempt").join(
        patterns.select("transaction_id", pl.col("attempt").cast(pl.String)), on="transaction_id", how="left"
    )
    positive, risk = ranked["is_laundering"].to_numpy(), ranked["risk"].to_numpy()
    found = evaluate.attempt_recall(ranked["attempt"], risk, BUDGETS)
    return {
        "rows": ranked.height,
        "positives": int(positive.sum()),
        "average_precision": round(evaluate.average_precision(positive, risk), 4),
        "precision_at": {str(k): round(evaluate.precision_at(positive, risk, k), 4) for k in BUDGETS},
        "attempts": ranked["attempt"].drop_nulls().n_unique(),
        "attempts_any_row": {str(f.budget): round(f.any_row, 3) for f in found},
        "attempts_half_of_rows": {str(f.budget): round(f.half_of_rows, 3) for f in found},
    }


def by_alerts(lake: Lake, nights: Nights, patterns: pl.DataFrame) -> tuple[dict[str, Any], pl.DataFrame]:
    """Recall per attempt among the first k alerts of the whole test part, the nights merged by value per minute."""
    alerts = lake.read(tables.ALERTS, nights).sort(
        pl.col("is_lead").not_(), "value_per_minute", "alert_id", descending=[False, True, False]
    )
    read = (
        alerts.with_row_index("position", offset=1)
        .select("position", pl.col("evidence").alias("transaction_id"))
        .explode("transaction_id")
    )
    current = patterns.filter(pl.col("received_on").is_between(nights.first, nights.last))
    wanted = patterns.join(current.select("attempt").unique(), on="attempt", how="semi")
    first = wanted.join(read, on="transaction_id").group_by("attempt", "typology").agg(pl.col("position").min())
    seen = wanted.select("attempt", "typology").unique().join(first, on=["attempt", "typology"], how="left")
    columns = [(pl.col("position") <= k).fill_null(value=False).mean().round(3).alias(str(k)) for k in BUDGETS]
    per_typology = seen.group_by("typology").agg(pl.len().alias("attempts"), *columns).sort("typology")
    overall = seen.select(columns).row(0, named=True)
    evidence_read = {str(k): read.filter(pl.col("position") <= k)["transaction_id"].n_unique() for k in BUDGETS}
    figures = {
        "alerts": alerts.height,
        "attempts": seen.height,
        "attempts_found": overall,
        "transactions_read": evidence_read,
        "per_typology": {row["typology"]: row for row in per_typology.iter_rows(named=True)},
    }
    return figures, per_typology


def trained(home: Home, split: Split, exclude: tuple[str, ...]) -> TrainedModel:
    """A model that has not seen the test part."""
    lake = Lake(home.lake)
    recipe = Recipe(exclude=exclude, is_refitted=False)
    with bars() as tell:
        return train(lake, lake.nights(tables.EDGES)[-1], home.settings, tell, split=split, recipe=recipe)


def main() -> None:
    """Run, print, record."""
    folder = shared_data("amlworld")
    home = fresh_home("real-amlworld", country="US", capacity=1000)
    started = perf_counter()
    with home.writing(), bars() as tell:
        intake.ingest(home, [folder / "HI-Small_subset.csv"], date(2022, 9, 30), "amlworld", tell)
        lake = Lake(home.lake)
        every = Nights(lake.nights(tables.TRANSACTIONS)[0], lake.nights(tables.TRANSACTIONS)[-1])
        for step in nightly.HISTORY_STEPS:
            step(home, every, tell)
    tell_done("rows taken in, features and hits built", started)
    patterns = with_transactions(lake, attempts(folder / "HI-Small_Patterns.txt"))
    split = split_by_time(lake)
    test = Nights(min(n for n in lake.nights(tables.EDGES) if n > split.last_nights[2]), every.last)  # type: ignore[index]
    full, leakless = trained(home, split, ()), trained(home, split, LEAKS)
    tell_done("two models trained", started)
    with home.writing(), bars() as tell:
        card = store.save(home, full)
        store.promote(
            home, lake, card.model_id, from_night=test.first, promoted_by="benchmark", reason="evaluation by time"
        )
        nightly.build_scores(home, test, tell)
        nightly.build_alerts(home, test, tell)
    tell_done("test nights scored", started)
    figures, per_typology = by_alerts(lake, test, patterns)
    without_tail = [model.held_back.filter(pl.col("received_on") < TAIL_FROM) for model in (full, leakless)]
    shown = table(
        "Attempts found among the first alerts of the test nights", "typology", "attempts", *map(str, BUDGETS)
    )
    for row in per_typology.iter_rows():
        shown.add_row(*map(str, row))
    out.print(text.queue_table(queue.queue(lake, test.first, limit=5, capacity=100), "en"))
    out.print(shown)
    for caveat in CAVEATS:
        out.print(f"Caveat: {caveat}")
    record(
        "real-amlworld",
        {
            "transactions": lake.read(tables.TRANSACTIONS).height,
            "pattern_rows_matched": patterns.height,
            "test_nights": str(test),
            "transactions_ranked": measured(full.held_back, patterns),
            "without_payment_format_and_currency": measured(leakless.held_back, patterns),
            "without_tail": measured(without_tail[0], patterns),
            "without_tail_format_and_currency": measured(without_tail[1], patterns),
            "alerts_ranked": figures,
            "lake_problems": len(check_lake(lake, nightly.TABLES)),
            "seconds": round(perf_counter() - started, 1),
            "caveats": CAVEATS,
        },
    )


if __name__ == "__main__":
    main()
