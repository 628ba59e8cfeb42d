"""Why an alert is in the queue: one to five sentences, rules and model kept apart by `source`, strongest first."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from math import isclose
from typing import Any

import polars as pl

from features import trace
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import SCORES
from review import wording as words
from review.candidates import Candidates
from review.wording import Language, Wording

REASONS_MAX = 5
MODEL_REASONS_KEPT = 2
"""Places that rule reasons leave to the model's where there are enough of both."""
LINKS_MAX = 25
"""Transactions that one reason links to: of a rule the first in time, of a number of the model the largest."""
TRACED = trace.Bounds(edges=20_000, accounts=2_000)
"""Numbers that need a look at more accounts, or at an account with more edges, are not taken apart."""
EXPLAINED_MAX = 5
"""The riskiest explained transactions of an alert, whose explanations become reasons."""
MODEL = "model"
ACCOUNT_RISK = "account_risk"
ACCOUNT_ANOMALY = "account_anomaly"
"""Codes of the reasons that rest on the account's own score."""

Key = tuple[date, str]
"""Night and alert_id."""
_Seen = tuple[float, dict[str, Any], dict[str, Any]]
"""A feature in the explanation of one transaction: its weight, its item, the row of the alert's evidence."""


@dataclass(frozen=True)
class Reason:
    """One sentence in both languages, how much it weighs (0 to 1) and the transactions it rests on.

    Attributes:
        source: the typology, or `model`.
        code: what the sentence is about, the same for every alert: the typology, the feature, or the kind of the
            account's score. Empty in what was written before reasons had codes.
        evidence: the transactions that its number is made of, at most `LINKS_MAX`. Those of the model's numbers need
            not be evidence of the alert: they are what the judged transaction was measured by.
        about: the transaction that the model judged by the number; empty for rules and the account's own score.
        rows: how many transactions the number is made of in all; None where it can't be taken apart.
        among: of a share of transactions, how many there are in all.
        since: the start of the time in which they lie (UTC, ISO 8601); empty where it is the transaction alone.
        until: its end.
    """

    source: str
    en: str
    ru: str
    weight: float
    evidence: tuple[str, ...]
    code: str = ""
    about: str = ""
    rows: int | None = None
    among: int | None = None
    since: str = ""
    until: str = ""


def to_json(reasons: Iterable[Reason]) -> str:
    """Reasons as the ALERTS contract stores them."""
    return json.dumps([vars(reason) for reason in reasons], ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> tuple[Reason, ...]:
    """Reasons from the ALERTS contract."""
    return tuple(Reason(**{**item, "evidence": tuple(item["evidence"])}) for item in json.loads(text))


def reasons_of(
    lake: Lake, nights: Nights, found: Candidates, wording: Wording, settings: Settings
) -> dict[Key, tuple[Reason, ...]]:
    """The reasons of every alert, by night and alert_id; at least one each."""
    by_rule = _rule_reasons(found, wording)
    explained = _explanations(lake, nights, found)
    by_model = _model_reasons(found, explained, wording)
    for key, reason in _unexplained(found, by_rule, by_model):
        by_model[key] = [reason]
    keys = found.alerts.select("received_on", "alert_id").iter_rows()
    chosen = {key: strongest(by_rule.get(key, []), by_model.get(key, [])) for key in keys}
    return _with_rows(lake, settings, explained, chosen)


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
        sentences = (wording.hit(hit, "en"), wording.hit(hit, "ru"))
        code = hit["typology_id"]
        reasons[key].append(
            Reason(code, *sentences, hit["strength"], tuple(links), code=code, rows=hit["evidence_count"])
        )
    return dict(reasons)


def _explanations(lake: Lake, nights: Nights, found: Candidates) -> pl.DataFrame:
    """Per alert, the explanations of its riskiest explained evidence transactions."""
    keys = ["received_on", "transaction_id"]
    risky = found.evidence.drop_nulls("risk").select(
        "received_on", "alert_id", "transaction_id", "risk", "src", "dst", "occurred_s", "known_on"
    )
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
    subjects = {
        (row[0], row[1]): row[2] for row in found.alerts.select("received_on", "alert_id", "node_id").iter_rows()
    }
    collected: dict[Key, dict[str, list[_Seen]]] = defaultdict(lambda: defaultdict(list))
    for row in explained.iter_rows(named=True):
        key = (row["received_on"], row["alert_id"])
        if key in subjects:
            for share, item in _raising(row["explanation"]):
                collected[key][item["feature"]].append((row["risk"] * share, item, row))
    return {key: _per_feature(features, subjects[key], wording) for key, features in collected.items()}


def _raising(explanation: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """The items of an explanation that raised the risk, each with its share of all that raised it."""
    items = [item for item in json.loads(explanation) if item["contribution"] > 0]
    total = sum(item["contribution"] for item in items)
    for item in items:
        yield item["contribution"] / total, item


def _per_feature(features: Mapping[str, list[_Seen]], subject: int, wording: Wording) -> list[Reason]:
    """One reason for each of the telling features that weigh most, of the transaction in which it weighs most."""
    weightiest = {
        name: min(seen, key=lambda one: (-one[0], one[2]["transaction_id"])) for name, seen in features.items()
    }
    # What is as usual convinces nobody, whatever it weighs together with others.
    telling = [name for name in features if not _is_usual(weightiest[name][1])]
    top = sorted(telling or features, key=lambda name: (-weightiest[name][0], name))[:REASONS_MAX]
    reasons = []
    for name in top:
        weight, item, row = weightiest[name]
        end = _end_of(subject, row)
        sentences = (wording.feature(item, "en", end), wording.feature(item, "ru", end))
        judged = row["transaction_id"]
        reasons.append(Reason(MODEL, *sentences, weight, (judged,), code=item["feature"], about=judged))
    return reasons


def _end_of(subject: int, row: Mapping[str, Any]) -> str:
    """Where the subject stands in a transaction: src, dst, both, or empty."""
    ends = [end for end in ("src", "dst") if row[end] == subject]
    return "both" if len(ends) == 2 else "".join(ends)


def _with_rows(
    lake: Lake, settings: Settings, explained: pl.DataFrame, chosen: Mapping[Key, tuple[Reason, ...]]
) -> dict[Key, tuple[Reason, ...]]:
    """The reasons, those of the model's numbers with the transactions that each is made of."""
    every = _numbers(explained)
    wanted = {
        (key, reason.about, reason.code): every[key[0], reason.about, reason.code]
        for key, reasons in chosen.items()
        for reason in reasons
        if reason.about
    }
    # Alerts of several nights, and of both ends of a transaction, ask for the same numbers.
    numbers = list(dict.fromkeys(wanted.values()))
    traces = dict(zip(numbers, trace.behind(lake, settings, numbers, TRACED), strict=True))
    return {
        key: tuple(
            _made_of(reason, traces[wanted[key, reason.about, reason.code]]) if reason.about else reason
            for reason in reasons
        )
        for key, reasons in chosen.items()
    }


def _numbers(explained: pl.DataFrame) -> dict[tuple[date, str, str], trace.Number]:
    """By night, transaction and feature, the numbers of the explanations."""
    numbers = {}
    for row in explained.iter_rows(named=True):
        transaction = row["transaction_id"]
        for item in json.loads(row["explanation"]):
            numbers[row["received_on"], transaction, item["feature"]] = trace.Number(
                transaction, row["src"], row["dst"], row["occurred_s"], row["known_on"], item["feature"], item["value"]
            )
    return numbers


def _made_of(reason: Reason, traced: trace.Trace | None) -> Reason:
    """The reason with the transactions that its number is made of, the largest; as it is where that can't be told."""
    if traced is None or traced.found is None:
        return reason
    rows = list(dict.fromkeys(traced.found.rows))
    largest = sorted(rows, key=lambda move: (-move.cents, move.place))[:LINKS_MAX]
    return replace(
        reason,
        evidence=tuple(move.transaction_id for move in sorted(largest, key=lambda move: move.place)),
        rows=len(rows),
        among=traced.found.among,
        since=_moment(traced.window_from) if traced.window_from else "",
        until=_moment(traced.window_to) if traced.window_from else "",
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


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
            sentences = (_own_score(alert, "en"), _own_score(alert, "ru"))
            code = ACCOUNT_RISK if alert["is_calibrated"] else ACCOUNT_ANOMALY
            links = tuple(alert["evidence"][:LINKS_MAX])
            rows = len(alert["evidence"])
            yield key, Reason(MODEL, *sentences, alert["risk"], links, code=code, rows=rows)


def _own_score(alert: Mapping[str, Any], language: Language) -> str:
    if alert["is_calibrated"]:
        return words.account_risk(alert["risk"], alert["median_risk"], language)
    return words.account_anomaly(alert["anomaly"], language)
