"""Why an alert is in the queue: one to five sentences, rules and model kept apart by `source`, strongest first."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isclose
from typing import Any

import polars as pl

from pipelines.lake import Lake, Nights
from pipelines.tables import SCORES
from review import wording as words
from review.candidates import Candidates
from review.wording import Language, Wording

REASONS_MAX = 5
MODEL_REASONS_KEPT = 2
"""Places that rule reasons leave to the model's where there are enough of both."""
LINKS_MAX = 25
"""Evidence transactions that one reason links to, the first in time."""
EXPLAINED_MAX = 5
"""The riskiest explained transactions of an alert, whose explanations become reasons."""
MODEL = "model"
ACCOUNT_RISK = "account_risk"
ACCOUNT_ANOMALY = "account_anomaly"
"""Codes of the reasons that rest on the account's own score."""

Key = tuple[date, str]
"""Night and alert_id."""
_Seen = tuple[float, dict[str, Any], int, str]
"""A feature in the explanation of one transaction: weight, item, second of the transaction, transaction_id."""


@dataclass(frozen=True)
class Reason:
    """One sentence in both languages, how much it weighs (0 to 1) and the transactions it rests on.

    Attributes:
        source: the typology, or `model`.
        code: what the sentence is about, the same for every alert: the typology, the feature, or the kind of the
            account's score. Empty in what was written before reasons had codes.
    """

    source: str
    en: str
    ru: str
    weight: float
    evidence: tuple[str, ...]
    code: str = ""


def to_json(reasons: Iterable[Reason]) -> str:
    """Reasons as the ALERTS contract stores them."""
    return json.dumps([vars(reason) for reason in reasons], ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> tuple[Reason, ...]:
    """Reasons from the ALERTS contract."""
    return tuple(Reason(**{**item, "evidence": tuple(item["evidence"])}) for item in json.loads(text))


def reasons_of(lake: Lake, nights: Nights, found: Candidates, wording: Wording) -> dict[Key, tuple[Reason, ...]]:
    """The reasons of every alert, by night and alert_id; at least one each."""
    by_rule = _rule_reasons(found, wording)
    by_model = _model_reasons(found, _explanations(lake, nights, found), wording)
    for key, reason in _unexplained(found, by_rule, by_model):
        by_model[key] = [reason]
    keys = found.alerts.select("received_on", "alert_id").iter_rows()
    return {key: strongest(by_rule.get(key, []), by_model.get(key, [])) for key in keys}


def strongest(by_rule: Sequence[Reason], by_model: Sequence[Reason]) -> tuple[Reason, ...]:
    """At most five reasons, strongest first; two places are the model's where it has as many reasons."""
    rules = _sorted(by_rule)[: REASONS_MAX - min(len(by_model), MODEL_REASONS_KEPT)]
    return tuple(_sorted([*rules, *_sorted(by_model)[: REASONS_MAX - len(rules)]]))


def _sorted(reasons: Iterable[Reason]) -> list[Reason]:
    return sorted(reasons, key=lambda reason: (-reason.weight, reason.source, reason.en))


def _rule_reasons(found: Candidates, wording: Wording) -> dict[Key, list[Reason]]:
    kept = {(row[0], row[1]): row[2] for row in found.alerts.select("received_on", "alert_id", "evidence").iter_rows()}
    reasons = defaultdict(list)
    for hit in found.hits.sort("received_on", "typology_id", "hit_id").iter_rows(named=True):
        key = (hit["received_on"], hit["alert_id"])
        if key not in kept:
            continue
        own = set(hit["evidence"])
        links = [identifier for identifier in kept[key] if identifier in own][:LINKS_MAX]
        sentences = {language: wording.hit(hit, language) for language in words.LANGUAGES}
        code = hit["typology_id"]
        reasons[key].append(Reason(code, **sentences, weight=hit["strength"], evidence=tuple(links), code=code))
    return dict(reasons)


def _explanations(lake: Lake, nights: Nights, found: Candidates) -> pl.DataFrame:
    """Per alert, the explanations of its riskiest explained evidence transactions."""
    keys = ["received_on", "transaction_id"]
    risky = found.evidence.drop_nulls("risk").select("received_on", "alert_id", "transaction_id", "risk", "occurred_s")
    explained = (
        lake.scan(SCORES, nights)
        .filter(pl.col("level") != "account")
        .select("received_on", pl.col("subject_id").alias("transaction_id"), "explanation")
        .drop_nulls("explanation")
        .join(risky.lazy().select(keys).unique(), on=keys, how="semi")
        .collect()
    )
    return (
        risky.join(explained, on=keys)
        .sort("received_on", "alert_id", "risk", "transaction_id", descending=[False, False, True, False])
        .group_by("received_on", "alert_id", maintain_order=True)
        .head(EXPLAINED_MAX)
    )


def _model_reasons(found: Candidates, explained: pl.DataFrame, wording: Wording) -> dict[Key, list[Reason]]:
    """Reasons from the features that raised the risk of an alert's transactions, one reason per feature."""
    wanted = {(row[0], row[1]) for row in found.alerts.select("received_on", "alert_id").iter_rows()}
    collected: dict[Key, dict[str, list[_Seen]]] = defaultdict(lambda: defaultdict(list))
    columns = ("received_on", "alert_id", "transaction_id", "risk", "occurred_s", "explanation")
    for night, alert, transaction, risk, second, text in explained.select(columns).iter_rows():
        if (night, alert) in wanted:
            for share, item in _raising(text):
                collected[night, alert][item["feature"]].append((risk * share, item, second or 0, transaction))
    return {key: _per_feature(features, wording) for key, features in collected.items()}


def _raising(explanation: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """The items of an explanation that raised the risk, each with its share of all that raised it."""
    items = [item for item in json.loads(explanation) if item["contribution"] > 0]
    total = sum(item["contribution"] for item in items)
    for item in items:
        yield item["contribution"] / total, item


def _per_feature(features: Mapping[str, list[_Seen]], wording: Wording) -> list[Reason]:
    """One reason for each of the telling features that weigh most, in the words of its weightiest transaction."""
    weightiest = {name: min(seen, key=lambda s: (-s[0], s[3])) for name, seen in features.items()}
    # What is as usual convinces nobody, whatever it weighs together with others.
    telling = [name for name in features if not _is_usual(weightiest[name][1])]
    top = sorted(telling or features, key=lambda name: (-weightiest[name][0], name))[:REASONS_MAX]
    reasons = []
    for name in top:
        seen, (weight, item, _, _) = features[name], weightiest[name]
        sentences = {language: wording.feature(item, language) for language in words.LANGUAGES}
        links = tuple(transaction for _, transaction in sorted((s[2], s[3]) for s in seen))
        reasons.append(
            Reason(MODEL, **sentences, weight=weight, evidence=links[:LINKS_MAX], code=item["feature"]),
        )
    return reasons


def _is_usual(item: Mapping[str, Any]) -> bool:
    """Is a feature's value the usual one, to a hundredth of it."""
    value, usual = item["value"], item["usual"]
    return value == usual or (None not in (value, usual) and isclose(value, usual, rel_tol=0.01))


def _unexplained(
    found: Candidates, by_rule: Mapping[Key, object], by_model: Mapping[Key, object]
) -> Iterator[tuple[Key, Reason]]:
    """A reason from the account's own score for each alert that no rule and no feature explains."""
    scored = found.alerts.join(
        found.accounts.select("received_on", "node_id", "anomaly", "median_risk"),
        on=["received_on", "node_id"],
        how="left",
    )
    for alert in scored.iter_rows(named=True):
        key = (alert["received_on"], alert["alert_id"])
        if key not in by_rule and key not in by_model:
            sentences = {language: _own_score(alert, language) for language in words.LANGUAGES}
            code = ACCOUNT_RISK if alert["is_calibrated"] else ACCOUNT_ANOMALY
            links = tuple(alert["evidence"][:LINKS_MAX])
            yield key, Reason(MODEL, **sentences, weight=alert["risk"], evidence=links, code=code)


def _own_score(alert: Mapping[str, Any], language: Language) -> str:
    if alert["is_calibrated"]:
        return words.account_risk(alert["risk"], alert["median_risk"], language)
    return words.account_anomaly(alert["anomaly"], language)
