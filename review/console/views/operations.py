"""Operations: what runs, what is proposed, and the forms that propose, set in force and end one."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from review.console import labels
from review.console.days import day_of
from review.console.models.people import Role
from review.console.rules import JUDGES, READERS, allow
from review.console.services import operations, ranking
from review.console.services.errors import NotAllowed, Refused
from review.console.services.operations import Plan
from review.console.templatetags.show import number
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
            messages.success(request, _("%(name)s is proposed. The head sets it in force.") % {"name": made.name_en})
            return redirect("console:operations")
    context = {
        "nav": "operations",
        "operations": operations.operations_of(actor),
        "themes": list(labels.THEMES),
        "typed": request.POST if error else {},
        "typed_themes": request.POST.getlist("themes") if error else [],
        "can_propose": actor.role in JUDGES,
        "is_head": actor.role is Role.HEAD,
        "error": error,
    }
    return render(request, "console/operations.html", context, status=422 if error else 200)


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
    try:
        operations.approve(actor_of(request), slug)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("console:operations")
    return _ordered(request, "console:operations")


@allow(Role.HEAD)
@require_POST
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """End an operation."""
    try:
        operations.close(actor_of(request), slug)
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
