"""Lets a request reach its view only where the view's rule allows it; turns the services' errors into answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import BadRequest, ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import is_valid_path, reverse
from django.utils import translation
from django.utils.http import urlencode

from review.console.models import Person
from review.console.rules import Rule
from review.console.services import sign_in
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed, NotFound, TooOften
from review.console.views import problems

_CHECK_PAGES = {
    sign_in.Check.CODE: "console:code",
    sign_in.Check.PASSWORD: "console:password",
    sign_in.Check.ENROL: "console:enrol",
}


class AccessMiddleware:
    """Nobody reaches a view without a rule; strangers are sent to sign in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, never kept by a cache."""
        if settings.PRODUCTION:
            # Over nginx's socket there is no peer's address; nginx alone can reach it, and says for whom it asks.
            request.META["REMOTE_ADDR"] = _address(request.headers.get("X-Real-IP", ""))
        response = self.get_response(request)
        if response.status_code == 405 and request.method in ("GET", "HEAD"):
            response = _redirect(request, _page_above(request.path))
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: object, kwargs: dict[str, object]
    ) -> HttpResponse | None:
        """None where the view may run."""
        if _has_null(request, kwargs):
            raise BadRequest
        rule = getattr(view, "rule", None)
        if not isinstance(rule, Rule):
            raise ImproperlyConfigured(f"The view {view.__module__}.{view.__qualname__} has no rule.")
        at = datetime.now(UTC)
        person = request.user
        if isinstance(person, Person):
            if sign_in.is_over(request, at):
                sign_in.sign_out(request, at)
                return None if rule.is_public else _to_sign_in(request)
            if person.language:
                translation.activate(person.language)
                request.LANGUAGE_CODE = translation.get_language()
            check = sign_in.next_check(request)
            if check is not None:
                return None if rule.before_checks else _redirect(request, reverse(_CHECK_PAGES[check]))
            request.actor = Actor.of(request, at)  # type: ignore[attr-defined]
        if rule.is_public:
            return None
        if not isinstance(person, Person):
            return _to_sign_in(request)
        may = person.role in rule.roles or (rule.for_administrators and person.is_administrator)
        if not may:
            raise PermissionDenied
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """404 and 403 of the services as Django's own, 429 as a page; others pass."""
        if isinstance(exception, NotFound):
            raise Http404 from exception
        if isinstance(exception, NotAllowed):
            raise PermissionDenied from exception
        if isinstance(exception, TooOften):
            return problems.too_often(request, exception.message)
        return None


def _address(text: str) -> str:
    """The network address, or nothing where it is none."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return ""


def _page_above(path: str) -> str:
    """The nearest page above an address that takes forms alone: where what was refused stays in the address line."""
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0] + "/"
        if is_valid_path(path):
            return path
    return "/"


def _has_null(request: HttpRequest, kwargs: dict[str, object]) -> bool:
    """Does anything that was sent hold a null character: no text has one, and PostgreSQL keeps none."""
    sent = [value for fields in (request.GET, request.POST) for values in fields.lists() for value in values[1]]
    return any("\0" in str(value) for value in (*sent, *kwargs.values()))


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    target = resolve_url("console:login")
    if request.method == "GET" and request.path != "/":
        target += "?" + urlencode({"next": request.get_full_path()})
    return _redirect(request, target)


def _redirect(request: HttpRequest, target: str) -> HttpResponse:
    """To another page as a whole, also where htmx asked for a part of one."""
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = target
        return response
    return HttpResponseRedirect(target)
