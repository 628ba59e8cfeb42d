"""Operations: what runs, what is proposed, and the forms that propose, set in force and end one."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from review.console import labels
from review.console.days import day_of
from review.console.models.people import Role
from review.console.rules import JUDGES, READERS, allow
from review.console.services import operations, ranking
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed, Refused
from review.console.services.operations import Plan
from review.console.templatetags.show import day, number, queue_name
from review.console.views.queues import actor_of


@allow(*READERS)
@require_http_methods(["GET", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Every operation; seniors and the head propose one here."""
    actor = actor_of(request)
    error: Refused | None = None
    if request.method == "POST":
        if actor.role not in JUDGES:
            raise NotAllowed
        try:
            made = operations.propose(actor, _plan(request))
        except Refused as refusal:
            error = refusal
        else:
            messages.success(
                request, _("%(name)s is proposed. The head sets it in force.") % {"name": queue_name(made.queue)}
            )
            return redirect("console:operations")
    context = {
        "nav": "operations",
        "operations": operations.operations_of(actor),
        "themes": list(labels.THEMES),
        **_form(request, actor, has_failed=error is not None),
        "can_propose": actor.role in JUDGES,
        "is_head": actor.role is Role.HEAD,
        "error": error,
    }
    return render(request, "console/operations.html", context, status=422 if error else 200)


def _form(request: HttpRequest, actor: Actor, *, has_failed: bool) -> dict[str, Any]:
    """What stands in the form: what was typed where it was refused, or an earlier operation's, to be proposed anew."""
    if has_failed:
        return {"typed": request.POST, "typed_themes": request.POST.getlist("themes")}
    like = request.GET.get("like", "")
    found = next((item for item in operations.operations_of(actor) if item.queue.slug == like), None)
    if found is None:
        return {"typed": {}, "typed_themes": []}
    typed = {
        "name_en": found.name_en,
        "name_ru": found.name_ru,
        "territories": " ".join(found.territories),
        "corridors": " ".join(found.corridors),
        "starts_on": day(found.starts_on),
        "ends_on": day(found.ends_on),
        "boost": f"{found.boost:g}",
        "quota": f"{found.quota:g}",
    }
    return {"typed": typed, "typed_themes": found.themes}


def _plan(request: HttpRequest) -> Plan:
    """The form as typed.

    Raises:
        Refused: a day or a number can't be read.
    """
    form = request.POST
    try:
        starts_on, ends_on = (day_of(form.get(name, "")) for name in ("starts_on", "ends_on"))
        boost, quota = (float(form.get(name, "0").replace(",", ".") or 0) for name in ("boost", "quota"))
    except ValueError:
        raise Refused(_("Give both days, and boost and quota as numbers."), "form", "starts_on") from None
    return Plan(
        name_en=form.get("name_en", ""),
        name_ru=form.get("name_ru", ""),
        territories=_codes(form.get("territories", "")),
        corridors=_codes(form.get("corridors", "")),
        themes=[theme for theme in form.getlist("themes") if theme in labels.THEMES],
        starts_on=starts_on,
        ends_on=ends_on,
        boost=boost,
        quota=quota,
    )


def _codes(text: str) -> list[str]:
    return text.replace(",", " ").upper().split()


@allow(Role.HEAD)
@require_POST
def approve(request: HttpRequest, slug: str) -> HttpResponse:
    """Set an operation in force."""
    return _ordered_after(request, operations.approve, slug)


@allow(*JUDGES)
@require_POST
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back an operation that is not in force."""
    try:
        found = operations.withdraw(actor_of(request), slug)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("console:operations")
    messages.success(request, _("%(name)s is withdrawn.") % {"name": queue_name(found.queue)})
    return HttpResponseRedirect(f"{reverse('console:operations')}?{urlencode({'like': slug})}")


@allow(Role.HEAD)
@require_POST
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """End an operation."""
    return _ordered_after(request, operations.close, slug)


def _ordered_after(request: HttpRequest, act: Callable[[Actor, str], object], slug: str) -> HttpResponse:
    """To the operations after an act on one; the queues are ordered anew where it was done."""
    try:
        act(actor_of(request), slug)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("console:operations")
    return _ordered(request, "console:operations")


@allow(administrators=True)
@require_POST
def order_now(request: HttpRequest) -> HttpResponse:
    """Order every queue anew: members or their minutes have changed."""
    return _ordered(request, "console:members")


def _ordered(request: HttpRequest, back: str) -> HttpResponse:
    """To a page, with the queues ordered anew or why they are not."""
    try:
        listed = ranking.order_now(actor_of(request), settings.HOME.settings.country)
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            ngettext(
                "The queues are ordered anew: %(n)s alert above the cuts.",
                "The queues are ordered anew: %(n)s alerts above the cuts.",
                listed,
            )
            % {"n": number(listed)},
        )
    return redirect(back)
