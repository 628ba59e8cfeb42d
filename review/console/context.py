"""What every page knows: how old the queue is, and who is asking."""

from typing import Any

from django.http import HttpRequest

from review.console.services import publishing
from review.console.services.actor import Actor


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """`queue_age` (services.publishing.QueueAge) and `actor` for signed-in readers; nothing for strangers."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return {}
    return {"queue_age": publishing.queue_age(actor.at), "actor": actor}
