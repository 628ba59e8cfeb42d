"""The risk of an account on a night, from the risk of its transactions. Nothing here reads, trains or writes."""

from collections.abc import Sequence
from datetime import date

import polars as pl

WINDOW_NIGHTS = 7
"""An account answers for the transactions that the FIU learnt of on this many nights, tonight's included."""

TOP = 5
"""Only an account's riskiest transactions count, or a shop with ten thousand harmless ones would look guilty."""


def sides(transactions: pl.DataFrame) -> pl.DataFrame:
    """One row per transaction and account that it names (`node_id`); a transfer to oneself counts once."""
    both = [transactions.with_columns(pl.col(side).alias("node_id")) for side in ("src", "dst")]
    return pl.concat(both).filter(pl.col("node_id").is_not_null()).unique(["edge_id", "node_id"])


def combined(transactions: pl.DataFrame, nights: Sequence[date]) -> pl.DataFrame:
    """One row per night and account that a transaction of the night names, with its `combined` risk.

    `combined` is 1 - prod(1 - risk) over the account's `TOP` riskiest transactions of the `WINDOW_NIGHTS` nights that
    end with the night. Transactions of one account are not independent, so this is an order; a model calibrates it.

    Args:
        transactions: edge_id, received_on, src, dst, risk (and is_laundering, where labels are known).
        nights: the nights to compute.
    """
    has_label = "is_laundering" in transactions.columns
    label = pl.col("is_laundering").any() if has_label else pl.lit(None, pl.Boolean)
    moved = sides(transactions)
    tonight = pl.DataFrame({"night": nights}, schema={"night": pl.Date})
    live = (
        moved.with_columns(
            pl.date_ranges("received_on", pl.col("received_on").dt.offset_by(f"{WINDOW_NIGHTS - 1}d")).alias("night")
        )
        .explode("night")
        .join(tonight, on="night", how="semi")
        .join(moved.select("node_id", night="received_on").unique(), on=["night", "node_id"], how="semi")
        .sort("night", "node_id", "risk", "edge_id", descending=[False, False, True, False])
    )
    return (
        live.group_by("night", "node_id", maintain_order=True)
        .agg((1 - (1 - pl.col("risk").head(TOP)).product()).alias("combined"), label.first().alias("is_laundering"))
        .select(pl.col("night").alias("received_on"), "node_id", pl.col("combined").clip(0, 1), "is_laundering")
        .sort("received_on", "node_id")
    )
