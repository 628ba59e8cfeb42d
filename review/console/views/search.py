"""Search by name in either script, account, identifier, report, alert or case."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from review.console.rules import READERS, allow
from review.console.services import search as searching
from review.console.services.errors import Refused, TooOften
from review.console.views.queues import actor_of


@allow(*READERS)
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """What was found, best first; the form alone where nothing was asked yet."""
    query = request.GET.get("q", "")
    exact = request.GET.get("exact") == "1"
    context: dict[str, Any] = {"nav": "search", "query": query, "exact": exact}
    if not query.strip():
        return render(request, "console/search.html", context)
    try:
        context["results"] = searching.find(actor_of(request), query, exact=exact)
    except TooOften:
        raise
    except Refused as error:
        return render(request, "console/search.html", context | {"error": error}, status=422)
    return render(request, "console/search.html", context)
