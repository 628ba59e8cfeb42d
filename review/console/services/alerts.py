"""One alert as its page shows it. Opening one is a read of a subject, and is logged with the read itself."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from review import flows
from review.console.models import (
    Alert,
    AlertContent,
    AlertReport,
    AlertStep,
    AlertSubject,
    Decision,
    Event,
    InfoRequest,
    Note,
    QueueEntry,
    Report,
)
from review.console.models.alerts import AlertState, DecisionStatus
from review.console.rules import WORKERS
from review.console.services import access, audit, workflow
from review.console.services.actor import Actor
from review.console.services.errors import NotFound, Refused
from review.console.services.queues import Lock, Page, is_idle, lock_of, page_with
from review.console.services.transitions import Action
from review.flow import Flow

SIMILAR_MAX = 5
_SIMILAR_POOL = 200
TEXT_MAX = 4_000


@dataclass(frozen=True)
class Node:
    """A node of the flow or of a movement, as the reports describe it."""

    node_id: int
    name: str
    key: str
    kind: str
    holder_kind: str
    institution: str
    country: str
    territory: str


@dataclass(frozen=True)
class Movement:
    """One transaction: of the evidence, of the subject in the window, or of a reason. Amount in local currency."""

    transaction_id: str
    occurred_at: datetime
    is_date_only: bool
    utc_offset_minutes: int | None
    src: Node
    dst: Node
    amount_local: Decimal
    currency: str
    channel: str
    transaction_type: str
    description: str
    report_key: str
    is_evidence: bool
    is_incoming: bool


@dataclass(frozen=True)
class ReasonView:
    """One sentence as `review.reasons.Reason` has it; what was written before has no counts and no times."""

    source: str
    en: str
    ru: str
    weight: float
    evidence: tuple[str, ...]
    about: str = ""
    rows: int | None = None
    among: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_model(self) -> bool:
        """Does the model say so."""
        return self.source == "model"

    @property
    def count(self) -> int | None:
        """How many transactions the number is made of; None where that is not known."""
        return self.rows if self.rows is not None or self.about else len(self.evidence)


@dataclass(frozen=True)
class OpenReason:
    """A reason with its transactions.

    Attributes:
        reason: the sentence.
        movements: the linked transactions, in time order.
        judged: the transaction that the model judged by the number; None where there is none.
        not_evidence: how many of the linked ones the alert itself does not rest on.
    """

    reason: ReasonView
    movements: tuple[Movement, ...]
    judged: Movement | None
    not_evidence: int


@dataclass(frozen=True)
class Beyond:
    """Movements of the subject in one hour and one way that are too many to be listed."""

    at: datetime
    is_incoming: bool
    amount: Decimal
    count: int


@dataclass(frozen=True)
class Around:
    """The other alerts that an alert's page names: the list beside it, and those of its component."""

    beside: Page | None = None
    linked: tuple[Alert, ...] = ()

    @property
    def named(self) -> set[str]:
        """All of them."""
        return {*(self.beside.named if self.beside else ()), *(other.alert_id for other in self.linked)}


@dataclass(frozen=True)
class OpenAlert:
    """An alert with everything that its page shows.

    Attributes:
        alert: the alert; `alert.version` goes into every form.
        entry: its place in its home queue; None where it has none.
        lock: who holds it.
        can_work: may this person work alerts at all.
        has_lock: does this person hold it.
        decision: the decision that waits or stands; None before the first.
        said: the step that says why it was deferred or handed up, where it still is, or its holder took it up.
        open_questions: those without an answer, the newest first.
        movements: the evidence and the subject's other movements of the days that the pictures show.
        beyond: the subject's movements of these days that are not listed.
        traced: what else its reasons rest on.
        drawn: the first and the last day that the pictures show.
        around: the other alerts that its page names; nothing where only its pictures are read.
        naming: the reports of suspicion that name the subject, the newest first.
    """

    alert: Alert
    entry: QueueEntry | None
    lock: Lock | None
    can_work: bool
    has_lock: bool
    is_late: bool
    reasons: tuple[ReasonView, ...]
    missing_data: tuple[str, ...]
    movements: tuple[Movement, ...]
    beyond: tuple[Beyond, ...]
    traced: tuple[Movement, ...]
    drawn: tuple[date, date]
    flow: Flow
    nodes: dict[int, Node]
    decision: Decision | None
    subject_details: dict[str, Any]
    notes: tuple[Note, ...]
    said: AlertStep | None
    open_questions: tuple[InfoRequest, ...]
    around: Around
    naming: tuple[Report, ...]

    @property
    def has_medians(self) -> bool:
        """Does a reason set a number beside the median of what the model learnt from."""
        return any(reason.about for reason in self.reasons)


def open_alert(actor: Actor, alert_id: str, from_queue: str = "") -> OpenAlert:
    """The alert, for its page: logs the read with the others that the page names, keeps the reader's lock alive.

    Args:
        actor: who reads; the first look of somebody who works alerts is noted.
        alert_id: the alert.
        from_queue: the queue that it was opened from; its home queue where the person may not see that one.

    Raises:
        NotFound: no such alert for this person.
    """
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        if alert.owner_id == actor.person.pk:
            workflow.mark_read(actor, alert, record)
        elif alert.first_read_at is None and actor.role in WORKERS:
            Alert.objects.filter(pk=alert.pk, first_read_at=None).update(first_read_at=actor.at)
        around = _around(actor, alert, from_queue)
        others = sorted(around.named - {alert_id})
        found = _open(actor, alert, around)
        read = [report.report_key for report in found.naming]
        record.add("alert_read", "alert", alert.alert_id, subject=alert.subject.node_id, alerts=others, reports=read)
    return found


def _around(actor: Actor, alert: Alert, from_queue: str) -> Around:
    queue = next((q for slug in (from_queue, alert.queue.slug) if (q := access.visible_queue(actor, slug))), None)
    return Around(page_with(actor, queue, alert) if queue else None, tuple(_linked_to(actor, alert)))


def picture_of(actor: Actor, alert_id: str) -> OpenAlert:
    """The alert as `open_alert` has it, for its pictures and rows alone: logs `flow_read` and touches no lock.

    Raises:
        NotFound: no such alert for this person.
    """
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        record.add("flow_read", "alert", alert.alert_id, subject=alert.subject.node_id)
    return _open(actor, alert)


def _reason(row: dict[str, Any]) -> ReasonView:
    since, until = (datetime.fromisoformat(row[name]) if row.get(name) else None for name in ("since", "until"))
    return ReasonView(
        *(row["source"], row["en"], row["ru"], row["weight"], tuple(row["evidence"])),
        *(row.get("about", ""), row.get("rows"), row.get("among"), since, until),
    )


def _open(actor: Actor, alert: Alert, around: Around | None = None) -> OpenAlert:
    content = AlertContent.objects.get(pk=alert.pk)
    nodes = {int(key): _node(int(key), row) for key, row in content.nodes.items()}
    subject = alert.subject.node_id
    names = {node_id: node.name for node_id, node in nodes.items()}
    decision = Decision.objects.filter(alert=alert).exclude(status=DecisionStatus.UNDONE)
    rows = {drawn: [row for row in content.movements if row.get("is_drawn", True) is drawn] for drawn in (True, False)}
    return OpenAlert(
        alert=alert,
        entry=QueueEntry.objects.filter(alert=alert, queue_id=alert.queue_id).first(),
        lock=lock_of(actor, alert),
        can_work=actor.role in WORKERS,
        has_lock=alert.owner_id == actor.person.pk and not is_idle(actor, alert),
        is_late=alert.state != AlertState.CLOSED and alert.due_on < actor.today,
        reasons=tuple(_reason(row) for row in content.reasons),
        missing_data=tuple(content.missing_data),
        movements=tuple(_movement(row, nodes, subject) for row in rows[True]),
        beyond=tuple(_beyond(row) for row in content.flow.get("beyond", ())),
        traced=tuple(_movement(row, nodes, subject) for row in rows[False]),
        drawn=_drawn(alert, content.flow),
        flow=flows.from_stored(content.flow, subject, names),
        nodes=nodes,
        decision=decision.select_related("proposed_by", "judged_by", "dissemination__sent_by")
        .order_by("-ordinal")
        .first(),
        subject_details=alert.subject.details,
        notes=tuple(Note.objects.filter(alert=alert).select_related("by").order_by("id")),
        said=_said(alert),
        open_questions=tuple(InfoRequest.objects.filter(alert=alert, answered_at=None).order_by("-id")),
        around=around or Around(),
        naming=_naming(alert, content) if around else (),
    )


def _naming(alert: Alert, content: AlertContent) -> tuple[Report, ...]:
    """The reports of suspicion that name the subject, as the night told; of the versions of a report the newest."""
    keys = content.nodes.get(str(alert.subject.node_id), {}).get("named_in", [])
    found = Report.objects.filter(report_key__in=keys).order_by("received_on", "reported_at", "report_key")
    return tuple(reversed({(r.jurisdiction, r.reporting_entity, r.reference): r for r in found}.values()))


def _said(alert: Alert) -> AlertStep | None:
    """The step whose words tell what a deferred alert waits for, or what a senior analyst shall decide."""
    steps = AlertStep.objects.filter(alert=alert, undone_at=None).select_related("by").order_by("-id")
    if alert.state == AlertState.DEFERRED:
        return steps.filter(action__in=[Action.DEFER, Action.PROPOSE]).first()
    if alert.state in (AlertState.ASSIGNED, AlertState.IN_REVIEW):
        taken = steps.filter(action__in=[Action.CLAIM, Action.TAKE_ESCALATED, Action.ANSWER]).first()
        if taken is None or taken.action != Action.TAKE_ESCALATED:
            return None
    elif alert.state != AlertState.ESCALATED:
        return None
    return steps.filter(action=Action.ESCALATE).first()


def _drawn(alert: Alert, flow: dict[str, Any]) -> tuple[date, date]:
    """The days that the pictures show; of what was handed over before they were kept, those of the evidence."""
    if "from" not in flow:
        return alert.window_from.date(), alert.window_to.date()
    return date.fromisoformat(flow["from"]), date.fromisoformat(flow["to"])


def _beyond(row: dict[str, Any]) -> Beyond:
    return Beyond(datetime.fromisoformat(row["at"]), row["is_incoming"], Decimal(row["amount"]), row["count"])


def _node(node_id: int, row: dict[str, Any]) -> Node:
    names = ("name", "key", "kind", "holder_kind", "institution", "country", "territory")
    return Node(node_id, *(row[name] or "" for name in names))


def _movement(row: dict[str, Any], nodes: dict[int, Node], subject: int) -> Movement:
    return Movement(
        transaction_id=row["transaction_id"],
        occurred_at=datetime.fromisoformat(row["occurred_at"]),
        is_date_only=bool(row["is_date_only"]),
        utc_offset_minutes=row["utc_offset_minutes"],
        src=nodes[row["src"]],
        dst=nodes[row["dst"]],
        amount_local=Decimal(row["amount"]),
        currency=row["currency"] or "",
        channel=row["channel"] or "",
        transaction_type=row["transaction_type"] or "",
        description=row["description"] or "",
        report_key=row["report_key"] or "",
        is_evidence=row["is_evidence"],
        is_incoming=row["dst"] == subject,
    )


def reason_of(actor: Actor, alert_id: str, number: int) -> OpenReason:
    """An alert's reason number `number` (from 0), with its transactions.

    Opening a reason counts as having read it; see `has_read_reasons`.

    Raises:
        NotFound: no such alert for this person, or no such reason.
    """
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        record.add("evidence_read", "alert", alert.alert_id, reason_number=number)
    found = _open(actor, alert)
    if not 0 <= number < len(found.reasons):
        raise NotFound
    reason = found.reasons[number]
    every = {movement.transaction_id: movement for movement in (*found.movements, *found.traced)}
    linked = sorted(
        (every[name] for name in reason.evidence if name in every),
        key=lambda movement: (movement.occurred_at, movement.transaction_id),
    )
    others = sum(not movement.is_evidence for movement in linked)
    return OpenReason(reason, tuple(linked), every.get(reason.about), others)


def told_in_case(actor: Actor, alert: Alert) -> OpenAlert:
    """An alert as `open_alert` has it, for who may see it in a case whose read is logged; touches no lock."""
    return _open(actor, alert)


def reports_of(actor: Actor, alert_id: str) -> list[AlertReport]:
    """The reports behind an alert with narrative and indicators: those that name the subject first. Logged."""
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        record.add("reports_read", "alert", alert.alert_id)
    linked = AlertReport.objects.filter(alert=alert).select_related("report")
    return sorted(linked, key=lambda row: (row.report.report_class != "suspicion", -row.evidence_count, row.pk))


def report_for(actor: Actor, report_key: str) -> Report:
    """A report that some alert or case of this person names.

    Raises:
        NotFound: there is none.
    """
    seen = AlertReport.objects.filter(report__report_key=report_key, alert__in=access.alerts_for(actor))
    cased = Report.objects.filter(report_key=report_key, pk__in=access.cases_for(actor).values("reports__report_id"))
    found = seen.select_related("report").first()
    report = found.report if found else cased.first()
    if report is None:
        raise NotFound
    with audit.recorded(actor) as record:
        record.add("report_read", "report", report.report_key)
    return report


@dataclass(frozen=True)
class Similar:
    """An earlier alert like this one: how alike (0 to 1), and what was decided."""

    alert: Alert
    likeness: float
    shared_subjects: int


def similar_to(actor: Actor, alert_id: str) -> list[Similar]:
    """The five decided alerts most like this one: by typologies, shared subjects and amount.

    Logged as `similar_read`, with whether the reader had opened a reason before: earlier decisions lead.
    """
    alert = access.alert_for(actor, alert_id)
    shared = _sharing(alert)
    mine = set(alert.typologies.split(",")) - {""}
    decided = access.alerts_for(actor).filter(state=AlertState.CLOSED).exclude(pk=alert.pk)
    pool = list(decided.filter(family=alert.family).order_by("-closed_at")[:_SIMILAR_POOL])
    pool += list(decided.filter(pk__in=list(shared)[:_SIMILAR_POOL]).exclude(pk__in=[a.pk for a in pool]))
    found = [
        Similar(other, _likeness(alert, mine, other, shared.get(other.pk, 0)), shared.get(other.pk, 0))
        for other in pool
    ]
    shown = sorted(found, key=lambda s: (-s.likeness, -s.alert.pk))[:SIMILAR_MAX]
    with audit.recorded(actor) as record:
        record.add("similar_read", "alert", alert.alert_id, alerts=[item.alert.alert_id for item in shown])
    return shown


def _sharing(alert: Alert) -> dict[int, int]:
    """By alert, how many subjects it shares with this one."""
    mine = list(AlertSubject.objects.filter(alert=alert).values_list("subject_id", flat=True)[:100])
    counts: dict[int, int] = {}
    others = AlertSubject.objects.filter(subject__in=mine).exclude(alert=alert).order_by("-alert")
    for other in others.values_list("alert_id", flat=True)[:2_000]:
        counts[other] = counts.get(other, 0) + 1
    return counts


def _likeness(alert: Alert, mine: set[str], other: Alert, shared: int) -> float:
    theirs = set(other.typologies.split(",")) - {""}
    union = mine | theirs
    typologies = len(mine & theirs) / len(union) if union else float(alert.family == other.family)
    low, high = sorted([float(alert.amount_local) + 1, float(other.amount_local) + 1])
    return 0.5 * typologies + 0.3 * min(shared / 3, 1) + 0.2 * low / high


def _linked_to(actor: Actor, alert: Alert) -> list[Alert]:
    """Other alerts of the same component that the person may see."""
    others = access.alerts_for(actor).filter(component_id=alert.component_id).exclude(pk=alert.pk)
    return list(others.order_by("-score", "pk")[:20])


@dataclass(frozen=True)
class Chronicle:
    """What was done with an alert: steps, decisions, questions and notes, each oldest first."""

    steps: tuple[AlertStep, ...]
    decisions: tuple[Decision, ...]
    requests: tuple[InfoRequest, ...]
    notes: tuple[Note, ...]


def history_of(actor: Actor, alert_id: str) -> Chronicle:
    """Everything that was done with an alert."""
    alert = access.alert_for(actor, alert_id)
    decisions: QuerySet[Decision] = alert.decisions.select_related("proposed_by", "judged_by").order_by("ordinal")
    return Chronicle(
        steps=tuple(alert.steps.select_related("by").order_by("id")),
        decisions=tuple(decisions),
        requests=tuple(alert.info_requests.select_related("asked_by", "answered_by").order_by("id")),
        notes=tuple(alert.notes.select_related("by").order_by("id")),
    )


def has_read_reasons(actor: Actor, alert_id: str) -> bool:
    """Has this person opened a reason of the alert: before that, similar alerts are not shown."""
    opened = Event.objects.filter(
        object_kind="alert", object_id=alert_id, actor=actor.person.username, action="evidence_read"
    )
    return opened.exists()


def add_note(actor: Actor, alert_id: str, text: str) -> Note:
    """A note on an alert; notes are never changed."""
    access.require_worker(actor)
    words = text.strip()
    if not words or len(words) > TEXT_MAX:
        raise Refused(_("A note has between 1 and %(most)s characters.") % {"most": TEXT_MAX}, "text", "text")
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        note = Note.objects.create(alert=alert, text=words, by=actor.person, at=actor.at)
        record.add("note_added", "alert", alert.alert_id, after={"note": words})
    return note
