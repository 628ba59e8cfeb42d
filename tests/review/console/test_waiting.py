"""What waits for a person: everything of others that the person may see and can act on, and nothing else."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from review.console.models import Case, Event
from review.console.services import alerts, approvals, cases, exports, operations, queues, waiting, workflow
from review.console.services.operations import Plan
from tests.review.console.store import NOW, WHY, Given, Store, alert_id

QUESTION = "Does this go to the drug police or to the tax service?"


def filled(store: Store) -> Case:
    """One decision, one case, one export and one alert handed up, all of anna's or sveta's and in XS-A."""
    store.publish(*(Given(number) for number in range(1, 7)))
    held = store.claimed(1)
    case = cases.create(store.actor("anna"), "Ring", held.alert_id, held.version)
    case = cases.move(store.actor("anna"), case.number, 1, "closed_unsent", WHY)
    store.proposed(2)
    held = store.claimed(3)
    workflow.escalate(store.actor("anna"), held.alert_id, held.version, QUESTION)
    exports.ask(store.actor("sveta"), "case", case.number, WHY)
    return case


def counted(store: Store, name: str) -> dict[str, int]:
    return {kind: count for kind, count in vars(waiting.counts(store.actor(name))).items() if count}


def test_everything_that_waits_is_counted_for_whom_it_waits(store: Store):
    filled(store)
    every = {"decisions": 1, "cases": 1, "exports": 1, "escalated": 1}
    assert counted(store, "sergei") == every
    assert counted(store, "chief") == every
    assert counted(store, "sveta") == {"decisions": 1, "cases": 1, "escalated": 1}, "not her own export"
    for name in ("anna", "boris", "dina", "audra", "egor", "stranger"):
        assert not counted(store, name), name


def test_the_list_holds_what_was_counted_with_the_question_and_is_logged(store: Store):
    case = filled(store)
    found = waiting.everything(store.actor("sergei"))
    assert [item.decision.alert.alert_id for item in found.decisions] == [alert_id(2)]
    assert [(item.case.number, item.since, item.is_own) for item in found.cases] == [(case.number, NOW, False)]
    assert [item.object_id for item in found.exports] == [case.number]
    (up,) = found.escalated
    assert up.step is not None
    assert (up.alert.alert_id, up.step.text, up.step.by.username) == (alert_id(3), QUESTION, "anna")
    details = json.loads(Event.objects.get(action="approvals_read").details)
    assert (details["alerts"], details["cases"]) == ([alert_id(2), alert_id(3)], [case.number])
    assert waiting.everything(store.actor("anna")).is_empty


def test_what_lies_out_of_sight_does_not_wait(store: Store):
    case = filled(store)
    sergei = store.actor("sergei").person
    sergei.scopes.update(territory="XS-B")
    assert not counted(store, "sergei")
    sergei.scopes.update(territory="XS")
    cases.restrict(store.actor("anna"), case.number, Case.objects.get().version, [])
    assert counted(store, "sergei") == {"decisions": 1, "escalated": 1}, "a case of a circle, and its export"


def test_what_was_dealt_with_waits_no_more(store: Store):
    case = filled(store)
    sergei = store.actor("sergei")
    found = waiting.everything(sergei)
    decision = found.decisions[0].decision
    approvals.approve(sergei, decision.pk, decision.alert.version)
    cases.judge(sergei, case.number, found.cases[0].case.version, is_approved=True, text="")
    exports.judge(sergei, found.exports[0].pk, is_allowed=True)
    workflow.take_escalated(sergei, alert_id(3), found.escalated[0].alert.version)
    assert not counted(store, "sergei")


def test_an_export_waits_for_a_day(store: Store):
    filled(store)
    later = waiting.counts(store.actor("sergei", timedelta(hours=25)))
    assert later.exports == 0


def test_an_approved_case_waits_for_an_officer_who_had_no_part_in_it(store: Store):
    store.publish(Given(1))
    case = cases.create(store.actor("anna"), "Ring")
    case = cases.move(store.actor("anna"), case.number, 1, "approved", WHY)
    cases.judge(store.actor("sveta"), case.number, case.version, is_approved=True, text="")
    assert counted(store, "dina") == {"to_send": 1}
    assert not counted(store, "sveta")
    (item,) = waiting.everything(store.actor("dina")).to_send
    assert (item.case.number, item.since) == (case.number, NOW)
    Case.objects.filter(pk=case.pk).update(is_restricted=True)
    assert not counted(store, "dina")


def test_a_proposed_operation_waits_for_the_head(store: Store):
    plan = Plan("East", "Восток", ["RU-OMS"], [], ["*"], NOW.date(), NOW.date(), 0.5, 0.1)
    made = operations.propose(store.actor("sveta"), plan)
    operations.propose(store.actor("chief"), replace(plan, name_en="West"))
    assert counted(store, "chief") == {"operations": 1}
    assert not counted(store, "sergei")
    operations.withdraw(store.actor("sveta"), made.queue.slug)
    assert not counted(store, "chief")


def test_no_count_goes_beyond_the_cap(store: Store, monkeypatch):
    monkeypatch.setattr(waiting, "CAP", 2)
    store.publish(*(Given(number) for number in range(1, 6)))
    for number in range(1, 4):
        held = store.claimed(number)
        workflow.escalate(store.actor("anna"), held.alert_id, held.version, QUESTION)
    found = waiting.counts(store.actor("sveta"))
    assert (found.escalated, found.total, found.is_more) == (3, 2, True)
    workflow.take_escalated(store.actor("sveta"), alert_id(1), store.alert(1).version)
    found = waiting.counts(store.actor("sveta"))
    assert (found.total, found.is_more) == (2, False)


def test_counting_asks_little_and_once(store: Store):
    filled(store)
    actor = store.actor("sergei")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        waiting.counts(actor)
    assert len(asked) <= 8
    with CaptureQueriesContext(connection) as again:
        waiting.counts(actor)
    assert not len(again)


def test_who_works_finds_what_is_in_hand_and_what_came_back(store: Store):
    store.publish(*(Given(number) for number in range(1, 5)))
    decision = store.proposed(1)
    approvals.send_back(store.actor("sveta"), decision.pk, decision.alert.version, WHY)
    store.claimed(2)
    store.claimed(3, "boris")
    case = cases.create(store.actor("anna"), "Ring")
    case = cases.move(store.actor("anna"), case.number, 1, "approved", WHY)
    cases.judge(store.actor("sveta"), case.number, case.version, is_approved=False, text=WHY)
    found = waiting.in_hand(store.actor("anna"))
    assert [alert.alert_id for alert in found.held] == [alert_id(2)]
    assert [(item.alert.alert_id, item.judged_text) for item in found.returned] == [(alert_id(1), WHY)]
    assert [item.number for item in found.cases] == [case.number]
    assert [alert.alert_id for alert in waiting.in_hand(store.actor("boris")).held] == [alert_id(3)]
    assert not waiting.in_hand(store.actor("boris")).returned
    assert waiting.in_hand(store.actor("audra")).is_empty
    store.claimed(1, "boris")
    assert not waiting.in_hand(store.actor("anna")).returned, "somebody works on it again"


@pytest.mark.parametrize("days", [7, 20])
def test_a_deferred_alert_says_what_it_waits_for(store: Store, days):
    store.publish(Given(1))
    held = store.claimed(1)
    until = NOW.date() + timedelta(days=days)
    awaited = "The answer of the bank about the contract."
    workflow.defer(store.actor("anna"), held.alert_id, held.version, until, [], awaited)
    if days > 14:
        assert awaited_in_list(store) == awaited, "it waits for approval with the same words"
        (item,) = waiting.everything(store.actor("sveta")).decisions
        approvals.approve(store.actor("sveta"), item.decision.pk, item.decision.alert.version, "Fine by me, go on.")
    said = alerts.open_alert(store.actor("boris"), alert_id(1)).said
    assert said is not None
    assert (said.text, said.by.username) == (awaited, "anna")
    assert awaited_in_list(store) == awaited


def awaited_in_list(store: Store) -> str:
    (item,) = queues.page(store.actor("boris"), store.alert(1).queue.slug, "away").items
    return item.said


def test_the_question_goes_with_a_handed_up_alert_until_it_is_given_back(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.escalate(store.actor("anna"), held.alert_id, held.version, QUESTION)

    def said() -> str:
        step = alerts.open_alert(store.actor("sveta"), alert_id(1)).said
        return step.text if step else ""

    assert said() == QUESTION
    taken = workflow.take_escalated(store.actor("sveta"), alert_id(1), store.alert(1).version)
    assert said() == QUESTION
    workflow.release(store.actor("sveta"), alert_id(1), taken.version)
    assert said() == ""
    store.claimed(1)
    assert said() == ""


def test_what_is_away_is_read_page_by_page_whatever_its_state(store: Store):
    store.publish(*(Given(number) for number in range(1, 8)))
    for number in range(1, 7):
        held = store.claimed(number)
        if number % 2:
            workflow.escalate(store.actor("anna"), held.alert_id, held.version, QUESTION)
        else:
            cases.create(store.actor("anna"), f"Case {number}", held.alert_id, held.version)
    cursor, pages = None, []
    while not pages or cursor:
        page = queues.page(store.actor("boris"), store.alert(1).queue.slug, "away", cursor, size=2)
        pages.append([item.alert.pk for item in page.items])
        cursor = page.next_cursor
    assert [len(found) for found in pages] == [2, 2, 2]
    away = sorted((store.alert(number).pk for number in range(1, 7)), reverse=True)
    assert [pk for found in pages for pk in found] == away
