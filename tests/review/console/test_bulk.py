"""Closing alerts with the same reasons together: previewed, all or none, never a dissemination, undone together."""

from datetime import timedelta

import pytest

from review.console.models import Alert, Decision
from review.console.services import bulk, workflow
from review.console.services.errors import NotFound, Refused, Stale
from review.console.services.workflow import Choice
from tests.review.console.store import NIGHT, NOW, SALARY, WHY, Given, Store, alert_id, count_of_everything

ONE_DAY = timedelta(days=1)


def some(*numbers: int) -> list[str]:
    return [alert_id(number) for number in numbers]


def test_the_previewed_alerts_are_closed_each_with_its_own_decision(store: Store):
    store.publish(Given(1), Given(2), Given(3))
    store.scored(3, 90)
    preview = bulk.preview(store.actor("anna"), some(1, 2, 3))
    assert (len(preview.alerts), preview.typologies, preview.with_second) == (3, "FAN-01", 1)
    batch, outcomes = bulk.close(store.actor("anna"), preview.token, SALARY)
    assert [outcome.needs_second for outcome in sorted(outcomes, key=lambda o: o.alert.score)] == [False, False, True]
    assert Decision.objects.filter(batch=batch).count() == 3
    assert {store.alert(n).state for n in (1, 2)} == {"closed"}
    assert store.alert(3).state == "pending_approval"
    assert bulk.undo(store.actor("anna", timedelta(seconds=5)), batch) == 3
    assert {store.alert(n).state for n in (1, 2, 3)} == {"queued"}
    assert set(Decision.objects.values_list("status", flat=True)) == {"undone"}


def test_undone_together_each_is_again_in_the_hands_in_which_it_was(store: Store):
    store.publish(Given(1), Given(2), Given(3))
    store.claimed(1)
    store.claimed(2)
    Alert.objects.filter(alert_id=alert_id(2)).update(state="returned", owner=None, locked_at=None, active_at=None)
    before = [(store.alert(n).state, store.alert(n).owner) for n in (1, 2, 3)]
    token = bulk.preview(store.actor("anna"), some(1, 2, 3)).token
    batch, _ = bulk.close(store.actor("anna"), token, SALARY)
    assert bulk.undo(store.actor("anna", timedelta(seconds=5)), batch) == 3
    assert [(store.alert(n).state, store.alert(n).owner) for n in (1, 2, 3)] == before
    assert workflow.claim(store.actor("boris", timedelta(seconds=6)), alert_id(3)).state == "assigned"


def by_model(number: int, *features: str) -> Given:
    return Given(number, family="MODEL", typologies=(), features=features or ("asof_dst_in_fan_7d",))


def test_alerts_of_the_model_alone_are_closed_together_where_the_same_two_features_lead(store: Store):
    fan, amount, sums = "asof_dst_in_fan_7d", "asof_dst_in_max_7d", "asof_dst_in_sum_7d"
    store.publish(by_model(1, fan, amount, sums), by_model(2, amount, fan), by_model(3, fan, sums, amount), Given(4))
    anna = store.actor("anna")
    for wanted in (some(1, 2, 3), some(1, 4)):
        with pytest.raises(Refused) as error:
            bulk.preview(anna, wanted)
        assert error.value.code == "ground"
    preview = bulk.preview(anna, some(1, 2))
    assert (preview.typologies, preview.lead_features) == ("", f"{fan},{amount}")
    batch, _ = bulk.close(anna, preview.token, SALARY)
    assert [store.alert(number).state for number in (1, 2, 3, 4)] == ["closed", "closed", "queued", "queued"]
    assert bulk.undo(store.actor("anna", timedelta(seconds=5)), batch) == 2
    assert {store.alert(number).state for number in (1, 2)} == {"queued"}


def test_alerts_of_before_are_kept_and_learn_what_leads_at_the_next_handover(store: Store):
    store.publish(by_model(1), by_model(2), Given(3), Given(4))
    Alert.objects.update(lead_features="")
    anna = store.actor("anna")
    assert len(bulk.preview(anna, some(3, 4)).alerts) == 2, "typologies are known without it"
    with pytest.raises(Refused) as error:
        bulk.preview(anna, some(1, 2))
    assert error.value.code == "ground"
    held = store.claimed(1)
    store.publish(by_model(1), by_model(2), night=NIGHT + ONE_DAY, at=NOW + ONE_DAY)
    assert store.alert(1).version == held.version, "what leads is no news to whoever works on it"
    assert len(bulk.preview(anna, some(1, 2)).alerts) == 2


def test_all_or_none_where_one_has_changed_since_the_preview(store: Store):
    store.publish(Given(1), Given(2), Given(3))
    preview = bulk.preview(store.actor("anna"), some(1, 2, 3))
    workflow.claim(store.actor("boris"), alert_id(2))
    before = count_of_everything()
    with pytest.raises((Stale, Refused)):
        bulk.close(store.actor("anna"), preview.token, SALARY)
    assert count_of_everything() == before


def test_what_is_never_closed_together(store: Store):
    store.publish(Given(1), Given(2, typologies=("CYC-01",)), Given(3), *(Given(n) for n in range(10, 61)))
    workflow.claim(store.actor("boris"), alert_id(3))
    anna = store.actor("anna")
    for code, wanted in {
        "ground": some(1, 2),
        "locked": some(1, 3),
        "count": some(*range(10, 61)),
        "missing": [alert_id(1), "0" * 32],
    }.items():
        with pytest.raises(Refused) as error:
            bulk.preview(anna, wanted)
        assert error.value.code == code
    with pytest.raises(Refused) as error:
        bulk.preview(anna, [])
    assert error.value.code == "count"
    token = bulk.preview(anna, some(1, 10)).token
    for code, choice in (("code", Choice("D1", "", WHY)), ("text", Choice("D5", "salary", ""))):
        with pytest.raises(Refused) as error:
            bulk.close(anna, token, choice)
        assert error.value.code == code


def test_a_preview_belongs_to_its_person_and_can_not_be_made_up(store: Store):
    store.publish(Given(1), Given(2))
    token = bulk.preview(store.actor("anna"), some(1, 2)).token
    for name, given in (("boris", token), ("anna", token[:-1] + "x"), ("anna", "")):
        with pytest.raises(Refused) as error:
            bulk.close(store.actor(name), given, SALARY)
        assert error.value.code == "token"


def test_undo_of_a_batch_is_refused_late(store: Store):
    store.publish(Given(1), Given(2))
    token = bulk.preview(store.actor("anna"), some(1, 2)).token
    batch, _ = bulk.close(store.actor("anna"), token, SALARY)
    with pytest.raises(Refused) as error:
        bulk.undo(store.actor("anna", timedelta(seconds=11)), batch)
    assert error.value.code == "undo"
    with pytest.raises(NotFound):
        bulk.undo(store.actor("boris"), batch)
