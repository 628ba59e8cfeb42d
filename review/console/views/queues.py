"""The queues that a person may see, and one queue as a list."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from review.console.labels import QUEUE_VIEWS
from review.console.models import Queue
from review.console.models.people import EVERYTHING, Person, Role
from review.console.rules import ANYBODY, READERS, WORKERS, allow
from review.console.services import queues, waiting
from review.console.services.actor import Actor
from review.console.services.errors import Refused


def actor_of(request: HttpRequest) -> Actor:
    """Who asks; views with a rule always have one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def back_to(request: HttpRequest, otherwise: str = "/") -> str:
    """The page that a form names as where it came from, where it is one of the console's."""
    target = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target and is_ours else otherwise


@allow(*ANYBODY)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Every queue that the person may see: what waits, who works it, where the day's reading ends."""
    actor = actor_of(request)
    if actor.role not in READERS:
        return render(request, "console/home_other.html", {"is_dissemination": actor.role is Role.DISSEMINATION})
    summaries = queues.queues_of(actor)
    return render(
        request,
        "console/home.html",
        {
            "nav": "queues",
            "mine": [summary for summary in summaries if summary.is_member],
            "others": [summary for summary in summaries if not summary.is_member],
            "can_work": actor.role in WORKERS,
            "in_hand": waiting.in_hand(actor),
            "is_alone": actor.person.is_administrator and not Person.objects.exclude(pk=actor.person.pk).exists(),
        },
    )


@allow(*READERS)
@require_GET
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """One queue as a list; with htmx, the next page's rows alone."""
    actor = actor_of(request)
    view = request.GET.get("view", queues.TODAY)
    try:
        filters = queues.Filters.read(request.GET)
        page = queues.page(actor, slug, view, request.GET.get("after") or None, filters=filters)
    except Refused:
        page, filters = queues.page(actor, slug), queues.Filters()
    counts = queues.counts(actor, page.queue)
    part = getattr(request, "htmx", False) and request.GET.get("after")
    return render(
        request,
        "console/rows.html" if part else "console/queue.html",
        {
            "nav": "queues",
            "page": page,
            "queue": page.queue,
            "view": page.view,
            "filters": filters,
            "tabs": [(name, QUEUE_VIEWS[name], counts[name]) for name in queues.VIEWS],
            "cells": _cells(page.queue),
            "classes": queues.CLASSES,
            "can_work": actor.role in WORKERS,
            "selectable": page.view in (queues.TODAY, queues.BELOW, queues.MINE),
        },
    )


def _cells(queue: Queue) -> dict[str, list[str]]:
    """The themes and territories that a queue of folded cells mixes; empty where it holds one."""
    themes = sorted({queue.theme, *(theme for _place, theme in queue.folded)} - {EVERYTHING})
    territories = sorted({queue.territory, *(place for place, _theme in queue.folded)} - {EVERYTHING})
    return {
        "themes": themes if len(themes) > 1 else [],
        "territories": territories if len(territories) > 1 else [],
    }
