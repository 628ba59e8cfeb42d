"""What the FIU itself knows of past transactions: its outcomes, a part of the truth, and only after some days.

The last `unlabelled_days` of a world have no outcome. Holds no file format.
"""

from datetime import timedelta

import numpy as np
import polars as pl

from synthetic.draw import generator
from synthetic.world import World

UNLABELLED_DAYS, KNOWN_SHARE, CLEARED_SHARE = 14, 0.85, 0.25


def make_outcomes(world: World, unlabelled_days: int = UNLABELLED_DAYS) -> pl.DataFrame:
    """One row a judged transaction: number, is_laundering, scheme, known_on; in the order of known_on and number.

    A scheme is known three to seven days after its last movement; 85 % of its transactions are then found. A quarter
    of all innocent transactions is cleared, each three to seven days after its day.
    """
    rng = generator(world.seed, "outcomes")
    last_known = world.first_day + timedelta(days=world.days - 1 - unlabelled_days)
    rows = world.transactions.with_columns(
        pl.Series("chance", rng.random(len(world.transactions))),
        pl.Series("delay", rng.integers(3, 8, len(world.transactions))),
    )
    guilty = _of_schemes(rows.filter("is_laundering"), rng).filter(pl.col("ends_on") <= last_known)
    innocent = rows.filter(~pl.col("is_laundering"), pl.col("local_date") <= last_known)
    return pl.concat(
        [
            _judged(guilty.filter(pl.col("chance") < KNOWN_SHARE), pl.col("ends_on")),
            _judged(innocent.filter(pl.col("chance") < CLEARED_SHARE), pl.col("local_date")),
        ]
    ).sort("known_on", "transaction_number")


def _of_schemes(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    ends = rows.group_by("scheme_id").agg(pl.col("local_date").max().alias("ends_on")).sort("scheme_id")
    ends = ends.with_columns(pl.Series("delay", rng.integers(3, 8, len(ends))))
    return rows.drop("delay").join(ends, on="scheme_id", how="left", maintain_order="left")


def _judged(rows: pl.DataFrame, since: pl.Expr) -> pl.DataFrame:
    return rows.select(
        "transaction_number",
        pl.col("is_laundering").cast(pl.Int64),
        pl.col("scheme_id").alias("scheme"),
        (since + pl.duration(days=pl.col("delay"))).cast(pl.Date).alias("known_on"),
    )
