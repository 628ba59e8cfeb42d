"""What every page knows: how old the queue is, who is asking, light or dark, what can be undone."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from review import daily
from review.console import labels
from review.console.rules import (
    CASE_READERS,
    EXPORTERS,
    LOG_READERS,
    NUMBER_READERS,
    READERS,
    SYSTEM_READERS,
    WAITED_FOR,
    WORKERS,
)
from review.console.services import publishing, waiting, workflow
from review.console.services.actor import Actor

THEME_COOKIE = "sluice_theme"
THEMES = ("auto", "light", "dark")


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """`theme` for everybody; for signed-in readers also `queue_age`, `actor`, what they may open, what waits."""
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    values: dict[str, Any] = {"theme": theme if theme in THEMES else "auto", "here": request.get_full_path()}
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return values
    return values | {
        "queue_age": publishing.queue_age(actor.at),
        "actor": actor,
        "reads_alerts": actor.role in READERS,
        "class_words": labels.RANK_CLASS_WORDS,
        "reads_cases": actor.role in CASE_READERS,
        "reads_numbers": actor.role in NUMBER_READERS,
        "exports_files": actor.role in EXPORTERS,
        "reads_log": actor.role in LOG_READERS,
        "reads_system": actor.role in SYSTEM_READERS or actor.person.is_administrator,
        "waited_for": actor.role in WAITED_FOR,
        "waits": waiting.counts(actor),
        "undo": _undo(actor) if actor.role in WORKERS else None,
    }


def _undo(actor: Actor) -> dict[str, Any] | None:
    """Where the person's last step is undone, and for how many seconds still; None where it can't be."""
    step = workflow.undoable(actor)
    if step is None:
        return None
    left = daily.work_rules().undo_seconds - int((actor.at - step.at).total_seconds())
    decision = step.alert.decisions.order_by("-ordinal").first() if step.action in ("close", "propose") else None
    if decision is not None and decision.batch:
        return {"to": reverse("console:bulk_undo", args=[decision.batch]), "seconds": left}
    return {"to": reverse("console:undo", args=[step.pk]), "seconds": left}
