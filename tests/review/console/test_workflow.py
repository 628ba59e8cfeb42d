"""Work on one alert: locks, decisions, deferral, questions, escalation, cases, undo. Nothing is lost or doubled."""

from datetime import timedelta

import pytest

from review.console.models import Decision, InfoRequest, Person, QueueEntry
from review.console.services import alerts, cases, queues, ranking, workflow
from review.console.services.errors import NotAllowed, NotFound, Refused, Stale
from review.console.services.workflow import Choice
from tests.review.console.store import NIGHT, NOW, SALARY, WHY, Given, Store, alert_id, count_of_everything

MINUTE = timedelta(minutes=1)
ONE = alert_id(1)


def refused(code: str, act) -> None:
    """The act is refused with this code, and nothing at all has changed."""
    before = count_of_everything()
    with pytest.raises(Refused) as error:
        act()
    assert error.value.code == code
    assert error.value.message
    assert count_of_everything() == before


def test_who_claims_first_has_it_and_the_other_is_told_who(store: Store):
    store.publish(Given(1))
    workflow.claim(store.actor("anna"), ONE)
    with pytest.raises(Refused, match="anna") as error:
        workflow.claim(store.actor("boris"), ONE)
    assert error.value.code == "locked"
    assert store.alert(1).owner.username == "anna"


def test_an_idle_lock_is_taken_over_and_a_living_one_is_not(store: Store):
    store.publish(Given(1))
    workflow.claim(store.actor("anna"), ONE)
    assert workflow.touch(store.actor("anna", 20 * MINUTE), ONE)
    refused("locked", lambda: workflow.claim(store.actor("boris", 49 * MINUTE), ONE))
    workflow.claim(store.actor("boris", 51 * MINUTE), ONE)
    assert store.alert(1).owner.username == "boris"
    assert not workflow.touch(store.actor("anna", 52 * MINUTE), ONE)


def test_who_lost_the_lock_decides_nothing_and_sees_what_is(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.claim(store.actor("boris", 31 * MINUTE), ONE)
    before = count_of_everything()
    with pytest.raises(Stale, match="boris") as error:
        workflow.decide(store.actor("anna", 32 * MINUTE), ONE, held.version, SALARY)
    assert count_of_everything() == before
    assert (error.value.now.state, error.value.now.owner.username) == ("assigned", "boris")


def test_a_decision_on_an_older_version_is_refused_after_a_night_brought_evidence(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    store.publish(Given(1, evidence=("t1", "t2", "t3")), night=NIGHT + timedelta(days=1), at=NOW + timedelta(days=1))
    with pytest.raises(Stale, match="new evidence"):
        workflow.decide(store.actor("anna", MINUTE), ONE, held.version, SALARY)
    assert store.alert(1).owner.username == "anna"
    again = alerts.open_alert(store.actor("anna", MINUTE), ONE).alert
    workflow.decide(store.actor("anna", MINUTE), ONE, again.version, SALARY)
    assert Decision.objects.get().evidence == ["t1", "t2", "t3"]


def test_nobody_decides_what_they_have_not_taken(store: Store):
    store.publish(Given(1))
    refused("not_holder", lambda: workflow.decide(store.actor("anna"), ONE, store.alert(1).version, SALARY))


def test_a_decision_closes_the_alert_with_code_reason_text_and_evidence(store: Store):
    store.publish(Given(1))
    store.scored(1, 10)
    held = store.claimed(1)
    outcome = workflow.decide(store.actor("anna"), ONE, held.version, SALARY)
    decision = Decision.objects.get()
    assert not outcome.needs_second
    assert (decision.status, decision.code, decision.reason, decision.evidence) == (
        "final",
        "D5",
        "salary",
        ["t1", "t2"],
    )
    closed = store.alert(1)
    assert (closed.state, closed.disposition, closed.owner_id, closed.closed_at) == ("closed", "D5", None, NOW)
    refused("state", lambda: workflow.claim(store.actor("boris"), ONE))


INCOMPLETE = {
    "code": Choice("D99", "", WHY),
    "reason": Choice("D5", "whim", WHY),
    "text": Choice("D5", "salary", "no"),
}


@pytest.mark.parametrize("field", INCOMPLETE)
def test_an_incomplete_form_names_its_field(store: Store, field):
    store.publish(Given(1))
    held = store.claimed(1)
    with pytest.raises(Refused) as error:
        workflow.decide(store.actor("anna"), ONE, held.version, INCOMPLETE[field])
    assert error.value.field == field
    assert store.alert(1).state == "in_review"


def test_only_the_night_closes_as_unreviewed_and_other_wants_more_words(store: Store):
    store.publish(Given(1))
    version = store.claimed(1).version
    refused("code", lambda: workflow.decide(store.actor("anna"), ONE, version, Choice("D10", "", WHY)))
    refused("text", lambda: workflow.decide(store.actor("anna"), ONE, version, Choice("D5", "other", "Ten letters")))


def test_next_gives_each_person_another_alert_and_none_below_the_cut(store: Store):
    store.publish(*(Given(number, risk=number / 10) for number in range(1, 6)))
    slug = store.alert(1).queue.slug
    QueueEntry.objects.filter(alert__alert_id=alert_id(1)).update(is_below_cut=True)
    taken = [workflow.next_and_lock(store.actor(name), slug) for name in ("anna", "boris", "sveta", "anna")]
    identifiers = [alert.alert_id for alert in taken if alert]
    assert len(set(identifiers)) == 4
    assert alert_id(1) not in identifiers
    assert workflow.next_and_lock(store.actor("anna"), slug) is None
    assert workflow.next_and_lock(store.actor("boris", 31 * MINUTE), slug) is not None


def test_next_goes_on_behind_those_that_others_take_meanwhile(store: Store, monkeypatch):
    Person.objects.update(minutes_a_day=10_000)
    store.publish_ranked(*(Given(number, risk=1 - number / 100) for number in range(1, 31)))
    slug = store.alert(1).queue.slug
    order = list(QueueEntry.objects.order_by("position").values_list("alert__alert_id", flat=True))
    claim = workflow.claim

    def slower(actor, alert: str):
        """Somebody else is always first, for all but the last alert."""
        if alert != order[-1]:
            claim(store.actor("boris"), alert)
        return claim(actor, alert)

    monkeypatch.setattr(workflow, "claim", slower)
    found = workflow.next_and_lock(store.actor("anna"), slug)
    assert found is not None
    assert found.alert_id == order[-1]


def test_undo_brings_everything_back_within_ten_seconds(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    outcome = workflow.decide(store.actor("anna"), ONE, held.version, SALARY)
    assert workflow.undoable(store.actor("anna", timedelta(seconds=9))) == outcome.step
    workflow.undo(store.actor("anna", timedelta(seconds=10)), outcome.step.pk)
    back = store.alert(1)
    assert (back.state, back.owner.username, back.disposition, back.closed_at) == ("in_review", "anna", "", None)
    assert Decision.objects.get().status == "undone"
    workflow.decide(store.actor("anna", timedelta(seconds=12)), ONE, back.version, SALARY)
    assert sorted(Decision.objects.values_list("ordinal", "status")) == [(1, "undone"), (2, "final")]


def test_undo_is_refused_late_twice_and_to_others(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    step = workflow.decide(store.actor("anna"), ONE, held.version, SALARY).step
    refused("undo", lambda: workflow.undo(store.actor("anna", timedelta(seconds=11)), step.pk))
    with pytest.raises(NotFound):
        workflow.undo(store.actor("boris"), step.pk)
    workflow.undo(store.actor("anna", timedelta(seconds=1)), step.pk)
    refused("undo", lambda: workflow.undo(store.actor("anna", timedelta(seconds=2)), step.pk))


def test_undo_never_takes_back_what_a_second_person_has_approved(store: Store):
    from review.console.services import approvals

    store.publish(Given(1))
    decision = store.proposed(1)
    step = workflow.undoable(store.actor("anna"))
    approvals.approve(store.actor("sveta"), decision.pk, store.alert(1).version)
    refused("undo", lambda: workflow.undo(store.actor("anna", timedelta(seconds=1)), step.pk))
    assert store.alert(1).state == "closed"


def test_a_deferred_alert_wakes_on_its_day_and_not_before(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.defer(store.actor("anna"), ONE, held.version, NOW.date() + timedelta(days=2), [], WHY)
    for days, state in ((0, "deferred"), (1, "queued")):
        night = NIGHT + timedelta(days=1 + days)
        store.publish(Given(2), night=night, at=NOW + timedelta(days=1 + days))
        assert store.alert(1).state == state
    assert QueueEntry.objects.filter(alert__alert_id=ONE).exists()


def test_a_deferred_alert_wakes_when_the_event_comes_that_it_waits_for(store: Store):
    store.publish(Given(1), Given(2))
    for number, events in ((1, ["new_flow"]), (2, ["agency_request"])):
        held = store.claimed(number)
        until = NOW.date() + timedelta(days=9)
        workflow.defer(store.actor("anna"), held.alert_id, held.version, until, events, WHY)
    more = ("t1", "t2", "t3")
    store.publish(Given(1, evidence=more), Given(2, evidence=more), night=NIGHT + timedelta(days=1), at=NOW)
    assert (store.alert(1).state, store.alert(2).state) == ("queued", "deferred")


def test_a_long_deferral_waits_for_a_second_person(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    outcome = workflow.defer(store.actor("anna"), ONE, held.version, NOW.date() + timedelta(days=15), [], WHY)
    assert outcome.needs_second
    assert store.alert(1).state == "pending_approval"


def test_a_deferral_into_the_past_or_for_ever_is_refused(store: Store):
    store.publish(Given(1))
    version = store.claimed(1).version
    for days in (0, 181):
        until = NOW.date() + timedelta(days=days)
        refused("until", lambda day=until: workflow.defer(store.actor("anna"), ONE, version, day, [], WHY))
    tomorrow = NOW.date() + timedelta(days=1)
    refused("events", lambda: workflow.defer(store.actor("anna"), ONE, version, tomorrow, ["full_moon"], WHY))


def test_a_question_comes_back_with_its_answer_or_when_its_clock_runs_out(store: Store):
    store.publish(Given(1), Given(2))
    for number in (1, 2):
        held = store.claimed(number)
        day = NOW.date() + timedelta(days=1)
        workflow.ask_information(store.actor("anna"), held.alert_id, held.version, "Bank", WHY, day)
    back = workflow.answer(store.actor("boris"), ONE, store.alert(1).version, WHY)
    assert (back.state, back.owner.username) == ("in_review", "boris")
    assert InfoRequest.objects.get(alert=back).answered_by.username == "boris"
    store.publish(Given(3), night=NIGHT + timedelta(days=2), at=NOW + timedelta(days=2))
    assert store.alert(2).state == "queued"


def test_an_answer_belongs_to_the_newest_question_alone(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.ask_information(store.actor("anna"), ONE, held.version, "Bank", WHY, NIGHT + timedelta(days=2))
    later = timedelta(days=5)
    store.publish_ranked(Given(2), night=NIGHT + later, at=NOW + later)
    again = workflow.claim(store.actor("anna", later), ONE)
    workflow.ask_information(store.actor("anna", later), ONE, again.version, "Tax office", WHY)
    workflow.answer(store.actor("anna", later), ONE, store.alert(1).version, "They have no return of this company.")
    answered = dict(InfoRequest.objects.values_list("addressee", "answer"))
    assert answered == {"Bank": "", "Tax office": "They have no return of this company."}


def test_an_answer_after_its_clock_ran_out_is_entered_where_the_alert_stands(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.ask_information(store.actor("anna"), ONE, held.version, "Bank", WHY)
    late = timedelta(days=40)
    store.publish_ranked(Given(2), night=NIGHT + late, at=NOW + late)
    asked = InfoRequest.objects.get()
    assert (store.alert(1).state, asked.answered_at) == ("queued", None)
    with pytest.raises(Refused):
        workflow.answer(store.actor("boris", late), ONE, store.alert(1).version, WHY, asked.pk + 1)
    kept = workflow.answer(store.actor("boris", late), ONE, store.alert(1).version, WHY, asked.pk)
    assert (kept.state, kept.owner_id) == ("queued", None)
    assert QueueEntry.objects.get(alert=kept, queue=kept.queue).position == 0
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_by.username) == (WHY, "boris")
    with pytest.raises(Refused):
        workflow.answer(store.actor("boris", late), ONE, kept.version, WHY, asked.pk)
    # Whoever decides meanwhile is told that there is news.
    again = workflow.claim(store.actor("anna", late), ONE)
    workflow.ask_information(store.actor("anna", late), ONE, again.version, "Tax office", WHY)
    later = late + timedelta(days=40)
    store.publish_ranked(Given(3), night=NIGHT + later, at=NOW + later)
    mine = workflow.claim(store.actor("anna", later), ONE)
    workflow.answer(store.actor("boris", later), ONE, mine.version, WHY)
    with pytest.raises(Stale):
        workflow.decide(store.actor("anna", later), ONE, mine.version, SALARY)


def test_an_escalated_alert_is_taken_by_seniors_only(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.escalate(store.actor("anna"), ONE, held.version, WHY)
    with pytest.raises(NotAllowed):
        workflow.take_escalated(store.actor("boris"), ONE, store.alert(1).version)
    taken = workflow.take_escalated(store.actor("sveta"), ONE, store.alert(1).version)
    assert (taken.state, taken.owner.username) == ("in_review", "sveta")


def test_a_closed_alert_is_reopened_by_a_senior_and_keeps_its_decision(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.decide(store.actor("anna"), ONE, held.version, SALARY)
    with pytest.raises(NotAllowed):
        workflow.reopen(store.actor("anna"), ONE, store.alert(1).version, WHY)
    workflow.reopen(store.actor("sveta"), ONE, store.alert(1).version, WHY)
    assert store.alert(1).state == "reopened"
    assert Decision.objects.get().status == "final"
    assert QueueEntry.objects.get(alert__alert_id=ONE).position == 0


def test_an_alert_goes_into_a_case_with_its_subject(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    case = cases.create(store.actor("anna"), "Ring", ONE, held.version)
    linked = store.alert(1)
    assert (linked.state, linked.case_id, linked.owner_id) == ("linked", case.pk, None)
    assert case.subjects.get().subject_id == linked.subject_id
    store.publish(Given(2))
    other = store.claimed(2)
    workflow.link_to_case(store.actor("anna"), other.alert_id, other.version, case.number)
    assert case.alerts.count() == 2


def test_an_alert_comes_out_of_its_case_while_that_is_worked(store: Store):
    store.publish(Given(1), Given(2))
    held, other = store.claimed(1), store.claimed(2)
    case = cases.create(store.actor("anna"), "Ring", ONE, held.version)
    workflow.link_to_case(store.actor("anna"), other.alert_id, other.version, case.number)
    refused("text", lambda: workflow.unlink(store.actor("boris"), ONE, store.alert(1).version, "no"))
    with pytest.raises(NotFound):
        workflow.unlink(store.actor("stranger"), ONE, store.alert(1).version, WHY)
    workflow.unlink(store.actor("boris"), ONE, store.alert(1).version, WHY)
    assert (store.alert(1).state, store.alert(1).case) == ("queued", None)
    slug = store.alert(1).queue.slug
    assert ONE in [item.alert.alert_id for item in queues.page(store.actor("anna"), slug).items]
    left = cases.open_case(store.actor("anna"), case.number).alerts
    assert [alert.alert_id for alert in left] == [alert_id(2)]
    case.refresh_from_db()
    cases.move(store.actor("anna"), case.number, case.version, "closed_unsent", WHY)
    refused("case", lambda: workflow.unlink(store.actor("anna"), alert_id(2), store.alert(2).version, WHY))


def test_a_statutory_clock_puts_an_alert_first_and_needs_no_room(store: Store):
    Person.objects.update(minutes_a_day=0)
    store.publish_ranked(*(Given(number, risk=number / 10) for number in range(1, 6)))
    assert QueueEntry.objects.get(alert__alert_id=ONE).is_below_cut
    with pytest.raises(NotFound):
        workflow.mark(store.actor("stranger"), ONE, 1, is_urgent=True, is_asked_for=False, text=WHY)
    version = store.alert(1).version
    workflow.mark(store.actor("anna"), ONE, version, is_urgent=True, is_asked_for=False, text=WHY)
    assert not QueueEntry.objects.get(alert__alert_id=ONE).is_below_cut, "at once, until the next ordering"
    ranking.rerank("XS", NOW)
    entry = QueueEntry.objects.get(alert__alert_id=ONE)
    assert (entry.rank_class, entry.position, entry.is_below_cut) == ("0", 1, False)
    version = store.alert(1).version
    same = {"is_urgent": True, "is_asked_for": False, "text": WHY}
    refused("same", lambda: workflow.mark(store.actor("anna"), ONE, version, **same))


def test_an_agencys_request_raises_an_alert_and_wakes_one_that_waits_for_it(store: Store):
    store.publish(Given(1), Given(2))
    for number, events in ((1, ["agency_request"]), (2, ["new_flow"])):
        held = store.claimed(number)
        workflow.defer(store.actor("anna"), held.alert_id, held.version, NIGHT + timedelta(days=9), events, WHY)
        version = store.alert(number).version
        workflow.mark(store.actor("boris"), held.alert_id, version, is_urgent=False, is_asked_for=True, text=WHY)
    assert (store.alert(1).state, store.alert(2).state) == ("queued", "deferred")
    ranking.rerank("XS", NOW)
    assert ranking.explain(ONE).placed.worth.link == 1.3


def test_who_marks_what_another_holds_is_named_to_them(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.mark(store.actor("boris"), ONE, held.version, is_urgent=True, is_asked_for=False, text=WHY)
    with pytest.raises(Stale, match="boris"):
        workflow.decide(store.actor("anna"), ONE, held.version, SALARY)
    assert store.alert(1).owner.username == "anna"


def test_only_the_holder_gives_back_and_a_senior_for_an_idle_holder(store: Store):
    store.publish(Given(1))
    version = store.claimed(1).version
    refused("not_holder", lambda: workflow.release(store.actor("boris"), ONE, version))
    refused("not_holder", lambda: workflow.release(store.actor("sveta", MINUTE), ONE, version))
    workflow.release(store.actor("sveta", 31 * MINUTE), ONE, version)
    assert (store.alert(1).state, store.alert(1).owner_id) == ("queued", None)


def test_the_auditor_reads_and_leaves_no_mark_on_the_work(store: Store):
    store.publish(Given(1))
    seen = alerts.open_alert(store.actor("audra"), ONE)
    assert not seen.can_work
    assert store.alert(1).first_read_at is None
    with pytest.raises(NotAllowed):
        workflow.claim(store.actor("audra"), ONE)


def test_a_page_of_a_queue_goes_on_where_it_ended(store: Store):
    store.publish(*(Given(number, risk=number / 100) for number in range(1, 24)))
    slug = store.alert(1).queue.slug
    for view in (queues.TODAY, queues.BELOW):
        seen: list[int] = []
        cursor = None
        while True:
            page = queues.page(store.actor("chief"), slug, view, cursor, size=5)
            seen += [item.entry.position for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == sorted(set(seen))
        below = view == queues.BELOW
        assert len(seen) == QueueEntry.objects.filter(queue__slug=slug, is_below_cut=below).count()
