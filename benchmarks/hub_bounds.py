"""What bounding the search through hubs costs in detection: average precision with bounds and without, same rows.

`python -m benchmarks.hub_bounds TRUTH EDGES BOUNDED UNBOUNDED` prints one JSON line. The arguments are Parquet files:
what was planted, the edges, and the features of either side by `edge_id`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier

from models.dataset import matrix
from models.evaluate import average_precision

SEEDS = (1, 2, 3, 4, 5)
TRAIN_SHARE = 0.6
ROUNDS = 150


def fitted_precision(features: pl.DataFrame, positive: np.ndarray, seed: int, rounds: int) -> float:
    """Average precision on the last rows of a booster fitted on the first; rows are in the order of time."""
    names = [name for name in features.columns if name != "edge_id"]
    rows = matrix(features, names)
    rows[:, np.isnan(rows).all(axis=0)] = 0.0
    cut = int(len(rows) * TRAIN_SHARE)
    booster = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=0.08,
        max_leaf_nodes=31,
        early_stopping=False,
        max_features=0.5,
        random_state=seed,
    )
    booster.fit(rows[:cut], positive[:cut])
    return average_precision(positive[cut:], booster.decision_function(rows[cut:]))


def compared(
    truth: pl.DataFrame, edges: pl.DataFrame, sides: dict[str, pl.DataFrame], rounds: int = ROUNDS
) -> dict[str, Any]:
    """Average precision of both sides for every seed, and the loss in points: the mean difference times 100."""
    laundering = truth.filter("is_laundering").select("edge_id", pl.lit(1).alias("positive"))
    in_time = edges.sort("occurred_s", "edge_id").select("edge_id")
    rows = in_time.join(laundering, on="edge_id", how="left", maintain_order="left")
    positive = rows["positive"].fill_null(0).to_numpy().astype(np.bool_)
    found: dict[str, list[float]] = {}
    for side, features in sides.items():
        ordered = rows.select("edge_id").join(features, on="edge_id", how="left", maintain_order="left")
        found[side] = [fitted_precision(ordered, positive, seed, rounds) for seed in SEEDS]
    gaps = 100 * (np.array(found["none"]) - np.array(found["hubs"]))
    return {
        "rows": len(positive),
        "positives": int(positive.sum()),
        **{f"average_precision_{side}": [round(value, 4) for value in values] for side, values in found.items()},
        "loss_points": round(float(gaps.mean()), 3),
        "loss_points_error": round(float(gaps.std(ddof=1) / len(gaps) ** 0.5), 3),
    }


def main() -> int:
    """Compare and print."""
    truth, edges, bounded, unbounded = (pl.read_parquet(Path(word)) for word in sys.argv[1:])
    print(json.dumps(compared(truth, edges, {"hubs": bounded, "none": unbounded})))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
