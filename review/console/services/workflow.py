"""Work on one alert: take it, decide, defer, ask, escalate, link, reopen, undo. Every rule is checked here.

Functions take the `version` that the person saw: where the alert changed since, they raise Stale and change nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from review import daily
from review.console.models import (
    Alert,
    AlertStep,
    Case,
    CaseSubject,
    Decision,
    Dissemination,
    InfoRequest,
    Queue,
    QueueEntry,
)
from review.console.models.alerts import WAITING, AlertState, DecisionKind, DecisionStatus
from review.console.models.cases import CaseState
from review.console.rules import JUDGES, WORKERS
from review.console.services import access, audit, system
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed, NotFound, Refused
from review.console.services.queues import is_idle
from review.console.services.steps import lock_row, restored, snapshot, stale, swap, take_step
from review.console.services.transitions import ALERT, Action
from review.dispositions import EDITION, OTHER, Disposition, WakeEvent

TEXT_MAX = 4_000
_NEXT_TRIES = 20
WORKABLE_CASES = frozenset(CaseState) - {
    *(CaseState.CLOSED, CaseState.CLOSED_UNSENT, CaseState.APPROVED, CaseState.PENDING_REVIEW),
    CaseState.DISSEMINATED,
}
"""States of a case in which alerts come into it and go out of it."""
UNDOABLE = frozenset(
    {Action.CLOSE, Action.PROPOSE, Action.DEFER, Action.ASK, Action.ESCALATE, Action.LINK, Action.RELEASE}
)
"""Steps that the person who took them can take back."""


@dataclass(frozen=True)
class Choice:
    """A disposition as typed into the form: nothing in it is trusted.

    Attributes:
        code: D1 to D9.
        reason: the coded reason, where the disposition has any.
        text: the rationale.
    """

    code: str
    reason: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """What a decision led to: the alert as it is, the step (for undo), and whether a second person must approve."""

    alert: Alert
    step: AlertStep
    needs_second: bool


def claim(actor: Actor, alert_id: str, version: int | None = None) -> Alert:
    """Take an alert: lock it for this person. A lock that is idle for thirty minutes is taken over.

    Raises:
        NotFound, NotAllowed: not visible; not a role that works alerts.
        Refused: somebody else holds it (code `locked`), or it is away.
        Stale: it changed meanwhile.
    """
    access.require_worker(actor)
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        return take(actor, alert, record, version)


def take(actor: Actor, alert: Alert, record: audit.Record, version: int | None = None) -> Alert:
    """Lock a visible alert for the person; in the caller's transaction."""
    if alert.owner_id == actor.person.pk and alert.state in (AlertState.ASSIGNED, AlertState.IN_REVIEW):
        _touch(actor, alert)
        return alert
    taken_from = ""
    if alert.owner_id is not None and alert.state in (AlertState.ASSIGNED, AlertState.IN_REVIEW):
        if not is_idle(actor, alert):
            raise Refused(
                _("%(name)s has this alert. It is free again after 30 minutes without work.")
                % {"name": alert.owner.get_full_name() if alert.owner else ""},
                "locked",
            )
        taken_from = alert.owner.username if alert.owner else ""
    lock = {"owner_id": actor.person.pk, "locked_at": actor.at, "active_at": actor.at}
    take_step(
        alert,
        Action.CLAIM,
        by=actor.person,
        at=actor.at,
        record=record,
        changes=lock,
        version=version,
        taken_from=taken_from,
    )
    alert.owner = actor.person
    _keep_class(alert)
    return alert


def _keep_class(alert: Alert) -> None:
    """Keep as which class of its home queue's list the alert was taken, and its risk then."""
    if alert.taken_as == daily.RANDOM:
        return
    place = QueueEntry.objects.filter(alert=alert, queue=alert.queue_id).values_list("rank_class", flat=True).first()
    risk = alert.risk if alert.is_calibrated else None
    Alert.objects.filter(pk=alert.pk).update(taken_as=place or daily.BELOW_CUT, taken_risk=risk)


def next_and_lock(actor: Actor, slug: str, after: str | None = None) -> Alert | None:
    """The first free alert of the queue's day, locked for this person; None where none is left.

    Two who ask at once get two alerts: who loses the race for one tries the next.

    Args:
        actor: who works.
        slug: the queue.
        after: start behind this alert, where it is in the queue; else at the top.
    """
    access.require_worker(actor)
    queue = access.queue_for(actor, slug)
    tried: set[str] = set()
    while untried := _free(actor, queue, after, tried):
        for alert_id in untried:
            try:
                return claim(actor, alert_id)
            except Refused:
                tried.add(alert_id)
    return None


def _free(actor: Actor, queue: Queue, after: str | None, tried: Collection[str]) -> list[str]:
    idle_since = actor.at - timedelta(minutes=daily.work_rules().lock_idle_minutes)
    # Whoever proposed a decision that was returned gets it back; others don't take it from under them.
    free = Q(alert__state__in=WAITING) | Q(
        alert__state__in=[AlertState.ASSIGNED, AlertState.IN_REVIEW], alert__active_at__lt=idle_since
    )
    entries = QueueEntry.objects.filter(free, access.sight(actor, "alert__"), queue=queue, is_below_cut=False)
    entries = entries.exclude(alert__alert_id__in=tried) if tried else entries
    ordered = entries.order_by("position", "pk").values_list("alert__alert_id", flat=True)
    here = QueueEntry.objects.filter(queue=queue, alert__alert_id=after).first() if after else None
    first = (
        list(ordered[:_NEXT_TRIES]) if here is None else list(ordered.filter(position__gt=here.position)[:_NEXT_TRIES])
    )
    return first or list(ordered[:_NEXT_TRIES])


def touch(actor: Actor, alert_id: str) -> bool:
    """Keep the lock alive while the person works; False where they no longer hold it."""
    alert = access.alert_for(actor, alert_id)
    if alert.owner_id != actor.person.pk:
        return False
    return _touch(actor, alert)


def _touch(actor: Actor, alert: Alert) -> bool:
    return bool(Alert.objects.filter(pk=alert.pk, owner=actor.person).update(active_at=actor.at))


def mark_read(actor: Actor, alert: Alert, record: audit.Record) -> None:
    """Note that the holder looks at the alert: the lock lives on, a taken alert is in work now."""
    if alert.first_read_at is None:
        Alert.objects.filter(pk=alert.pk, first_read_at=None).update(first_read_at=actor.at)
        alert.first_read_at = actor.at
    if alert.state == AlertState.ASSIGNED and actor.role in ALERT[Action.READ].roles:
        changes = {"active_at": actor.at}
        take_step(alert, Action.READ, by=actor.person, at=actor.at, record=record, changes=changes)
    else:
        _touch(actor, alert)


def release(actor: Actor, alert_id: str, version: int) -> Outcome:
    """Give an alert back to its queue; the holder may, and a senior or the head for an idle holder."""
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        if alert.owner_id != actor.person.pk and not (actor.role in JUDGES and is_idle(actor, alert)):
            raise Refused(_("Only who holds an alert gives it back."), "not_holder")
        step = take_step(alert, Action.RELEASE, by=actor.person, at=actor.at, record=record, version=version)
    return Outcome(alert, step, needs_second=False)


def decide(actor: Actor, alert_id: str, version: int, choice: Choice) -> Outcome:
    """Close an alert with a disposition. Above the score, and for D1 and D2, it waits for a second person instead.

    Raises:
        NotFound, NotAllowed, Refused, Stale: see the module; `Refused.field` names the field of the form.
    """
    access.require_worker(actor)
    disposition, reason, text = checked(choice)
    with audit.recorded(actor) as record:
        alert = held(actor, alert_id, version)
        return close(actor, alert, disposition, reason, text, version, record)


def close(
    actor: Actor,
    alert: Alert,
    disposition: Disposition,
    reason: str,
    text: str,
    version: int,
    record: audit.Record,
    batch: UUID | None = None,
) -> Outcome:
    """Write a checked decision about an alert that the person holds; in the caller's transaction."""
    second = needs_second(alert, disposition)
    changes: dict[str, Any] = {}
    if not second:
        changes = {"disposition": disposition.value, "disposition_reason": reason, "closed_at": actor.at}
    lock_row(alert, version)
    _new_decision(
        actor,
        alert,
        text,
        second=second,
        code=disposition.value,
        reason=reason,
        batch=batch,
    )
    step = take_step(
        alert,
        Action.PROPOSE if second else Action.CLOSE,
        by=actor.person,
        at=actor.at,
        record=record,
        text=text,
        changes=changes,
        version=version,
        code=disposition.value,
        coded_reason=reason,
        batch=str(batch or ""),
    )
    return Outcome(alert, step, second)


def needs_second(alert: Alert, disposition: Disposition) -> bool:
    """Must a second person approve this closing."""
    return disposition.always_needs_second or alert.score >= daily.work_rules().second_person_score


def checked(choice: Choice) -> tuple[Disposition, str, str]:
    """The disposition, coded reason and rationale of a form.

    Raises:
        Refused: one of them is missing or unknown.
    """
    try:
        disposition = Disposition(choice.code)
    except ValueError:
        raise Refused(_("Choose a decision."), "code", "code") from None
    if disposition is Disposition.UNREVIEWED:
        raise Refused(_("Only the night closes alerts as unreviewed."), "code", "code")
    reason = choice.reason.strip()
    if disposition.reasons and reason not in disposition.reasons:
        raise Refused(_("Choose the reason that goes with the decision."), "reason", "reason")
    if not disposition.reasons:
        reason = ""
    return disposition, reason, rationale(choice.text, is_needed=True, more=reason == OTHER)


def rationale(text: str, *, is_needed: bool, more: bool = False) -> str:
    """A rationale without outer blanks.

    Raises:
        Refused: it is too short or too long.
    """
    words = text.strip()
    least = daily.work_rules().text_min * (2 if more else 1)
    if is_needed and len(words) < least:
        raise Refused(
            _("Say why in at least %(least)s characters: who reads this in a year must understand it.")
            % {"least": least},
            "text",
            "text",
        )
    if len(words) > TEXT_MAX:
        raise Refused(_("The text has more than %(most)s characters.") % {"most": TEXT_MAX}, "text", "text")
    return words


def defer(actor: Actor, alert_id: str, version: int, until: date, events: Sequence[str], text: str) -> Outcome:
    """Put an alert aside until a day or an event. For more than two weeks it waits for a second person.

    Args:
        actor: who decides; holds the alert.
        alert_id: the alert.
        version: the version that the person saw.
        until: the day on which it comes back.
        events: WakeEvent values that bring it back before.
        text: the rationale.
    """
    access.require_worker(actor)
    rules = daily.work_rules()
    days = (until - actor.today).days
    if not 1 <= days <= rules.longest_deferral_days:
        raise Refused(
            _("The day lies between tomorrow and %(days)s days from now.") % {"days": rules.longest_deferral_days},
            "until",
            "until",
        )
    if set(events) - {event.value for event in WakeEvent}:
        raise Refused(_("Choose events from the list."), "events", "events")
    words = rationale(text, is_needed=True)
    second = days > rules.long_deferral_days
    with audit.recorded(actor) as record:
        alert = held(actor, alert_id, version)
        changes: dict[str, Any] = {} if second else {"wake_on": until, "wake_events": sorted(set(events))}
        action = Action.PROPOSE if second else Action.DEFER
        step = take_step(
            alert,
            action,
            by=actor.person,
            at=actor.at,
            record=record,
            text=words,
            changes=changes,
            version=version,
            until=until,
        )
        if second:
            _new_decision(
                actor,
                alert,
                words,
                second=True,
                kind=DecisionKind.DEFER,
                wake_on=until,
                wake_events=sorted(set(events)),
            )
    return Outcome(alert, step, second)


def _new_decision(actor: Actor, alert: Alert, text: str, *, second: bool, **fields: Any) -> Decision:
    last = alert.decisions.aggregate(last=Max("ordinal"))["last"] or 0
    return Decision.objects.create(
        alert=alert,
        ordinal=last + 1,
        edition=EDITION,
        text=text,
        status=DecisionStatus.PROPOSED if second else DecisionStatus.FINAL,
        needs_second=second,
        proposed_by=actor.person,
        proposed_at=actor.at,
        score=alert.score,
        evidence=alert.content.evidence,
        **fields,
    )


def wake(actor: Actor, alert_id: str, version: int) -> Alert:
    """Bring a deferred alert back to its queue before its day."""
    access.require_worker(actor)
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        changes: dict[str, Any] = {"wake_on": None, "wake_events": []}
        take_step(alert, Action.WAKE, by=actor.person, at=actor.at, record=record, changes=changes, version=version)
        system.show(alert)
    return alert


def ask_information(
    actor: Actor, alert_id: str, version: int, addressee: str, question: str, answer_by: date | None = None
) -> Outcome:
    """Ask somebody outside about an alert; it comes back with the answer, or when the clock runs out."""
    access.require_worker(actor)
    until = answer_by or actor.today + timedelta(days=daily.work_rules().answer_days)
    if not addressee.strip():
        raise Refused(_("Say who is asked."), "addressee", "addressee")
    if until <= actor.today:
        raise Refused(_("The answer is due on a later day."), "answer_by", "answer_by")
    words = rationale(question, is_needed=True)
    with audit.recorded(actor) as record:
        alert = held(actor, alert_id, version)
        step = take_step(
            alert,
            Action.ASK,
            by=actor.person,
            at=actor.at,
            record=record,
            text=words,
            changes={"answer_by": until},
            version=version,
        )
        InfoRequest.objects.create(
            alert=alert,
            addressee=addressee.strip()[:200],
            question=words,
            asked_by=actor.person,
            asked_at=actor.at,
            answer_by=until,
        )
    return Outcome(alert, step, needs_second=False)


def answer(actor: Actor, alert_id: str, version: int, text: str, question: int | None = None) -> Alert:
    """Enter the answer to a question. Where the alert waits for it, the alert is this person's again.

    Args:
        actor: who enters it.
        alert_id: the alert.
        version: the version that the person saw.
        text: the answer.
        question: key of the question; the newest without an answer if None. An older one, or one whose clock ran out,
            is answered wherever the alert stands by now, and leaves it there.

    Raises:
        Refused: the question is none, or has its answer.
    """
    access.require_worker(actor)
    words = rationale(text, is_needed=True)
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        asked = list(InfoRequest.objects.filter(alert=alert, answered_at=None).order_by("-id"))
        found = next((item for item in asked if question in (None, item.pk)), None)
        if found is None:
            raise Refused(_("This question has its answer already."), "question")
        is_waited_for = alert.state == AlertState.INFO_REQUESTED and found == asked[0]
        lock = {"owner_id": actor.person.pk, "locked_at": actor.at, "active_at": actor.at, "answer_by": None}
        take_step(
            alert,
            Action.ANSWER if is_waited_for else Action.ANSWER_LATE,
            by=actor.person,
            at=actor.at,
            record=record,
            text=words,
            changes=lock if is_waited_for else {},
            version=version,
        )
        if is_waited_for:
            alert.owner = actor.person
        elif alert.state in WAITING:
            system.show(alert)
        InfoRequest.objects.filter(pk=found.pk).update(answer=words, answered_at=actor.at, answered_by=actor.person)
    return alert


def escalate(actor: Actor, alert_id: str, version: int, text: str) -> Outcome:
    """Hand an alert up to a senior analyst."""
    access.require_worker(actor)
    words = rationale(text, is_needed=True)
    with audit.recorded(actor) as record:
        alert = held(actor, alert_id, version)
        step = take_step(
            alert, Action.ESCALATE, by=actor.person, at=actor.at, record=record, text=words, version=version
        )
    return Outcome(alert, step, needs_second=False)


def take_escalated(actor: Actor, alert_id: str, version: int) -> Alert:
    """Take an escalated alert into work; for seniors and the head."""
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        lock = {"owner_id": actor.person.pk, "locked_at": actor.at, "active_at": actor.at}
        take_step(
            alert, Action.TAKE_ESCALATED, by=actor.person, at=actor.at, record=record, changes=lock, version=version
        )
        alert.owner = actor.person
    return alert


def link_to_case(actor: Actor, alert_id: str, version: int, number: str, text: str = "") -> Outcome:
    """Put an alert into a case; its clock then runs with the case."""
    access.require_worker(actor)
    words = rationale(text, is_needed=False)
    with audit.recorded(actor) as record:
        alert = held(actor, alert_id, version)
        case = access.case_for(actor, number)
        step = link(actor, alert, case, words, version, record)
    return Outcome(alert, step, needs_second=False)


def link(actor: Actor, alert: Alert, case: Case, text: str, version: int, record: audit.Record) -> AlertStep:
    """Put a held alert and its subject into a visible case; in the caller's transaction."""
    if case.state not in WORKABLE_CASES:
        raise Refused(
            _("This case takes no more alerts: it is “%(state)s”.") % {"state": case.get_state_display()}, "case"
        )
    step = take_step(
        alert,
        Action.LINK,
        by=actor.person,
        at=actor.at,
        record=record,
        text=text,
        changes={"case_id": case.pk},
        version=version,
        case=case.number,
    )
    alert.case = case
    CaseSubject.objects.get_or_create(
        case=case, subject_id=alert.subject_id, defaults={"added_by": actor.person, "added_at": actor.at}
    )
    record.add("case_alert_added", "case", case.number, alert=alert.alert_id)
    return step


def _forget_subject(case_id: int, alert: Alert) -> None:
    """Take an alert's subject out of a case that the alert leaves, unless the case knows it otherwise."""
    if not Alert.objects.filter(case=case_id, subject=alert.subject_id).exists():
        CaseSubject.objects.filter(case=case_id, subject=alert.subject_id, part="").delete()


def unlink(actor: Actor, alert_id: str, version: int, text: str) -> Alert:
    """Take an alert out of its case, back into its queue with its age: it belongs apart, or came by mistake."""
    access.require_worker(actor)
    words = rationale(text, is_needed=True)
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        case = access.case_for(actor, alert.case.number) if alert.case else None
        if case is not None and case.state not in WORKABLE_CASES:
            raise Refused(
                _("Nothing is taken out of this case now: it is “%(state)s”.") % {"state": case.get_state_display()},
                "case",
            )
        number = case.number if case else ""
        take_step(
            alert,
            Action.UNLINK,
            by=actor.person,
            at=actor.at,
            record=record,
            text=words,
            changes={"case_id": None},
            version=version,
            case=number,
        )
        alert.case = None
        if case is not None:
            _forget_subject(case.pk, alert)
        record.add("case_alert_removed", "case", number, reason=words, alert=alert.alert_id)
        system.show(alert)
    return alert


def mark(actor: Actor, alert_id: str, version: int, *, is_urgent: bool, is_asked_for: bool, text: str) -> Alert:
    """Keep what no report tells: a statutory clock runs, or an agency asks. Both count from the next order on.

    Args:
        actor: who knows it; need not hold the alert.
        alert_id: the alert, not yet closed.
        version: the version that the person saw.
        is_urgent: a suspension, a freeze, or an urgent foreign request: first in its queue, whatever the cut.
        is_asked_for: law enforcement asks; a deferral that waits for that ends.
        text: how it is known.
    """
    access.require_worker(actor)
    words = rationale(text, is_needed=True)
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        was_urgent, was_asked_for = alert.is_urgent, alert.has_agency_interest
        if (was_urgent, was_asked_for) == (is_urgent, is_asked_for):
            raise Refused(_("It is marked like this already."), "same", "urgent")
        take_step(
            alert,
            Action.MARK,
            by=actor.person,
            at=actor.at,
            record=record,
            text=words,
            changes={"is_urgent": is_urgent, "has_agency_interest": is_asked_for},
            version=version,
            urgent=is_urgent,
            agency=is_asked_for,
        )
        is_new = (is_urgent and not was_urgent) or (is_asked_for and not was_asked_for)
        event = WakeEvent.AGENCY_REQUEST.value
        if alert.state == AlertState.DEFERRED and is_asked_for and event in alert.wake_events:
            system.wake(alert, event, actor.at, record)
        elif is_new and alert.state in WAITING:
            system.show(alert)
    return alert


def reopen(actor: Actor, alert_id: str, version: int, text: str) -> Alert:
    """Open a closed alert again; for seniors and the head. The old decision stays on record."""
    access.require_judge(actor)
    words = rationale(text, is_needed=True)
    with audit.recorded(actor) as record:
        alert = access.alert_for(actor, alert_id)
        changes = {"disposition": "", "disposition_reason": "", "closed_at": None}
        take_step(
            alert,
            Action.REOPEN,
            by=actor.person,
            at=actor.at,
            record=record,
            text=words,
            changes=changes,
            version=version,
        )
        system.show(alert)
    return alert


def undoable(actor: Actor) -> AlertStep | None:
    """The person's last step, if it can still be undone."""
    last = AlertStep.objects.filter(by=actor.person).select_related("alert").order_by("-at", "-id").first()
    return last if last and _can_undo(actor, last) else None


def _can_undo(actor: Actor, step: AlertStep) -> bool:
    young = actor.at - step.at <= timedelta(seconds=daily.work_rules().undo_seconds)
    return young and step.undone_at is None and step.action in UNDOABLE and step.version_after == step.alert.version


def undo(actor: Actor, step_id: int) -> Alert:
    """Take back a step within ten seconds: the alert is as before, and this person's. The step stays on record.

    Alerts that were put into a case together come out of it together, and those that were taken for that are free.

    Raises:
        NotFound: not a step of this person.
        Refused: too late, or somebody else has changed the alert since.
    """
    with audit.recorded(actor) as record:
        step = AlertStep.objects.select_related("alert").filter(pk=step_id, by=actor.person).first()
        if step is None:
            raise NotFound
        if step.action != Action.LINK:
            return take_back(actor, step, record)
        together = AlertStep.objects.filter(by=actor.person, action=Action.LINK, at=step.at, undone_at=None)
        for other in together.select_related("alert").order_by("alert__alert_id"):
            let_go(actor, take_back(actor, other, record), other, record)
        return access.alert_for(actor, step.alert.alert_id)


def take_back(actor: Actor, step: AlertStep, record: audit.Record) -> Alert:
    """Undo one of the person's own steps; in the caller's transaction."""
    alert = access.alert_for(actor, step.alert.alert_id)
    step.alert = alert
    is_out_of_hand = step.action == Action.LINK and alert.case is not None and alert.case.state not in WORKABLE_CASES
    if is_out_of_hand or not _can_undo(actor, step):
        raise Refused(_("It is too late to undo this."), "undo")
    before = snapshot(alert)
    values = restored(step.before)
    if values["owner_id"] is not None:
        values["active_at"] = actor.at
    swap(alert, values, step.version_after)
    AlertStep.objects.filter(pk=step.pk).update(undone_at=actor.at)
    if step.action in (Action.CLOSE, Action.PROPOSE):
        newest = alert.decisions.order_by("-ordinal").first()
        if newest:
            Decision.objects.filter(pk=newest.pk).update(status=DecisionStatus.UNDONE)
    if step.action == Action.LINK and before["case_id"] is not None:
        _forget_subject(before["case_id"], alert)
    if step.action == Action.ASK:
        InfoRequest.objects.filter(alert=alert, answered_at=None, asked_by=actor.person).delete()
    record.add("alert_undo", "alert", alert.alert_id, before=before, after=snapshot(alert), step=step.pk)
    return alert


def let_go(actor: Actor, alert: Alert, step: AlertStep, record: audit.Record) -> None:
    """Undo the taking as well, where it came with the undone step itself; in the caller's transaction."""
    just_before = {"at": step.at, "version_after": step.version_after - 1}
    claim = AlertStep.objects.filter(alert=alert, by=actor.person, action=Action.CLAIM, **just_before).first()
    if claim is None:
        return
    before = snapshot(alert)
    swap(alert, restored(claim.before))
    AlertStep.objects.filter(pk=claim.pk).update(undone_at=actor.at)
    record.add("alert_undo", "alert", alert.alert_id, before=before, after=snapshot(alert), step=claim.pk)


def held(actor: Actor, alert_id: str, version: int) -> Alert:
    """The alert, held by this person in the version that they saw.

    Raises:
        Stale: it changed since, or the lock was taken over: the answer shows what it is now.
    """
    alert = access.alert_for(actor, alert_id)
    if alert.version != version or (alert.owner_id is not None and alert.owner_id != actor.person.pk):
        raise stale(alert)
    if alert.owner_id is None:
        raise Refused(_("Take the alert first: then nobody else decides it at the same time."), "not_holder")
    if actor.role not in WORKERS:
        raise NotAllowed
    return alert


def decided_with_case(
    actor: Actor, alert: Alert, case: Case, disposition: Disposition, sent: Dissemination | None = None
) -> Decision:
    """The decision about an alert that its case's end brings: proposed and judged by whom the case names."""
    last = alert.decisions.aggregate(last=Max("ordinal"))["last"] or 0
    return Decision.objects.create(
        alert=alert,
        ordinal=last + 1,
        code=disposition.value,
        edition=EDITION,
        text=case.proposed_text,
        status=DecisionStatus.FINAL,
        needs_second=True,
        proposed_by=case.proposed_by,
        proposed_at=actor.at,
        judged_by_id=sent.approved_by_id if sent else actor.person.pk,
        judged_at=actor.at,
        score=alert.score,
        evidence=alert.content.evidence,
        dissemination=sent,
    )
