"""Cases: the list, one case with all its forms, its files, and the dossier that is printed."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from review.console.days import day_of
from review.console.models import Report
from review.console.models.cases import CaseAction, CaseState, DisseminationKind
from review.console.models.people import Role
from review.console.rules import CASE_READERS, JUDGES, WORKERS, allow
from review.console.services import cases, dissemination
from review.console.services import dossier as printed
from review.console.services.cases import MEDIA_TYPES, OpenCase
from review.console.services.dissemination import Letter
from review.console.services.errors import Refused
from review.console.services.transitions import CASE
from review.console.views.flow import flow_view
from review.console.views.queues import actor_of

Form = Callable[[HttpRequest, str], None]
ADDERS = tuple(role for role in CASE_READERS if role is not Role.AUDITOR)
"""Roles that write notes into cases."""


@allow(*CASE_READERS)
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The cases that the person may see."""
    actor = actor_of(request)
    with_ended = request.GET.get("ended") == "1"
    try:
        page = cases.cases_of(actor, request.GET.get("after") or None, with_ended=with_ended)
    except Refused:
        page = cases.cases_of(actor, with_ended=with_ended)
    context = {"nav": "cases", "page": page, "with_ended": with_ended, "can_create": actor.role in WORKERS}
    return render(request, "console/cases.html", context)


@allow(*WORKERS)
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """A new case without an alert."""
    try:
        made = cases.create(actor_of(request), request.POST.get("title", ""))
    except Refused as error:
        page = cases.cases_of(actor_of(request))
        context = {"nav": "cases", "page": page, "can_create": True, "error": error}
        return render(request, "console/cases.html", context, status=422)
    return redirect("console:case", made.number)


@allow(*CASE_READERS)
@require_GET
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One case."""
    return _page(request, number)


def _page(
    request: HttpRequest,
    number: str,
    error: Refused | None = None,
    form: str = "",
    typed: Mapping[str, Any] | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    found = cases.open_case(actor, number)
    steps = [(state, CASE[state].needs_second) for state in found.next_states]
    context = {
        "nav": "cases",
        "found": found,
        "case": found.case,
        **_reports(found),
        "chronology": cases.chronology(actor, number),
        "parties": cases.parties_of(actor, found.case) if found.can_change else [],
        "steps": [(state, CaseState(state).label, needs) for state, needs in steps],
        "proposal": next((step for step in reversed(found.steps) if step.action == CaseAction.PROPOSED), None),
        "kinds": DisseminationKind,
        "has_officer": cases.is_known_to_an_officer(found.case),
        "circle": cases.readers(actor) if found.can_work else [],
        "chosen": (typed or {}).get("people") or [item.person.username for item in found.knowing],
        "can_note": actor.role in ADDERS,
        "can_restrict": found.can_work and (actor.role in JUDGES or found.case.owner_id == actor.person.pk),
        "can_lift": actor.role in JUDGES and found.case.is_restricted,
        "accepts": ",".join(sorted(MEDIA_TYPES)),
        "error": error,
        "form": form,
        "typed": typed or {},
    }
    return render(request, "console/case.html", context, status=409 if error else 200)


def _reports(found: OpenCase) -> dict[str, list[Report]]:
    """Reports that say something in words, and those that only carry transactions."""
    told = [report for report in found.reports if report.reason or report.action]
    return {"told": told, "untold": [report for report in found.reports if report not in told]}


def _form(*roles: Role) -> Callable[[Form], Callable[[HttpRequest, str], HttpResponse]]:
    """Makes a view of what a form does: back to the case, or the case with what was typed and why not."""

    def wrap(act: Form) -> Callable[[HttpRequest, str], HttpResponse]:
        @allow(*roles)
        @require_POST
        @wraps(act)
        def answered(request: HttpRequest, number: str) -> HttpResponse:
            try:
                act(request, number)
            except Refused as error:
                typed: dict[str, Any] = {k: v for k, v in request.POST.items() if k != "csrfmiddlewaretoken"}
                typed["people"] = request.POST.getlist("people")
                return _page(request, number, error, act.__name__, typed)
            return HttpResponseRedirect(f"{redirect('console:case', number).url}#{act.__name__}")

        return answered

    return wrap


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@_form(*WORKERS)
def edit(request: HttpRequest, number: str) -> None:
    """Title and summary."""
    title, summary = request.POST.get("title", ""), request.POST.get("summary", "")
    cases.edit(actor_of(request), number, _version(request), title, summary)
    messages.success(request, _("Kept."))


@_form(*CASE_READERS)
def move(request: HttpRequest, number: str) -> None:
    """Another state, or the proposal of one."""
    target, text = request.POST.get("target", ""), request.POST.get("text", "")
    made = cases.move(actor_of(request), number, _version(request), target, text)
    messages.success(request, _("The case: %(state)s.") % {"state": made.get_state_display()})


@_form(*JUDGES)
def judge(request: HttpRequest, number: str) -> None:
    """The second person's word."""
    is_approved = request.POST.get("verdict") == "approve"
    text = request.POST.get("text", "")
    made = cases.judge(actor_of(request), number, _version(request), is_approved=is_approved, text=text)
    messages.success(request, _("The case: %(state)s.") % {"state": made.get_state_display()})


@_form(Role.DISSEMINATION)
def send(request: HttpRequest, number: str) -> None:
    """That the case was sent."""
    given = request.POST
    try:
        sent_on = day_of(given.get("sent_on", ""))
    except ValueError:
        sent_on = None
    names = ("recipient", "legal_basis", "reference", "kind", "terms")
    letter = Letter(sent_on=sent_on, **{name: given.get(name, "") for name in names})
    dissemination.send(actor_of(request), number, _version(request), letter)
    messages.success(request, _("Kept: the case is disseminated, and its alerts are closed with it."))


@_form(*ADDERS)
def note(request: HttpRequest, number: str) -> None:
    """A note."""
    cases.add_note(actor_of(request), number, request.POST.get("text", ""))


@_form(*WORKERS)
def subject(request: HttpRequest, number: str) -> None:
    """A subject that one of the alerts names."""
    text = request.POST.get("node", "")
    if not text.removeprefix("-").isdecimal() or len(text) > 20:
        raise Refused(_("Choose a subject."), "node", "node")
    cases.add_subject(actor_of(request), number, int(text), request.POST.get("part", ""))


@_form(*WORKERS)
def report(request: HttpRequest, number: str) -> None:
    """A report, by its reference."""
    cases.add_reference(actor_of(request), number, request.POST.get("reference", ""))


@_form(*WORKERS)
def attach(request: HttpRequest, number: str) -> None:
    """A file."""
    upload = request.FILES.get("file")
    if upload is None:
        raise Refused(_("Choose a file."), "file", "file")
    made = cases.attach(actor_of(request), number, upload)
    messages.success(request, _("The file %(name)s is kept.") % {"name": made.name})


@_form(*WORKERS)
def restrict(request: HttpRequest, number: str) -> None:
    """Who may know of the case."""
    cases.restrict(actor_of(request), number, _version(request), request.POST.getlist("people"))


@_form(*JUDGES)
def lift(request: HttpRequest, number: str) -> None:
    """Everybody in its scope may know of the case again."""
    cases.lift(actor_of(request), number, _version(request))


@allow(*CASE_READERS)
@require_GET
def attachment(request: HttpRequest, number: str, attachment_id: int) -> HttpResponse | FileResponse:
    """A file, always as a download and never run in the console's own context."""
    found, path = cases.attachment(actor_of(request), number, attachment_id)
    try:
        handle = path.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(handle, as_attachment=True, filename=found.name, content_type=found.media_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Length"] = str(found.size_bytes)
    return response


@allow(*CASE_READERS)
@require_GET
def dossier(request: HttpRequest, number: str) -> HttpResponse:
    """A case for print: A4, with a watermark; the print is logged."""
    actor = actor_of(request)
    made = printed.dossier(actor, number, with_notes=request.GET.get("notes") == "1")
    found = made.open_case
    evidence = [(item, flow_view(actor, item.opened, is_still=True)) for item in made.evidence]
    context = {
        "nav": "cases",
        "made": made,
        "found": found,
        "case": found.case,
        "evidence": evidence,
        **_reports(found),
    }
    return render(request, "console/dossier.html", context)
