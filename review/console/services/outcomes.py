"""Decisions flow back to the lake: one row per final decision, with its code and the evidence that it rests on.

Rows follow from the store alone, so that writing them again changes nothing.
"""

from collections import defaultdict
from datetime import date
from typing import Any

from pipelines.lake import Lake, Nights
from pipelines.tables import OUTCOMES
from review.console.models import Decision
from review.console.models.alerts import DecisionKind, DecisionStatus

Row = dict[str, Any]


def write(lake: Lake) -> int:
    """Bring OUTCOMES up to the final decisions of the store; returns how many there are."""
    by_day: dict[date, list[Row]] = defaultdict(list)
    for row in rows():
        by_day[row["received_on"]].append(row)
    known = set(lake.nights(OUTCOMES))
    for day in sorted(known | set(by_day)):
        wanted = OUTCOMES.frame(by_day.get(day, [])).sort(OUTCOMES.key)
        if not wanted.equals(lake.read(OUTCOMES, Nights.of(day))):
            lake.replace_nights(OUTCOMES, wanted, Nights.of(day), {"step": "outcomes"})
    return sum(len(found) for found in by_day.values())


def rows() -> list[Row]:
    """The final decisions as rows of OUTCOMES; a decision counts from the day on which it became final."""
    final = Decision.objects.filter(status=DecisionStatus.FINAL, kind=DecisionKind.CLOSE)
    return [
        {
            "alert_id": decision.alert.alert_id,
            "received_on": (decision.judged_at or decision.proposed_at).date(),
            "ordinal": decision.ordinal,
            "code": decision.code,
            "node_id": decision.alert.subject.node_id,
            "evidence": list(decision.evidence),
            "reason": decision.reason or None,
        }
        for decision in final.select_related("alert", "alert__subject").order_by("pk").iterator(chunk_size=500)
    ]
