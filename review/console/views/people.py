"""Accounts and queues: persons, roles, scopes, minutes, members. For those who look after accounts."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from review import territories
from review.console import labels
from review.console.models import Person, Queue
from review.console.models.people import EVERYTHING, Role
from review.console.rules import WORKERS, allow
from review.console.services import people
from review.console.services.errors import Refused
from review.console.templatetags.show import language
from review.console.views.queues import actor_of

_MINUTES_MAX = 1_440
_SPARE_SCOPES = 2


@allow(administrators=True)
@require_http_methods(["GET", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Everybody, and the form that makes an account; its password is shown on this answer alone."""
    actor = actor_of(request)
    error: Refused | None = None
    made: tuple[Person, str] | None = None
    typed: dict[str, Any] = {}
    if request.method == "POST":
        typed = {key: value for key, value in request.POST.items() if key != "csrfmiddlewaretoken"}
        try:
            made = people.create(
                actor,
                typed.get("username", ""),
                typed.get("full_name", ""),
                typed.get("role", ""),
                [(typed.get("territory", ""), typed.get("theme", ""))],
                minutes_a_day=_minutes(typed.get("minutes_a_day", "")),
                is_administrator="is_administrator" in typed,
            )
            typed = {}
        except Refused as refusal:
            error = refusal
    context = {
        "nav": "people",
        "persons": people.persons(actor),
        "roles": Role.choices,
        "themes": list(labels.THEMES),
        "made": made,
        "usual_minutes": people.USUAL_MINUTES,
        "places": places(),
        "typed": typed,
        "error": error,
    }
    return render(request, "console/people.html", context, status=422 if error else 200)


@allow(administrators=True)
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, username: str) -> HttpResponse:
    """One account: name, role, minutes, scopes, state."""
    actor = actor_of(request)
    error: Refused | None = None
    if request.method == "POST":
        scopes = list(zip(request.POST.getlist("territory"), request.POST.getlist("theme"), strict=False))
        given = [pair for pair in scopes if any(part.strip() for part in pair)]
        fields: dict[str, Any] = {
            "full_name": request.POST.get("full_name", "").strip()[:120],
            "minutes_a_day": _minutes(request.POST.get("minutes_a_day", "")),
        }
        if username != actor.person.username:
            fields |= {
                "role": request.POST.get("role", ""),
                "is_active": "is_active" in request.POST,
                "is_administrator": "is_administrator" in request.POST,
            }
        try:
            people.change(actor, username, given, **fields)
        except Refused as refusal:
            error = refusal
        else:
            messages.success(request, _("Kept. Minutes and territories count from the next ordering of the queues on."))
            return redirect("console:person", username)
    return _person_page(request, username, error=error)


def _person_page(request: HttpRequest, username: str, **more: Any) -> HttpResponse:
    found = people.person(actor_of(request), username)
    scopes = [(scope.territory, scope.theme) for scope in found.scopes.all()] + [("", "")] * _SPARE_SCOPES
    context = {
        "nav": "people",
        "person": found,
        "scopes": scopes,
        "roles": Role.choices,
        "themes": [EVERYTHING, *labels.THEMES],
        "places": places(),
        "is_self": found.pk == actor_of(request).person.pk,
        **more,
    }
    return render(request, "console/person.html", context, status=422 if more.get("error") else 200)


@allow(administrators=True)
@require_POST
def reset(request: HttpRequest, username: str) -> HttpResponse:
    """A new password, shown on this answer alone; the second factor and all sessions end."""
    if username == actor_of(request).person.username:
        refusal = Refused(_("Change your own password from the menu with your name."), "own")
        return _person_page(request, username, error=refusal)
    return _person_page(request, username, password=people.reset_password(actor_of(request), username))


@allow(administrators=True)
@require_GET
def queues(request: HttpRequest) -> HttpResponse:
    """Every queue with its members and what their minutes cut."""
    found = Queue.objects.filter(is_active=True).prefetch_related("members__person").order_by("kind", "theme", "slug")
    return render(request, "console/members.html", {"nav": "people", "queues": found})


@allow(administrators=True)
@require_http_methods(["GET", "POST"])
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Who works one queue, and for how many minutes a day."""
    actor = actor_of(request)
    workers = [found for found in people.persons(actor) if found.is_active and found.role in WORKERS]
    error: Refused | None = None
    if request.method == "POST":
        given = [(found.username, _minutes(request.POST.get(f"minutes-{found.pk}", ""))) for found in workers]
        try:
            people.set_members(actor, slug, [(name, minutes) for name, minutes in given if minutes])
        except Refused as refusal:
            error = refusal
        else:
            messages.success(request, _("Kept. It counts from the next ranking on."))
            return redirect("console:members")
    queue = people.queue(actor, slug)
    minutes = {member.person_id: member.minutes for member in queue.members.all()}
    rows = [(found, minutes.get(found.pk, 0)) for found in workers]
    context = {"nav": "people", "queue": queue, "rows": rows, "error": error}
    return render(request, "console/queue_members.html", context, status=422 if error else 200)


def places() -> list[tuple[str, str]]:
    """Regions to choose a territory from, by name: codes with what they are called."""
    named = [(code, territories.name(code, language())) for code in territories.regions()]
    return sorted(named, key=lambda region: region[1])


def _minutes(text: str) -> int:
    return min(int(text), _MINUTES_MAX) if text.isdecimal() and len(text) < 6 else 0
