"""Pages for what went wrong: a plain sentence, and never a word about what exists."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext


def _page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    return render(request, "console/problem.html", {"title": title, "sentence": sentence}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; 413 where an upload was too large."""
    if isinstance(exception, RequestDataTooBig):
        most = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        too_large = gettext("The file is too large: at most %(most)s MB are taken. Nothing was changed.") % {
            "most": most
        }
        return _page(request, 413, gettext("Too large"), too_large)
    sentence = gettext("The console could not read what was sent. Nothing was changed.")
    return _page(request, 400, gettext("This could not be read"), sentence)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    sentence = gettext("Your role does not have this right. If your work needs it, ask the administrator.")
    return _page(request, 403, gettext("Not for your role"), sentence)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    sentence = gettext("There is no such page, or none that you may see.")
    return _page(request, 404, gettext("Not found"), sentence)


def too_often(request: HttpRequest, sentence: str) -> HttpResponse:
    """429."""
    return _page(request, 429, gettext("Too often"), sentence)


def refused(request: HttpRequest, sentence: str, status: int = 409) -> HttpResponse:
    """A rule of the work forbids it; nothing was changed."""
    return _page(request, status, gettext("Nothing was changed"), sentence)


def broken(request: HttpRequest) -> HttpResponse:
    """500: needs nothing that may be broken."""
    from django.template.loader import render_to_string

    return HttpResponse(render_to_string("console/broken.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form is too old, or comes from elsewhere."""
    sentence = gettext("The page was open for too long. Go back, reload it and send the form again.")
    return _page(request, 403, gettext("The form is too old"), sentence)
