"""The stored order: kept with all it was made from, explained and replayed later, cut by the members' minutes."""

import zlib
from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.home import UserError
from review import daily
from review.console.models import Alert, Event, Operation, Person, Queue, QueueEntry, RankingRun
from review.console.services import operations, people, queues, ranking, workflow
from review.console.services.errors import NotAllowed, Refused
from review.console.services.operations import Plan
from tests.review.console.store import NIGHT, NOW, SALARY, Given, Store, alert_id

DAY = timedelta(days=1)


def test_the_explanation_is_the_stored_order_and_survives_what_happens_later(store: Store):
    store.publish_ranked(*(Given(number, risk=number / 40) for number in range(1, 40)))
    shown = dict(QueueEntry.objects.values_list("alert__alert_id", "position"))
    store.publish_ranked(*(Given(number, risk=1 / number) for number in range(1, 40)), night=NIGHT + DAY, at=NOW + DAY)
    Person.objects.update(minutes_a_day=0)
    for number in (1, 20, 39):
        found = ranking.explain(alert_id(number), NIGHT)
        assert found.is_replayed
        assert found.placed.position == shown[alert_id(number)]
        assert found.candidate.risk == number / 40
    newest = ranking.explain(alert_id(1)[:10])
    assert newest.run.night == NIGHT + DAY


def test_the_nights_of_an_alert_can_be_looked_at(store: Store):
    store.publish_ranked(Given(2))
    for later in (DAY, 2 * DAY):
        store.publish_ranked(Given(1), Given(2), night=NIGHT + later, at=NOW + later)
    assert ranking.explain(alert_id(1)).nights(store.alert(1)) == [NIGHT + 2 * DAY, NIGHT + DAY]


def test_the_queues_are_ordered_anew_by_the_head_or_an_administrator_while_the_work_goes_on(store: Store, monkeypatch):
    store.publish_ranked(*(Given(number, risk=number / 60) for number in range(1, 60)))
    held = store.claimed(7)
    people.set_members(store.actor("chief"), held.queue.slug, [("anna", 40)])
    Person.objects.exclude(username="anna").update(minutes_a_day=0)
    for name in ("anna", "sveta", "audra"):
        with pytest.raises(NotAllowed):
            ranking.order_now(store.actor(name), "XS")
    assert 0 < ranking.order_now(store.actor("chief"), "XS") < 15
    assert (store.alert(7).owner, store.alert(7).version) == (store.actor("anna").person, held.version)
    assert Event.objects.filter(action="queue_ranked").latest("sequence").actor == "chief"
    monkeypatch.setattr(ranking, "ORDERED_AT_ONCE_MAX", 58)
    with pytest.raises(Refused):
        ranking.order_now(store.actor("chief"), "XS")


def test_alerts_of_several_nights_are_one_group_that_its_lead_explains(store: Store, monkeypatch):
    payers = [Given(n, risk=0.9, typologies=(), others=(1_050,), amount="5000") for n in range(1, 8)]
    store.publish_ranked(*payers[:4])
    collector = Given(50, risk=0.9, others=tuple(p.node for p in payers), amount="90000")
    store.publish_ranked(*payers[4:], collector, night=NIGHT + DAY, at=NOW + DAY)
    assert {store.alert(n).component_id for n in (*range(1, 8), 50)} == {alert_id(50)}
    assert store.alert(1).linked_count == 7
    assert QueueEntry.objects.get(alert=store.alert(50)).position == 1
    slug = store.alert(50).queue.slug
    page = queues.page(store.actor("anna"), slug)
    assert [item.lead.alert_id if item.lead else "" for item in page.items] == ["", alert_id(50), alert_id(50)]
    below = queues.page(store.actor("anna"), slug, "below").items[0].alert
    told = ranking.explain(below.alert_id)
    assert (told.lead, told.component_listed, told.is_capped) == (alert_id(50), 3, True)
    assert told.pull == told.placed.worth.value_per_minute * 0.25**2
    assert ranking.explain(alert_id(50)).lead is None
    # Rules that were changed since say nothing of an order that was made before.
    later = replace(daily.day_rules(), component_max=99)
    monkeypatch.setattr(daily, "day_rules", lambda: later)
    assert ranking.explain(below.alert_id).is_capped


def test_counts_follow_the_work(store: Store):
    Person.objects.update(minutes_a_day=30)
    store.publish(*(Given(number, risk=number / 60) for number in range(1, 60)))
    chief = store.actor("chief")
    queue = store.alert(1).queue
    before = queues.counts(chief, queue)["below"]
    last = QueueEntry.objects.filter(is_below_cut=True).select_related("alert").latest("position").alert
    held = workflow.claim(chief, last.alert_id)
    workflow.decide(chief, held.alert_id, held.version, SALARY)
    assert queues.counts(chief, queue)["below"] == before - 1


def test_a_run_whose_input_was_changed_is_not_called_replayed(store: Store):
    store.publish_ranked(*(Given(number, risk=number / 40) for number in range(1, 10)))
    run = RankingRun.objects.get()
    run.inputs = zlib.compress(zlib.decompress(bytes(run.inputs)).replace(b"0.225", b"0.999"))
    run.save()
    assert not ranking.explain(alert_id(1)).is_replayed


def test_what_there_is_not_is_said(store: Store):
    store.publish_ranked(Given(1))
    for words, told in (
        ((alert_id(2),), "No alert begins"),
        ((alert_id(1), NIGHT - DAY), "in no ranked queue"),
        ((alert_id(1), None, "nix"), "no queue nix"),
    ):
        with pytest.raises(UserError, match=told):
            ranking.explain(*words)


def test_the_cut_follows_the_members_minutes_from_the_next_ranking_on(store: Store):
    store.publish_ranked(*(Given(number, risk=number / 60) for number in range(1, 60)))
    slug = store.alert(1).queue.slug
    people.set_members(store.actor("chief"), slug, [("anna", 40)])
    Person.objects.exclude(username="anna").update(minutes_a_day=0)
    ranking.rerank("XS", NOW)
    queue = Queue.objects.get(slug=slug)
    assert queue.minutes == 40 * 0.75
    assert 0 < queue.cut < 15
    assert queue.below == 59 - queue.cut == QueueEntry.objects.filter(queue=queue, is_below_cut=True).count()
    assert RankingRun.objects.count() == 2


def test_what_nobody_could_read_for_ninety_days_is_closed_as_unreviewed(store: Store):
    Person.objects.update(minutes_a_day=0)
    store.publish_ranked(Given(1), Given(2))
    store.claimed(2)
    for days, state in ((89, "queued"), (90, "closed")):
        night = NIGHT + timedelta(days=days)
        store.publish_ranked(Given(100 + days), night=night, at=NOW + timedelta(days=days))
        assert store.alert(1).state == state
    assert store.alert(1).disposition == "D10"
    assert store.alert(2).state == "in_review"


def test_the_clock_of_what_nobody_reads_goes_on_where_its_cell_is_folded(store: Store):
    Person.objects.update(minutes_a_day=0)
    store.publish_ranked(*(Given(number) for number in range(1, 26)))
    own = store.alert(1).queue
    store.publish_ranked(Given(50, theme="DRUG-OPI"), night=NIGHT + 40 * DAY, at=NOW + 40 * DAY)
    entry = QueueEntry.objects.get(alert__alert_id=alert_id(1))
    assert entry.queue == store.alert(1).queue != own
    assert entry.below_since == NIGHT


def test_what_stands_on_the_list_is_not_closed_unreviewed_for_the_place_it_had_in_a_given_up_queue(store: Store):
    Person.objects.update(minutes_a_day=0)
    store.publish_ranked(*(Given(number) for number in range(1, 26)))
    Person.objects.update(minutes_a_day=10_000)
    for days in (40, 91):
        night = NIGHT + days * DAY
        store.publish_ranked(Given(days, theme="DRUG-OPI"), night=night, at=NOW + days * DAY)
        assert not QueueEntry.objects.get(alert__alert_id=alert_id(1)).is_below_cut
    assert store.alert(1).state == "queued"


@pytest.mark.parametrize("gone", [{"is_active": False}, {"role": "auditor"}])
def test_who_no_longer_works_alerts_gives_a_queue_no_minutes(store: Store, gone):
    store.publish_ranked(Given(1))
    Person.objects.exclude(username="anna").update(minutes_a_day=0)
    people.set_members(store.actor("chief"), store.alert(1).queue.slug, [("anna", 400)])
    operation = operations.approve(store.actor("chief"), operations.propose(store.actor("sveta"), plan()).queue.slug)
    people.set_members(store.actor("chief"), operation.queue.slug, [("anna", 40)])
    ranking.rerank("XS", NOW)
    assert set(Queue.objects.filter(is_active=True).values_list("minutes", flat=True)) == {300.0, 30.0}
    people.change(store.actor("chief"), "anna", **gone)
    ranking.rerank("XS", NOW)
    assert set(Queue.objects.filter(is_active=True).values_list("minutes", flat=True)) == {0.0}


def test_sparse_cells_fold_into_their_country_and_dense_ones_stand_alone(store: Store):
    store.publish_ranked(
        *(Given(number) for number in range(1, 26)), Given(50, territory="XS-B"), Given(51, territory="ZZ")
    )
    assert (store.alert(1).queue.territory, store.alert(1).queue.theme) == ("XS-A", "DRUG-SHOP")
    assert store.alert(50).queue.territory in {"XS", "*"}
    assert ["XS-B", "DRUG-SHOP"] in store.alert(50).queue.folded
    assert store.alert(51).queue.territory == "ZZ"


def plan(**more) -> Plan:
    told = Plan("Channel", "Канал", ["XS-A"], [], ["DRUG-SHOP"], NIGHT, NIGHT + 5 * DAY, 0.5, 0.3)
    return replace(told, **more)


def test_an_operation_is_proposed_by_a_senior_and_set_in_force_by_the_head_alone(store: Store):
    store.publish_ranked(Given(1, risk=0.9), Given(2, territory="XS-B"), Given(3))
    made = operations.propose(store.actor("sveta"), plan())
    with pytest.raises(NotAllowed):
        operations.approve(store.actor("sveta"), made.queue.slug)
    ranking.rerank("XS", NOW)
    assert not QueueEntry.objects.filter(queue=made.queue).exists()
    operations.approve(store.actor("chief"), made.queue.slug)
    ranking.rerank("XS", NOW)
    overlay = set(QueueEntry.objects.filter(queue=made.queue).values_list("alert__alert_id", flat=True))
    assert overlay == {alert_id(1), alert_id(3)}
    assert ranking.explain(alert_id(1)).candidate.boost == 0.5
    assert Alert.objects.filter(queue=made.queue).count() == 0, "an overlay owns no alert"
    operations.close(store.actor("chief"), made.queue.slug)
    ranking.rerank("XS", NOW)
    assert ranking.explain(alert_id(1)).candidate.boost == 0


@pytest.mark.parametrize("quota", [0.0, 0.2, 0.5])
def test_an_operations_quota_bounds_what_it_puts_first_in_the_home_queues(store: Store, quota):
    Person.objects.exclude(username="anna").update(minutes_a_day=0)
    store.publish_ranked(*(Given(number, risk=number / 40) for number in range(1, 31)))
    people.set_members(store.actor("chief"), store.alert(1).queue.slug, [("anna", 107)])
    asked = operations.propose(store.actor("sveta"), plan(boost=0, quota=quota))
    operations.approve(store.actor("chief"), asked.queue.slug)
    ranking.rerank("XS", NOW)
    first = QueueEntry.objects.filter(queue=store.alert(1).queue, rank_class="1")
    taken, reach = [entry.minutes for entry in first], quota * 107 * 0.75
    assert sum(taken) <= reach
    assert sum(taken) + max(taken, default=1) > reach


def test_an_operation_without_members_has_its_quota_of_the_queues_around(store: Store):
    Person.objects.exclude(username="anna").update(minutes_a_day=0)
    store.publish_ranked(*(Given(number) for number in range(1, 26)), Given(30, theme="DRUG-OPI"))
    minutes = store.alert(1).queue
    asked = operations.propose(store.actor("sveta"), plan())
    operations.approve(store.actor("chief"), asked.queue.slug)
    ranking.rerank("XS", NOW)
    minutes.refresh_from_db()
    overlay = Queue.objects.get(pk=asked.queue.pk)
    assert overlay.minutes == pytest.approx(0.3 * minutes.minutes)
    assert 0 < overlay.cut < 25
    people.set_members(store.actor("chief"), overlay.slug, [("boris", 40)])
    ranking.rerank("XS", NOW)
    assert Queue.objects.get(pk=overlay.pk).minutes == 40 * 0.75


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("boost", {"boost": 1.1}),
        ("quota", {"quota": 0.6}),
        ("ends_on", {"ends_on": NIGHT - DAY}),
        ("territories", {"territories": []}),
        ("territories", {"territories": ["RU-NOWHERE"]}),
        ("corridors", {"territories": [], "corridors": ["KG"]}),
        ("corridors", {"territories": [], "corridors": ["KG>QQ"]}),
        ("name_en", {"name_ru": " "}),
    ],
)
def test_an_operation_out_of_bounds_is_refused(store: Store, field, wrong):
    with pytest.raises(Refused) as error:
        operations.propose(store.actor("chief"), plan(**wrong))
    assert error.value.field == field
    assert not Operation.objects.exists()
