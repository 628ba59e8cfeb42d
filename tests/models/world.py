"""A small world of features and labels in a lake, in which laundering shows, but not plainly."""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from features.catalog import TRANSACTION_FEATURES, model_features
from models.train import Recipe
from pipelines.home import Home, Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import HITS, LABELS, Table

FIRST = date(2024, 1, 1)
NIGHTS = 40
PER_NIGHT = 70
TELLING = ("raw_log_amount", "asof_cycles_3", "asof_fan_product_7d")
SMALL = Recipe(exclude=("pit_*", "asof_src_*", "asof_dst_*"), trials=2)
SUBMISSION = "0" * 64


def write(lake: Lake, table: Table, frame: pl.DataFrame) -> None:
    """All rows of a frame, as all that the table holds of their nights."""
    nights = Nights(frame[table.partition].min(), frame[table.partition].max())
    lake.replace_nights(table, frame, nights, {})


def feature_rows(seed: int = 3, nights: int = NIGHTS, per_night: int = PER_NIGHT) -> pl.DataFrame:
    """Feature rows with the truth in column `is_laundering` and the attempt in `pattern`."""
    random = np.random.default_rng(seed)
    count = nights * per_night
    truth = random.random(count) < 0.12
    night = np.repeat(np.arange(nights), per_night)
    frame = pl.DataFrame(
        {
            "edge_id": random.permutation(count) + 1,
            "received_on": [FIRST + timedelta(days=int(day)) for day in night],
            "src": random.integers(1, 120, count),
            "dst": random.integers(1, 120, count),
            "occurred_s": [int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) + 86_400 * int(day) for day in night],
            "is_laundering": truth,
            "pattern": [f"attempt-{row // 300}" if is_true else None for row, is_true in enumerate(truth)],
        }
    )
    values = {name: random.normal(size=count) for name in model_features()}
    for name in TELLING:
        values[name] = values[name] + 1.3 * truth
    values["asof_cycles_4"] = np.where(random.random(count) < 0.5, np.nan, values["asof_cycles_4"])
    return frame.with_columns(
        pl.format("t-{}", "edge_id").alias("transaction_id"), *(pl.Series(name, of) for name, of in values.items())
    ).with_columns(pl.col("asof_cycles_4").fill_nan(None))


def label_rows(rows: pl.DataFrame, lag_days: int = 1) -> pl.DataFrame:
    """A label for every row, known some days after the row."""
    return LABELS.conform(
        rows.select(
            pl.lit("truth").alias("source"),
            pl.lit("transaction").alias("subject_kind"),
            pl.col("transaction_id").alias("subject_id"),
            "received_on",
            pl.lit(SUBMISSION).alias("submission_id"),
            pl.col("received_on").dt.offset_by(f"{lag_days}d").alias("known_on"),
            "is_laundering",
            "pattern",
        )
    )


def hit(night: date, node_id: int, strength: float, evidence: list[str], family: str = "cycle") -> dict[str, object]:
    """A row of HITS."""
    at = datetime(night.year, night.month, night.day, tzinfo=UTC)
    return {
        "hit_id": f"{night}-{node_id}-{family}",
        "received_on": night,
        "typology_id": family,
        "typology_version": 1,
        "family": family,
        "theme": "any",
        "node_id": node_id,
        "window_from": at,
        "window_to": at,
        "value": 2.0,
        "threshold": 1.0,
        "strength": strength,
        "amount_local": 1,
        "evidence": evidence,
        "evidence_count": len(evidence),
        "facts": "{}",
        "missing_data": "",
    }


@dataclass(frozen=True)
class World:
    """A lake with its truth, and the home around it."""

    lake: Lake
    home: Home
    rows: pl.DataFrame

    @property
    def last(self) -> date:
        return self.rows["received_on"].max()  # type: ignore[return-value]


def home_in(folder: Path) -> Home:
    return Home(Settings(home=folder, capacity=4, seed=11))


def copied(world: World, folder: Path) -> World:
    """The same lake in a home of its own."""
    shutil.copytree(world.home.root, folder)
    home = home_in(folder)
    return World(Lake(home.lake), home, world.rows)


def make_world(folder: Path, rows: pl.DataFrame) -> World:
    home = home_in(folder)
    lake = Lake(home.lake)
    write(lake, TRANSACTION_FEATURES, TRANSACTION_FEATURES.conform(rows))
    write(lake, LABELS, label_rows(rows))
    night = rows["received_on"].max()
    tonight = rows.filter(pl.col("received_on") == night).sort("edge_id")
    write(lake, HITS, HITS.frame([hit(night, tonight["src"][0], 0.8, tonight["transaction_id"][:2].to_list())]))
    return World(lake, home, rows)
