"""Which alerts belong together, of whatever night: the night links its own, and the order links all that are open."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
from django.db import connection
from django.db.models import Q

from review import daily, ranking
from review.components import components
from review.console.models import Alert, AlertSubject
from review.console.models.alerts import AlertState
from review.ranking import Parameters

CLOSED_DAYS = 30
"""Alerts that were closed so many days ago still link those that are open."""


def relink(
    candidates: Mapping[int, daily.Candidate], night: date, parameters: Parameters
) -> dict[int, daily.Candidate]:
    """The candidates with their component, which is named after the alert that leads it, and that is written.

    Args:
        candidates: those to order, by key of the alert.
        night: the night that is ordered.
        parameters: of the formula of value.
    """
    worths = {c.alert_id: daily.worth_on(night, parameters, c) for c in candidates.values()}
    best = daily.standings(candidates.values(), worths)
    place = {standing.alert_id: number for number, standing in enumerate(best)}
    alerts = _with_recent(night)
    alerts.sort(key=lambda alert: (place.get(alert[1], len(place)), alert[1]))
    labels = dict(zip((key for key, *_ in alerts), _components(alerts, night), strict=True))
    linked = {key: replace(candidate, component_id=labels[key]) for key, candidate in candidates.items()}
    leads = ranking.leads(daily.standings(linked.values(), worths))
    names = {key: leads.get(label, label) for key, label in labels.items()}
    _write(alerts, names)
    return {key: replace(candidate, component_id=names[key]) for key, candidate in linked.items()}


_Known = tuple[int, str, int, str, int]
"""Key, alert_id, key of the subject, component and how many others it has."""


def _since(night: date) -> Q:
    """Alerts that are open, and those that were closed a short while ago."""
    recently = datetime.combine(night - timedelta(days=CLOSED_DAYS), time(), UTC)
    return ~Q(state=AlertState.CLOSED) | Q(closed_at__gte=recently)


def _with_recent(night: date) -> list[_Known]:
    columns = ("pk", "alert_id", "subject_id", "component_id", "linked_count")
    return list(Alert.objects.filter(_since(night)).values_list(*columns))


def _components(alerts: Sequence[_Known], night: date) -> list[str]:
    """The component of each alert; parties to its evidence link it as the night's own transactions do."""
    of_alert = pl.DataFrame(
        {"key": [a[0] for a in alerts], "alert_id": [a[1] for a in alerts], "node_id": [a[2] for a in alerts]},
        schema={"key": pl.Int64, "alert_id": pl.String, "node_id": pl.Int64},
    )
    named = AlertSubject.objects.filter(is_own=False, alert__in=Alert.objects.filter(_since(night)).values("pk"))
    parties = pl.DataFrame(
        list(named.values_list("pk", "alert_id", "subject_id")),
        schema={"transaction_id": pl.Int64, "key": pl.Int64, "src": pl.Int64},
        orient="row",
    )
    evidence = parties.join(of_alert.rename({"node_id": "dst"}), on="key").drop("key")
    return components(of_alert.drop("key"), evidence)


def _write(alerts: Sequence[_Known], names: Mapping[int, str]) -> None:
    sizes = Counter(names.values())
    changed = [
        (names[key], sizes[names[key]] - 1, key)
        for key, _, _, component, linked in alerts
        if (component, linked) != (names[key], sizes[names[key]] - 1)
    ]
    with connection.cursor() as cursor:
        cursor.executemany("update console_alert set component_id = %s, linked_count = %s where id = %s", changed)
