"""How often something may be done: counts in the database, so that they hold for all processes."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from review.console.models import Throttle
from review.console.services.errors import TooOften

_BUCKET_SECONDS = 60


def count(key: str, at: datetime, window: timedelta) -> int:
    """How often it was done within the window, to the minute."""
    found = Throttle.objects.filter(key=key, started_at__gt=at - window).aggregate(total=Sum("count"))
    return int(found["total"] or 0)


def add(key: str, at: datetime) -> None:
    """Count it once more."""
    start = at.replace(second=0, microsecond=0)
    if Throttle.objects.filter(key=key, started_at=start).update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            Throttle.objects.create(key=key, started_at=start, count=1)
    except IntegrityError:
        Throttle.objects.filter(key=key, started_at=start).update(count=F("count") + 1)


def clear(key: str) -> None:
    """Forget it."""
    Throttle.objects.filter(key=key).delete()


def spend(key: str, at: datetime, most: int, window: timedelta) -> None:
    """Count it, or refuse it where it was done `most` times within the window.

    Raises:
        TooOften: it was.
    """
    if count(key, at, window) >= most:
        raise TooOften(_("Too many requests in a short time. Wait a minute."))
    add(key, at)


def sweep(at: datetime) -> None:
    """Forget counts that no window reaches any more."""
    Throttle.objects.filter(started_at__lt=at - timedelta(days=1)).delete()
