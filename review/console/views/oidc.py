"""Sign-in by the organisation's provider: to it, and back from it."""

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from review.console.rules import allow
from review.console.services import oidc
from review.console.services.errors import Refused, TooOften
from review.console.views.session import page_after


def _back(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("console:oidc_back"))


def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    status = 429 if isinstance(error, TooOften) else 422
    context = {"error": error, "oidc": settings.OIDC, "next": page_after(request)}
    return render(request, "console/sign_in.html", context, status=status)


@allow(public=True)
@require_GET
def to_provider(request: HttpRequest) -> HttpResponse:
    """The provider's own page; the page that was asked for is kept for the way back."""
    request.session["next"] = page_after(request)
    try:
        return HttpResponseRedirect(oidc.begin(request, _back(request), datetime.now(UTC)))
    except Refused as error:
        return _refused(request, error)


@allow(public=True)
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """The page that was asked for, once the provider has said who it is."""
    try:
        oidc.finish(request, _back(request), datetime.now(UTC))
    except Refused as error:
        return _refused(request, error)
    return HttpResponseRedirect(page_after(request))
