"""The work on alerts: forms that are sent, each answered by a redirect, or by the page with what was typed."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from review import daily
from review.console import choices
from review.console.days import day_of
from review.console.models.people import Role
from review.console.rules import JUDGES, WAITED_FOR, WORKERS, allow
from review.console.services import alerts, approvals, bulk, cases, gather, waiting, workflow
from review.console.services.errors import Refused
from review.console.services.workflow import Choice, Outcome
from review.console.templatetags.show import day
from review.console.views import problems
from review.console.views.alerts import Attempt, page
from review.console.views.queues import actor_of, back_to

Work = Callable[[HttpRequest, str], HttpResponse | None]


def _key(request: HttpRequest, name: str) -> int | None:
    """The key of a row, as a form gives it; None where it gives none."""
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _version(request: HttpRequest) -> int:
    return _key(request, "version") or 0


def _day(text: str, field: str) -> date:
    try:
        return day_of(text)
    except ValueError:
        raise Refused(_("Give a day."), field, field) from None


def _form(name: str, *roles: Role) -> Callable[[Work], Callable[[HttpRequest, str], HttpResponse]]:
    """Makes a view of what a form does: back to the alert, or its page with what was typed and why not."""

    def wrap(act: Work) -> Callable[[HttpRequest, str], HttpResponse]:
        @allow(*roles)
        @require_POST
        @wraps(act)
        def answered(request: HttpRequest, alert_id: str) -> HttpResponse:
            try:
                return act(request, alert_id) or _to_alert(request, alert_id)
            except Refused as error:
                typed = {key: values if key == "events" else values[-1] for key, values in request.POST.lists()}
                return page(request, alert_id, Attempt(name, error, typed, _version(request)))

        return answered

    return wrap


def _to_alert(request: HttpRequest, alert_id: str) -> HttpResponse:
    target = reverse("console:alert", args=[alert_id])
    slug = request.POST.get("queue", "")
    return HttpResponseRedirect(f"{target}?{urlencode({'queue': slug})}" if slug else target)


def _done(request: HttpRequest, outcome: Outcome, message: str) -> HttpResponse:
    """After a decision: a word about it, then the next alert for those who want it so, else the same page."""
    messages.success(request, message)
    actor = actor_of(request)
    slug = request.POST.get("queue") or outcome.alert.queue.slug
    if actor.person.has_auto_advance:
        found = workflow.next_and_lock(actor, slug, after=outcome.alert.alert_id)
        if found:
            return _to_alert(request, found.alert_id)
    return _to_alert(request, outcome.alert.alert_id)


@allow(*WORKERS)
@require_POST
def next_alert(request: HttpRequest, slug: str) -> HttpResponse:
    """The next free alert of a queue, locked."""
    actor = actor_of(request)
    found = workflow.next_and_lock(actor, slug, after=request.POST.get("after") or None)
    if found is None:
        messages.info(request, _("No free alert is left above the cut of this queue."))
        return redirect("console:queue", slug)
    return HttpResponseRedirect(f"{reverse('console:alert', args=[found.alert_id])}?{urlencode({'queue': slug})}")


@_form("claim", *WORKERS)
def claim(request: HttpRequest, alert_id: str) -> None:
    """The alert, locked; an idle lock of somebody else is taken over."""
    workflow.claim(actor_of(request), alert_id, _version(request) or None)


@_form("release", *WORKERS)
def release(request: HttpRequest, alert_id: str) -> None:
    """The alert, given back."""
    workflow.release(actor_of(request), alert_id, _version(request))
    messages.success(request, _("The alert is free again."))


@_form("close", *WORKERS)
def decide(request: HttpRequest, alert_id: str) -> HttpResponse:
    """A decision: final, or waiting for a second person."""
    given = request.POST
    choice = Choice(given.get("code", ""), given.get("reason", ""), given.get("text", ""))
    outcome = workflow.decide(actor_of(request), alert_id, _version(request), choice)
    told = _("Proposed: %(code)s. A second person decides.") if outcome.needs_second else _("Closed: %(code)s.")
    return _done(request, outcome, told % {"code": choice.code})


@_form("defer", *WORKERS)
def defer(request: HttpRequest, alert_id: str) -> HttpResponse:
    """A deferral."""
    given = request.POST
    until = _day(given.get("until", ""), "until")
    outcome = workflow.defer(
        actor_of(request), alert_id, _version(request), until, given.getlist("events"), given.get("text", "")
    )
    told = _("The deferral waits for a second person.") if outcome.needs_second else _("Deferred to %(day)s.")
    return _done(request, outcome, told % {"day": day(until)})


@_form("ask", *WORKERS)
def ask(request: HttpRequest, alert_id: str) -> HttpResponse:
    """A question to somebody outside."""
    given = request.POST
    due = _day(given["answer_by"], "answer_by") if given.get("answer_by") else None
    outcome = workflow.ask_information(
        actor_of(request), alert_id, _version(request), given.get("addressee", ""), given.get("text", ""), due
    )
    return _done(request, outcome, _("Asked. The alert comes back with the answer, or when the clock runs out."))


@_form("answer", *WORKERS)
def answer(request: HttpRequest, alert_id: str) -> None:
    """The answer to a question."""
    text = request.POST.get("text", "")
    workflow.answer(actor_of(request), alert_id, _version(request), text, _key(request, "question"))


@_form("escalate", *WORKERS)
def escalate(request: HttpRequest, alert_id: str) -> HttpResponse:
    """The alert, handed up."""
    outcome = workflow.escalate(actor_of(request), alert_id, _version(request), request.POST.get("text", ""))
    return _done(request, outcome, _("Handed up to a senior analyst."))


@_form("take_escalated", *JUDGES)
def take_escalated(request: HttpRequest, alert_id: str) -> None:
    """An escalated alert, in a senior analyst's hands."""
    workflow.take_escalated(actor_of(request), alert_id, _version(request))


@_form("case", *WORKERS)
def link(request: HttpRequest, alert_id: str) -> HttpResponse:
    """The alert, in a case that there is or in a new one."""
    actor, given, version = actor_of(request), request.POST, _version(request)
    number, text = given.get("case", ""), given.get("text", "")
    if not number:
        raise Refused(_("Choose a case, or a new one."), "case", "case")
    if number != "new":
        outcome = workflow.link_to_case(actor, alert_id, version, number, text)
        return _done(request, outcome, _("In case %(number)s.") % {"number": number})
    case = cases.create(actor, given.get("title", ""), alert_id, version, text)
    messages.success(request, _("In the new case %(number)s.") % {"number": case.number})
    return _to_alert(request, alert_id)


@_form("unlink", *WORKERS)
def unlink(request: HttpRequest, alert_id: str) -> None:
    """The alert, out of its case again."""
    workflow.unlink(actor_of(request), alert_id, _version(request), request.POST.get("text", ""))
    messages.success(request, _("Taken out of the case; it waits in its queue."))


@_form("mark", *WORKERS)
def mark(request: HttpRequest, alert_id: str) -> None:
    """What no report tells: a statutory clock, an agency's request."""
    given = request.POST
    workflow.mark(
        actor_of(request),
        alert_id,
        _version(request),
        is_urgent=given.get("urgent") == "1",
        is_asked_for=given.get("agency") == "1",
        text=given.get("text", ""),
    )
    messages.success(request, _("Kept; it counts from the next ordering of the queue on."))


@_form("wake", *WORKERS)
def wake(request: HttpRequest, alert_id: str) -> None:
    """A deferred alert, back in its queue."""
    workflow.wake(actor_of(request), alert_id, _version(request))


@_form("reopen", *JUDGES)
def reopen(request: HttpRequest, alert_id: str) -> None:
    """A closed alert, open again."""
    workflow.reopen(actor_of(request), alert_id, _version(request), request.POST.get("text", ""))
    messages.success(request, _("Open again. The old decision stays on record."))


@_form("note", *WORKERS)
def note(request: HttpRequest, alert_id: str) -> None:
    """One more note."""
    alerts.add_note(actor_of(request), alert_id, request.POST.get("text", ""))


@allow(*WORKERS)
@require_POST
def touch(request: HttpRequest, alert_id: str) -> HttpResponse:
    """Whether the person still holds the alert; keeps the lock alive."""
    return JsonResponse({"held": workflow.touch(actor_of(request), alert_id)})


@allow(*WORKERS)
@require_POST
def undo(request: HttpRequest, step_id: int) -> HttpResponse:
    """The step before, taken back."""
    try:
        alert = workflow.undo(actor_of(request), step_id)
    except Refused as error:
        return problems.refused(request, error.message)
    messages.success(request, _("Undone. The alert is as before."))
    return _to_alert(request, alert.alert_id)


@allow(*WORKERS)
@require_POST
def bulk_preview(request: HttpRequest) -> HttpResponse:
    """What closing the marked alerts together would do."""
    try:
        shown = bulk.preview(actor_of(request), request.POST.getlist("alert"))
    except Refused as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(back_to(request))
    return _bulk_page(request, {"preview": shown, "token": shown.token})


def _bulk_page(request: HttpRequest, values: dict[str, object], status: int = 200) -> HttpResponse:
    offered = {
        "nav": "queues",
        "back": back_to(request),
        "decision_choices": choices.bulk_choices(),
        "rules": daily.work_rules(),
        "typed": {},
    }
    return render(request, "console/bulk.html", offered | values, status=status)


@allow(*WORKERS)
@require_POST
def bulk_close(request: HttpRequest) -> HttpResponse:
    """The previewed alerts, closed."""
    actor, given = actor_of(request), request.POST
    token = given.get("token", "")
    try:
        choice = Choice(given.get("code", ""), given.get("reason", ""), given.get("text", ""))
        _batch, outcomes = bulk.close(actor, token, choice)
    except Refused as error:
        try:
            shown = bulk.preview(actor, given.getlist("alert"))
        except Refused as gone:
            return problems.refused(request, f"{error.message} {gone.message}")
        values = {"preview": shown, "token": shown.token, "error": error, "typed": given.dict()}
        return _bulk_page(request, values, status=409)
    proposed = sum(outcome.needs_second for outcome in outcomes)
    told = ngettext("%(n)s alert closed.", "%(n)s alerts closed.", len(outcomes) - proposed)
    parts = [told % {"n": len(outcomes) - proposed}]
    if proposed:
        told = ngettext("%(n)s waits for a second person.", "%(n)s wait for a second person.", proposed)
        parts.append(told % {"n": proposed})
    messages.success(request, " ".join(parts))
    return HttpResponseRedirect(back_to(request))


@allow(*WORKERS)
@require_POST
def bulk_undo(request: HttpRequest, batch: UUID) -> HttpResponse:
    """A bulk closing, taken back."""
    try:
        count = bulk.undo(actor_of(request), batch)
    except Refused as error:
        return problems.refused(request, error.message)
    told = ngettext("Undone: %(n)s alert is as before.", "Undone: %(n)s alerts are as before.", count)
    messages.success(request, told % {"n": count})
    return HttpResponseRedirect(back_to(request))


@allow(*WORKERS)
@require_POST
def gather_preview(request: HttpRequest) -> HttpResponse:
    """What putting the marked alerts into a case would do."""
    try:
        shown = gather.preview(actor_of(request), request.POST.getlist("alert"))
    except Refused as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(back_to(request))
    return _gather_page(request, {"preview": shown})


def _gather_page(request: HttpRequest, values: dict[str, object], status: int = 200) -> HttpResponse:
    offered = {"nav": "queues", "back": back_to(request), "typed": request.POST.dict()}
    return render(request, "console/gather.html", offered | values, status=status)


@allow(*WORKERS)
@require_POST
def gather_put(request: HttpRequest) -> HttpResponse:
    """The previewed alerts, in a case."""
    actor, given = actor_of(request), request.POST
    try:
        number = given.get("case", "")
        if not number:
            raise Refused(_("Choose a case, or a new one."), "case", "case")
        case, count = gather.put(actor, given.get("token", ""), number, given.get("title", ""), given.get("text", ""))
    except Refused as error:
        try:
            shown = gather.preview(actor, given.getlist("alert"))
        except Refused as gone:
            return problems.refused(request, f"{error.message} {gone.message}")
        return _gather_page(request, {"preview": shown, "error": error}, status=409)
    told = ngettext("%(n)s alert is in case %(number)s now.", "%(n)s alerts are in case %(number)s now.", count)
    messages.success(request, told % {"n": count, "number": case.number})
    return redirect("console:case", case.number)


@allow(*WAITED_FOR)
@require_GET
def approvals_page(request: HttpRequest) -> HttpResponse:
    """Everything that waits for the person."""
    return _approvals(request)


def _approvals(request: HttpRequest, failed: int = 0, error: Refused | None = None, text: str = "") -> HttpResponse:
    actor = actor_of(request)
    values = {
        "nav": "approvals",
        "waiting": waiting.everything(actor),
        "failed": failed,
        "error": error,
        "text": text,
        "rules": daily.work_rules(),
    }
    return render(request, "console/approvals.html", values, status=409 if error else 200)


@allow(*JUDGES)
@require_POST
def judge(request: HttpRequest, decision_id: int) -> HttpResponse:
    """A proposed decision, approved or returned."""
    actor, text, version = actor_of(request), request.POST.get("text", ""), _version(request)
    try:
        if request.POST.get("answer") == "approve":
            approvals.approve(actor, decision_id, version, text)
            messages.success(request, _("Approved."))
        else:
            approvals.send_back(actor, decision_id, version, text)
            messages.success(request, _("Returned to its queue."))
    except Refused as error:
        return _approvals(request, decision_id, error, text)
    return redirect("console:approvals")
