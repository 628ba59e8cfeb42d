"""Handing a night over: all of it or nothing, the same night once, held alerts renewed and never lost."""

from datetime import timedelta

import pytest

from pipelines.home import UserError
from review.console import command
from review.console.models import Alert, AlertContent, Event, Publication, QueueEntry, RankingRun, Report, Subject
from review.console.services import alerts, audit, publishing, queues, ranking, workflow
from tests.review.console.store import NIGHT, NOW, SALARY, Given, Store, alert_id, count_of_everything

DAY = timedelta(days=1)
NEXT = NIGHT + DAY


def test_the_same_night_again_changes_nothing(store: Store):
    first = store.publish_ranked(Given(1), Given(2))
    before = count_of_everything()
    again = store.publish_ranked(Given(1), Given(2))
    assert (first.new, again.was_known) == (2, True)
    assert count_of_everything() == before


def test_a_night_that_breaks_leaves_the_old_queue_and_says_so(store: Store, monkeypatch):
    store.publish(Given(1), Given(2))
    before = count_of_everything()
    shown = list(QueueEntry.objects.order_by("pk").values_list("alert_id", "position"))

    def breaks(*_args: object, **_more: object) -> int:
        raise RuntimeError("the power went out")

    monkeypatch.setattr(ranking, "rank_night", breaks)
    with pytest.raises(RuntimeError):
        store.publish(Given(1, evidence=("t9",)), Given(3), night=NEXT, at=NOW + DAY)
    assert count_of_everything() == before
    assert list(QueueEntry.objects.order_by("pk").values_list("alert_id", "position")) == shown
    assert not Subject.objects.filter(node_id=1_003).exists()
    age = publishing.queue_age(NOW + DAY)
    assert (age.night, age.days, age.is_stale, age.failed_night) == (NIGHT, 2, True, None)
    publishing.note_failure(NEXT, "The disk is full.", NOW + DAY)
    age = publishing.queue_age(NOW + DAY)
    assert (age.failed_night, age.message) == (NEXT, "The disk is full.")
    monkeypatch.undo()
    store.publish(Given(3), night=NEXT, at=NOW + DAY)
    age = publishing.queue_age(NOW + DAY)
    assert (age.night, age.is_stale, age.failed_night, age.message) == (NEXT, False, None, "")


def test_an_alert_that_somebody_holds_is_renewed_and_stays_in_their_hands(store: Store):
    store.publish(Given(1))
    store.claimed(1)
    store.publish(Given(1, evidence=("t1", "t2", "t3"), amount="5"), night=NEXT, at=NOW + DAY)
    now = store.alert(1)
    assert (now.state, now.owner.username, now.evidence_count, now.first_night) == ("in_review", "anna", 3, NIGHT)
    assert alerts.open_alert(store.actor("anna"), alert_id(1)).movements[-1].transaction_id == "t3"


def test_a_held_alert_that_the_next_night_no_longer_finds_is_not_lost(store: Store):
    store.publish(Given(1), Given(2))
    held = store.claimed(1)
    store.publish(Given(3), night=NEXT, at=NOW + DAY)
    assert (store.alert(1).state, store.alert(1).version) == ("in_review", held.version)
    assert QueueEntry.objects.filter(alert__alert_id__in=[alert_id(1), alert_id(2)]).count() == 2
    workflow.decide(store.actor("anna"), alert_id(1), held.version, SALARY)


def test_a_late_night_changes_no_newer_content_and_no_order(store: Store):
    store.publish(Given(1, evidence=("t1", "t2", "t3")), night=NEXT, at=NOW)
    runs = RankingRun.objects.count()
    store.publish(Given(1, evidence=("t1",)), Given(2), night=NIGHT, at=NOW, is_newest=False)
    assert store.alert(1).evidence_count == 3
    assert RankingRun.objects.count() == runs
    assert store.alert(2).state == "new"


@pytest.mark.parametrize(("evidence", "state"), [(("t1", "t2", "t3"), "queued"), (("t1", "t2"), "closed")])
def test_a_closed_alert_opens_again_on_enough_new_evidence_only(store: Store, evidence, state):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.decide(store.actor("anna"), alert_id(1), held.version, SALARY)
    store.publish(Given(1, evidence=evidence, amount="7"), night=NIGHT + 2 * DAY, at=NOW + 2 * DAY)
    assert store.alert(1).state == state
    assert Event.objects.filter(action="alert_reopen").count() == (state == "queued")


def test_a_corrected_report_version_does_not_replace_the_one_that_was_read(store: Store):
    store.publish(Given(1, reports=("XS:bank:R-1:1",)))
    store.publish(Given(1, reports=("XS:bank:R-1:1", "XS:bank:R-1:2")), night=NEXT, at=NOW)
    assert Report.objects.count() == 2
    assert len(alerts.reports_of(store.actor("anna"), alert_id(1))) == 2


def test_every_alert_has_content_and_the_handover_is_in_the_log(store: Store):
    store.publish_ranked(*(Given(number) for number in range(1, 150)))
    assert Alert.objects.count() == AlertContent.objects.count() == 149
    assert Publication.objects.get().new_count == 149
    assert audit.verify().broken_at is None


def test_the_service_time_of_a_night_that_is_handed_over_late_begins_with_the_handover(store: Store):
    store.publish(Given(1))
    store.publish(Given(2), night=NIGHT + DAY, at=NOW + 300 * DAY)
    usual, late = store.alert(1), store.alert(2)
    assert late.due_on - (NOW + 299 * DAY).date() == usual.due_on - NIGHT
    anna = store.actor("anna", 301 * DAY)
    assert [item.is_late for item in queues.page(anna, late.queue.slug).items if item.alert == late] == [False]


def test_a_stale_queue_and_an_empty_one_are_told_apart(store: Store):
    assert publishing.queue_age(NOW).night is None
    store.publish(Given(1))
    assert publishing.queue_age(NOW).is_stale is False
    assert publishing.queue_age(NOW + 3 * DAY).days == 4


def test_the_text_of_an_unforeseen_error_is_not_kept(store: Store, tmp_path, monkeypatch):
    monkeypatch.setattr(command.config, "exists", lambda _home: True)
    monkeypatch.setattr(command, "require", lambda _home: None)
    command.note_failure(None, NIGHT, ValueError("Щербаков"), NOW)  # type: ignore[arg-type]
    command.note_failure(None, NIGHT, UserError("The disk is full."), NOW)  # type: ignore[arg-type]
    told = list(Publication.objects.order_by("pk").values_list("message", flat=True))
    assert told == ["ValueError; see the night's log.", "The disk is full."]
