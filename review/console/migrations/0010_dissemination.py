"""The steps of a case, and to whom, when and on what basis an approved one was sent; its own state of a case."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

_KEY = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
_STATES = [
    ("draft", "draft"),
    ("open", "open"),
    ("in_analysis", "in analysis"),
    ("awaiting_info", "waits for information"),
    ("pending_review", "waits for a second person"),
    ("returned", "returned"),
    ("approved", "approved for dissemination"),
    ("disseminated", "disseminated"),
    ("closed", "closed after dissemination"),
    ("closed_unsent", "closed without dissemination"),
    ("reopened", "reopened"),
]
_ACTIONS = [
    ("moved", "state"),
    ("proposed", "proposed"),
    ("approved", "approved"),
    ("returned", "returned"),
    ("sent", "disseminated"),
    ("restricted", "limited to a named circle"),
    ("lifted", "open again to everybody whose territory and theme it falls into"),
]


def _person() -> models.ForeignKey[models.Model, models.Model]:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)


class Migration(migrations.Migration):
    """On SQLite the constraints make the table of cases anew: its trigger comes back with the next migration."""

    dependencies: ClassVar = [("console", "0009_lead_features")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="CaseStep",
            fields=[
                ("id", _KEY),
                ("action", models.CharField(choices=_ACTIONS, max_length=12)),
                ("from_state", models.CharField(max_length=16)),
                ("to_state", models.CharField(choices=_STATES, max_length=16)),
                ("at", models.DateTimeField()),
                ("text", models.TextField(blank=True)),
                ("by", _person()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="console.case"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["case", "id"], name="step_by_case")]},
        ),
        migrations.CreateModel(
            name="Dissemination",
            fields=[
                ("id", _KEY),
                (
                    "kind",
                    models.CharField(
                        choices=[("spontaneous", "spontaneous"), ("request", "on request")], max_length=12
                    ),
                ),
                ("recipient", models.CharField(max_length=200)),
                ("sent_on", models.DateField()),
                ("legal_basis", models.CharField(max_length=300)),
                ("reference", models.CharField(max_length=120)),
                ("terms", models.TextField(blank=True)),
                ("recorded_at", models.DateTimeField()),
                ("approved_by", _person()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disseminations",
                        to="console.case",
                    ),
                ),
                ("drafted_by", _person()),
                ("sent_by", _person()),
            ],
            options={
                "indexes": [models.Index(fields=["sent_on"], name="dissemination_by_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=~Q(drafted_by=F("approved_by"))
                        & ~Q(sent_by=F("drafted_by"))
                        & ~Q(sent_by=F("approved_by")),
                        name="dissemination_by_three",
                    ),
                    models.CheckConstraint(
                        condition=~Q(recipient="") & ~Q(legal_basis="") & ~Q(reference=""),
                        name="dissemination_complete",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="case", name="case_state_known"),
        migrations.RemoveConstraint(model_name="case", name="case_ended_by_two"),
        migrations.AlterField(
            model_name="case",
            name="state",
            field=models.CharField(choices=_STATES, default="open", max_length=16),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=Q(state__in=[state for state, _ in _STATES]), name="case_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=~Q(state__in=["approved", "disseminated", "closed", "closed_unsent"])
                | Q(judged_by__isnull=False),
                name="case_ended_by_two",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="dissemination",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="console.dissemination",
            ),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                condition=Q(needs_second=True, allowed_by__isnull=True, refused_at__isnull=True),
                fields=["asked_at"],
                name="export_waiting",
            ),
        ),
    ]
