"""Training rows: the features of every transaction with what is known about it as of a date.

Nothing that became known after that date is used. Nothing here trains or scores.
"""

import fnmatch
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalog import TRANSACTION_FEATURES, model_features
from pipelines.home import UserError
from pipelines.lake import Lake, Nights
from pipelines.tables import LABELS, OUTCOMES, TRANSACTIONS

Unlabelled = Literal["negative", "ignore"]
Matrix = NDArray[np.float32]

_EARLIEST = date(1900, 1, 1)
_DECISIONS = pl.DataFrame(
    {
        "code": ["D1", "D2", "D3", "D4", "D5", "D7"],
        "is_laundering": [True, True, True, True, False, False],
        "weight": [1.0, 1.0, 1.0, 0.5, 1.0, 1.0],
    }
)
"""What a disposition says about the transactions that it rests on; codes that are not here say nothing."""

_FACT = ("transaction_id", "is_laundering", "weight", "known_on", "attempt")
KEYS = ("edge_id", "transaction_id", "received_on", "src", "dst", "is_laundering", "weight", "is_weak", *_FACT[3:])
"""The columns of a frame of training keys."""


@dataclass(frozen=True)
class Rows:
    """Training rows: their keys and labels, and one matrix of features in the same order."""

    keys: pl.DataFrame
    matrix: Matrix
    features: tuple[str, ...]

    @property
    def positive(self) -> NDArray[np.bool_]:
        """The label of each row."""
        return self.keys["is_laundering"].to_numpy().astype(np.bool_)

    @property
    def weight(self) -> NDArray[np.float64]:
        """How much each row counts in fitting."""
        return self.keys["weight"].to_numpy().astype(np.float64)

    def digest(self) -> str:
        """A hash of every key, label, weight, feature name and value, in order."""
        digest = hashlib.sha256("\n".join(self.features).encode())
        for column in ("edge_id", "is_laundering", "weight", "is_weak"):
            digest.update(np.ascontiguousarray(self.keys[column].to_numpy()).tobytes())
        digest.update(np.ascontiguousarray(self.matrix).data)
        return digest.hexdigest()


def concat(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, one part after the other."""
    return Rows(
        pl.concat([part.keys for part in parts]),
        np.concatenate([part.matrix for part in parts]),
        parts[0].features,
    )


def features_without(exclude: Iterable[str] = ()) -> tuple[str, ...]:
    """The features that a model may use, without those that a pattern such as `raw_channel_*` names.

    Raises:
        UserError: a pattern names no feature.
    """
    names = model_features()
    dropped: set[str] = set()
    for pattern in exclude:
        matching = fnmatch.filter(names, pattern)
        if not matching:
            raise UserError(f"No feature is named {pattern!r}: see the list of features for the names to exclude.")
        dropped.update(matching)
    return tuple(name for name in names if name not in dropped)


def labelled(lake: Lake, as_of: date, *, unlabelled: Unlabelled = "negative", weak_weight: float = 0.3) -> pl.DataFrame:
    """One row per transaction that training may use as of a date: its keys (`KEYS`), ordered by night and edge.

    Labels come from LABELS (`known_on` not after `as_of`) and from the last decision, as of that date, on every alert:
    D1 to D3 are positive, D4 is positive with weight 0.5, D5 and D7 are negative, the others say nothing. Where a
    transaction has several, a positive wins over a negative and a heavier one over a lighter one.

    A source that labels every row leaves nothing unlabelled. Outcomes label only what reached an analyst, and what did
    not is laundering now and then (positive-unlabelled learning): as `negative` such a row counts `weak_weight`, far
    below a row that an analyst looked at. Rows received after the last labelled one are left out: their time has not
    been judged yet, so that they are unlabelled says nothing.

    Args:
        lake: the lake.
        as_of: the last day whose knowledge is used.
        unlabelled: `negative` uses unlabelled rows as weak negatives, `ignore` leaves them out.
        weak_weight: what a weak negative weighs against a labelled row.
    """
    known = Nights(_EARLIEST, as_of)
    facts = (
        pl.concat([_stated(lake, known), _decided(lake, known)])
        .sort(
            "transaction_id",
            "is_laundering",
            "weight",
            "known_on",
            "attempt",
            descending=[False, True, True, False, False],
        )
        .unique("transaction_id", keep="first", maintain_order=True)
    )
    rows = (
        lake.scan(TRANSACTION_FEATURES, known)
        .filter(pl.col("received_on") <= as_of)
        .select("edge_id", "transaction_id", "received_on", "src", "dst")
        .collect()
        .join(facts, on="transaction_id", how="left")
        .with_columns(pl.col("is_laundering").is_null().alias("is_weak"))
    )
    if unlabelled == "negative":
        last = rows.filter(~pl.col("is_weak"))["received_on"].max()
        rows = rows.filter(pl.col("received_on") <= pl.lit(last, pl.Date)).with_columns(
            pl.col("is_laundering").fill_null(value=False),
            pl.col("weight").fill_null(weak_weight),
            pl.col("known_on").fill_null(as_of),
        )
    else:
        rows = rows.filter(~pl.col("is_weak"))
    return rows.select(KEYS).sort("received_on", "edge_id")


def load(lake: Lake, keys: pl.DataFrame, features: Sequence[str]) -> Rows:
    """The features of the rows that `keys` names, in the order of `keys` by night and edge."""
    ordered = keys.sort("received_on", "edge_id")
    if ordered.is_empty():
        return Rows(ordered, np.empty((0, len(features)), dtype=np.float32), tuple(features))
    nights = Nights(ordered["received_on"][0], ordered["received_on"][-1])
    frame = (
        lake.scan(TRANSACTION_FEATURES, nights)
        .join(ordered.select("edge_id", "received_on").lazy(), on=["edge_id", "received_on"], how="semi")
        .select("edge_id", "received_on", *(pl.col(name).cast(pl.Float32) for name in features))
        .collect()
        .sort("received_on", "edge_id")
    )
    if frame.height != ordered.height:
        raise ValueError(f"{ordered.height} keys but {frame.height} rows of features: a key is repeated or unknown")
    return Rows(ordered, matrix(frame, features), tuple(features))


def matrix(frame: pl.DataFrame, features: Sequence[str]) -> Matrix:
    """The features of a frame as 32-bit numbers in its order; what is empty or not finite is NaN."""
    if frame.is_empty():
        return np.empty((0, len(features)), dtype=np.float32)
    values: NDArray[Any] = frame.select(pl.col(name).cast(pl.Float32) for name in features).to_numpy()
    result = np.ascontiguousarray(values, dtype=np.float32)
    if not result.flags.writeable:
        result = result.copy()
    result[~np.isfinite(result)] = np.nan
    return result


def _stated(lake: Lake, known: Nights) -> pl.DataFrame:
    """What LABELS says of transactions, known by the end of `known`."""
    labels = lake.scan(LABELS).filter(pl.col("known_on") <= known.last).collect()
    numbers = labels.filter(pl.col("subject_kind") == "transaction_number")
    numbered = pl.DataFrame(schema={**labels.schema, "transaction_id": pl.String})
    if not numbers.is_empty():
        transactions = (
            lake.scan(TRANSACTIONS, known)
            .select("transaction_id", "transaction_number")
            .filter(pl.col("transaction_number").is_not_null())
            .collect()
        )
        numbered = numbers.join(transactions, left_on="subject_id", right_on="transaction_number")
    direct = labels.filter(pl.col("subject_kind") == "transaction").with_columns(
        pl.col("subject_id").alias("transaction_id")
    )
    return pl.concat([direct, numbered.select(direct.columns)]).select(
        "transaction_id",
        "is_laundering",
        pl.lit(1.0).alias("weight"),
        "known_on",
        pl.when("is_laundering").then("pattern").alias("attempt"),
    )


def _decided(lake: Lake, known: Nights) -> pl.DataFrame:
    """What the last decision on every alert, made by the end of `known`, says of the transactions that it rests on."""
    return (
        lake.scan(OUTCOMES, known)
        .filter(pl.col("received_on") <= known.last)
        .collect()
        .sort("alert_id", "received_on", "ordinal")
        .unique("alert_id", keep="last", maintain_order=True)
        .join(_DECISIONS, on="code", maintain_order="left")
        .explode("evidence", empty_as_null=False, keep_nulls=False)
        .select(
            pl.col("evidence").alias("transaction_id"),
            "is_laundering",
            "weight",
            pl.col("received_on").alias("known_on"),
            pl.when("is_laundering").then("alert_id").alias("attempt"),
        )
    )
