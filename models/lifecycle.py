"""From a request to train to a model in force: trains once for the same inputs, keeps, and promotes what wins.

Holds no learning; `models.train` does that.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from models import store
from models.model import Card
from models.train import Recipe, Split, TooFewLabels, train
from pipelines import tables
from pipelines.home import Home
from pipelines.lake import Lake, Nights, write_atomically
from pipelines.progress import Progress, silent
from pipelines.steps import code_version, digest_of
from pipelines.versions import known_digests


@dataclass(frozen=True)
class Trained:
    """What became of a request to train; `card` is None where too little is known to train on."""

    card: Card | None
    verdict: str

    def metadata(self) -> dict[str, Any]:
        """The figures that a person asks for first."""
        if self.card is None:
            return {"verdict": self.verdict}
        measured = self.card.evaluation
        low, high = measured["average_precision_interval_90"]
        return {
            "model": self.card.model_id,
            "verdict": self.verdict,
            "measured on": f"{measured['rows']} held-back transactions, {measured['positives']} of them laundering",
            "average precision": f"{measured['average_precision']:.3f} (90 % interval {low:.3f} to {high:.3f})",
            "calibration error": f"{measured['calibration_error']:.4f}",
        }


def train_and_promote(
    home: Home,
    as_of: date,
    progress: Progress = silent,
    *,
    promoted_by: str = "sluice train",
    split: Split = Split(),
    recipe: Recipe | None = None,
) -> Trained:
    """A model of all that is known as of a day, in force from the next night on if it is the first or wins.

    The same knowledge, code, settings and recipe train once; a repeated request finds its model. The caller holds
    `home.writing()`.
    """
    lake = Lake(home.lake)
    recipe = recipe or Recipe(trials=home.settings.training_trials)
    request = _request(home, lake, as_of, split, recipe)
    requests = home.models / "requests.json"
    earlier: dict[str, str] = json.loads(requests.read_bytes()) if requests.exists() else {}
    if request in earlier:
        card = store.load(home, earlier[request]).card
    else:
        try:
            card = store.save(home, train(lake, as_of, home.settings, progress, split=split, recipe=recipe))
        except TooFewLabels as few:
            return Trained(None, str(few))
        _remember(requests, {**earlier, request: card.model_id})
    return Trained(card, _promoted(home, lake, card, as_of, promoted_by))


def _promoted(home: Home, lake: Lake, card: Card, as_of: date, promoted_by: str) -> str:
    history = store.promotions(home)
    if history and history[-1].model_id == card.model_id:
        return f"in force since {history[-1].from_night}"
    try:
        promotion = store.promote(
            home,
            lake,
            card.model_id,
            from_night=max(as_of, card.window_end) + timedelta(days=1),
            promoted_by=promoted_by,
            reason="wins on held-back nights" if history else "the first model",
        )
    except store.NotPromoted as reason:
        return f"not in force. {reason}"
    return f"in force from {promotion.from_night}"


def _request(home: Home, lake: Lake, as_of: date, split: Split, recipe: Recipe) -> str:
    known = known_digests(lake, Nights.of(as_of))[as_of]
    labels = lake.scan(tables.LABELS).filter(pl.col("known_on") <= as_of).collect().sort(tables.LABELS.key)
    decided = lake.read(tables.OUTCOMES, Nights(date.min, as_of))
    stated = digest_of(labels.write_csv(), decided.write_json())
    how = json.dumps([asdict(split), asdict(recipe)], sort_keys=True, default=date.isoformat)
    return digest_of(known, stated, how, home.settings.seed, as_of, code_version("pipelines", "features", "models"))


def _remember(requests: Path, entries: dict[str, str]) -> None:
    write_atomically(requests, (json.dumps(entries, indent=1, sort_keys=True) + "\n").encode())
