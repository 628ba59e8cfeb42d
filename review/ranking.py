"""The order of a queue: what an alert is worth and what reading it costs. Pure functions; reads only parameters.toml.

The formula is that of the reference on review queues, section 5.4: value = p * harm * fresh * link, and the order is by
value per expected minute. Hysteresis, classes and quotas belong to the store that knows what was shown and decided.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from math import log1p, log2
from typing import Any

REACH_FULL = 20
LEAD_SHARE = 0.5
FOLD_BAND = 3
"""Alerts of one component, its lead included, that may stand before the rest of the folded ones."""


@dataclass(frozen=True)
class Parameters:
    """What the formula depends on besides the alert; see parameters.toml for sources."""

    a0: float
    a1: float
    theme_weights: Mapping[str, float]
    sla_days: float
    moving_hours: float
    minutes_base: float
    minutes_per_doubling: float

    @classmethod
    def of(cls, country: str) -> "Parameters":
        """The parameters that apply in a country (ISO 3166-1 alpha-2)."""
        table = _table()
        amount = table["amount"].get(country, table["amount"]["default"])
        return cls(
            a0=float(amount["a0"]),
            a1=float(amount["a1"]),
            theme_weights=table["theme_weight"],
            sla_days=float(table["clock"]["sla_days"]),
            moving_hours=float(table["clock"]["moving_hours"]),
            minutes_base=float(table["minutes"]["base"]),
            minutes_per_doubling=float(table["minutes"]["per_doubling"]),
        )

    def theme_weight(self, theme: str) -> float:
        """The theme's weight, 0 to 1; a theme without one weighs as OTHER."""
        return self.theme_weights.get(theme, self.theme_weights["OTHER"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("review").joinpath("parameters.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Worth:
    """What one alert is worth, and each factor of it."""

    sev: float
    harm: float
    fresh: float
    link: float
    value: float
    minutes: float
    value_per_minute: float


@dataclass(frozen=True)
class Standing:
    """What the order needs to know of one alert."""

    alert_id: str
    component_id: str
    value_per_minute: float
    received: date
    has_rule: bool = False


@dataclass(frozen=True)
class Place:
    """An alert's place in the queue."""

    rank: int
    is_lead: bool
    linked_count: int


def severity(amount: float, a0: float, a1: float) -> float:
    """0 to 1: grows with the logarithm of the amount, 1 from `a1` on. Amounts in local currency."""
    return min(1.0, max(0.0, log1p(amount / a0) / log1p(a1 / a0)))


def reach(linked_subjects: int) -> float:
    """0 to 1: other subjects in the evidence, 1 from twenty on."""
    return min(1.0, linked_subjects / REACH_FULL)


def harm(theme_weight: float, sev: float, reached: float) -> float:
    """0 to 1: half by theme, three tenths by amount, two tenths by reach."""
    return 0.5 * theme_weight + 0.3 * sev + 0.2 * reached


def freshness(age_days: float, sla_days: float, *, is_moving: bool) -> float:
    """1 to 2.5: half a point as the service time runs out, one while the money still moves and can be stopped."""
    return 1 + 0.5 * min(max(age_days, 0.0) / sla_days, 1.0) + (1.0 if is_moving else 0.0)


def linkage(*, has_open_case: bool = False, has_agency_interest: bool = False, boost: float = 0.0) -> float:
    """1 and more: open case, interest of law enforcement, boost of an operation (at most 1, set by the head)."""
    if not 0 <= boost <= 1:
        raise ValueError("the boost of an operation lies in 0..1")
    return 1 + 0.3 * has_open_case + 0.3 * has_agency_interest + boost


def expected_minutes(transactions: int, subjects: int, parameters: Parameters) -> float:
    """Minutes that an analyst is expected to need, from evidence transactions and other subjects; see the table."""
    return parameters.minutes_base + parameters.minutes_per_doubling * (log2(1 + transactions) + log2(1 + subjects))


def worth(
    parameters: Parameters,
    *,
    risk: float,
    theme: str,
    amount: float,
    transactions: int,
    subjects: int,
    age_days: float,
    is_moving: bool,
    link: float = 1.0,
) -> Worth:
    """What an alert is worth per minute of work.

    Args:
        parameters: the country's parameters.
        risk: probability that the alert is useful, 0 to 1.
        theme: the queue's theme.
        amount: sum of the evidence in local currency.
        transactions: evidence transactions.
        subjects: subjects of the evidence other than the alert's own.
        age_days: days since the evidence was complete.
        is_moving: did value move within `parameters.moving_hours`.
        link: see `linkage`.
    """
    sev = severity(amount, parameters.a0, parameters.a1)
    harmful = harm(parameters.theme_weight(theme), sev, reach(subjects))
    fresh = freshness(age_days, parameters.sla_days, is_moving=is_moving)
    value = risk * harmful * fresh * link
    minutes = expected_minutes(transactions, subjects, parameters)
    return Worth(sev, harmful, fresh, link, value, minutes, value / minutes)


def best_first(standings: Sequence[Standing]) -> list[Standing]:
    """By value per minute, then the longest known, then alert_id: an order without ties."""
    return sorted(standings, key=lambda s: (-s.value_per_minute, s.received, s.alert_id))


def places(standings: Sequence[Standing]) -> dict[str, Place]:
    """Every alert's place, by alert_id; ranks run from 1 without gaps.

    A component's lead is its best alert, or the best that a typology found where that is worth at least half as much:
    a sentence that names a scheme is read faster than what a model found unusual. All leads come first, so that an
    attempt that is seen once does not fill the top. After the last lead come the folded alerts: first those that stand
    second or third in their component (no component shows more than three alerts before the others had their turn),
    then the rest; each best first.
    """
    ordered = best_first(standings)
    bands = fold_bands(ordered)
    sizes = Counter(s.component_id for s in standings)
    return {
        standing.alert_id: Place(rank, bands[standing.alert_id] == 0, sizes[standing.component_id] - 1)
        for rank, standing in enumerate(sorted(ordered, key=lambda s: bands[s.alert_id]), start=1)
    }


def fold_bands(ordered: Sequence[Standing]) -> dict[str, int]:
    """By alert_id: 0 leads its component, 1 stands second or third in it, 2 later; `ordered` is best first."""
    lead = leads(ordered)
    seen: Counter[str] = Counter()
    bands = {}
    for standing in ordered:
        band = 0
        if lead[standing.component_id] != standing.alert_id:
            seen[standing.component_id] += 1
            band = 1 if seen[standing.component_id] < FOLD_BAND else 2
        bands[standing.alert_id] = band
    return bands


def leads(ordered: Sequence[Standing]) -> dict[str, str]:
    """By component, the alert that leads it; `ordered` is best first."""
    best: dict[str, Standing] = {}
    by_rule: dict[str, Standing] = {}
    for standing in ordered:
        best.setdefault(standing.component_id, standing)
        if standing.has_rule:
            by_rule.setdefault(standing.component_id, standing)
    return {
        component: (
            by_rule[component]
            if component in by_rule and by_rule[component].value_per_minute >= LEAD_SHARE * lead.value_per_minute
            else lead
        ).alert_id
        for component, lead in best.items()
    }
