"""Looking at the work as a whole: the audit log, exports, statistics, and how the system is."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from review.console import labels_events
from review.console.days import day_of
from review.console.drawing import columns, shares
from review.console.drawing.shares import Said
from review.console.models.exports import ExportKind
from review.console.rules import EXPORTERS, JUDGES, LOG_READERS, NUMBER_READERS, SYSTEM_READERS, allow
from review.console.services import access, audit, exports, health, quality, statistics
from review.console.services.actor import Actor
from review.console.services.errors import Refused
from review.console.services.statistics import USEFUL, Line
from review.console.views.queues import actor_of, back_to

Chart = tuple[columns.Columns | None, list[str]]
"""A picture, and what its series are called."""
OTHERS = "others"
_GROUPS = (USEFUL, ("D5", "D6", "D7", "D8", "D9"), ("D10",))
_GROUP_NAMES = ("useful", "not_useful", "unread")
_FILTERS = ("person", "action", "kind", "identifier", "from", "to")


@allow(*LOG_READERS)
@require_GET
def log(request: HttpRequest) -> HttpResponse:
    """The audit log, newest first, with filters."""
    return _log_page(request)


def _log_page(request: HttpRequest, **more: Any) -> HttpResponse:
    actor, given = actor_of(request), request.GET
    filters = {name: given.get(name, "") for name in _FILTERS}
    named = given.get("named") == "1"
    error: Refused | None = more.pop("error", None)
    try:
        asked = audit.Asked(
            filters["person"],
            filters["action"],
            filters["kind"],
            filters["identifier"],
            first=_day(filters["from"], "from"),
            last=_day(filters["to"], "to"),
            named=named,
        )
        page = audit.events(actor, asked, given.get("after") or None)
    except Refused as refusal:
        error, page = refusal, audit.EventPage((), None)
    context = {
        "nav": "audit",
        "page": page,
        "names": audit.subject_names(actor, page.items),
        "people": audit.people(actor),
        "filters": filters,
        "is_filtered": any(filters.values()),
        "named": named,
        "actions": _offered(labels_events.EVENT_ACTIONS, filters["action"]),
        "kinds": _offered(labels_events.EVENT_KINDS, filters["kind"]),
        "error": error,
        **more,
    }
    return render(request, "console/audit.html", context, status=422 if error else 200)


def _day(text: str, field: str) -> date | None:
    try:
        return day_of(text) if text.strip() else None
    except ValueError:
        raise Refused(_("Give a day, such as 2026-02-03 or 03.02.2026."), field, field) from None


def _offered(words: Mapping[str, object], chosen: str) -> list[tuple[str, str]]:
    """Codes to choose from by their words, and the chosen one even where it has none."""
    known = {code: str(called) for code, called in words.items()}
    if chosen:
        known.setdefault(chosen, chosen)
    return sorted(known.items(), key=lambda item: item[1])


@allow(*LOG_READERS)
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Every link of the chain is checked; the page says what was found."""
    known = request.POST.get("head", "")
    try:
        return _log_page(request, verdict=audit.verify(known), known_head=known)
    except Refused as error:
        return _log_page(request, error=error, known_head=known)


@allow(*EXPORTERS)
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest) -> HttpResponse:
    """What the person asked to take out, what others wait for, and the form that asks."""
    actor = actor_of(request)
    error: Refused | None = None
    typed = {"kind": request.GET.get("kind", ""), "object": request.GET.get("object", ""), "reason": ""}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").strip() for name in typed}
        try:
            exports.ask(actor, typed["kind"], typed["object"], typed["reason"])
        except Refused as refusal:
            error = refusal
        else:
            return redirect("console:exports")
    context = {
        "nav": "exports",
        "mine": exports.mine(actor),
        "waiting": exports.waiting(actor),
        "kinds": [kind for kind in ExportKind if kind != ExportKind.EVENTS or actor.role in LOG_READERS],
        "queues": access.queues_for(actor).order_by("theme", "territory"),
        "needs_second": actor.role not in LOG_READERS,
        "typed": typed,
        "error": error,
    }
    return render(request, "console/exports.html", context, status=422 if error else 200)


@allow(*JUDGES)
@require_POST
def judge_export(request: HttpRequest, export_id: int) -> HttpResponse:
    """Allow or refuse another person's export."""
    try:
        exports.judge(actor_of(request), export_id, is_allowed=request.POST.get("verdict") == "allow")
    except Refused as error:
        messages.error(request, error.message)
    return redirect(back_to(request, reverse("console:exports")))


@allow(*EXPORTERS)
@require_POST
def download(request: HttpRequest, export_id: int) -> HttpResponse:
    """The file itself; a POST, so that no link fetches it unawares."""
    try:
        made = exports.download(actor_of(request), export_id)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("console:exports")
    response = HttpResponse(made.content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response["X-Content-SHA256"] = made.sha256
    return response


@allow(*NUMBER_READERS)
@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    """The unit's numbers of a year."""
    asked = request.GET.get("year", "")
    year = statistics.year_of(actor_of(request), int(asked) if asked.isdecimal() and len(asked) == 4 else None)
    tables = [
        (
            _("Reports behind alerts, by class and month of receipt"),
            "report_class",
            year.reports,
            _stacked(year.reports),
        ),
        (_("Alerts raised, by theme and month"), "theme", year.alerts, _stacked(year.alerts)),
        (_("Final decisions, by disposition and month"), "disposition", year.decisions, _decided(year.decisions)),
    ]
    asked_chart = columns.draw([year.questions.sent])
    context = {
        "nav": "statistics",
        "year": year,
        "tables": tables,
        "asked_chart": asked_chart,
        "quality": year.quality,
        "calibration_chart": shares.calibration(
            [
                Said(
                    *(band.said, band.share.low, band.share.value or 0.0, band.share.high, band.share.decided),
                    is_few=band.share.is_few,
                )
                for band in year.quality.bands
            ]
        ),
        "few": quality.FEW,
    }
    return render(request, "console/statistics.html", context)


def _stacked(lines: tuple[Line, ...]) -> Chart:
    """The two lines with most, and the others together."""
    parts = [line.months for line in lines[:2]]
    others = tuple(map(sum, zip(*(line.months for line in lines[2:]), strict=True))) if lines[2:] else ()
    names = [line.code for line in lines[:2]] + ([OTHERS] if others else [])
    return columns.draw([*parts, others] if others else parts), names


def _decided(lines: tuple[Line, ...]) -> Chart:
    """Useful ones, others that people decided, and what the system closed unread."""
    groups = [[line.months for line in lines if line.code in codes] for codes in _GROUPS]
    parts = [tuple(map(sum, zip(*group, strict=True))) if group else (0,) * 12 for group in groups]
    return columns.draw(parts), list(_GROUP_NAMES)


@allow(*SYSTEM_READERS, administrators=True)
@require_GET
def system(request: HttpRequest) -> HttpResponse:
    """Nights, runs, store: counts and times alone."""
    actor: Actor = actor_of(request)
    context = {"nav": "system", "health": health.health(actor)}
    return render(request, "console/system.html", context)
