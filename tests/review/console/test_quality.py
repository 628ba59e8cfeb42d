"""Table S16: how good the order is, from decisions on what was read by rank and on the random sample."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.console.models import Alert, QueueEntry
from review.console.services import quality, workflow
from review.console.services.quality import FEW, Share
from review.console.services.workflow import Choice
from tests.review.console.store import SALARY, WHY, Given, Store, alert_id

YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
USEFUL = Choice("D3", "", WHY)


def table(store: Store, name: str = "chief") -> quality.Quality:
    return quality.quality_of(store.actor(name), *YEAR)


def test_how_an_alert_came_to_be_read_is_kept_when_it_is_taken(store: Store) -> None:
    store.publish(Given(1), Given(2), Given(3))
    for number, rank_class in ((1, "2"), (2, "R"), (3, "-")):
        QueueEntry.objects.filter(alert=store.alert(number)).update(rank_class=rank_class)
    for number in (1, 2, 3):
        store.claimed(number)
    assert [store.alert(number).taken_as for number in (1, 2, 3)] == ["2", "R", "-"]
    assert store.alert(1).taken_risk == store.alert(1).risk
    # Whoever was drawn at random stays so, whatever list brings the alert back.
    for number in (1, 2):
        workflow.release(store.actor("anna"), alert_id(number), store.alert(number).version)
        QueueEntry.objects.filter(alert=store.alert(number)).update(rank_class="1")
        Alert.objects.filter(alert_id=alert_id(number)).update(risk=0.9)
        store.claimed(number)
    assert [(store.alert(n).taken_as, store.alert(n).taken_risk) for n in (1, 2)] == [("1", 0.9), ("R", 0.5)]


def test_a_risk_that_only_gives_an_order_is_no_probability_to_hold_against_the_outcome(only_sqlite: Store) -> None:
    only_sqlite.publish(Given(1))
    Alert.objects.update(is_calibrated=False)
    only_sqlite.claimed(1)
    assert only_sqlite.alert(1).taken_risk is None


def test_real_decisions_are_counted_by_how_they_came_and_the_silent_ones_left_out(store: Store) -> None:
    store.publish(*(Given(number) for number in range(1, 6)))
    for number, rank_class, choice in (
        (1, "2", USEFUL),
        (2, "2", SALARY),
        (3, "R", SALARY),
        (4, "3", Choice("D9", "no_answer", WHY)),
    ):
        QueueEntry.objects.filter(alert=store.alert(number)).update(rank_class=rank_class)
        held = store.claimed(number)
        workflow.decide(store.actor("anna"), held.alert_id, held.version, choice)
    found = table(store)
    assert found.by_class == (("2", Share(1, 2)), ("R", Share(0, 1)))
    assert (found.ranked, found.drawn, found.silent, found.unknown) == (Share(1, 2), Share(0, 1), 1, 0)
    assert found.recall.value is None, "one random decision tells nothing"
    assert table(store, "sveta").ranked == Share(1, 2)


def test_recall_is_what_was_found_against_the_random_samples_share_of_what_was_not_ranked(store: Store) -> None:
    store.publish(*(Given(number) for number in range(1, 121)))
    for number in range(1, 11):
        store.closed(number, "2", "D3")
    for number in range(11, 51):
        store.closed(number, "R", "D4" if number < 15 else "D5", 0.1)
    for number in range(51, 61):
        store.closed(number, "", "D10")
    below = Alert.objects.filter(state="queued")
    QueueEntry.objects.filter(alert__in=below).update(is_below_cut=True, rank_class="-")
    found = table(store)
    # 60 wait below the cut, 10 were closed unread, 40 were drawn: 110, of which a tenth may be useful.
    assert (found.recall.found, found.recall.unranked, found.drawn) == (10, 110, Share(4, 40))
    assert found.recall.value == pytest.approx(10 / (10 + 0.1 * 110))
    assert found.recall.low < 10 / 21 < found.recall.high


def test_calibration_is_of_the_random_sample_alone(store: Store) -> None:
    store.publish(*(Given(number) for number in range(1, 101)))
    for number in range(1, 41):
        store.closed(number, "R", "D3" if number <= 4 else "D5", 0.1)
    for number in range(41, 61):
        store.closed(number, "R", "D3" if number <= 45 else "D7", 0.75)
    for number in range(61, 101):
        store.closed(number, "2", "D5", 0.99)
    found = table(store)
    assert [(band.low, band.high, band.share) for band in found.bands] == [
        (0.1, 0.2, Share(4, 40)),
        (0.6, 0.8, Share(5, 20)),
    ]
    # 40 alerts as said, 20 half a unit off.
    assert found.calibration_error == pytest.approx(20 * 0.5 / 60)
    assert found.is_miscalibrated


def test_an_error_that_chance_explains_raises_no_alarm(only_sqlite: Store) -> None:
    only_sqlite.publish(*(Given(number) for number in range(1, 41)))
    for number in range(1, 41):
        only_sqlite.closed(number, "R", "D3" if number <= 22 else "D5", 0.49)
    found = table(only_sqlite)
    # 22 of 40 where 19.6 were said; the mean absolute deviation of such shares is 0.063.
    assert found.calibration_error == pytest.approx(0.06)
    assert found.calibration_chance == pytest.approx(0.0631, abs=5e-4)
    assert not found.is_miscalibrated


def test_a_cell_is_named_whose_share_below_the_cut_is_surely_twice_that_of_the_others(store: Store) -> None:
    store.publish(*(Given(number) for number in range(1, 201)))
    for number in range(1, 161):
        store.closed(number, "R", "D3" if number <= 4 else "D5")
    for number in range(161, 201):
        store.closed(number, "R", "D3" if number <= 167 else "D5", theme="DRUG-SYN")
    found = table(store)
    assert [(cell.theme, cell.drawn.decided, cell.is_alarming) for cell in found.cells] == [
        ("DRUG-SHOP", 160, False),
        ("DRUG-SYN", 40, True),
    ]


def test_a_bounded_persons_table_holds_their_own_alone(store: Store) -> None:
    store.publish(Given(1), Given(2, territory="XS-B"))
    for number in (1, 2):
        store.closed(number, "2", "D3")
    assert table(store).ranked == Share(2, 2)
    assert table(store, "anna").ranked == Share(1, 1)


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_narrows_with_more(counts: tuple[int, int]) -> None:
    useful, decided = counts
    share, larger = Share(useful, decided), Share(useful * 4, decided * 4)
    assert 0 <= share.low <= useful / decided <= share.high <= 1
    assert larger.high - larger.low < share.high - share.low
    assert share.is_few == (decided < FEW)


def test_the_interval_of_a_textbook_case() -> None:
    """10 of 100: 5.5 % to 17.4 % (Wilson without correction for continuity)."""
    share = Share(10, 100)
    assert (share.low, share.high) == (pytest.approx(0.0552, abs=5e-4), pytest.approx(0.1744, abs=5e-4))


def test_days_of_another_year_are_not_counted(only_sqlite: Store) -> None:
    only_sqlite.publish(Given(1))
    only_sqlite.closed(1, "2", "D3")
    a_year_before = [day - timedelta(days=365) for day in YEAR]
    assert quality.quality_of(only_sqlite.actor("chief"), *a_year_before).by_class == ()
    assert table(only_sqlite).by_class == (("2", Share(1, 1)),)
