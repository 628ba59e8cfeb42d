"""Files that leave the console: who asked for them and why, and who allowed it. Their content is not kept."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from review.console.models.people import Person


class ExportKind(models.TextChoices):
    """What is exported."""

    QUEUE = "queue", _("queue")
    CASE = "case", _("case")
    EVENTS = "events", _("audit log")


class Export(models.Model):
    """One request to take data out as a file; every download of it is an event of its own."""

    kind = models.CharField(max_length=8, choices=ExportKind)
    object_id = models.CharField(max_length=120, blank=True)
    reason = models.TextField()
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    needs_second = models.BooleanField()
    allowed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    allowed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        """Nobody allows their own."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(allowed_by__isnull=True) | ~Q(allowed_by=F("asked_by")), name="export_not_allowed_by_asker"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["asked_by", "-id"], name="export_by_person"),
            models.Index(
                fields=["asked_at"],
                condition=Q(needs_second=True, allowed_by__isnull=True, refused_at__isnull=True),
                name="export_waiting",
            ),
        ]
