"""Alerts with their content, the subjects and reports that they name, every step of work and every decision."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from review.console.models.people import Person
from review.console.models.queues import Queue


class AlertState(models.TextChoices):
    """Where an alert stands; transitions are in services/transitions.py."""

    NEW = "new", _("new")
    QUEUED = "queued", _("waiting")
    ASSIGNED = "assigned", _("taken")
    IN_REVIEW = "in_review", _("in work")
    PENDING_APPROVAL = "pending_approval", _("waits for a second person")
    RETURNED = "returned", _("returned")
    DEFERRED = "deferred", _("deferred")
    INFO_REQUESTED = "info_requested", _("waits for information")
    ESCALATED = "escalated", _("escalated")
    LINKED = "linked", _("in a case")
    REOPENED = "reopened", _("reopened")
    CLOSED = "closed", _("closed")


WAITING = (AlertState.NEW, AlertState.QUEUED, AlertState.RETURNED, AlertState.REOPENED)
"""States in which an alert can be taken by whoever works the queue."""


class Subject(models.Model):
    """One node that alerts are about or name: an account, a person or an entity, as last described."""

    node_id = models.BigIntegerField(unique=True)
    node_key = models.CharField(max_length=300)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=300)
    holder_kind = models.CharField(max_length=10, blank=True)
    institution = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=40, blank=True)
    territory = models.CharField(max_length=80, blank=True)
    details = models.JSONField(default=dict)
    described_on = models.DateField()


class SubjectTerm(models.Model):
    """One folded word or number that finds a subject; `term` compares by code point on every database.

    `kind` is name, exact (as written), number, or tail (a number from its end, so that its last digits find it).
    """

    subject = models.ForeignKey(Subject, models.CASCADE, related_name="terms")
    kind = models.CharField(max_length=8)
    term = models.CharField(max_length=80)

    class Meta:
        """Found by the beginning of the term."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["subject", "kind", "term"], name="term_once")]
        indexes: ClassVar = [models.Index(fields=["kind", "term", "subject"], name="term_by_value")]


class Report(models.Model):
    """One version of one report that evidence comes from, with its narrative."""

    report_key = models.CharField(max_length=200, unique=True)
    reference = models.CharField(max_length=200)
    reference_term = models.CharField(max_length=200)
    jurisdiction = models.CharField(max_length=4)
    reporting_entity = models.CharField(max_length=120)
    report_code = models.CharField(max_length=20)
    report_class = models.CharField(max_length=12)
    relation = models.CharField(max_length=12)
    reported_at = models.DateTimeField(null=True)
    received_on = models.DateField()
    reason = models.TextField(blank=True)
    action = models.TextField(blank=True)
    territory = models.CharField(max_length=80, blank=True)
    indicators = models.JSONField(default=list)

    class Meta:
        """Found by the beginning of the folded reference."""

        indexes: ClassVar = [models.Index(fields=["reference_term", "id"], name="report_by_reference")]


class Alert(models.Model):
    """One subject x typology family x window before an analyst: what the list shows, and where the work stands.

    `taken_as` is the class of the day's list as which it was last taken (- below the cut), `taken_risk` the calibrated
    risk at that time. Whoever was drawn at random once stays so, or the random sample would lose what is taken again.
    """

    alert_id = models.CharField(max_length=32, unique=True)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="alerts")
    subject_name = models.CharField(max_length=300)
    family = models.CharField(max_length=20)
    theme = models.CharField(max_length=20)
    territory = models.CharField(max_length=80)
    corridor = models.CharField(max_length=100, blank=True)
    typologies = models.CharField(max_length=300, blank=True)
    lead_features = models.CharField(max_length=80, blank=True)
    component_id = models.CharField(max_length=32)
    linked_count = models.PositiveIntegerField(default=0)
    window_from = models.DateTimeField()
    window_to = models.DateTimeField()
    risk = models.FloatField()
    is_calibrated = models.BooleanField()
    amount_local = models.DecimalField(max_digits=30, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True)
    evidence_count = models.PositiveIntegerField()
    subject_count = models.PositiveIntegerField()
    first_reason_en = models.CharField(max_length=400)
    first_reason_ru = models.CharField(max_length=400)
    is_rule_found = models.BooleanField()
    model_id = models.CharField(max_length=80)
    inputs_digest = models.CharField(max_length=64)
    first_night = models.DateField()
    last_night = models.DateField()
    known_on = models.DateField()
    changed_at = models.DateTimeField()
    score = models.PositiveSmallIntegerField(default=0)
    value = models.FloatField(default=0)

    queue = models.ForeignKey(Queue, models.PROTECT, related_name="alerts")
    state = models.CharField(max_length=16, choices=AlertState, default=AlertState.NEW)
    version = models.PositiveIntegerField(default=1)
    owner = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    locked_at = models.DateTimeField(null=True)
    active_at = models.DateTimeField(null=True)
    first_read_at = models.DateTimeField(null=True)
    taken_as = models.CharField(max_length=1, blank=True)
    taken_risk = models.FloatField(null=True)
    due_on = models.DateField()
    wake_on = models.DateField(null=True)
    wake_events = models.JSONField(default=list)
    answer_by = models.DateField(null=True)
    is_urgent = models.BooleanField(default=False)
    has_agency_interest = models.BooleanField(default=False)
    case = models.ForeignKey("console.Case", models.PROTECT, null=True, related_name="alerts")
    disposition = models.CharField(max_length=3, blank=True)
    disposition_reason = models.CharField(max_length=20, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """An alert is closed with a disposition, and only then; who holds one is known, and since when."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=AlertState.values), name="alert_state_known"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(disposition="")
                | ~Q(state="closed") & Q(closed_at__isnull=True, disposition=""),
                name="alert_closed_with_disposition",
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True, locked_at__isnull=True)
                | Q(owner__isnull=False, locked_at__isnull=False),
                name="alert_lock_has_owner",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["assigned", "in_review"]) | Q(owner__isnull=False), name="alert_work_has_owner"
            ),
            models.CheckConstraint(condition=~Q(state="linked") | Q(case__isnull=False), name="alert_linked_has_case"),
            models.CheckConstraint(
                condition=~Q(state="deferred") | Q(wake_on__isnull=False), name="alert_deferred_wakes"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["queue", "state", "id", "territory"], name="alert_by_queue_order"),
            models.Index(fields=["owner", "state"], name="alert_by_owner"),
            models.Index(fields=["state", "wake_on"], name="alert_by_wake"),
            models.Index(fields=["family", "state", "-closed_at"], name="alert_by_family"),
            models.Index(fields=["component_id"], name="alert_by_component"),
            models.Index(fields=["territory", "theme"], name="alert_by_cell"),
        ]

    def __str__(self) -> str:
        return self.alert_id

    @property
    def ground(self) -> str:
        """What alerts with the same reasons share: the typologies; without any, the two leading features of the model.

        Empty for an alert of the model alone that was handed over before reasons had codes.
        """
        return self.typologies or self.lead_features


class AlertContent(models.Model):
    """What the alert page shows, as the last night made it; its shape is that of review/handover.py."""

    alert = models.OneToOneField(Alert, models.CASCADE, primary_key=True, related_name="content")
    reasons = models.JSONField(default=list)
    missing_data = models.JSONField(default=list)
    evidence = models.JSONField(default=list)
    movements = models.JSONField(default=list)
    flow = models.JSONField(default=dict)
    nodes = models.JSONField(default=dict)


class AlertSubject(models.Model):
    """That an alert names a subject: as its own, or as a party to its evidence."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="named_subjects")
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="naming_alerts")
    is_own = models.BooleanField()

    class Meta:
        """Each pair once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["alert", "subject"], name="alert_subject_once")]
        indexes: ClassVar = [models.Index(fields=["subject", "-alert"], name="alerts_of_subject")]


class AlertReport(models.Model):
    """That an alert's evidence comes from a report, or that the report names its subject."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="linked_reports")
    report = models.ForeignKey(Report, models.CASCADE, related_name="linked_alerts")
    evidence_count = models.PositiveIntegerField(default=0)

    class Meta:
        """Each pair once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["alert", "report"], name="alert_report_once")]
        indexes: ClassVar = [models.Index(fields=["report", "alert"], name="alerts_of_report")]


class AlertStep(models.Model):
    """One step of work on an alert, with what it needs to be undone."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="steps")
    action = models.CharField(max_length=24)
    from_state = models.CharField(max_length=16)
    to_state = models.CharField(max_length=16)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    version_after = models.PositiveIntegerField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        """Read by alert in order; by person for what can be undone."""

        indexes: ClassVar = [
            models.Index(fields=["alert", "id"], name="step_by_alert"),
            models.Index(fields=["by", "-at"], name="step_by_person"),
        ]


class DecisionKind(models.TextChoices):
    """What is decided: to close, or to defer for long."""

    CLOSE = "close", _("closing")
    DEFER = "defer", _("deferral")


class DecisionStatus(models.TextChoices):
    """A proposed decision waits for a second person; a final one stands."""

    PROPOSED = "proposed", _("proposed")
    FINAL = "final", _("final")
    RETURNED = "returned", _("returned")
    UNDONE = "undone", _("undone")


class Decision(models.Model):
    """One decision about an alert: who, what, why, on which evidence, who approved it, and with what it was sent.

    The database itself refuses a decision that its own author judges, a final one that lacks the second person, a
    dissemination that asks for none, and any change of a decision that was judged (migration 0007).
    """

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="decisions")
    ordinal = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, choices=DecisionKind, default=DecisionKind.CLOSE)
    code = models.CharField(max_length=3, blank=True)
    edition = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(max_length=20, blank=True)
    text = models.TextField()
    status = models.CharField(max_length=8, choices=DecisionStatus)
    needs_second = models.BooleanField()
    proposed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField()
    judged_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)
    judged_text = models.TextField(blank=True)
    score = models.PositiveSmallIntegerField()
    wake_on = models.DateField(null=True)
    wake_events = models.JSONField(default=list)
    evidence = models.JSONField(default=list)
    batch = models.UUIDField(null=True)
    dissemination = models.ForeignKey("console.Dissemination", models.PROTECT, null=True, related_name="decisions")

    class Meta:
        """Four eyes, held by the database."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "ordinal"], name="decision_once"),
            models.CheckConstraint(
                condition=Q(judged_by__isnull=True) | Q(proposed_by__isnull=False) & ~Q(judged_by=F("proposed_by")),
                name="decision_not_judged_by_its_author",
            ),
            models.CheckConstraint(
                condition=~Q(status="final", needs_second=True) | Q(judged_by__isnull=False),
                name="decision_final_with_second",
            ),
            models.CheckConstraint(
                condition=~Q(code__in=["D1", "D2"]) | Q(needs_second=True), name="decision_to_send_with_second"
            ),
            models.CheckConstraint(
                condition=Q(judged_by__isnull=True, judged_at__isnull=True)
                | Q(judged_by__isnull=False, judged_at__isnull=False),
                name="decision_judged_at",
            ),
            models.UniqueConstraint(fields=["alert"], condition=Q(status="proposed"), name="decision_one_proposed"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "-proposed_at"], name="decision_by_status"),
            models.Index(fields=["batch"], name="decision_by_batch"),
        ]


class InfoRequest(models.Model):
    """A question about an alert to somebody outside the team, with its clock."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="info_requests")
    addressee = models.CharField(max_length=200)
    question = models.TextField()
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer_by = models.DateField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
