"""Sign-in, the one-time code, the password, the second factor, sign-out, and what persons choose for themselves."""

from datetime import UTC, datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from review.console.context import THEME_COOKIE, THEMES
from review.console.models import Person
from review.console.rules import ANYBODY, allow
from review.console.services import people, sign_in
from review.console.services.actor import Actor
from review.console.services.errors import Refused, TooOften

_YEAR_SECONDS = 365 * 86_400


def _now() -> datetime:
    return datetime.now(UTC)


def page_after(request: HttpRequest) -> str:
    """Where to go on: the page that was asked for, if it is one of this console's; else the queues."""
    target = request.POST.get("next") or request.GET.get("next") or request.session.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target and is_ours else "/"


def _asked_again(request: HttpRequest, template: str, error: Refused, **values: object) -> HttpResponse:
    """The same form with what was wrong."""
    status = 429 if isinstance(error, TooOften) else 422
    return render(request, template, {"error": error, **values}, status=status)


@allow(public=True)
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The form for name and password."""
    if isinstance(request.user, Person) and request.method == "GET":
        return redirect("/")
    if request.method == "GET":
        return render(request, "console/sign_in.html", {"next": request.GET.get("next", ""), "oidc": settings.OIDC})
    target = page_after(request)
    name = request.POST.get("username", "")
    try:
        sign_in.sign_in(request, name, request.POST.get("password", ""), _now())
    except Refused as error:
        return _asked_again(request, "console/sign_in.html", error, username=name, next=target, oidc=settings.OIDC)
    request.session["next"] = target
    return HttpResponseRedirect(target)


@allow(*ANYBODY, before_checks=True)
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The form for the one-time code."""
    if sign_in.next_check(request) is not sign_in.Check.CODE:
        return HttpResponseRedirect(page_after(request))
    if request.method == "POST":
        try:
            sign_in.confirm_code(request, request.POST.get("code", ""), _now())
        except Refused as error:
            return _asked_again(request, "console/code.html", error)
        return HttpResponseRedirect(page_after(request))
    return render(request, "console/code.html")


@allow(*ANYBODY, before_checks=True)
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """The form for another password; asked for where the password was made by somebody else."""
    check = sign_in.next_check(request)
    if check is sign_in.Check.CODE:
        return redirect("console:code")
    values = {"is_forced": check is sign_in.Check.PASSWORD}
    if request.method == "POST":
        new = request.POST.get("new", "")
        try:
            if new != request.POST.get("again", ""):
                raise Refused(translation.gettext("The two new passwords differ."), "again", "again")
            sign_in.change_password(request, request.POST.get("old", ""), new, _now())
        except Refused as error:
            return _asked_again(request, "console/password.html", error, **values)
        return HttpResponseRedirect(page_after(request))
    return render(request, "console/password.html", values)


@allow(*ANYBODY, before_checks=True)
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """The page that sets up a second factor."""
    check = sign_in.next_check(request)
    if check in (sign_in.Check.CODE, sign_in.Check.PASSWORD):
        return redirect(f"console:{check.value}")
    values = {"enrolment": sign_in.enrolment(request), "is_forced": check is sign_in.Check.ENROL}
    if request.method == "POST":
        try:
            sign_in.enrol(request, request.POST.get("code", ""), _now())
        except Refused as error:
            return _asked_again(request, "console/enrol.html", error, **values)
        messages.success(request, _("One-time codes are set up: every sign-in asks for one from now on."))
        return HttpResponseRedirect(page_after(request))
    return render(request, "console/enrol.html", values)


@allow(*ANYBODY, before_checks=True)
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """The end of the session."""
    sign_in.sign_out(request, _now())
    return redirect("console:login")


@allow(public=True)
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Language, light or dark, and whether the next alert is taken after a decision; then back to the page."""
    response = HttpResponseRedirect(page_after(request))
    language = request.POST.get("language")
    actor: Actor | None = getattr(request, "actor", None)
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=_YEAR_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        if actor:
            people.set_preferences(actor, language=language)
    theme = request.POST.get("theme")
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=_YEAR_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    if actor and "auto_advance" in request.POST:
        people.set_preferences(actor, has_auto_advance=request.POST["auto_advance"] == "1")
    return response
