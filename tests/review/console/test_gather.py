"""Several alerts go into a case in one step: those that were shown, all or none, free or one's own."""

import json
from datetime import timedelta

import pytest

from review.console.models import Alert, AlertStep, Case, CaseSubject, Event
from review.console.services import cases, gather, workflow
from review.console.services.errors import NotAllowed, NotFound, Refused, Stale
from tests.review.console.store import WHY, Given, Store, alert_id, count_of_everything

IDS = [alert_id(number) for number in (1, 2, 3)]


def filled(store: Store) -> None:
    store.publish(*(Given(number) for number in range(1, 6)), Given(9, territory="XS-B"))


def test_free_and_own_alerts_go_into_a_new_case_with_their_subjects(store: Store):
    filled(store)
    store.claimed(2)
    anna = store.actor("anna")
    shown = gather.preview(anna, IDS)
    assert [alert.alert_id for alert in shown.alerts] == IDS
    events = Event.objects.count()
    case, count = gather.put(anna, shown.token, gather.NEW, "Ring of cards", WHY)
    assert (case.title, case.owner.username, count) == ("Ring of cards", "anna", 3)
    alerts = Alert.objects.filter(alert_id__in=IDS)
    assert {(alert.state, alert.case_id, alert.owner_id) for alert in alerts} == {("linked", case.pk, None)}
    named = CaseSubject.objects.filter(case=case).values_list("subject__node_id", flat=True)
    assert sorted(named) == [1_001, 1_002, 1_003]
    told = list(Event.objects.order_by("sequence").values_list("action", "object_id", "reason")[events:])
    linked = [(identifier, reason) for action, identifier, reason in told if action == "alert_link"]
    assert linked == [(identifier, WHY) for identifier in sorted(IDS)], "one event each"
    assert [action for action, _, _ in told].count("case_created") == 1


def test_they_go_into_a_case_that_there_is(store: Store):
    filled(store)
    anna = store.actor("anna")
    made = cases.create(anna, "Ring")
    shown = gather.preview(anna, IDS[:2])
    assert [case.number for case in shown.cases] == [made.number]
    case, count = gather.put(anna, shown.token, made.number)
    assert (case, count, Case.objects.count()) == (made, 2, 1)


def test_one_in_other_hands_keeps_all_out(store: Store):
    filled(store)
    anna = store.actor("anna")
    shown = gather.preview(anna, IDS)
    store.claimed(3, "boris")
    before = count_of_everything()
    with pytest.raises(Refused) as refused:
        gather.put(anna, shown.token, gather.NEW, "Ring")
    assert refused.value.code == "locked"
    assert count_of_everything() == before, "all or none"
    assert not Case.objects.exists()
    workflow.release(store.actor("boris"), alert_id(3), store.alert(3).version)
    with pytest.raises(Stale):
        gather.put(anna, shown.token, gather.NEW, "Ring")
    store.claimed(3, "boris")
    with pytest.raises(Refused) as refused:
        gather.preview(anna, IDS)
    assert refused.value.code == "locked"


def test_one_that_the_person_may_not_see_is_not_there(store: Store):
    filled(store)
    with pytest.raises(Refused) as refused:
        gather.preview(store.actor("anna"), [*IDS, alert_id(9)])
    assert refused.value.code == "missing"
    for ids in ([], [alert_id(number) for number in range(51)]):
        with pytest.raises(Refused) as refused:
            gather.preview(store.actor("anna"), ids)
        assert refused.value.code == "count"


def test_a_case_that_takes_none_keeps_all_out(store: Store):
    filled(store)
    anna = store.actor("anna")
    shown = gather.preview(anna, IDS)
    case = cases.create(anna, "Ring")
    cases.move(anna, case.number, case.version, "closed_unsent", WHY)
    with pytest.raises(Refused) as refused:
        gather.put(anna, shown.token, case.number)
    assert refused.value.code == "case"
    hidden = cases.create(store.actor("sveta"), "Secret")
    cases.restrict(store.actor("sveta"), hidden.number, hidden.version, [])
    with pytest.raises(NotFound):
        gather.put(anna, shown.token, hidden.number)
    assert {alert.state for alert in Alert.objects.filter(alert_id__in=IDS)} == {"queued"}


def test_a_preview_is_ones_own_and_of_this_form(store: Store):
    filled(store)
    token = gather.preview(store.actor("anna"), IDS).token
    for name, given in (("boris", token), ("anna", f"{token}x"), ("anna", "")):
        with pytest.raises(Refused) as refused:
            gather.put(store.actor(name), given, gather.NEW, "Ring")
        assert refused.value.code == "token"
    with pytest.raises(NotAllowed):
        gather.preview(store.actor("dina"), IDS)


def test_undo_takes_all_of_them_out_and_frees_those_that_were_taken(store: Store):
    filled(store)
    store.claimed(2)
    anna = store.actor("anna", timedelta(seconds=5))
    case, _ = gather.put(anna, gather.preview(anna, IDS).token, gather.NEW, "Ring")
    step = workflow.undoable(anna)
    assert step is not None
    workflow.undo(anna, step.pk)
    states = dict(Alert.objects.filter(alert_id__in=IDS).values_list("alert_id", "state"))
    assert states == {alert_id(1): "queued", alert_id(2): "in_review", alert_id(3): "queued"}
    assert store.alert(2).owner == anna.person
    assert not Alert.objects.filter(case=case).exists()
    assert not case.subjects.exists()
    assert AlertStep.objects.filter(action="link", undone_at=None).count() == 0


def test_undo_takes_out_none_where_one_has_changed(store: Store):
    filled(store)
    anna = store.actor("anna")
    case, _ = gather.put(anna, gather.preview(anna, IDS).token, gather.NEW, "Ring")
    step = workflow.undoable(anna)
    assert step is not None
    other = next(number for number in (1, 2, 3) if alert_id(number) != step.alert.alert_id)
    workflow.unlink(store.actor("boris"), alert_id(other), store.alert(other).version, WHY)
    with pytest.raises(Refused):
        workflow.undo(anna, AlertStep.objects.filter(action="link").order_by("-pk")[0].pk)
    assert Alert.objects.filter(case=case).count() == 2


def test_undo_takes_nothing_out_of_a_case_that_waits_for_approval(store: Store):
    filled(store)
    anna = store.actor("anna")
    case, _ = gather.put(anna, gather.preview(anna, IDS).token, gather.NEW, "Ring")
    step = workflow.undoable(anna)
    assert step is not None
    cases.move(anna, case.number, Case.objects.get().version, "approved", WHY)
    with pytest.raises(Refused) as refused:
        workflow.undo(anna, step.pk)
    assert refused.value.code == "undo"
    assert Alert.objects.filter(case=case, state="linked").count() == 3


def test_a_subject_leaves_with_its_alert_unless_the_case_knows_it_otherwise(store: Store):
    filled(store)
    anna = store.actor("anna")
    case, _ = gather.put(anna, gather.preview(anna, IDS).token, gather.NEW, "Ring")
    CaseSubject.objects.filter(case=case, subject__node_id=1_002).update(part="payer")
    for number in (1, 2):
        workflow.unlink(anna, alert_id(number), store.alert(number).version, WHY)
    assert sorted(case.subjects.values_list("subject__node_id", flat=True)) == [1_002, 1_003]


def test_the_preview_is_logged_with_its_alerts(store: Store):
    filled(store)
    gather.preview(store.actor("anna"), IDS)
    assert json.loads(Event.objects.get(action="gather_previewed").details)["alerts"] == IDS
