"""Queues, who works them, their order of the day, the runs that made the order, and what was published when."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from review.console.models.people import EVERYTHING, Person


class QueueKind(models.TextChoices):
    """Home queues hold every alert once; overlays show alerts of home queues again."""

    HOME = "home", _("home queue")
    OVERLAY = "overlay", _("operation")


class Queue(models.Model):
    """A named selection of open alerts: territory x theme, or an operation's."""

    slug = models.SlugField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=QueueKind, default=QueueKind.HOME)
    territory = models.CharField(max_length=80, default=EVERYTHING)
    theme = models.CharField(max_length=20, default=EVERYTHING)
    folded = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    ranked_on = models.DateField(null=True)
    cut = models.PositiveIntegerField(default=0)
    below = models.PositiveIntegerField(default=0)
    minutes = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.slug


class Operation(models.Model):
    """What an overlay queue stands for: territories x themes x a period, with the boost that the head has set.

    One that ended without having been approved was withdrawn.
    """

    queue = models.OneToOneField(Queue, models.CASCADE, related_name="operation", primary_key=True)
    name_en = models.CharField(max_length=120)
    name_ru = models.CharField(max_length=120)
    territories = models.JSONField(default=list)
    corridors = models.JSONField(default=list)
    themes = models.JSONField(default=list)
    starts_on = models.DateField()
    ends_on = models.DateField()
    lead_up_days = models.PositiveIntegerField(default=30)
    after_days = models.PositiveIntegerField(default=60)
    boost = models.FloatField(default=0)
    quota = models.FloatField(default=0)
    proposed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Boost and quota are capped, so that no outside body sets the order (FATF recommendation 29)."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(boost__gte=0, boost__lte=1), name="operation_boost_capped"),
            models.CheckConstraint(condition=models.Q(quota__gte=0, quota__lte=0.5), name="operation_quota_capped"),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="operation_ends_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | models.Q(proposed_by__isnull=True)
                | ~models.Q(approved_by=models.F("proposed_by")),
                name="operation_not_approved_by_proposer",
            ),
        ]


class QueueMember(models.Model):
    """A person who works a queue, and for how many minutes a day."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    minutes = models.PositiveIntegerField()

    class Meta:
        """Each person once per queue."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["queue", "person"], name="member_once")]


class QueueEntry(models.Model):
    """An open alert's place in a queue on the queue's last ranked night."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="entries")
    alert = models.ForeignKey("console.Alert", models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    rank_class = models.CharField(max_length=1)
    score = models.PositiveSmallIntegerField()
    value_per_minute = models.FloatField()
    minutes = models.FloatField()
    is_below_cut = models.BooleanField()
    below_since = models.DateField(null=True)

    class Meta:
        """A queue is read by position; an alert stands once in a queue."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["queue", "alert"], name="entry_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["queue", "position"], name="entry_by_position"),
            models.Index(fields=["queue", "is_below_cut", "position"], name="entry_by_cut"),
            models.Index(fields=["alert", "queue"], name="entry_by_alert"),
        ]


class RankingRun(models.Model):
    """One order of one queue for one night, with everything that it was made from.

    `inputs` is compressed canonical JSON of the parameters and every candidate; ranking it again gives `order_digest`.
    """

    queue = models.ForeignKey(Queue, models.PROTECT, related_name="runs")
    night = models.DateField()
    made_at = models.DateTimeField()
    edition = models.PositiveIntegerField()
    seed = models.CharField(max_length=64)
    parameters_digest = models.CharField(max_length=64)
    data_digest = models.CharField(max_length=64)
    model_ids = models.JSONField(default=list)
    inputs = models.BinaryField()
    order_digest = models.CharField(max_length=64)
    listed = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    minutes = models.FloatField()

    class Meta:
        """A night may be ranked again after a correction; every order that was shown is kept."""

        indexes: ClassVar = [models.Index(fields=["queue", "night", "id"], name="run_by_night")]


class PublicationStatus(models.TextChoices):
    """What became of handing over a night."""

    DONE = "done", _("published")
    FAILED = "failed", _("failed")


class Publication(models.Model):
    """A night that was handed over, or the attempt that failed; the newest row of a night counts."""

    night = models.DateField()
    status = models.CharField(max_length=8, choices=PublicationStatus)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    alert_count = models.PositiveIntegerField(default=0)
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)

    class Meta:
        """Read by night, newest attempt first."""

        indexes: ClassVar = [models.Index(fields=["night", "id"], name="publication_by_night")]
