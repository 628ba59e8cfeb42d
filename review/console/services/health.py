"""How the console itself is: nights handed over and failed, the runs that ordered the queues, the store and its log."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from review.console.models import EventHead, Publication, RankingRun
from review.console.rules import SYSTEM_READERS
from review.console.services import publishing
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed
from review.console.services.publishing import QueueAge

_NIGHTS = 30
_RUNS = 30


@dataclass(frozen=True)
class Health:
    """What the system page shows; counts and times alone, nothing about subjects.

    Attributes:
        age: how old the queue is.
        nights: the newest attempts to hand a night over.
        runs: the newest runs that ordered a queue.
        database: which database the store lies in.
        events: number of events in the audit log, and the hash of the last.
    """

    age: QueueAge
    nights: tuple[Publication, ...]
    runs: tuple[RankingRun, ...]
    database: str
    events: int
    head: str
    at: datetime


def health(actor: Actor) -> Health:
    """How the console is, for those who keep it running.

    Raises:
        NotAllowed: neither such a role nor an administrator.
    """
    if actor.role not in SYSTEM_READERS and not actor.person.is_administrator:
        raise NotAllowed
    head = EventHead.objects.get(pk=1)
    runs = RankingRun.objects.select_related("queue").defer("inputs").order_by("-pk")[:_RUNS]
    return Health(
        age=publishing.queue_age(actor.at),
        nights=tuple(Publication.objects.order_by("-pk")[:_NIGHTS]),
        runs=tuple(runs),
        database="PostgreSQL" if connection.vendor == "postgresql" else "SQLite",
        events=head.sequence,
        head=head.hash,
        at=actor.at,
    )
