"""The ALERTS table of some nights: candidates, their reasons, the components they form and their order."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.tables import ALERTS
from review import components, ranking
from review.candidates import MODEL, candidates
from review.ranking import Parameters, Place, Standing, Worth
from review.reasons import reasons_of, to_json
from review.wording import CatalogueWording, Wording


def build(
    lake: Lake,
    nights: Nights,
    settings: Settings,
    progress: Progress = silent,
    inputs: Mapping[date, str] | None = None,
    *,
    wording: Wording | None = None,
) -> pl.DataFrame:
    """The alerts of every night of the range, as the ALERTS contract has them, sorted by night and rank.

    Args:
        lake: where hits, scores, edges and nodes are.
        nights: the range; each night's rows depend on what was known by that night only.
        settings: `capacity` bounds the model alerts of a night, `country` sets the formula's amounts.
        progress: told how many nights are done.
        inputs: for each night, the digest of everything that its alerts are computed from.
        wording: makes the sentences; the catalogues' by default.
    """
    digests = inputs or {}
    found = candidates(lake, nights, settings.capacity)
    told = reasons_of(lake, nights, found, wording or CatalogueWording(), settings)
    reasons = {key: to_json(made) for key, made in told.items()}
    parameters = Parameters.of(settings.country)
    evidence = found.evidence.partition_by("received_on", as_dict=True)
    parts = found.alerts.partition_by("received_on", as_dict=True, maintain_order=True)
    ranked = [ALERTS.empty()]
    for done, (key, alerts) in enumerate(sorted(parts.items())):
        night: date = key[0]
        progress(ALERTS.name, done, len(parts))
        complete = alerts.with_columns(
            pl.Series("reasons", [reasons[night, alert] for alert in alerts["alert_id"]], pl.String),
            pl.lit(digests.get(night, "")).alias("inputs_digest"),
        )
        ranked.append(ALERTS.conform(_ranked(complete, evidence[key], parameters)))
    progress(ALERTS.name, len(parts), len(parts))
    return pl.concat(ranked).sort("received_on", "rank")


def _ranked(alerts: pl.DataFrame, evidence: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """One night's alerts with what they are worth, their components and ranks."""
    valued = alerts.with_columns(_worths(alerts, parameters)).sort(
        "value_per_minute", "known_to", "alert_id", descending=[True, False, False]
    )
    grouped = valued.with_columns(
        pl.Series("component_id", components.components(valued, evidence), pl.String),
    )
    columns = ("alert_id", "component_id", "value_per_minute", "known_to", pl.col("family") != MODEL)
    places = ranking.places([Standing(*row) for row in grouped.select(*columns).iter_rows()])
    return grouped.with_columns(_place_columns([places[alert] for alert in grouped["alert_id"]]))


def _place_columns(places: list[Place]) -> list[pl.Series]:
    return [
        pl.Series("rank", [place.rank for place in places], pl.Int64),
        pl.Series("is_lead", [place.is_lead for place in places], pl.Boolean),
        pl.Series("linked_count", [place.linked_count for place in places], pl.Int64),
    ]


def _worths(alerts: pl.DataFrame, parameters: Parameters) -> list[pl.Series]:
    worths = [_worth(alert, parameters) for alert in alerts.iter_rows(named=True)]
    names = ("harm", "minutes", "value_per_minute")
    return [pl.Series(name, [getattr(worth, name) for worth in worths], pl.Float64) for name in names]


def _worth(alert: Mapping[str, Any], parameters: Parameters) -> Worth:
    """An alert's worth on its night.

    Its age runs from the day on which the newest evidence was received, so that an alert that grows stays young and
    one that repeats without news ages. Value still moves if the newest transaction lies within 72 hours of the
    night's end.
    """
    night: date = alert["received_on"]
    end = datetime.combine(night + timedelta(days=1), time(), UTC)
    return ranking.worth(
        parameters,
        risk=alert["risk"],
        theme=alert["theme"],
        amount=float(alert["amount_local"]),
        transactions=alert["transactions"],
        subjects=alert["subjects"],
        age_days=(night - alert["known_to"]).days,
        is_moving=end - alert["window_to"] <= timedelta(hours=parameters.moving_hours),
    )
