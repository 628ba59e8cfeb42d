"""What is read of the queue: a night's rows with the cut line, and one alert with everything it rests on.

Used by the command line and the console. Reads the lake; changes nothing, ranks nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.home import Settings, UserError
from pipelines.lake import Lake, Nights
from pipelines.tables import ALERTS, EDGES, RUNS
from review import flow, territories
from review.flow import Flow
from review.ranking import Parameters
from review.reasons import Reason, from_json

PREFIX_MIN = 4
CANDIDATES_SHOWN = 5
CAPACITY = int(Settings.model_fields["capacity"].default)


@dataclass(frozen=True)
class QueueRow:
    """One alert as the queue shows it."""

    rank: int
    alert_id: str
    risk: float
    is_calibrated: bool
    subject_name: str
    family: str
    theme: str
    territory: str
    corridor: str | None
    amount_local: Decimal
    first_reason: Reason
    is_lead: bool
    linked_count: int
    component_id: str
    value_per_minute: float
    minutes: float


@dataclass(frozen=True)
class QueueView:
    """A night's queue, or the part of it that a territory and a theme select.

    Attributes:
        night: the night.
        age_days: days from the night to today; None where the caller names no today.
        capacity: alerts that the analysts can read a day: the cut line, as a rank of the whole queue.
        total: alerts selected, folded ones included.
        leads: alerts selected that lead their component.
        within: rows of the selection at or above the cut line.
        below: rows of the selection below it; most of them will never be read.
        rows: the first of the selection, by rank.
    """

    night: date
    age_days: int | None
    territory: str | None
    theme: str | None
    is_folded: bool
    capacity: int
    total: int
    leads: int
    within: int
    below: int
    rows: tuple[QueueRow, ...]


@dataclass(frozen=True)
class EvidenceRow:
    """One evidence transaction; everything but its identifier is None where the lake no longer knows it."""

    transaction_id: str
    occurred_at: datetime | None
    is_date_only: bool | None
    from_name: str | None
    to_name: str | None
    amount_local: Decimal | None
    channel: str | None


@dataclass(frozen=True)
class LinkedAlert:
    """Another alert of the same component and night."""

    alert_id: str
    rank: int
    subject_name: str
    family: str
    theme: str
    risk: float
    is_calibrated: bool


@dataclass(frozen=True)
class Provenance:
    """What the alert was computed from, so that its rank can be explained years later."""

    night: date
    model_id: str
    inputs_digest: str


@dataclass(frozen=True)
class AlertView:
    """One alert with everything it rests on; `window` in UTC, amounts in local currency."""

    row: QueueRow
    harm: float
    window_from: datetime
    window_to: datetime
    reasons: tuple[Reason, ...]
    evidence: tuple[EvidenceRow, ...]
    flow: Flow
    linked: tuple[LinkedAlert, ...]
    missing_data: tuple[str, ...]
    provenance: Provenance


def queue(
    lake: Lake,
    night: date | None = None,
    territory: str | None = None,
    theme: str | None = None,
    limit: int = 20,
    *,
    folded: bool = True,
    capacity: int = CAPACITY,
    today: date | None = None,
) -> QueueView:
    """The queue of a night.

    Args:
        lake: where alerts are.
        night: the night; the newest one if None.
        territory: only this territory; the code of a country stands for all territories in it.
        theme: only this theme.
        limit: most rows.
        folded: only the lead of each component.
        capacity: alerts that the analysts can read a day.
        today: the reader's day, to tell how old the night is.

    Raises:
        UserError: the night has no queue, or nothing is found because there is no such territory or theme.
    """
    shown = _night(lake, night)
    selected = lake.scan(ALERTS, Nights.of(shown)).filter(_selection(territory, theme)).collect().sort("rank")
    if selected.is_empty():
        _require_known(territory, theme)
    listed = selected.filter(pl.col("is_lead")) if folded else selected
    within = listed.filter(pl.col("rank") <= capacity).height
    return QueueView(
        night=shown,
        age_days=(today - shown).days if today else None,
        territory=territory,
        theme=theme,
        is_folded=folded,
        capacity=capacity,
        total=len(selected),
        leads=selected.filter(pl.col("is_lead")).height,
        within=within,
        below=len(listed) - within,
        rows=tuple(_queue_row(alert) for alert in listed.head(limit).iter_rows(named=True)),
    )


def _require_known(territory: str | None, theme: str | None) -> None:
    themes = Parameters.of("").theme_weights
    if theme and theme not in themes:
        raise UserError(f"There is no theme {theme}. Themes: {', '.join(sorted(themes))}.")
    if territory and not territories.is_known(territory):
        raise UserError(f"There is no territory {territory}. A country's code is as RU, a region's as RU-OMS.")


def _night(lake: Lake, night: date | None) -> date:
    """The night asked for, or the newest; a night that is complete without an alert counts."""
    complete = lake.scan(RUNS).filter(pl.col("step") == ALERTS.name).select("received_on").collect()
    nights = sorted({*lake.nights(ALERTS), *complete["received_on"]})
    if not nights:
        raise UserError("There is no queue yet. Compute a night first: sluice night --date YYYY-MM-DD.")
    if night is not None and night not in nights:
        before = [known for known in nights if known < night]
        nearest = f"the newest before it is of {before[-1]}" if before else f"the oldest is of {nights[0]}"
        raise UserError(f"There is no queue of {night}; {nearest}. Compute it: sluice night --date {night}.")
    return night or nights[-1]


def _selection(territory: str | None, theme: str | None) -> pl.Expr:
    chosen = pl.lit(value=True)
    if territory:
        column = pl.col("territory")
        chosen = chosen & ((column == territory) | column.str.starts_with(f"{territory}-"))
    return chosen & (pl.col("theme") == theme) if theme else chosen


def _queue_row(alert: dict[str, Any]) -> QueueRow:
    copied = {name: alert[name] for name in QueueRow.__dataclass_fields__ if name != "first_reason"}
    return QueueRow(**copied, first_reason=from_json(alert["reasons"])[0])


def alert(lake: Lake, alert_id_prefix: str, night: date | None = None) -> AlertView:
    """One alert as its newest night has it, or the night given.

    Args:
        lake: where alerts, edges and nodes are.
        alert_id_prefix: the alert_id or its first characters, at least four.
        night: the night whose version is wanted.

    Raises:
        UserError: no alert, or more than one, begins like this, or the night does not have it.
    """
    alert_id, nights = _find(lake, alert_id_prefix.strip().lower())
    if night is not None and night not in nights:
        raise UserError(f"Alert {alert_id} is not in the queue of {night}; it is in those of {_listed(nights)}.")
    shown = night or nights[-1]
    alerts = lake.scan(ALERTS, Nights.of(shown))
    row = alerts.filter(pl.col("alert_id") == alert_id).collect().row(0, named=True)
    linked = alerts.filter(pl.col("component_id") == row["component_id"], pl.col("alert_id") != alert_id).collect()
    return _alert_view(lake, row, linked.sort("rank"))


def _find(lake: Lake, prefix: str) -> tuple[str, list[date]]:
    """The one alert whose identifier begins so, and the nights that have it, in order."""
    if len(prefix) < PREFIX_MIN or set(prefix) - set("0123456789abcdef"):
        raise UserError(
            f"An alert is named by at least {PREFIX_MIN} of the characters 0-9 and a-f, as `sluice queue` prints them."
        )
    starts = pl.col("alert_id").str.starts_with(prefix)
    found = lake.scan(ALERTS).filter(starts).select("alert_id", "received_on").collect().sort("alert_id", "received_on")
    identifiers = found["alert_id"].unique().sort().to_list()
    if not identifiers:
        raise UserError(f"No alert begins with {prefix}. `sluice queue` lists the newest ones.")
    if len(identifiers) > 1:
        some = _listed(identifiers)
        raise UserError(f"{len(identifiers)} alerts begin with {prefix}: {some}. Give more characters of one of them.")
    return identifiers[0], found["received_on"].to_list()


def _listed(items: list[Any]) -> str:
    more = f" and {len(items) - CANDIDATES_SHOWN} more" if len(items) > CANDIDATES_SHOWN else ""
    return ", ".join(str(item) for item in items[:CANDIDATES_SHOWN]) + more


def _alert_view(lake: Lake, row: dict[str, Any], linked: pl.DataFrame) -> AlertView:
    night: date = row["received_on"]
    window = flow.window_of(row["window_from"], row["window_to"], night)
    nights = Nights(window[0].date() - timedelta(days=1), night)
    return AlertView(
        row=_queue_row(row),
        harm=row["harm"],
        window_from=row["window_from"],
        window_to=row["window_to"],
        reasons=from_json(row["reasons"]),
        evidence=_evidence(lake, row["evidence"], nights),
        flow=flow.around(row["node_id"], flow.known_edges(lake, window, night), lake, nights),
        linked=tuple(
            LinkedAlert(*values) for values in linked.select(list(LinkedAlert.__dataclass_fields__)).iter_rows()
        ),
        missing_data=tuple(name for name in row["missing_data"].split(",") if name),
        provenance=Provenance(night, row["model_id"], row["inputs_digest"]),
    )


def _evidence(lake: Lake, transaction_ids: list[str], nights: Nights) -> tuple[EvidenceRow, ...]:
    """The evidence in the alert's order."""
    columns = ["transaction_id", "occurred_at", "is_date_only", "src", "dst", "amount_local", "channel"]
    wanted = pl.DataFrame({"transaction_id": transaction_ids})
    edges = lake.scan(EDGES, nights).select(columns).join(wanted.lazy(), on="transaction_id", how="semi").collect()
    rows = wanted.join(edges, on="transaction_id", how="left", maintain_order="left")
    names = flow.names_of(lake, pl.concat([rows["src"], rows["dst"]]).drop_nulls().to_list(), nights)
    return tuple(
        EvidenceRow(
            row["transaction_id"],
            row["occurred_at"].astimezone(UTC) if row["occurred_at"] else None,
            row["is_date_only"],
            names.get(row["src"]),
            names.get(row["dst"]),
            row["amount_local"],
            row["channel"],
        )
        for row in rows.iter_rows(named=True)
    )
