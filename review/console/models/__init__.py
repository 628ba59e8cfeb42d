"""The store: one file per part of the work. Constraints that protect it live here and in the migrations."""

from review.console.models.alerts import (
    Alert,
    AlertContent,
    AlertReport,
    AlertStep,
    AlertSubject,
    Decision,
    InfoRequest,
    Report,
    Subject,
    SubjectTerm,
)
from review.console.models.audit import Event, EventHead
from review.console.models.cases import (
    Attachment,
    Case,
    CaseReport,
    CaseStep,
    CaseSubject,
    Dissemination,
    NeedToKnow,
    Note,
)
from review.console.models.exports import Export
from review.console.models.people import Person, Scope, Throttle
from review.console.models.queues import (
    Operation,
    Publication,
    Queue,
    QueueEntry,
    QueueMember,
    RankingRun,
)

__all__ = [
    "Alert",
    "AlertContent",
    "AlertReport",
    "AlertStep",
    "AlertSubject",
    "Attachment",
    "Case",
    "CaseReport",
    "CaseStep",
    "CaseSubject",
    "Decision",
    "Dissemination",
    "Event",
    "EventHead",
    "Export",
    "InfoRequest",
    "NeedToKnow",
    "Note",
    "Operation",
    "Person",
    "Publication",
    "Queue",
    "QueueEntry",
    "QueueMember",
    "RankingRun",
    "Report",
    "Scope",
    "Subject",
    "SubjectTerm",
    "Throttle",
]
