"""Many people at once, each on a connection of their own: no decision is lost, none is made twice, the chain holds."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections
from django.db.models import Count

from review.console.models import Alert, Decision, Event, Person, Scope
from review.console.services import approvals, audit, cases, workflow
from review.console.services.errors import Refused
from tests.review.console.store import NOW, SALARY, WHY, Given, Store, alert_id

WORKERS = 8
ALERTS = 30


def crew(role: str = "analyst") -> list[str]:
    """So many more persons of one role."""
    names = [f"{role}{number}" for number in range(WORKERS)]
    for name in names:
        person = Person.objects.create(username=name, password="", role=role, created_at=NOW)
        Scope.objects.create(person=person, territory="XS-A")
    return names


def together(names, act) -> list:
    """What each person's act returned, all started at one moment; any other error than a refusal breaks the test."""
    barrier = Barrier(len(names))

    def alone(name):
        try:
            barrier.wait()
            return act(name)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(alone, names))


def attempt(act) -> bool:
    try:
        act()
    except Refused:
        return False
    return True


def test_one_alert_is_claimed_by_one_of_many(store: Store):
    store.publish(Given(1))
    won = together(crew(), lambda name: attempt(lambda: workflow.claim(store.actor(name), alert_id(1))))
    assert sum(won) == 1
    assert store.alert(1).steps.filter(action="claim").count() == 1


def test_many_who_work_one_queue_decide_every_alert_once(store: Store):
    store.publish(*(Given(number) for number in range(1, ALERTS + 1)))
    slug = store.alert(1).queue.slug

    def work(name) -> int:
        done = 0
        while (alert := workflow.next_and_lock(store.actor(name), slug)) is not None:
            done += attempt(lambda a=alert: workflow.decide(store.actor(name), a.alert_id, a.version, SALARY))
        return done

    done = together(crew(), work)
    assert sum(done) == Alert.objects.filter(state="closed").count() == ALERTS
    per_alert = Decision.objects.values("alert").annotate(n=Count("id")).values_list("n", flat=True)
    assert list(per_alert) == [1] * ALERTS
    assert Event.objects.filter(action="alert_close").count() == ALERTS
    assert audit.verify().broken_at is None


def test_two_windows_of_one_person_decide_once(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    done = together(
        ["anna"] * 6,
        lambda name: attempt(lambda: workflow.decide(store.actor(name), held.alert_id, held.version, SALARY)),
    )
    assert sum(done) == 1
    assert Decision.objects.count() == 1


def test_a_proposal_is_judged_once(store: Store):
    store.publish(Given(1))
    decision = store.proposed(1)
    version = store.alert(1).version

    def judge(name) -> bool:
        act = approvals.approve if name[-1] in "02468" else approvals.send_back
        return attempt(lambda: act(store.actor(name), decision.pk, version, WHY))

    assert sum(together(crew("senior"), judge)) == 1
    assert Decision.objects.get().status in {"final", "returned"}


def test_a_night_that_arrives_in_the_middle_of_the_work_loses_nothing(store: Store):
    from datetime import timedelta

    from tests.review.console.store import NIGHT

    given = [Given(number) for number in range(1, ALERTS + 1)]
    store.publish(*given)
    slug = store.alert(1).queue.slug

    def work(name) -> int:
        if name == "night":
            more = [Given(g.number, evidence=("t1", "t2", "t3")) for g in given]
            store.publish_ranked(*more, night=NIGHT + timedelta(days=1), at=NOW)
            return 0
        done = 0
        for _ in range(10):
            alert = workflow.next_and_lock(store.actor(name), slug)
            if alert is not None:
                done += attempt(lambda a=alert: workflow.decide(store.actor(name), a.alert_id, a.version, SALARY))
        return done

    done = together([*crew()[:3], "night"], work)
    assert Decision.objects.exclude(status="undone").count() == sum(done)
    assert Alert.objects.count() == ALERTS
    assert audit.verify().broken_at is None


def test_cases_opened_at_once_have_numbers_of_their_own(store: Store):
    numbers = together(crew(), lambda name: cases.create(store.actor(name), f"Case of {name}").number)
    assert len(set(numbers)) == WORKERS
