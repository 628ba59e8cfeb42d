"""Sending a case: drafted, approved and sent by three; without that nothing becomes disseminated, by any way."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, transaction

from review.console.models import Alert, Case, Decision, Dissemination, Event
from review.console.models.cases import CaseState
from review.console.services import cases, dissemination, outcomes, statistics
from review.console.services.actor import Actor
from review.console.services.dissemination import Letter
from review.console.services.errors import NotAllowed, Refused
from tests.review.console.store import NIGHT, NOW, WHY, Given, Store, alert_id

LETTER = Letter("Anti-Drug Service, Omsk", NOW.date(), "Law 115-FZ, article 8", "14/2207", "spontaneous", "Leads only.")


def approved(store: Store, author: str = "anna", judge: str = "sveta") -> Case:
    """A case with one alert, approved by a second person."""
    store.publish(Given(1), Given(2))
    held = store.claimed(1, author)
    made = cases.create(store.actor(author), "Ring", held.alert_id, held.version)
    return judged(store, made.number, author, judge)


def judged(store: Store, number: str, author: str = "anna", judge: str = "sveta") -> Case:
    case = Case.objects.get(number=number)
    case = cases.move(store.actor(author), number, case.version, "approved", WHY)
    return cases.judge(store.actor(judge), number, case.version, is_approved=True, text="")


def send(actor: Actor, case: Case, letter: Letter = LETTER) -> Dissemination:
    return dissemination.send(actor, case.number, Case.objects.get(pk=case.pk).version, letter)


def test_an_officer_sends_what_two_others_approved(store: Store):
    case = approved(store)
    assert store.alert(1).state == "linked", "approval alone sends nothing"
    sent = send(store.actor("dina"), case)
    case.refresh_from_db()
    assert (case.state, case.proposed_by.username, case.judged_by.username) == ("disseminated", "anna", "sveta")
    assert (sent.drafted_by.username, sent.approved_by.username, sent.sent_by.username) == ("anna", "sveta", "dina")
    alert, decision = store.alert(1), Decision.objects.get(alert=store.alert(1))
    assert (alert.state, alert.disposition, alert.closed_at) == ("closed", "D1", NOW)
    assert (decision.proposed_by.username, decision.judged_by.username) == ("anna", "sveta")
    assert (decision.dissemination, decision.text) == (sent, WHY)
    assert [row["code"] for row in outcomes.rows()] == ["D1"]
    event = Event.objects.get(action="case_sent")
    assert (event.actor, event.object_id, event.reason) == ("dina", case.number, "Leads only.")
    assert all(word in event.details for word in ("Omsk", "14/2207", "115-FZ"))


@pytest.mark.parametrize("name", ["anna", "sveta", "sergei", "audra", "chief"])
def test_nobody_but_an_officer_sends(store: Store, name):
    case = approved(store)
    with pytest.raises(NotAllowed):
        send(store.actor(name), case)
    with pytest.raises(Refused, match="can't go there"):
        cases.move(store.actor(name), case.number, case.version, "disseminated", WHY)
    assert not Dissemination.objects.exists()


@pytest.mark.parametrize("name", ["anna", "sveta"])
def test_who_drafted_or_approved_does_not_send_in_another_role(store: Store, name):
    case = approved(store)
    person = store.actor(name).person
    person.role = "dissemination"
    person.save()
    with pytest.raises(Refused) as refused:
        send(store.actor(name), case)
    assert refused.value.code == "own"
    assert not Dissemination.objects.exists()


WRONG: dict[str, dict[str, Any]] = {
    "recipient": {"recipient": "  "},
    "legal_basis": {"legal_basis": ""},
    "reference": {"reference": "x" * 121},
    "sent_on": {"sent_on": NOW.date() + timedelta(days=1)},
    "kind": {"kind": "perhaps"},
}


@pytest.mark.parametrize("field", WRONG)
def test_an_incomplete_letter_is_refused(store: Store, field):
    case = approved(store)
    with pytest.raises(Refused) as refused:
        send(store.actor("dina"), case, Letter(**{**vars(LETTER), **WRONG[field]}))
    assert refused.value.field == field
    assert store.alert(1).state == "linked"


def test_what_was_approved_is_sent_as_it_was_approved(store: Store):
    case = approved(store)
    anna, number = store.actor("anna"), case.number
    for change in (
        lambda: cases.edit(anna, number, case.version, "Other", "Other facts."),
        lambda: cases.add_subject(anna, number, 9_002),
        lambda: cases.add_report(anna, number, "XS:bank:R-1:1"),
    ):
        with pytest.raises(Refused) as refused:
            change()
        assert refused.value.code == "approved"
    with pytest.raises(Refused) as refused:
        dissemination.send(store.actor("dina"), number, case.version - 1, LETTER)
    assert refused.value.code == "stale"
    assert not Dissemination.objects.exists()


def test_an_officer_returns_what_can_not_be_sent(store: Store):
    case = approved(store)
    with pytest.raises(Refused):
        cases.move(store.actor("dina"), case.number, case.version, "returned", "")
    returned = cases.move(store.actor("dina"), case.number, case.version, "returned", WHY)
    assert returned.state == "returned"
    with pytest.raises(Refused):
        send(store.actor("dina"), case)
    cases.move(store.actor("anna"), case.number, returned.version, "in_analysis", "")
    again = judged(store, case.number)
    assert send(store.actor("dina"), again).case_id == case.pk


def test_a_sent_case_goes_to_others_too_and_is_closed_after(store: Store):
    case = approved(store)
    send(store.actor("dina"), case)
    send(store.actor("dina"), case, Letter(**{**vars(LETTER), "recipient": "Tax Service", "kind": "request"}))
    assert [row.recipient for row in case.disseminations.order_by("pk")] == [LETTER.recipient, "Tax Service"]
    assert Decision.objects.count() == 1, "its alerts are closed once"
    case.refresh_from_db()
    closed = cases.move(store.actor("dina"), case.number, case.version, "closed", "")
    assert (closed.state, closed.closed_at) == ("closed", NOW)
    with pytest.raises(Refused):
        send(store.actor("dina"), closed)


def test_what_comes_later_is_added_to_the_dissemination(store: Store):
    case = approved(store)
    send(store.actor("dina"), case)
    case.refresh_from_db()
    cases.move(store.actor("sveta"), case.number, case.version, "reopened", WHY)
    case.refresh_from_db()
    cases.move(store.actor("anna"), case.number, case.version, "in_analysis", "")
    held = store.claimed(2)
    from review.console.services import workflow

    workflow.link_to_case(store.actor("anna"), held.alert_id, held.version, case.number)
    send(store.actor("dina"), judged(store, case.number))
    assert (store.alert(1).disposition, store.alert(2).disposition) == ("D1", "D2")


def test_a_case_still_closes_without_dissemination(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    case = cases.create(store.actor("anna"), "Ring", held.alert_id, held.version)
    case = cases.move(store.actor("anna"), case.number, 1, "closed_unsent", WHY)
    done = cases.judge(store.actor("sveta"), case.number, case.version, is_approved=True, text="")
    assert (done.state, store.alert(1).disposition, done.closed_at) == ("closed_unsent", "D4", NOW)
    assert Decision.objects.get().dissemination is None


def test_the_steps_of_a_case_have_names_and_times(store: Store):
    case = approved(store)
    cases.restrict(store.actor("sveta"), case.number, case.version, ["anna", "dina"])
    send(store.actor("dina"), case)
    told = [(step.action, step.to_state, step.by.username) for step in case.steps.order_by("pk").select_related("by")]
    assert told == [
        ("proposed", "approved", "anna"),
        ("approved", "approved", "sveta"),
        ("restricted", "approved", "sveta"),
        ("sent", "disseminated", "dina"),
    ]
    shown = [item for item in cases.chronology(store.actor("sveta"), case.number) if item.kind == "state"]
    assert [item.by.username for item in shown if item.by] == ["anna", "sveta", "sveta", "dina"]
    assert LETTER.recipient in shown[-1].what


def test_statistics_count_what_was_sent(store: Store):
    case = approved(store)
    before = statistics.year_of(store.actor("chief"))
    assert (before.cases["approved"], before.cases["disseminated"], before.recipients) == (1, 0, ())
    send(store.actor("dina"), case)
    send(store.actor("dina"), case, Letter(**{**vars(LETTER), "recipient": "Tax Service", "kind": "request"}))
    after = statistics.year_of(store.actor("chief"))
    assert (after.cases["approved"], after.cases["disseminated"], after.cases["letters"]) == (0, 1, 2)
    assert [(row.name, row.spontaneous, row.on_request, row.cases, row.alerts) for row in after.recipients] == [
        (LETTER.recipient, 1, 0, 1, 1),
        ("Tax Service", 0, 1, 1, 1),
    ]
    assert statistics.year_of(store.actor("chief"), NIGHT.year - 1).year == NIGHT.year


def refused_by_the_database(change) -> None:
    with pytest.raises(Error), transaction.atomic():
        change()


def record(case: Case, **other: Any) -> None:
    people = {"drafted_by_id": case.proposed_by_id, "approved_by_id": case.judged_by_id}
    values = {name: value for name, value in vars(LETTER).items() if name != "terms"}
    Dissemination.objects.create(case=case, recorded_at=NOW, **(values | people | other))


def test_the_database_refuses_a_sending_by_fewer_than_three(store: Store):
    case = approved(store)
    dina, anna, sveta, egor = (store.actor(name).person for name in ("dina", "anna", "sveta", "egor"))
    wrong = [
        {"sent_by": sveta},
        {"sent_by": anna},
        {"sent_by": egor},
        {"sent_by": dina, "drafted_by_id": egor.pk},
        {"sent_by": dina, "approved_by_id": anna.pk},
        {"sent_by": dina, "recipient": ""},
    ]
    for other in wrong:
        refused_by_the_database(lambda other=other: record(case, **other))
    anna.role = "dissemination"
    anna.save()
    refused_by_the_database(lambda: record(case, sent_by=anna))
    record(case, sent_by=dina)
    made = Dissemination.objects.filter(case=case)
    refused_by_the_database(lambda: made.update(recipient="Nobody"))
    refused_by_the_database(made.delete)


def test_the_database_refuses_a_record_of_a_case_that_is_not_approved(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    case = cases.create(store.actor("anna"), "Ring", held.alert_id, held.version)
    case = cases.move(store.actor("anna"), case.number, 1, "approved", WHY)
    sveta = store.actor("sveta").person
    refused_by_the_database(
        lambda: record(case, sent_by=store.actor("dina").person, approved_by_id=sveta.pk),
    )


def test_the_database_refuses_a_case_that_is_disseminated_without_its_record(store: Store):
    case = approved(store)
    found = Case.objects.filter(pk=case.pk)
    for state in (CaseState.DISSEMINATED, CaseState.CLOSED, CaseState.CLOSED_UNSENT):
        refused_by_the_database(lambda state=state: found.update(state=state))
    sergei = store.actor("sergei").person
    refused_by_the_database(lambda: found.update(judged_by=sergei))
    refused_by_the_database(lambda: found.update(proposed_text="Other"))
    send(store.actor("dina"), case)
    refused_by_the_database(lambda: found.update(judged_by=sergei))
    found.update(state="closed", closed_at=NOW)


def test_the_database_refuses_an_alert_of_a_case_that_is_sent_without_it(store: Store):
    case = approved(store)
    alert = store.alert(1)
    anna, sveta = store.actor("anna").person, store.actor("sveta").person
    said = {"code": "D1", "text": WHY, "status": "final", "needs_second": True, "proposed_at": NOW, "judged_at": NOW}
    names = {"proposed_by": anna, "judged_by": sveta}

    def closed() -> None:
        Alert.objects.filter(pk=alert.pk).update(state="closed", disposition="D1", closed_at=NOW)

    Decision.objects.create(alert=alert, ordinal=1, score=alert.score, **said, **names)
    refused_by_the_database(closed)
    send(store.actor("dina"), case)
    sent = Dissemination.objects.get()
    refused_by_the_database(
        lambda: Decision.objects.create(
            alert=store.alert(2), ordinal=1, score=alert.score, dissemination=sent, **said, **names
        )
    )
    refused_by_the_database(lambda: Decision.objects.filter(alert__alert_id=alert_id(1)).update(dissemination=None))
