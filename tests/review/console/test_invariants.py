"""Whatever people do in whatever order: what holds of an alert always holds, and a refusal changes nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from review.console.models import AlertStep, Decision, Event
from review.console.services import alerts, approvals, audit, workflow
from review.console.services.errors import NotAllowed, NotFound, Refused
from review.console.services.transitions import ALERT, Action
from review.console.services.workflow import Choice
from tests.review.console.store import NOW, WHY, Given, Store, alert_id, count_of_everything

WHO = st.sampled_from(["anna", "boris", "sveta", "sergei", "chief", "stranger", "audra"])
CODES = st.sampled_from(["D1", "D3", "D4", "D5"])


class Work(RuleBasedStateMachine):
    """Every run works on a new alert of the store."""

    store: ClassVar[Store]
    numbers: ClassVar[Iterator[int]]

    def __init__(self) -> None:
        super().__init__()
        self.number = next(self.numbers)
        self.after = timedelta(0)
        self.is_behind = False
        self.store.publish(Given(self.number))

    @property
    def seen(self) -> int:
        """The version that the person saw: the newest, or once the one before it."""
        behind, self.is_behind = self.is_behind, False
        return self.store.alert(self.number).version - behind

    def act(self, name: str, action) -> None:
        before = count_of_everything()
        try:
            action(self.store.actor(name, self.after))
        except (Refused, NotAllowed, NotFound):
            assert count_of_everything() == before

    @rule(name=WHO)
    def claim(self, name):
        self.act(name, lambda actor: workflow.claim(actor, alert_id(self.number)))

    @rule(name=WHO)
    def read(self, name):
        self.act(name, lambda actor: alerts.open_alert(actor, alert_id(self.number)))

    @rule(minutes=st.sampled_from([0, 1, 31]))
    def time_passes(self, minutes):
        self.after += timedelta(minutes=minutes, seconds=1)

    @rule()
    def fall_behind(self):
        self.is_behind = True

    @rule(name=WHO, code=CODES)
    def claim_and_decide(self, name, code):
        self.claim(name)
        self.decide(name, code)

    @rule(score=st.sampled_from([10, 90]))
    def rank(self, score):
        self.store.scored(self.number, score)

    @rule(name=WHO, code=CODES)
    def decide(self, name, code):
        choice = Choice(code, "salary", WHY)
        self.act(name, lambda actor: workflow.decide(actor, alert_id(self.number), self.seen, choice))

    @rule(name=WHO, days=st.sampled_from([1, 40]))
    def defer(self, name, days):
        until = NOW.date() + timedelta(days=days)
        self.act(name, lambda a: workflow.defer(a, alert_id(self.number), self.seen, until, ["new_flow"], WHY))

    @rule(name=WHO, what=st.sampled_from(["release", "wake"]))
    def give_back(self, name, what):
        self.act(name, lambda actor: getattr(workflow, what)(actor, alert_id(self.number), self.seen))

    @rule(name=WHO, what=st.sampled_from(["escalate", "reopen", "answer"]))
    def move(self, name, what):
        self.act(name, lambda actor: getattr(workflow, what)(actor, alert_id(self.number), self.seen, WHY))

    @rule(name=WHO)
    def ask(self, name):
        self.act(name, lambda a: workflow.ask_information(a, alert_id(self.number), self.seen, "Bank", WHY))

    @rule(name=WHO, is_urgent=st.booleans(), is_asked_for=st.booleans())
    def mark(self, name, is_urgent, is_asked_for):
        told = {"is_urgent": is_urgent, "is_asked_for": is_asked_for, "text": WHY}
        self.act(name, lambda actor: workflow.mark(actor, alert_id(self.number), self.seen, **told))

    @rule(name=WHO)
    def undo(self, name):
        step = AlertStep.objects.filter(alert__alert_id=alert_id(self.number)).order_by("-id").first()
        if step:
            self.act(name, lambda actor: workflow.undo(actor, step.pk))

    @rule(author=WHO, judge=WHO, code=CODES, is_approved=st.booleans())
    def decide_as_two(self, author, judge, code, is_approved):
        self.rank(90)
        self.claim_and_decide(author, code)
        self.judge(judge, is_approved)

    @rule(name=WHO, is_approved=st.booleans())
    def judge(self, name, is_approved):
        waits = Decision.objects.filter(alert__alert_id=alert_id(self.number), status="proposed").first()
        if waits:
            act = approvals.approve if is_approved else approvals.send_back
            self.act(name, lambda actor: act(actor, waits.pk, self.seen, WHY))

    @invariant()
    def what_always_holds(self):
        alert = self.store.alert(self.number)
        decisions = list(alert.decisions.order_by("ordinal"))
        assert [decision.ordinal for decision in decisions] == list(range(1, len(decisions) + 1))
        waiting = [decision for decision in decisions if decision.status == "proposed"]
        assert len(waiting) == (alert.state == "pending_approval")
        for decision in decisions:
            if decision.status == "final" and decision.needs_second:
                assert decision.judged_by_id not in (None, decision.proposed_by_id)
            if decision.code == "D1" and decision.status == "final":
                assert decision.needs_second
        if alert.state == "closed":
            last = [d for d in decisions if d.status == "final" and d.kind == "close"][-1]
            assert last.code == alert.disposition
        else:
            assert alert.disposition == ""
        assert (alert.owner_id is not None) == (alert.state in ("assigned", "in_review"))
        for step in alert.steps.all():
            transition = ALERT[Action(step.action)]
            assert step.from_state in transition.sources
            assert step.to_state == (transition.target or step.from_state)
        told = Event.objects.filter(object_kind="alert", object_id=alert.alert_id, action__startswith="alert_")
        done = told.exclude(action__in=["alert_undo", "alert_read"]).count()
        reads = alert.steps.filter(action="read").count()
        assert done == alert.steps.count() - reads


@pytest.mark.filterwarnings("ignore:.*is not reset between.*")
def test_what_holds_of_an_alert_always_holds(store: Store, monkeypatch):
    monkeypatch.setattr(Work, "store", store, raising=False)
    monkeypatch.setattr(Work, "numbers", iter(range(1, 10_000)), raising=False)
    run_state_machine_as_test(
        Work,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert audit.verify().broken_at is None
    final = Decision.objects.filter(status="final")
    assert {True, False} == set(final.values_list("needs_second", flat=True))
