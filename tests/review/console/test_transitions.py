"""The transition table against the states of the reference, and what the database refuses by itself."""

from itertools import product

import pytest
from django.db import IntegrityError, transaction

from review.console.models import Alert, Decision
from review.console.models.alerts import AlertState
from review.console.models.cases import CaseState
from review.console.models.people import Role
from review.console.services.errors import NotAllowed, Refused
from review.console.services.steps import allowed
from review.console.services.transitions import ALERT, CASE, Action
from tests.review.console.store import NOW, Given, Store

EDGES = {
    ("new", "queued"),
    ("reopened", "queued"),
    *product(("new", "queued", "returned", "reopened", "assigned", "in_review"), ("assigned",)),
    ("assigned", "in_review"),
    *product(
        ("assigned", "in_review"),
        ("queued", "closed", "pending_approval", "deferred", "info_requested", "escalated", "linked"),
    ),
    *product(("pending_approval",), ("closed", "deferred", "returned")),
    ("deferred", "queued"),
    ("info_requested", "in_review"),
    ("info_requested", "queued"),
    ("escalated", "in_review"),
    ("escalated", "linked"),
    ("linked", "queued"),
    ("linked", "closed"),
    ("closed", "reopened"),
    *product(("new", "queued", "returned", "reopened"), ("closed",)),
}
"""Every change of state that there is, written down a second time."""
SYSTEM = {Action.ENQUEUE, Action.TIME_OUT, Action.EXPIRE}


def test_the_table_holds_these_changes_and_no_others():
    found = {(source.value, t.target.value) for t in ALERT.values() if t.target for source in t.sources}
    assert found == EDGES
    assert [action for action, t in ALERT.items() if t.target is None] == [Action.ANSWER_LATE, Action.MARK]


def test_every_action_has_its_row_and_only_the_night_acts_without_a_role():
    assert set(ALERT) == set(Action)
    assert {action for action, t in ALERT.items() if not t.roles} == SYSTEM


@pytest.mark.parametrize("action", list(Action))
def test_an_action_is_refused_from_every_other_state_and_to_every_other_role(action):
    transition = ALERT[action]
    for state, role in product(AlertState, Role):
        alert = Alert(state=state)
        if role not in transition.roles:
            with pytest.raises(NotAllowed):
                allowed(alert, action, role)
        elif state not in transition.sources:
            with pytest.raises(Refused) as refused:
                allowed(alert, action, role)
            assert refused.value.code == "state"
        else:
            assert allowed(alert, action, role) is transition


def test_neither_engineer_nor_auditor_has_any_action():
    for role in (Role.ENGINEER, Role.AUDITOR):
        assert not [action for action, transition in ALERT.items() if role in transition.roles]
        assert not [target for target, step in CASE.items() if role in step.roles]


def test_from_every_state_an_alert_can_still_be_closed():
    ends = {"closed"}
    while True:
        more = {source for source, target in EDGES if target in ends} | ends
        if more == ends:
            break
        ends = more
    assert ends == {state.value for state in AlertState}


def test_what_ends_a_case_needs_a_second_person():
    assert {state.value for state, step in CASE.items() if step.needs_second} == {"approved", "closed_unsent"}
    assert {state.value for state, step in CASE.items() if "closed" in step.sources or "approved" in step.sources} == {
        *("disseminated", "returned", "reopened"),
    }
    assert CASE[CaseState.CLOSED].sources == {"disseminated"}
    assert CASE[CaseState.DISSEMINATED].roles == (Role.DISSEMINATION,)


WRONG = {
    "a state that is none": {"state": "lost"},
    "closed without a disposition": {"state": "closed", "closed_at": NOW},
    "closed without a time": {"state": "closed", "disposition": "D5"},
    "open with a disposition": {"disposition": "D5"},
    "taken by nobody": {"state": "assigned"},
    "a lock without an owner": {"locked_at": NOW},
    "in no case": {"state": "linked"},
    "deferred for ever": {"state": "deferred"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_database_refuses_an_alert_that_is(store: Store, wrong):
    store.publish(Given(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.update(**WRONG[wrong])


def test_the_database_refuses_a_decision_that_its_author_judges(store: Store):
    store.publish(Given(1))
    decision = store.proposed(1, "sveta")
    author = store.actor("sveta").person
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(status="final", judged_by=author, judged_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(status="final")
    other = store.actor("sergei").person
    assert Decision.objects.filter(pk=decision.pk).update(status="final", judged_by=other, judged_at=NOW) == 1


def test_the_database_refuses_a_second_open_proposal(store: Store):
    store.publish(Given(1))
    decision = store.proposed(1)
    decision.pk, decision.ordinal = None, 2
    with pytest.raises(IntegrityError), transaction.atomic():
        decision.save(force_insert=True)
