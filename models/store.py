"""Where models are kept, and which of them scores a night. A model is a folder; nothing in it is ever pickled.

`<home>/models/transaction/<model_id>/` holds `model.skops`, `held_back.parquet` and `card.json`;
`<home>/models/transaction/in_force.json` is the list of promotions, which only grows.
"""

import dataclasses
import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from models import dataset, evaluate
from models.model import Card, Model, calibrated, margins
from models.train import LEAST_POSITIVES, TrainedModel
from pipelines.home import Home, UserError
from pipelines.lake import Lake, write_atomically

ALLOWED_TYPES = frozenset({"sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"})
"""All that a model file may hold beyond what skops itself trusts."""

_MODEL, _HELD_BACK, _CARD = "model.skops", "held_back.parquet", "card.json"


class UntrustedModel(UserError):
    """A model folder is not what this program wrote; nothing of it was loaded."""


class NotPromoted(UserError):
    """A challenger does not replace the champion."""


@dataclass(frozen=True)
class Promotion:
    """From which night on a model scores, who said so, and why."""

    model_id: str
    from_night: date
    promoted_by: str
    reason: str
    card_sha256: str
    challenger_average_precision: float
    champion_id: str | None = None
    champion_average_precision: float | None = None
    compared_rows: int = 0


def save(home: Home, trained: TrainedModel) -> Card:
    """The card of the model as kept. A model that is already kept stays as it is: same inputs, same id."""
    folder = _folder(home, trained.model.card.model_id)
    if (folder / _CARD).exists():
        return load(home, trained.model.card.model_id).card
    content = {_MODEL: _dump(trained.model), _HELD_BACK: _parquet(trained.held_back)}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    card = dataclasses.replace(trained.model.card, files=hashes)
    content[_CARD] = card.to_json().encode()
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, data in content.items():
        with (partial / name).open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
    _sync(partial)
    partial.rename(folder)
    _sync(folder.parent)
    return card


def load(home: Home, model_id: str) -> Model:
    """A model, after its file's hash and every type in it have been checked.

    Raises:
        UserError: there is no such model, or another scikit-learn made it.
        UntrustedModel: a file is not the one that the card describes, or holds a type that no model has.
    """
    folder = _folder(home, model_id)
    try:
        stamp = (folder / _CARD).stat().st_mtime_ns, (folder / _MODEL).stat().st_mtime_ns
    except FileNotFoundError:
        raise UserError(f"There is no model {model_id} in {folder.parent}: train one, or restore the folder.") from None
    return _load(folder, stamp)


@lru_cache(maxsize=4)
def _load(folder: Path, _stamp: tuple[int, int]) -> Model:
    card = _card(folder)
    content = _checked(folder, card, _MODEL)
    foreign = set(skops.io.get_untrusted_types(data=content)) - ALLOWED_TYPES
    if foreign:
        raise UntrustedModel(f"{folder / _MODEL} holds types that no model has: {', '.join(sorted(foreign))}.")
    made_by, here = card.libraries["scikit-learn"], _sklearn_version()
    if made_by.split(".")[:2] != here.split(".")[:2]:
        raise UserError(f"Model {card.model_id} was made by scikit-learn {made_by}, this is {here}: train it again.")
    held = skops.io.loads(content, trusted=sorted(ALLOWED_TYPES))
    expected = {
        "booster": HistGradientBoostingClassifier,
        "calibrator": (IsotonicRegression, LogisticRegression),
        "account_calibrator": (IsotonicRegression, LogisticRegression),
    }
    if not isinstance(held, dict) or set(held) != set(expected):
        raise UntrustedModel(f"{folder / _MODEL} is not a model of this program.")
    for name, types in expected.items():
        if not isinstance(held[name], types):
            raise UntrustedModel(f"{folder / _MODEL}: {name} is of another type than a model's.")
    return Model(card, held["booster"], held["calibrator"], held["account_calibrator"])


def held_back(home: Home, model_id: str) -> pl.DataFrame:
    """The rows that the model's evaluation was measured on, with the risk given to them without having seen them."""
    folder = _folder(home, model_id)
    return pl.read_parquet(io.BytesIO(_checked(folder, _card(folder), _HELD_BACK)))


def promotions(home: Home) -> list[Promotion]:
    """Every promotion, oldest first."""
    file = _in_force_file(home)
    if not file.exists():
        return []
    entries = json.loads(file.read_text(encoding="utf-8"))
    return [Promotion(**{**entry, "from_night": date.fromisoformat(entry["from_night"])}) for entry in entries]


def in_force(home: Home, night: date) -> Model | None:
    """The model that scores a night: the last one promoted for that night or an earlier one; None is the cold start.

    Raises:
        UntrustedModel: the model's card is not the one that was promoted.
    """
    valid = [promotion for promotion in promotions(home) if promotion.from_night <= night]
    if not valid:
        return None
    chosen = valid[-1]
    if _sha256(_folder(home, chosen.model_id) / _CARD) != chosen.card_sha256:
        raise UntrustedModel(f"The card of model {chosen.model_id} is not the one that was promoted.")
    model = load(home, chosen.model_id)
    if model.card.window_end >= night:
        raise UntrustedModel(f"Model {chosen.model_id} saw what became known on {night}: it can't score that night.")
    return model


def promote(home: Home, lake: Lake, model_id: str, *, from_night: date, promoted_by: str, reason: str) -> Promotion:
    """The promotion of a model from a night on, written to the list.

    The first model is promoted on sight. A later one is a challenger: it must have the higher average precision on its
    own held-back nights. Both sides are judged on the same rows, and neither has seen them: rows that the champion was
    trained on do not count.

    Raises:
        NotPromoted: the night is not after all that the model saw, or is before the night of the last promotion; the
            challenger does not win; or too few rows are left to tell.
    """
    model = load(home, model_id)
    history = promotions(home)
    if not promoted_by.strip() or not reason.strip():
        raise NotPromoted("A promotion names who decided it and why.")
    if from_night <= model.card.window_end:
        raise NotPromoted(
            f"Model {model_id} saw what became known until {model.card.window_end}: it can score nights after that, "
            f"not {from_night}."
        )
    if history and from_night < history[-1].from_night:
        raise NotPromoted(f"A promotion from {history[-1].from_night} exists: earlier nights keep their model.")
    promotion = Promotion(
        model_id=model_id,
        from_night=from_night,
        promoted_by=promoted_by,
        reason=reason,
        card_sha256=_sha256(_folder(home, model_id) / _CARD),
        challenger_average_precision=float(model.card.evaluation["average_precision"]),
    )
    if history:
        promotion = _against_champion(home, lake, load(home, history[-1].model_id), promotion)
    entries = [
        {**dataclasses.asdict(entry), "from_night": entry.from_night.isoformat()} for entry in [*history, promotion]
    ]
    write_atomically(_in_force_file(home), (json.dumps(entries, indent=2, ensure_ascii=False) + "\n").encode())
    return promotion


def _against_champion(home: Home, lake: Lake, champion: Model, challenger: Promotion) -> Promotion:
    if champion.card.model_id == challenger.model_id:
        raise NotPromoted(f"Model {challenger.model_id} is in force already.")
    keys = held_back(home, challenger.model_id).filter(pl.col("received_on") > champion.card.window_end)
    positive = keys["is_laundering"].to_numpy()
    if int(positive.sum()) < LEAST_POSITIVES["test"] or bool(positive.all()):
        raise NotPromoted(
            f"Only {keys.height} of the challenger's held-back rows, {int(positive.sum())} of them positive, are new "
            f"to the champion {champion.card.model_id}: too few to tell which is better. Wait for more outcomes."
        )
    rows = dataset.load(lake, keys.drop("risk"), champion.card.features)
    champion_risk = calibrated(champion.calibrator, margins(champion.booster, rows.matrix))
    challenged = evaluate.average_precision(positive, champion_risk)
    challenging = evaluate.average_precision(positive, keys["risk"].to_numpy())
    if challenging <= challenged:
        raise NotPromoted(
            f"Model {challenger.model_id} does not win: average precision {challenging:.4f} against {challenged:.4f} "
            f"of {champion.card.model_id} on the same {keys.height} rows."
        )
    return dataclasses.replace(
        challenger,
        challenger_average_precision=challenging,
        champion_id=champion.card.model_id,
        champion_average_precision=challenged,
        compared_rows=keys.height,
    )


def _dump(model: Model) -> bytes:
    held: Mapping[str, object] = {
        "booster": model.booster,
        "calibrator": model.calibrator,
        "account_calibrator": model.account_calibrator,
    }
    content: bytes = skops.io.dumps(dict(held))
    return content


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _folder(home: Home, model_id: str) -> Path:
    if len(model_id) != 16 or set(model_id) - set("0123456789abcdef"):
        raise UserError(f"{model_id!r} is not a model id: it is 16 hexadecimal digits.")
    return home.models / "transaction" / model_id


def _in_force_file(home: Home) -> Path:
    return home.models / "transaction" / "in_force.json"


def _card(folder: Path) -> Card:
    try:
        card = Card.from_json((folder / _CARD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"There is no model {folder.name} in {folder.parent}.") from None
    except (ValueError, KeyError, TypeError):
        raise UntrustedModel(f"{folder / _CARD} is not a card of this program.") from None
    if card.model_id != folder.name:
        raise UntrustedModel(f"{folder / _CARD} belongs to model {card.model_id}.")
    return card


def _checked(folder: Path, card: Card, name: str) -> bytes:
    content = (folder / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != card.files.get(name):
        raise UntrustedModel(f"{folder / name} is not the file that its card describes: restore it, or train again.")
    return content


def _sha256(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise UserError(f"{file} is missing: restore the model's folder.") from None


def _sklearn_version() -> str:
    import sklearn

    return str(sklearn.__version__)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
