"""The page of one alert, and the parts of it that are read on demand: evidence, reports, similar alerts, history."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipelines.home import UserError
from review import daily
from review.console import choices, labels
from review.console.models import Alert, AlertStep
from review.console.models.alerts import WAITING, AlertState, DecisionKind
from review.console.rules import JUDGES, READERS, WORKERS, allow
from review.console.services import access, alerts, cases, marked, queues, ranking
from review.console.services.actor import Actor
from review.console.services.alerts import OpenAlert
from review.console.services.errors import Refused, Stale
from review.console.views.flow import flow_view
from review.console.views.queues import actor_of
from review.dispositions import WakeEvent

OTHER_THEME = "OTHER"
WORKED = (AlertState.ASSIGNED, AlertState.IN_REVIEW)


@dataclass(frozen=True)
class Attempt:
    """A form that was refused: which, why, and everything that was typed into it.

    Attributes:
        form: close, case, defer, ask, escalate, answer, reopen, unlink, mark, approve, return or note.
        error: why.
        typed: the form's values.
        seen_version: the version that the person had before them.
    """

    form: str
    error: Refused
    typed: dict[str, Any] = field(default_factory=dict)
    seen_version: int = 0

    @property
    def is_stale(self) -> bool:
        """Did somebody or the night change the alert meanwhile."""
        return isinstance(self.error, Stale)


@allow(*READERS)
@require_GET
def alert(request: HttpRequest, alert_id: str) -> HttpResponse:
    """The page of one alert."""
    return page(request, alert_id)


def page(request: HttpRequest, alert_id: str, attempt: Attempt | None = None) -> HttpResponse:
    """The page, after a refused form with what was typed and what changed."""
    actor = actor_of(request)
    from_queue = request.GET.get("queue") or request.POST.get("queue") or ""
    found = alerts.open_alert(actor, alert_id, from_queue)
    beside = found.around.beside
    values = flow_view(actor, found) | {
        "nav": "queues",
        "found": found,
        "alert": found.alert,
        "queue": beside.queue if beside else None,
        "list": beside,
        "below": queues.below(actor, beside.queue) if beside else 0,
        "from_queue": from_queue,
        "attempt": attempt,
        "typed": attempt.typed if attempt else {},
        "changed_by": _steps_since(found.alert, attempt) if attempt and attempt.is_stale else (),
        "theme_from": _theme_from(found),
        "linked": found.around.linked,
        "takeable": _takeable(actor, found),
        "report_count": found.alert.linked_reports.count(),
        "has_read_reasons": alerts.has_read_reasons(actor, alert_id),
        "can_work": actor.role in WORKERS,
        "late_questions": found.open_questions[found.alert.state == AlertState.INFO_REQUESTED :],
        "can_mark": actor.role in WORKERS and found.alert.state != AlertState.CLOSED,
        "sees_case": cases.is_seen(actor, found.alert.case_id),
        "age_days": (actor.today - found.alert.first_night).days,
        "late_days": (actor.today - found.alert.due_on).days,
        "can_claim": _can_claim(actor, found),
        "must": _second_person(actor, found),
        "decision_choices": choices.choices(),
        **_form_values(actor, found),
    }
    return render(request, "console/alert.html", values, status=409 if attempt else 200)


def _takeable(actor: Actor, found: OpenAlert) -> set[str]:
    """Of the alert and its linked ones, those that the person can put into a case."""
    if not found.can_work:
        return set()
    return {alert.alert_id for alert in (found.alert, *found.around.linked) if marked.is_takeable(actor, alert)}


def _theme_from(found: OpenAlert) -> dict[str, Any]:
    """Why the alert has its theme: typologies of its own, or of an alert that it is linked with; both may be empty."""
    theme = found.alert.theme
    own = [code for code in _typologies(found.alert) if labels.theme_of(code) == theme]
    linked = () if own or theme == OTHER_THEME else found.around.linked
    others = {code for other in linked for code in _typologies(other) if labels.theme_of(code) == theme}
    return {"own": own, "others": sorted(others)}


def _typologies(alert: Alert) -> list[str]:
    return [code for code in alert.typologies.split(",") if code]


def _steps_since(alert: Alert, attempt: Attempt) -> list[AlertStep]:
    return list(alert.steps.filter(version_after__gt=attempt.seen_version).select_related("by").order_by("id"))


def _can_claim(actor: Actor, found: OpenAlert) -> bool:
    free = found.alert.state in WAITING
    idle = found.alert.state in WORKED and found.lock is not None and found.lock.is_idle
    return actor.role in WORKERS and (free or idle)


def _second_person(actor: Actor, found: OpenAlert) -> dict[str, Any]:
    """What a senior or the head can do with it beside working it."""
    judges = actor.role in JUDGES
    waits = found.alert.state == AlertState.PENDING_APPROVAL and found.decision is not None
    own = found.decision is not None and found.decision.proposed_by_id == actor.person.pk
    return {
        "judge": waits and judges and not own,
        "wait_for_other": waits and own,
        "take_escalated": judges and found.alert.state == AlertState.ESCALATED,
        "reopen": judges and found.alert.state == AlertState.CLOSED,
        "is_deferral": found.decision is not None and found.decision.kind == DecisionKind.DEFER,
    }


def _form_values(actor: Actor, found: OpenAlert) -> dict[str, Any]:
    """What the forms of work offer: days, events, cases, bounds."""
    rules = daily.work_rules()
    if not found.has_lock:
        return {"rules": rules}
    return {
        "rules": rules,
        "needs_second": found.alert.score >= rules.second_person_score,
        "wake_events": [event.value for event in WakeEvent],
        "days": choices.days_from(actor.today, rules.longest_deferral_days),
        "answer_day": choices.day_after(actor.today, rules.answer_days),
        "cases": cases.linkable(actor, [found.alert]),
    }


@allow(*READERS)
@require_GET
def evidence(request: HttpRequest, alert_id: str, number: int) -> HttpResponse:
    """The transactions that a reason rests on."""
    actor = actor_of(request)
    opened = alerts.reason_of(actor, alert_id, number)
    subject = access.alert_for(actor, alert_id).subject.node_id
    return render(request, "console/part_movements.html", {"opened": opened, "subject": subject})


@allow(*READERS)
@require_GET
def reports(request: HttpRequest, alert_id: str) -> HttpResponse:
    """The reports behind the alert, with what they tell."""
    rows = alerts.reports_of(actor_of(request), alert_id)
    return render(request, "console/part_reports.html", {"rows": rows})


@allow(*READERS)
@require_GET
def similar(request: HttpRequest, alert_id: str) -> HttpResponse:
    """Earlier alerts like it and what was decided; only after a reason was read, so that they don't decide for it."""
    actor = actor_of(request)
    access.alert_for(actor, alert_id)
    if not alerts.has_read_reasons(actor, alert_id):
        return render(request, "console/part_similar.html", {"is_early": True})
    return render(request, "console/part_similar.html", {"rows": alerts.similar_to(actor, alert_id)})


@allow(*READERS)
@require_GET
def history(request: HttpRequest, alert_id: str) -> HttpResponse:
    """What was done with the alert, oldest first."""
    return render(request, "console/part_history.html", {"past": alerts.history_of(actor_of(request), alert_id)})


@allow(*READERS)
@require_GET
def rank(request: HttpRequest, alert_id: str) -> HttpResponse:
    """Why the alert stands where it stands: the stored order, made again."""
    actor = actor_of(request)
    found = access.alert_for(actor, alert_id)
    slug = request.GET.get("queue") or None
    if slug:
        access.queue_for(actor, slug)
    try:
        night = date.fromisoformat(request.GET.get("night", ""))
    except ValueError:
        night = None
    try:
        explained = ranking.explain(found.alert_id, night, slug)
    except UserError:
        return render(request, "console/part_rank.html", {"explained": None, "night": night})
    return render(
        request,
        "console/part_rank.html",
        {
            "alert": found,
            "explained": explained,
            "worth": explained.placed.worth,
            "lead": access.alerts_for(actor).filter(alert_id=explained.lead).first() if explained.lead else None,
            "nights": explained.nights(found),
            "queue": slug,
        },
    )
