"""A world's delimited files: the money-transfer operator's daily CSV and the FIU's own outcomes. Holds no chance.

Both are UTF-8 with a semicolon. `sent_at` is Moscow time without a zone.
"""

from pathlib import Path

import polars as pl

from synthetic.world import World

OPERATOR_ID = "MTO-201"
OPERATOR_COLUMNS = (
    "operator_id",
    "transfer_number",
    "sent_at",
    "sender_name",
    "sender_doc",
    "sender_birth",
    "sender_region",
    "sender_country",
    "receiver_name",
    "receiver_doc",
    "receiver_birth",
    "receiver_region",
    "receiver_country",
    "amount",
    "currency",
)


def transfers_of(world: World) -> pl.DataFrame:
    """The operator's transfers of all days, in the columns of its file, with `local_date` in front."""
    rows = world.transactions.filter(pl.col("report") == "CSV")
    rows = _with_person(_with_person(rows, world.persons, "from", "sender"), world.persons, "to", "receiver")
    return rows.with_columns(
        pl.lit(OPERATOR_ID).alias("operator_id"),
        pl.col("transaction_number").alias("transfer_number"),
        pl.col("local_time").dt.strftime("%Y-%m-%d %H:%M:%S").alias("sent_at"),
        pl.lit("RUB").alias("currency"),
    ).select("local_date", *OPERATOR_COLUMNS)


def _with_person(rows: pl.DataFrame, persons: pl.DataFrame, side: str, role: str) -> pl.DataFrame:
    described = persons.select(
        pl.col("person_id").alias(f"{side}_person_id"),
        pl.format("{} {}", "last_name", "first_name").alias(f"{role}_name"),
        pl.col("document").alias(f"{role}_doc"),
        pl.col("birth_date").alias(f"{role}_birth"),
        pl.col("region").alias(f"{role}_region"),
        pl.col("country").alias(f"{role}_country"),
    )
    return rows.join(described, on=f"{side}_person_id", how="left", maintain_order="left")


def write_transfers(transfers: pl.DataFrame, path: Path) -> None:
    """Write one day of the operator's transfers."""
    transfers.select(OPERATOR_COLUMNS).write_csv(path, separator=";", line_terminator="\n")


def write_outcomes(outcomes: pl.DataFrame, path: Path) -> None:
    """Write judged transactions as the FIU keeps them."""
    number = pl.col("transaction_number").alias("transfer_or_transaction_number")
    outcomes.select(number, "is_laundering", "scheme", "known_on").write_csv(path, separator=";", line_terminator="\n")
