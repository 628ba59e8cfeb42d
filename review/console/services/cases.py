"""Cases: open one, work it, put things into it, propose and judge its end. Attachments lie outside the web root."""

import hashlib
import re
import secrets
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from review import spelling
from review.console.models import (
    Alert,
    AlertReport,
    AlertStep,
    AlertSubject,
    Attachment,
    Case,
    CaseReport,
    CaseStep,
    CaseSubject,
    Dissemination,
    NeedToKnow,
    Note,
    Person,
    Report,
    Subject,
)
from review.console.models.cases import CaseAction, CaseState
from review.console.models.people import Role
from review.console.rules import CASE_READERS, JUDGES, WORKERS
from review.console.services import access, audit, dissemination, workflow
from review.console.services.actor import Actor
from review.console.services.alerts import report_for
from review.console.services.case_steps import swap, take_case_step
from review.console.services.errors import NotAllowed, NotFound, Refused
from review.console.services.transitions import CASE
from review.dispositions import Disposition

PAGE_SIZE = 50
TITLE_MAX = 200
_REPORTS_MAX = 200
_ENDED = (CaseState.CLOSED, CaseState.CLOSED_UNSENT)
_FIXED = (CaseState.APPROVED, CaseState.DISSEMINATED)
"""States in which nobody changes what a case says; files and notes come to one that was sent."""
MEDIA_TYPES = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
    ".odt": ("application/vnd.oasis.opendocument.text", b"PK\x03\x04"),
    ".csv": ("text/csv", b""),
    ".txt": ("text/plain", b""),
}
"""What may be attached: suffix, media type and how the content begins."""


@dataclass(frozen=True)
class CasePage:
    """One page of cases, newest change first, and the cursor of the next."""

    items: tuple[Case, ...]
    next_cursor: str | None


def cases_of(actor: Actor, cursor: str | None = None, *, with_ended: bool = False) -> CasePage:
    """The cases that the person may see."""
    cases = access.cases_for(actor).select_related("owner")
    if not with_ended:
        cases = cases.exclude(state__in=_ENDED)
    if cursor:
        if not cursor.isdecimal() or len(cursor) > 18:
            raise Refused("unknown cursor", "cursor")
        cases = cases.filter(pk__lt=int(cursor))
    rows = list(cases.order_by("-pk")[: PAGE_SIZE + 1])
    more = len(rows) > PAGE_SIZE
    return CasePage(tuple(rows[:PAGE_SIZE]), str(rows[PAGE_SIZE - 1].pk) if more else None)


def linkable(actor: Actor, alerts: Sequence[Alert] = ()) -> list[Case]:
    """Open cases into which the person can put alerts; those with one of the alerts' subjects first."""
    rows = access.cases_for(actor).filter(state__in=workflow.WORKABLE_CASES)
    found = list(rows.order_by("-changed_at")[:50])
    subjects = [alert.subject_id for alert in alerts]
    same = set(CaseSubject.objects.filter(case__in=found, subject__in=subjects).values_list("case_id", flat=True))
    return sorted(found, key=lambda case: case.pk not in same)


def is_seen(actor: Actor, case: int | None) -> bool:
    """May the person see the case of this key."""
    return case is not None and access.cases_for(actor).filter(pk=case).exists()


@dataclass(frozen=True)
class OpenCase:
    """A case with everything in it.

    Attributes:
        alerts: those that the reader may see.
        outside: how many more it has that lie outside the reader's territories and themes.
        reports: of the alerts that the reader may see, and added ones, each once.
        steps: what was proposed, judged, sent and restricted, oldest first.
        sent: to whom it went, oldest first.
        can_work: may this reader restrict it, add files, and take it on.
        can_change: may this reader change what it says.
        can_judge: may this reader approve what is proposed.
        can_send: may this reader record that it was sent.
        next_states: where this reader can take it.
    """

    case: Case
    alerts: tuple[Alert, ...]
    outside: int
    reports: tuple[Report, ...]
    subjects: tuple[CaseSubject, ...]
    notes: tuple[Note, ...]
    attachments: tuple[Attachment, ...]
    knowing: tuple[NeedToKnow, ...]
    steps: tuple[CaseStep, ...]
    sent: tuple[Dissemination, ...]
    can_work: bool
    can_change: bool
    can_judge: bool
    can_send: bool
    next_states: tuple[CaseState, ...]


def open_case(actor: Actor, number: str) -> OpenCase:
    """The case, for its page or its dossier; the read is logged.

    Raises:
        NotFound: no such case for this person.
    """
    with audit.recorded(actor) as record:
        case = access.case_for(actor, number)
        record.add("case_read", "case", case.number)
    seen = access.alerts_in(actor, case)
    alerts = tuple(seen.select_related("owner", "subject", "queue").order_by("-score", "pk"))
    works = actor.role in WORKERS
    judges = case.state == CaseState.PENDING_REVIEW and actor.role in JUDGES
    return OpenCase(
        case=case,
        alerts=alerts,
        outside=case.alerts.count() - len(alerts),
        reports=tuple(_reports_in(actor, case)[:_REPORTS_MAX]),
        subjects=tuple(case.subjects.select_related("subject", "added_by").order_by("pk")),
        notes=tuple(case.notes.select_related("by").order_by("pk")),
        attachments=tuple(case.attachments.select_related("by").order_by("pk")),
        knowing=tuple(case.knowing.select_related("person").order_by("pk")),
        steps=tuple(case.steps.select_related("by").order_by("pk")),
        sent=tuple(case.disseminations.select_related("drafted_by", "approved_by", "sent_by").order_by("pk")),
        can_work=works and case.state not in _ENDED,
        can_change=works and case.state not in (*_ENDED, *_FIXED),
        can_judge=judges and case.proposed_by_id != actor.person.pk,
        can_send=dissemination.may_send(actor, case),
        next_states=tuple(
            state
            for state, step in CASE.items()
            if case.state in step.sources and actor.role in step.roles and not step.has_own_form
        ),
    )


def _reports_in(actor: Actor, case: Case) -> QuerySet[Report]:
    """Reports that were put into a case, and those of its alerts that the person may see, as they were received."""
    own = CaseReport.objects.filter(case=case).values("report_id")
    linked = AlertReport.objects.filter(alert__in=access.alerts_in(actor, case)).values("report_id")
    return Report.objects.filter(Q(pk__in=own) | Q(pk__in=linked)).order_by("received_on", "pk")


def create(actor: Actor, title: str, alert_id: str | None = None, version: int | None = None, text: str = "") -> Case:
    """A new case of this person's, with the alert that they hold where one is given.

    Raises:
        Refused: no title.
        Stale: the alert changed since.
    """
    access.require_worker(actor)
    words = workflow.rationale(text, is_needed=False)
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id) if alert_id else None
        case = new(actor, title, alert, record)
        if alert is not None:
            mine = workflow.held(actor, alert.alert_id, alert.version if version is None else version)
            workflow.link(actor, mine, case, words, mine.version, record)
    return case


def new(actor: Actor, title: str, alert: Alert | None, record: audit.Record) -> Case:
    """A new case of this person's, with the place and theme of an alert; in the caller's transaction.

    Raises:
        Refused: no title, and no alert whose subject it could be named after.
    """
    name = title.strip()[:TITLE_MAX] or (alert.subject_name[:TITLE_MAX] if alert else "")
    if not name:
        raise Refused(_("Give the case a title."), "title", "title")
    case = _numbered(actor, name, alert)
    record.add("case_created", "case", case.number, after={"title": name})
    return case


def _numbered(actor: Actor, title: str, alert: Alert | None) -> Case:
    """A case with the year's next number; a number that another took meanwhile is passed over."""
    scope = actor.person.scopes.order_by("pk").first()
    for attempt in range(20):
        number = f"{actor.today.year}-{_last_number(actor.today.year) + 1 + attempt:05d}"
        try:
            with transaction.atomic():
                return Case.objects.create(
                    number=number,
                    title=title,
                    territory=alert.territory if alert else (scope.territory if scope else "*"),
                    theme=alert.theme if alert else (scope.theme if scope else "*"),
                    owner=actor.person,
                    created_by=actor.person,
                    created_at=actor.at,
                    changed_at=actor.at,
                )
        except IntegrityError:
            continue
    raise Refused(_("No case number could be had. Try again."), "number")


def _last_number(year: int) -> int:
    last = Case.objects.filter(number__startswith=f"{year}-").order_by("-number").first()
    return int(last.number.split("-")[1]) if last else 0


def _outdate(actor: Actor, case: Case) -> None:
    """Let whoever judges a proposed end read the case again: something was put into it meanwhile."""
    waits = Case.objects.filter(pk=case.pk, state=CaseState.PENDING_REVIEW)
    waits.update(version=F("version") + 1, changed_at=actor.at)


def edit(actor: Actor, number: str, version: int, title: str, summary: str) -> None:
    """Change title and summary."""
    with audit.recorded(actor) as record:
        case = _changeable(actor, number)
        name = title.strip()[:TITLE_MAX]
        if not name:
            raise Refused(_("Give the case a title."), "title", "title")
        before = {"title": case.title, "summary": case.summary}
        after = {"title": name, "summary": workflow.rationale(summary, is_needed=False)}
        swap(actor, case, version, **after)
        record.add("case_edited", "case", number, before=before, after=after)


def move(actor: Actor, number: str, version: int, target: str, text: str) -> Case:
    """Take a case to another state; where that needs a second person, propose it.

    Raises:
        Refused: not possible from where the case stands, or no rationale for what ends it.
        NotAllowed: not of this role.
    """
    with audit.recorded(actor) as record:
        case = access.case_for(actor, number)
        step = CASE.get(CaseState(target)) if target in CaseState.values else None
        if step is None or step.has_own_form or case.state not in step.sources:
            raise Refused(_("The case can't go there from “%(state)s”.") % {"state": case.get_state_display()}, "state")
        if actor.role not in step.roles:
            raise NotAllowed
        words = workflow.rationale(text, is_needed=step.needs_second or step.needs_text)
        action, values = CaseAction.MOVED, _values_of(actor, target)
        if step.needs_second:
            action = CaseAction.PROPOSED
            values = {
                "state": CaseState.PENDING_REVIEW,
                "proposed_state": target,
                "proposed_by": actor.person,
                "proposed_text": words,
                "judged_by": None,
            }
        elif target == CaseState.RETURNED:
            action = CaseAction.RETURNED
        take_case_step(actor, case, version, action, target, words, **values)
        record.add("case_moved", "case", number, reason=words, before={"state": case.state}, after={"state": target})
    return Case.objects.get(pk=case.pk)


def _values_of(actor: Actor, target: str) -> dict[str, Any]:
    """What a case's fields are in a state that nobody has to approve."""
    if target == CaseState.REOPENED:
        return {"state": target, "judged_by": None, "proposed_by": None, "proposed_state": "", "closed_at": None}
    return {"state": target, "closed_at": actor.at} if target in _ENDED else {"state": target}


def judge(actor: Actor, number: str, version: int, *, is_approved: bool, text: str) -> Case:
    """Approve or return what is proposed for a case. Closing without dissemination closes its alerts (D4).

    Raises:
        Refused: one's own proposal (code `own`), or nothing is proposed.
    """
    access.require_judge(actor)
    words = workflow.rationale(text, is_needed=not is_approved)
    with audit.recorded(actor) as record:
        case = access.case_for(actor, number)
        if case.state != CaseState.PENDING_REVIEW:
            raise Refused(_("Nothing is proposed for this case."), "state")
        if case.proposed_by_id == actor.person.pk:
            raise Refused(_("Nobody approves their own proposal. Another senior analyst has to."), "own")
        target = CaseState(case.proposed_state) if is_approved else CaseState.RETURNED
        action = CaseAction.APPROVED if is_approved else CaseAction.RETURNED
        values = _values_of(actor, target) | {"judged_by": actor.person}
        take_case_step(actor, case, version, action, target, words, **values)
        if target == CaseState.CLOSED_UNSENT:
            dissemination.close_alerts(actor, case, Disposition.VALUABLE, record)
        record.add("case_judged", "case", number, reason=words, after={"state": target.value})
    return Case.objects.get(pk=case.pk)


def _workable(actor: Actor, number: str) -> Case:
    access.require_worker(actor)
    case = access.case_for(actor, number)
    if case.state in _ENDED:
        raise Refused(_("This case is closed. Reopen it first."), "state")
    return case


def _changeable(actor: Actor, number: str, fixed: Sequence[CaseState] = _FIXED) -> Case:
    """A workable case that is not approved: what was approved is sent as it was approved."""
    case = _workable(actor, number)
    if case.state in fixed:
        raise Refused(_("This case is approved as it stands. A senior analyst reopens it to change it."), "approved")
    return case


def add_note(actor: Actor, number: str, text: str) -> Note:
    """A note in a case; notes are never changed."""
    access.require(actor, *[role for role in CASE_READERS if role != "auditor"])
    words = text.strip()
    if not words or len(words) > workflow.TEXT_MAX:
        raise Refused(_("A note has between 1 and %(most)s characters.") % {"most": workflow.TEXT_MAX}, "text", "text")
    with audit.recorded(actor) as record:
        case = access.case_for(actor, number)
        note = Note.objects.create(case=case, text=words, by=actor.person, at=actor.at)
        _outdate(actor, case)
        record.add("case_note_added", "case", number, after={"note": words})
    return note


def add_report(actor: Actor, number: str, report_key: str) -> None:
    """Put a report that the person may see into a case."""
    report = report_for(actor, report_key)
    with audit.recorded(actor) as record:
        case = _changeable(actor, number)
        CaseReport.objects.get_or_create(
            case=case, report=report, defaults={"added_by": actor.person, "added_at": actor.at}
        )
        _outdate(actor, case)
        record.add("case_report_added", "case", number, report=report_key)


def add_reference(actor: Actor, number: str, reference: str) -> Report:
    """Put the newest version of the report of this reference into a case.

    Raises:
        Refused: no report of this reference among those that the person may see.
    """
    term = spelling.number_key(reference)
    seen = AlertReport.objects.filter(report__reference_term=term, alert__in=access.alerts_for(actor))
    newest = seen.select_related("report").order_by("-report__received_on", "-report").first() if term else None
    if newest is None:
        raise Refused(_("There is no report of this reference that you may see."), "reference", "reference")
    add_report(actor, number, newest.report.report_key)
    return newest.report


def add_subject(actor: Actor, number: str, node_id: int, part: str = "") -> None:
    """Name a subject in a case: one that an alert of this person's sight names."""
    with audit.recorded(actor) as record:
        case = _changeable(actor, number)
        seen = AlertSubject.objects.filter(subject__node_id=node_id, alert__in=access.alerts_for(actor))
        found = seen.values_list("subject_id", flat=True).first()
        if found is None:
            raise NotFound
        _add_subjects(case, actor, [found], part)
        _outdate(actor, case)
        record.add("case_subject_added", "case", number, subject=node_id)


def _add_subjects(case: Case, actor: Actor, subjects: Sequence[int], part: str = "") -> None:
    for subject in subjects:
        CaseSubject.objects.get_or_create(
            case=case,
            subject=Subject.objects.get(pk=subject),
            defaults={"part": part.strip()[:200], "added_by": actor.person, "added_at": actor.at},
        )


def restrict(actor: Actor, number: str, version: int, usernames: Sequence[str]) -> None:
    """Make a case known to these persons and its owner alone; for the owner, seniors and the head."""
    with audit.recorded(actor) as record:
        case = _workable(actor, number)
        if actor.role not in JUDGES and case.owner_id != actor.person.pk:
            raise NotAllowed
        people = list(Person.objects.filter(username__in=usernames, is_active=True, role__in=CASE_READERS))
        if unknown := sorted(set(usernames) - {person.username for person in people}):
            raise Refused(
                _("Not among those who read cases: %(names)s.") % {"names": ", ".join(unknown)}, "people", "people"
            )
        take_case_step(actor, case, version, CaseAction.RESTRICTED, case.state, is_restricted=True)
        NeedToKnow.objects.filter(case=case).exclude(person__in=people).delete()
        for person in {person.pk: person for person in [*people, actor.person]}.values():
            NeedToKnow.objects.get_or_create(
                case=case, person=person, defaults={"given_by": actor.person, "given_at": actor.at}
            )
        record.add("case_restricted", "case", number, persons=sorted(person.username for person in people))


def readers(actor: Actor) -> list[Person]:
    """Those who can be named in a case's circle: whoever reads cases, but the reader."""
    people = Person.objects.filter(is_active=True, role__in=CASE_READERS).exclude(pk=actor.person.pk)
    return sorted(people, key=lambda person: (person.role, person.get_full_name().lower()))


def is_known_to_an_officer(case: Case) -> bool:
    """Is there a dissemination officer who may know of the case: without one it is never sent."""
    officers = Person.objects.filter(is_active=True, role=Role.DISSEMINATION)
    if case.is_restricted:
        officers = officers.filter(pk__in=NeedToKnow.objects.filter(case=case).values("person_id"))
    return officers.exclude(pk__in=[key for key in (case.proposed_by_id, case.judged_by_id) if key]).exists()


def lift(actor: Actor, number: str, version: int) -> None:
    """Make a restricted case visible again to everybody in its scope; for seniors and the head who know of it."""
    access.require_judge(actor)
    with audit.recorded(actor) as record:
        case = access.case_for(actor, number)
        take_case_step(actor, case, version, CaseAction.LIFTED, case.state, is_restricted=False)
        record.add("case_lifted", "case", number)


def attach(actor: Actor, number: str, upload: "UploadedFile[Any]") -> Attachment:
    """Keep a file with a case.

    Raises:
        Refused: too large, empty, of a kind that is not taken, or not what its name says.
    """
    name = _file_name(upload.name or "")
    suffix = Path(name).suffix.lower()
    if suffix not in MEDIA_TYPES:
        kinds = ", ".join(sorted(kind.lstrip(".") for kind in MEDIA_TYPES))
        raise Refused(_("Files of this kind are not taken; these are: %(kinds)s.") % {"kinds": kinds}, "kind", "file")
    media_type, beginning = MEDIA_TYPES[suffix]
    size = upload.size or 0
    if not 0 < size <= settings.UPLOAD_MAX_BYTES:
        most = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        raise Refused(_("A file has at most %(most)s MB, and is not empty.") % {"most": most}, "size", "file")
    digest = hashlib.sha256()
    stored_as = secrets.token_hex(24)
    target: Path = settings.ATTACHMENTS / stored_as
    first = b""
    with audit.recorded(actor) as record:
        case = _changeable(actor, number, (CaseState.APPROVED,))
        settings.ATTACHMENTS.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with target.open("xb") as handle:
                target.chmod(0o600)
                for chunk in upload.chunks():
                    first = first or chunk[:16]
                    digest.update(chunk)
                    handle.write(chunk)
            if not first.startswith(beginning) or (not beginning and b"\0" in first):
                raise Refused(_("The file is not what its name says."), "content", "file")
            made = Attachment.objects.create(
                case=case,
                name=name,
                media_type=media_type,
                size_bytes=size,
                sha256=digest.hexdigest(),
                stored_as=stored_as,
                by=actor.person,
                at=actor.at,
            )
            _outdate(actor, case)
            record.add("case_file_added", "case", number, file=name, sha256=made.sha256, size=size)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    return made


def _file_name(name: str) -> str:
    """The last part of a file's name without control characters and path signs."""
    plain = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c for c in plain if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*').strip(" .")
    return kept[-200:] or "file"


def attachment(actor: Actor, number: str, attachment_id: int) -> tuple[Attachment, Path]:
    """A file of a case, to be sent as a download only; the read is logged.

    Raises:
        NotFound: no such file of a case that the person may see.
    """
    case = access.case_for(actor, number)
    found = Attachment.objects.filter(pk=attachment_id, case=case).first()
    if found is None:
        raise NotFound
    with audit.recorded(actor) as record:
        record.add("case_file_read", "case", number, file=found.name, sha256=found.sha256)
    return found, settings.ATTACHMENTS / found.stored_as


def parties_of(actor: Actor, case: Case) -> list[Subject]:
    """Subjects that the case's alerts name and that are no subjects of the case yet; those of the alerts first."""
    mine = access.alerts_for(actor).filter(case=case)
    named = AlertSubject.objects.filter(alert__in=mine).exclude(
        subject__in=CaseSubject.objects.filter(case=case).values("subject_id")
    )
    rows = named.select_related("subject").order_by("-is_own", "subject__name")[:300]
    return list({row.subject_id: row.subject for row in rows}.values())[:100]


@dataclass(frozen=True)
class ChronicleItem:
    """One thing that happened: `kind` is case, state, step (of an alert), note, file or report (those of one day)."""

    at: datetime
    kind: str
    what: str
    by: Person | None
    alert: Alert | None = None
    step: CaseStep | None = None


def chronology(actor: Actor, number: str) -> list[ChronicleItem]:
    """What happened in a case, oldest first: its own steps, those of its alerts, reports received, notes and files."""
    case = access.case_for(actor, number)
    items = [ChronicleItem(case.created_at, "case", "created", case.created_by)]
    own = case.steps.select_related("by").order_by("pk")
    items += [ChronicleItem(step.at, "state", step.text, step.by, step=step) for step in own]
    seen = access.alerts_in(actor, case)
    steps = AlertStep.objects.filter(alert__in=seen, undone_at=None).select_related("by", "alert")
    items += [ChronicleItem(step.at, "step", step.action, step.by, step.alert) for step in steps]
    items += [ChronicleItem(note.at, "note", note.text, note.by) for note in case.notes.select_related("by")]
    items += [ChronicleItem(file.at, "file", file.name, file.by) for file in case.attachments.select_related("by")]
    received: dict[date, list[str]] = defaultdict(list)
    for day, reference in _reports_in(actor, case).values_list("received_on", "reference")[:_REPORTS_MAX]:
        received[day].append(reference)
    items += [
        ChronicleItem(datetime.combine(day, time(), UTC), "report", ", ".join(references), None)
        for day, references in received.items()
    ]
    return sorted(items, key=lambda item: (item.at, item.kind))
