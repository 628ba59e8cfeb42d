"""Is the lake whole: tables readable, contracts kept, keys unique, references found, nothing lost on the way.

Every check counts rows; none prints a value of a row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl
from deltalake.exceptions import DeltaError

from pipelines import tables
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.tables import Reference, Table


@dataclass(frozen=True)
class Problem:
    """One rule that some rows of a table break."""

    table: str
    rule: str
    row_count: int
    message: str


def check_lake(lake: Lake, contracts: Sequence[Table], progress: Progress = silent) -> list[Problem]:
    """Everything that is wrong with the tables; an empty list where nothing is."""
    by_name = {table.name: table for table in contracts}
    problems: list[Problem] = []
    for number, table in enumerate(contracts):
        progress(table.name, number, len(contracts))
        problems += _readable(table.name, partial(check_table, lake, table))
        for reference in table.references:
            target = by_name[reference.target]
            problems += _readable(table.name, partial(_dangling, lake, table, reference, target))
    problems += _readable("transactions", partial(lost_rows, lake))
    progress("done", len(contracts), len(contracts))
    return problems


def _readable(name: str, check: Callable[[], list[Problem]]) -> list[Problem]:
    """What the check finds, or that the table or one that it is compared with can't be read."""
    try:
        return check()
    except (OSError, pl.exceptions.PolarsError, DeltaError) as error:
        return [Problem(name, "unreadable", 0, f"can't be read, or a table that it names ({type(error).__name__})")]


def check_table(lake: Lake, table: Table, nights: Nights | None = None) -> list[Problem]:
    """Broken rules and repeated keys of one table."""
    rows = lake.scan(table, nights)
    rules = {
        **{f"{c.name}_missing": pl.col(c.name).is_not_null() for c in table.columns if c.required},
        **{rule.code: rule.holds.fill_null(value=True) for rule in table.rules},
    }
    counts = rows.select(holds.not_().sum().alias(code) for code, holds in rules.items()).collect() if rules else None
    broken = [] if counts is None else [(code, counts[code][0]) for code in rules]
    repeated = rows.group_by(table.key).len().filter(pl.col("len") > 1).select(pl.len()).collect().item()
    return [
        *(Problem(table.name, code, n, "rows break the contract") for code, n in broken if n),
        *([Problem(table.name, "key_repeated", repeated, f"keys ({', '.join(table.key)}) repeat")] if repeated else []),
    ]


def _dangling(lake: Lake, table: Table, reference: Reference, target: Table) -> list[Problem]:
    here, there = list(reference.columns), list(reference.target_columns)
    count = (
        lake.scan(table)
        .select(here)
        .drop_nulls()
        .join(lake.scan(target).select(there), left_on=here, right_on=there, how="anti")
        .select(pl.len())
        .collect()
        .item()
    )
    message = f"rows name no row of {target.name}"
    return [Problem(table.name, f"{'_'.join(here)}_dangling", count, message)] if count else []


def lost_rows(lake: Lake, nights: Nights | None = None) -> list[Problem]:
    """Source rows that are neither accepted nor quarantined, and transactions that gave no edge though they should.

    Args:
        lake: the lake.
        nights: days of delivery and of receipt to look at; all where None.
    """
    submissions = lake.scan(tables.SUBMISSIONS, nights).collect()
    arrived = _per_submission(lake, tables.TRANSACTIONS, nights)
    unaccounted = submissions.filter(
        (pl.col("status") != "quarantined")
        & (pl.col("source_row_count") > 0)
        & (pl.col("transaction_count") > 0)
        & (pl.col("source_row_count") != pl.col("transaction_count") + pl.col("quarantined_count"))
    )
    short = (
        submissions.join(arrived, on="submission_id", how="left")
        .filter(pl.col("transaction_count") != pl.col("rows").fill_null(0))
        .height
        if nights is None
        else 0
    )
    edgeless = _edgeless(lake, nights)
    found = [
        ("submissions", "source_rows_lost", unaccounted.height, "files have rows neither accepted nor quarantined"),
        ("transactions", "transactions_lost", short, "files have fewer transactions in the lake than they brought"),
        ("edges", "edges_lost", edgeless, "transactions have no edge; run: sluice backfill"),
    ]
    return [Problem(*problem) for problem in found if problem[2]]


def _per_submission(lake: Lake, table: Table, nights: Nights | None) -> pl.DataFrame:
    return lake.scan(table, nights).group_by("submission_id").agg(pl.len().alias("rows")).collect()


def _edgeless(lake: Lake, nights: Nights | None) -> int:
    built = lake.nights(tables.EDGES)
    done = lake.scan(tables.RUNS, nights).filter(pl.col("step") == tables.EDGES.name).select("received_on")
    if not built:
        return 0
    return int(
        lake.scan(tables.TRANSACTIONS, nights)
        .filter(pl.col("from_node_key").is_not_null() & pl.col("to_node_key").is_not_null())
        .join(done, on="received_on", how="semi")
        .join(lake.scan(tables.EDGES, nights).select("transaction_id"), on="transaction_id", how="anti")
        .select(pl.len())
        .collect()
        .item()
    )
