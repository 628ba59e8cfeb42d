"""The audit log: events in a hash chain. The database refuses to change or delete them (migration 0002)."""

from typing import ClassVar

from django.db import models


class Event(models.Model):
    """One action, or one read of a subject. `hash` is SHA-256 of the previous hash and this event's canonical JSON."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=60, blank=True)
    role = models.CharField(max_length=16, blank=True)
    sign_in = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True)
    action = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=20, blank=True)
    object_id = models.CharField(max_length=120, blank=True)
    reason = models.TextField(blank=True)
    before_digest = models.CharField(max_length=64, blank=True)
    after_digest = models.CharField(max_length=64, blank=True)
    details = models.TextField(default="{}")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        """Read by object, by person and by time."""

        indexes: ClassVar = [
            models.Index(fields=["object_kind", "object_id", "sequence"], name="event_by_object"),
            models.Index(fields=["actor", "sequence"], name="event_by_actor"),
            models.Index(fields=["action", "sequence"], name="event_by_action"),
        ]


class EventHead(models.Model):
    """The end of the chain: one row that every writer locks, so that sequence numbers have no gap."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
