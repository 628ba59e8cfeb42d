"""Takes a night over from the lake: one transaction per night, the same night twice changes nothing.

Content of alerts is written anew; the work on them (state, owner, decisions) is only touched where new evidence wakes
a deferral or opens a closed alert again. A night that fails leaves everything as it was, and a row that says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipelines.lake import Lake, Nights
from review import handover
from review.console.models import (
    Alert,
    AlertContent,
    AlertReport,
    AlertSubject,
    Publication,
    Queue,
    Report,
    Subject,
    SubjectTerm,
)
from review.console.models.alerts import AlertState
from review.console.models.people import EVERYTHING
from review.console.models.queues import PublicationStatus, QueueKind
from review.console.services import audit, ranking, system
from review.console.services.chunks import chunks
from review.dispositions import Disposition, WakeEvent
from review.handover import Content, Handover, SubjectFacts
from review.ranking import Parameters
from review.spelling import number_key, tail_key
from review.text import clean, first_sentence

REOPEN_SHARE = 0.2
"""A closed alert opens again when at least this share of its evidence is newer than what was decided on."""
FIRST_TIME_NIGHTS = 7
"""Nights that an empty console takes over, the newest."""
_CENT = Decimal("0.01")
_FIRST_MAX = 400


@dataclass(frozen=True)
class Published:
    """What became of one night: alerts handed over, new ones, changed ones; nothing was done if it was known."""

    night: date
    alerts: int = 0
    new: int = 0
    changed: int = 0
    listed: int = 0
    was_known: bool = False


@dataclass(frozen=True)
class QueueAge:
    """How old the queue is that the screens show.

    Attributes:
        night: the newest published night; None before the first.
        days: days from the night to today: 1 on the morning after it.
        is_stale: a night is missing: yesterday's was not published.
        failed_night: the newest night whose handover failed and that is newer than `night`.
        message: why it failed, in a sentence without personal values.
    """

    night: date | None
    days: int
    is_stale: bool
    failed_night: date | None = None
    message: str = ""


def queue_age(now: datetime) -> QueueAge:
    """How old the queue is; for every page."""
    done = Publication.objects.filter(status=PublicationStatus.DONE).order_by("-night").first()
    failed = Publication.objects.order_by("-id").first()
    night = done.night if done else None
    days = (now.date() - night).days if night else 0
    is_failed = failed is not None and failed.status == PublicationStatus.FAILED and (not night or failed.night > night)
    return QueueAge(
        night,
        days,
        is_stale=night is None or days > 1,
        failed_night=failed.night if failed and is_failed else None,
        message=failed.message if failed and is_failed else "",
    )


def publish(lake: Lake, nights: Nights | None, country: str, at: datetime) -> list[Published]:
    """Hand the complete nights of the range to the console, oldest first; returns what became of each.

    Args:
        lake: where the nights are.
        nights: the range; all complete nights if None. An empty console takes over the newest seven of them only.
        country: whose ranking parameters apply.
        at: now.
    """
    complete = handover.complete_nights(lake, nights)
    known = known_digests()
    chosen = list(complete)
    if not known:
        chosen = chosen[-FIRST_TIME_NIGHTS:]
    newest = max([*known, *chosen], default=None)
    return [
        Published(night, was_known=True)
        if known.get(night) == complete[night]
        else publish_night(handover.read(lake, night, complete[night]), country, at, is_newest=night == newest)
        for night in chosen
    ]


def known_digests() -> dict[date, str]:
    """The nights that the console has, with the digest of what it took over last."""
    done = Publication.objects.filter(status=PublicationStatus.DONE).order_by("id")
    return dict(done.values_list("night", "digest"))


def note_failure(night: date, message: str, at: datetime) -> None:
    """Keep that a night could not be handed over, so that every screen says so."""
    with audit.recorded_by_system(at) as record:
        Publication.objects.create(
            night=night, status=PublicationStatus.FAILED, digest="", at=at, message=message[:500]
        )
        record.add("night_failed", "night", night, reason=message[:500])


def publish_night(given: Handover, country: str, at: datetime, *, is_newest: bool = True) -> Published:
    """Take one night over, in one transaction; the newest one is ranked."""
    with audit.recorded_by_system(at) as record:
        last = Publication.objects.filter(night=given.night, status=PublicationStatus.DONE).order_by("-id").first()
        if last and last.digest == given.digest:
            return Published(given.night, was_known=True)
        reports = _store_reports(given)
        subjects = _store_subjects(given.subjects)
        new, changed = _store_alerts(given, country, subjects, reports, at, record)
        listed = 0
        if is_newest:
            system.sweep(given.night + timedelta(days=1), at, record)
            listed = ranking.rank_night(given.night, country, given.digest, at, record)
        Publication.objects.create(
            night=given.night,
            status=PublicationStatus.DONE,
            digest=given.digest,
            at=at,
            alert_count=len(given.alerts),
            new_count=new,
            changed_count=changed,
        )
        record.add("night_published", "night", given.night, digest=given.digest, alerts=len(given.alerts), new=new)
    return Published(given.night, len(given.alerts), new, changed, listed)


def _store_reports(given: Handover) -> dict[str, int]:
    """Reports by key; a version of a report never changes, so known ones are left alone."""
    rows = [
        Report(
            report_key=row["report_key"],
            reference=row["report_reference"][:200],
            reference_term=number_key(row["report_reference"]),
            jurisdiction=row["jurisdiction"][:4],
            reporting_entity=row["reporting_entity_id"][:120],
            report_code=row["report_code"][:20],
            report_class=row["report_class"],
            relation=row["relation"],
            reported_at=row["reported_at"],
            received_on=row["received_on"],
            reason=row["reason"] or "",
            action=row["action"] or "",
            territory=(row["territory"] or "")[:80],
            indicators=row["indicators"],
        )
        for row in given.reports.values()
    ]
    Report.objects.bulk_create(rows, batch_size=200, ignore_conflicts=True)
    return _ids(Report, "report_key", list(given.reports))


def _ids(model: Any, field: str, keys: list[Any]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for part in chunks(keys):
        found.update(model.objects.filter(**{f"{field}__in": part}).values_list(field, "pk"))
    return found


def _store_subjects(given: Mapping[int, SubjectFacts]) -> dict[int, int]:
    """Subjects by node; the newest description counts, and terms are only added, so that old spellings still find."""
    rows = [_subject(facts) for facts in given.values()]
    columns = [*("node_key", "kind", "name", "holder_kind", "institution", "country", "territory", "described_on")]
    with_details = [row for row in rows if row.details]
    for some, names in ((rows, columns), (with_details, [*columns, "details"])):
        if some:
            Subject.objects.bulk_create(
                some, batch_size=200, update_conflicts=True, unique_fields=["node_id"], update_fields=names
            )
    ids = _ids(Subject, "node_id", list(given))
    wanted = {(ids[node], kind, term) for node, facts in given.items() for kind, term in facts.terms}
    wanted |= {(subject, "tail", tail_key(term)) for subject, kind, term in wanted if kind == "number"}
    known: set[tuple[int, str, str]] = set()
    for part in chunks(sorted(ids.values())):
        known.update(SubjectTerm.objects.filter(subject__in=part).values_list("subject_id", "kind", "term"))
    missing = [SubjectTerm(subject_id=s, kind=k, term=t) for s, k, t in sorted(wanted - known)]
    SubjectTerm.objects.bulk_create(missing, batch_size=1_000, ignore_conflicts=True)
    return ids


def _subject(facts: SubjectFacts) -> Subject:
    row = facts.described
    return Subject(
        node_id=facts.node_id,
        node_key=row["node_key"][:300],
        kind=row["kind"],
        name=clean(row["name"] or row["node_key"])[:300],
        holder_kind=row["holder_kind"] or "",
        institution=(row["institution"] or "")[:120],
        country=(row["country"] or "")[:40],
        territory=(row["territory"] or "")[:80],
        details=facts.details,
        described_on=row["described_on"],
    )


def _store_alerts(
    given: Handover,
    country: str,
    subjects: Mapping[int, int],
    reports: Mapping[str, int],
    at: datetime,
    record: audit.Record,
) -> tuple[int, int]:
    """Insert new alerts, renew the content of known ones; returns how many of each."""
    known: dict[str, Alert] = {}
    for part in chunks([row["alert_id"] for row in given.alerts]):
        rows = Alert.objects.select_related("content").select_for_update(of=("self",)).filter(alert_id__in=part)
        known.update({alert.alert_id: alert for alert in rows})
    queue = _first_queue(at)
    sla_days = Parameters.of(country).sla_days
    fresh, renewed = [], []
    for row in given.alerts:
        content = given.contents[row["alert_id"]]
        facts = _alert_facts(row, content, subjects, at)
        old = known.get(row["alert_id"])
        if old is None:
            due = _first_day(given.night, at) + timedelta(days=int(sla_days))
            fresh.append(Alert(alert_id=row["alert_id"], queue=queue, first_night=given.night, due_on=due, **facts))
        elif old.last_night <= given.night:
            renewed.append((old, facts, content))
    Alert.objects.bulk_create(fresh, batch_size=100)
    ids = _ids(Alert, "alert_id", [alert.alert_id for alert in fresh])
    AlertContent.objects.bulk_create(
        [AlertContent(alert_id=pk, **_content(given.contents[alert])) for alert, pk in ids.items()], batch_size=50
    )
    for old, facts, content in renewed:
        _renew(old, facts, content, at, record)
    ids.update({old.alert_id: old.pk for old, _, _ in renewed})
    _link(given, ids, subjects, reports)
    return len(fresh), len(renewed)


def _first_day(night: date, at: datetime) -> date:
    """The day from which the service time runs: the night's; of one handed over late, that before the handover.

    Nobody could read it before: a console that takes over old nights does not begin with everything late.
    """
    return max(night, at.date() - timedelta(days=1))


def _alert_facts(row: Mapping[str, Any], content: Content, subjects: Mapping[int, int], at: datetime) -> dict[str, Any]:
    first = content.reasons[0]
    others = {node for m in content.movements if m["is_evidence"] for node in (m["src"], m["dst"])} - {row["node_id"]}
    return {
        "subject_id": subjects[row["node_id"]],
        "subject_name": clean(row["subject_name"])[:300],
        "family": row["family"],
        "theme": row["theme"],
        "territory": row["territory"][:80],
        "corridor": (row["corridor"] or "")[:100],
        "typologies": ",".join(handover.typologies(content))[:300],
        "lead_features": ",".join(handover.lead_features(content)),
        "component_id": row["component_id"],
        "linked_count": row["linked_count"],
        "window_from": row["window_from"],
        "window_to": row["window_to"],
        "risk": row["risk"],
        "is_calibrated": row["is_calibrated"],
        "amount_local": row["amount_local"].quantize(_CENT),
        "currency": next((m["currency"] for m in content.movements if m["currency"]), ""),
        "evidence_count": len(content.evidence),
        "subject_count": len(others),
        "first_reason_en": first_sentence(first["en"])[:_FIRST_MAX],
        "first_reason_ru": first_sentence(first["ru"])[:_FIRST_MAX],
        "is_rule_found": any(reason["source"] != "model" for reason in content.reasons),
        "model_id": row["model_id"],
        "inputs_digest": row["inputs_digest"],
        "last_night": row["received_on"],
        "known_on": row["known_on"],
        "changed_at": at,
    }


def _content(content: Content) -> dict[str, Any]:
    names = ("reasons", "missing_data", "evidence", "movements", "flow", "nodes")
    return {name: getattr(content, name) for name in names}


def _renew(old: Alert, facts: dict[str, Any], content: Content, at: datetime, record: audit.Record) -> None:
    """Write a known alert's new content; wake or reopen it where the new evidence says so."""
    before = old.content
    new_evidence = set(content.evidence) - set(before.evidence)
    if not new_evidence:
        facts["changed_at"] = old.changed_at
    news = {
        WakeEvent.NEW_FLOW: bool(new_evidence),
        WakeEvent.NEW_HIT: bool(set(facts["typologies"].split(",")) - set(old.typologies.split(","))),
        WakeEvent.NEW_REPORT: bool(set(content.reports) - _reports_of(old)),
    }
    version = old.version + 1 if new_evidence else old.version
    Alert.objects.filter(pk=old.pk).update(version=version, **facts)
    old.version = version
    AlertContent.objects.filter(pk=old.pk).update(**_content(content))
    woken = [event.value for event, happened in news.items() if happened and event.value in old.wake_events]
    if old.state == AlertState.DEFERRED and woken:
        system.wake(old, woken[0], at, record)
    elif old.state == AlertState.CLOSED and new_evidence and _says_more(old, content):
        system.reopen(old, "new_evidence", at, record)


def _reports_of(alert: Alert) -> set[str]:
    return set(alert.linked_reports.values_list("report__report_key", flat=True))


def _says_more(alert: Alert, content: Content) -> bool:
    """Is enough of the evidence newer than what the last decision rests on."""
    decision = alert.decisions.filter(status="final").order_by("-ordinal").first()
    seen = set(decision.evidence) if decision else set()
    unseen = set(content.evidence) - seen
    if alert.disposition == Disposition.UNREVIEWED:
        return bool(unseen)
    return len(unseen) >= REOPEN_SHARE * max(len(content.evidence), 1)


def _link(given: Handover, ids: Mapping[str, int], subjects: Mapping[int, int], reports: Mapping[str, int]) -> None:
    """Name the subjects and reports of each alert; links of earlier nights stay."""
    named = [
        AlertSubject(alert_id=pk, subject_id=subjects[node], is_own=place == 0)
        for alert, pk in ids.items()
        for place, node in enumerate(given.own_and_parties[alert])
    ]
    AlertSubject.objects.bulk_create(named, batch_size=1_000, ignore_conflicts=True)
    linked = [
        AlertReport(alert_id=pk, report_id=reports[key], evidence_count=count)
        for alert, pk in ids.items()
        for key, count in given.contents[alert].reports.items()
        if key in reports
    ]
    AlertReport.objects.bulk_create(
        linked,
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=["alert", "report"],
        update_fields=["evidence_count"],
    )


def _first_queue(at: datetime) -> Queue:
    """The queue of everything: where an alert stands until the night is folded."""
    queue, _ = Queue.objects.get_or_create(
        slug=ranking.slug_of(EVERYTHING, EVERYTHING), defaults={"kind": QueueKind.HOME, "created_at": at}
    )
    return queue
