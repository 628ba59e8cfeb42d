"""Cases: alerts and reports worked as one file, with notes, attachments, subjects and who may know of them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from review.console.models.alerts import Alert, Report, Subject
from review.console.models.people import Person


class CaseState(models.TextChoices):
    """Where a case stands; transitions are in services/transitions.py."""

    DRAFT = "draft", _("draft")
    OPEN = "open", _("open")
    IN_ANALYSIS = "in_analysis", _("in analysis")
    AWAITING_INFO = "awaiting_info", _("waits for information")
    PENDING_REVIEW = "pending_review", _("waits for a second person")
    RETURNED = "returned", pgettext_lazy("case", "returned")
    APPROVED = "approved", _("approved for dissemination")
    DISSEMINATED = "disseminated", _("disseminated")
    CLOSED = "closed", _("closed after dissemination")
    CLOSED_UNSENT = "closed_unsent", _("closed without dissemination")
    REOPENED = "reopened", pgettext_lazy("case", "reopened")


class Case(models.Model):
    """One file: what is worked together, by whom, and what is proposed to become of it."""

    number = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=CaseState, default=CaseState.OPEN)
    version = models.PositiveIntegerField(default=1)
    territory = models.CharField(max_length=80)
    theme = models.CharField(max_length=20)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    is_restricted = models.BooleanField(default=False)
    proposed_state = models.CharField(max_length=16, blank=True)
    proposed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    proposed_text = models.TextField(blank=True)
    judged_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Nobody approves their own proposal; what ends a case has two names under it."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="case_state_known"),
            models.CheckConstraint(
                condition=Q(judged_by__isnull=True) | Q(proposed_by__isnull=False) & ~Q(judged_by=F("proposed_by")),
                name="case_not_judged_by_its_author",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "disseminated", "closed", "closed_unsent"])
                | Q(judged_by__isnull=False),
                name="case_ended_by_two",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-changed_at"], name="case_by_state")]

    def __str__(self) -> str:
        return self.number


class CaseAction(models.TextChoices):
    """What a step of a case did."""

    MOVED = "moved", _("state")
    PROPOSED = "proposed", _("proposed")
    APPROVED = "approved", _("approved")
    RETURNED = "returned", pgettext_lazy("case", "returned")
    SENT = "sent", _("disseminated")
    RESTRICTED = "restricted", _("limited to a named circle")
    LIFTED = "lifted", _("open again to everybody whose territory and theme it falls into")


class CaseStep(models.Model):
    """One step of a case: where it went, what was proposed and judged, who may know of it. Read in order."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="steps")
    action = models.CharField(max_length=12, choices=CaseAction)
    from_state = models.CharField(max_length=16)
    to_state = models.CharField(max_length=16, choices=CaseState)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(blank=True)

    class Meta:
        """Read by case in order."""

        indexes: ClassVar = [models.Index(fields=["case", "id"], name="step_by_case")]


class DisseminationKind(models.TextChoices):
    """Did the unit send of its own accord, or was it asked."""

    SPONTANEOUS = "spontaneous", _("spontaneous")
    REQUEST = "request", _("on request")


class Dissemination(models.Model):
    """That an approved case was sent: to whom, when, on what basis, and the three persons who had a part in it.

    The database refuses one of fewer persons, of a case that is not approved by these two, by anybody but a
    dissemination officer, and any change of one (migration 0011).
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="disseminations")
    kind = models.CharField(max_length=12, choices=DisseminationKind)
    recipient = models.CharField(max_length=200)
    sent_on = models.DateField()
    legal_basis = models.CharField(max_length=300)
    reference = models.CharField(max_length=120)
    terms = models.TextField(blank=True)
    drafted_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    sent_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        """Three persons; nothing of the letter is missing."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(drafted_by=F("approved_by")) & ~Q(sent_by=F("drafted_by")) & ~Q(sent_by=F("approved_by")),
                name="dissemination_by_three",
            ),
            models.CheckConstraint(
                condition=~Q(recipient="") & ~Q(legal_basis="") & ~Q(reference=""), name="dissemination_complete"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["sent_on"], name="dissemination_by_day")]


class NeedToKnow(models.Model):
    """A person who may know of a restricted case."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="knowing")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    given_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        """Each person once per case."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "person"], name="need_to_know_once")]


class CaseReport(models.Model):
    """A report that belongs to a case beside those of its alerts."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="reports")
    report = models.ForeignKey(Report, models.PROTECT, related_name="+")
    added_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        """Each report once per case."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "report"], name="case_report_once")]


class CaseSubject(models.Model):
    """A subject of a case, and its part in it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="subjects")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    part = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        """Each subject once per case."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "subject"], name="case_subject_once")]


class Note(models.Model):
    """A note on an alert or a case; never changed, only followed by another."""

    alert = models.ForeignKey(Alert, models.CASCADE, null=True, related_name="notes")
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="notes")
    text = models.TextField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """A note belongs to one thing."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(alert__isnull=False, case__isnull=True) | Q(alert__isnull=True, case__isnull=False),
                name="note_of_one",
            )
        ]


class Attachment(models.Model):
    """A file of a case; its content lies outside the web root under a name of its own."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
