"""Who sees what: role, territory x theme, need to know. What must not be seen looks like what does not exist."""

from collections.abc import Callable
from importlib import import_module

import pytest
from django.db import connection

from review.console.models import Person, SubjectTerm
from review.console.services import access, alerts, bulk, cases, people, queues, search, workflow
from review.console.services.actor import Actor
from review.console.services.errors import NotAllowed, NotFound, Refused
from tests.review.console.store import NOW, SALARY, WHY, Given, Store, alert_id

ONE = alert_id(1)
SEEN = {
    "anna": {1, 2, 3},
    "stranger": {4},
    "themed": {3},
    "sveta": {1, 2, 3, 4},
    "dina": set(),
    "audra": {1, 2, 3, 4, 5, 6},
    "egor": set(),
    "chief": {1, 2, 3, 4, 5, 6},
}


@pytest.fixture
def filled(store: Store) -> Store:
    store.publish(
        Given(1, name="Щербаков Пётр"),
        Given(2, territory="XS-AB"),
        Given(3, theme="DRUG-OPI"),
        Given(4, territory="XS-B", name="Щербаков Иван"),
        Given(5, territory="XT-A"),
        Given(6, territory="XSA"),
    )
    # XS-AB is a territory of its own and none within XS-A; 2 is moved there so that a mere prefix would be caught.
    return store


@pytest.mark.parametrize("name", SEEN)
def test_alerts_are_seen_by_territory_theme_and_role(filled: Store, name):
    from review.console.models import Alert

    Alert.objects.filter(alert_id=alert_id(2)).update(territory="XS-A")
    found = set(access.alerts_for(filled.actor(name)).values_list("alert_id", flat=True))
    assert found == {alert_id(number) for number in SEEN[name]}
    Alert.objects.filter(alert_id=alert_id(2)).update(territory="XS-AB")
    assert access.alerts_for(filled.actor("anna")).filter(alert_id=alert_id(2)).count() == 0


EVERY_WAY: dict[str, Callable[[Actor], object]] = {
    "open": lambda a: alerts.open_alert(a, ONE),
    "movements": lambda a: alerts.reason_of(a, ONE, 0),
    "reports": lambda a: alerts.reports_of(a, ONE),
    "report": lambda a: alerts.report_for(a, "XS:bank:R-1:1"),
    "similar": lambda a: alerts.similar_to(a, ONE),
    "history": lambda a: alerts.history_of(a, ONE),
    "note": lambda a: alerts.add_note(a, ONE, WHY),
    "claim": lambda a: workflow.claim(a, ONE),
    "touch": lambda a: workflow.touch(a, ONE),
    "release": lambda a: workflow.release(a, ONE, 1),
    "decide": lambda a: workflow.decide(a, ONE, 1, SALARY),
    "defer": lambda a: workflow.defer(a, ONE, 1, NOW.date().replace(day=9), [], WHY),
    "ask": lambda a: workflow.ask_information(a, ONE, 1, "Bank", WHY),
    "answer": lambda a: workflow.answer(a, ONE, 1, WHY),
    "escalate": lambda a: workflow.escalate(a, ONE, 1, WHY),
    "take escalated": lambda a: workflow.take_escalated(a, ONE, 1),
    "link": lambda a: workflow.link_to_case(a, ONE, 1, "2026-00001"),
    "wake": lambda a: workflow.wake(a, ONE, 1),
    "unlink": lambda a: workflow.unlink(a, ONE, 1, WHY),
    "mark": lambda a: workflow.mark(a, ONE, 1, is_urgent=True, is_asked_for=False, text=WHY),
    "case": lambda a: cases.create(a, "Ring", ONE, 1),
}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_to_a_stranger_an_alert_is_not_there(only_sqlite: Store, way):
    only_sqlite.publish(Given(1))
    with pytest.raises(NotFound):
        EVERY_WAY[way](only_sqlite.actor("stranger"))
    with pytest.raises((NotFound, NotAllowed)):
        EVERY_WAY[way](only_sqlite.actor("egor"))


def test_a_bulk_closing_does_not_tell_a_stranger_what_there_is(only_sqlite: Store):
    only_sqlite.publish(Given(1), Given(2, territory="XS-B"))
    for wanted in ([ONE, alert_id(2)], ["f" * 32, alert_id(2)]):
        with pytest.raises(Refused) as error:
            bulk.preview(only_sqlite.actor("stranger"), wanted)
        assert error.value.code == "missing"


def test_search_finds_either_script_and_only_what_may_be_seen(filled: Store):
    for words in ("Щербаков", "Shcherbakov", "щербаков петр", "Ščerbakov", "40702810001001"):
        found = [hit.alert.alert_id for hit in search.find(filled.actor("anna"), words).alerts]
        assert found == [ONE], words
    assert len(search.find(filled.actor("chief"), "shcherbakov").alerts) == 2
    assert search.find(filled.actor("anna"), "Shcherbakov", exact=True).alerts == ()
    assert search.find(filled.actor("anna"), "R-1").alerts == ()
    assert [hit.alert.alert_id for hit in search.find(filled.actor("anna"), ONE[:8]).alerts] == [ONE]
    assert search.find(filled.actor("stranger"), ONE[:8]).alerts == ()


def test_search_finds_a_number_by_its_last_digits_and_an_alert_by_four_characters(store: Store):
    store.publish(Given(1), Given(2))
    for words in ("2810001001", "1 001", "1001"):
        found = [hit.alert.alert_id for hit in search.find(store.actor("anna"), words).alerts]
        assert found == [ONE], words
    assert not search.find(store.actor("anna"), "1001001").alerts
    assert [hit.alert.alert_id for hit in search.find(store.actor("anna"), ONE[:4]).alerts] == [ONE]


@pytest.mark.parametrize("words", ["zz", "zzzz", "qqqq", "щщ", "yy"])
def test_search_by_a_word_that_folds_to_one_letter_does_not_find_every_name_with_it(store: Store, words):
    store.publish(Given(1, name="Zakharov"), Given(2, name="Каримов"), Given(3, name="Щукин"), Given(4, name="Иванов"))
    assert search.find(store.actor("anna"), words).alerts == ()


@pytest.mark.parametrize(
    ("words", "name"), [("sh", "Шукшин"), ("kh", "Khan"), ("ше", "Shevchenko"), ("Ли", "Li"), ("ch", "Чехов")]
)
def test_search_by_two_letters_finds_the_names_that_begin_so(store: Store, words, name):
    store.publish(Given(1, name=name), Given(2, name="Сидоров"))
    assert [hit.alert.alert_id for hit in search.find(store.actor("anna"), words).alerts] == [ONE]


def test_numbers_that_an_older_version_stored_are_found_by_their_end_too(store: Store):
    store.publish(Given(1))
    SubjectTerm.objects.filter(kind="tail").delete()
    assert search.find(store.actor("anna"), "10001001").alerts == ()
    with connection.cursor() as cursor:
        cursor.execute(import_module("review.console.migrations.0012_searches").TAILS)
    assert [hit.alert.alert_id for hit in search.find(store.actor("anna"), "10001001").alerts] == [ONE]


def test_search_finds_ones_own_behind_many_of_the_same_name_elsewhere(store: Store, monkeypatch):
    monkeypatch.setattr(search, "_ROWS_MAX", 5)
    theirs = [Given(number, territory="XS-B", name="Ivanov Ivan") for number in range(1, 9)]
    store.publish(*theirs, Given(20, name="Ivanov Oleg"))
    found = search.find(store.actor("anna"), "ivanov")
    assert [hit.alert.alert_id for hit in found.alerts] == [alert_id(20)]
    assert not found.is_cut
    assert search.find(store.actor("chief"), "ivanov").is_cut


def test_two_common_words_find_who_has_both_and_the_spelling_asked_for_comes_first(store: Store, monkeypatch):
    monkeypatch.setattr(search, "_POOL", 5)
    common = [Given(number, name="Ivanov Ivan" if number % 2 else "Petrov Oleg") for number in range(1, 17)]
    store.publish(*common, Given(20, name="Ivanov Oleg"), Given(21, name="Иванов Пётр"))
    both = search.find(store.actor("anna"), "ivanov oleg")
    assert ([hit.alert.alert_id for hit in both.alerts], both.is_cut) == ([alert_id(20)], False)
    written = search.find(store.actor("anna"), "Иванов")
    assert (written.alerts[0].alert.alert_id, written.alerts[0].is_exact, written.is_cut) == (alert_id(21), True, True)


def test_search_says_that_it_has_not_looked_at_everything(store: Store, monkeypatch):
    monkeypatch.setattr(search, "_POOL", 5)
    store.publish(*(Given(number, territory="XS-B", name="Ivanov Ivan") for number in range(1, 9)), Given(20))
    assert search.find(store.actor("anna"), "ivanov").is_cut


def test_of_a_case_everybody_sees_their_own_part_and_that_there_is_more(store: Store):
    store.publish(Given(1), Given(2, territory="XS-B", reports=("XS:bank:R-2:1",)))
    held = store.claimed(1)
    case = cases.create(store.actor("anna"), "Ring", ONE, held.version)
    taken = store.claimed(2, "chief")
    workflow.link_to_case(store.actor("chief"), taken.alert_id, taken.version, case.number)
    for name, whole in (("anna", False), ("sveta", True), ("chief", True), ("dina", True)):
        found = cases.open_case(store.actor(name), case.number)
        assert (len(found.alerts), found.outside) == ((2, 0) if whole else (1, 1)), name
        assert {report.reference for report in found.reports} == ({"R-1", "R-2"} if whole else {"R-1"}), name
        told = {item.alert.alert_id for item in cases.chronology(store.actor(name), case.number) if item.alert}
        assert told == ({ONE, alert_id(2)} if whole else {ONE}), name


def test_counts_are_of_what_may_be_seen(store: Store, monkeypatch):
    Person.objects.update(minutes_a_day=0)
    store.publish_ranked(Given(1), *(Given(number, territory="XS-B") for number in range(2, 6)))
    assert store.alert(1).queue == store.alert(2).queue
    for name, below in (("anna", 1), ("stranger", 4), ("chief", 5)):
        (summary,) = queues.queues_of(store.actor(name))
        assert summary.below == queues.counts(store.actor(name), summary.queue)["below"] == below, name
    monkeypatch.setattr(queues, "COUNT_CAP", 2)
    held = store.claimed(1)
    case = cases.create(store.actor("anna"), "Ring", ONE, held.version)
    cases.restrict(store.actor("anna"), case.number, case.version, [])
    (summary,) = queues.queues_of(store.actor("chief"))
    assert summary.below == 5, "a hidden case hides no alert that waits, and bounds no count"


def test_search_is_bounded_in_number(store: Store):
    store.publish(Given(1))
    for _ in range(60):
        search.find(store.actor("anna"), "nobody")
    with pytest.raises(Refused) as error:
        search.find(store.actor("anna"), "nobody")
    assert error.value.code == "too_often"
    assert search.find(store.actor("boris"), "nobody").alerts == ()


def test_a_restricted_case_and_its_alerts_are_seen_by_named_persons_only(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    case = cases.create(store.actor("anna"), "Ring", ONE, held.version)
    cases.add_note(store.actor("boris"), case.number, "seen")
    case.refresh_from_db()
    with pytest.raises(NotAllowed):
        cases.restrict(store.actor("boris"), case.number, case.version, ["boris"])
    cases.restrict(store.actor("anna"), case.number, case.version, ["sveta"])
    for name in ("boris", "sergei", "chief", "audra", "dina"):
        with pytest.raises(NotFound):
            cases.open_case(store.actor(name), case.number)
        with pytest.raises((NotFound, NotAllowed)):
            alerts.open_alert(store.actor(name), ONE)
        assert not search.find(store.actor(name), "Subject").alerts if name in ("boris", "sergei") else True
    for name in ("anna", "sveta"):
        assert cases.open_case(store.actor(name), case.number).case == case
        assert alerts.open_alert(store.actor(name), ONE).alert.alert_id == ONE


def test_a_queue_outside_the_scope_is_not_there(store: Store):
    store.publish(
        *(Given(number) for number in range(1, 26)),
        *(Given(number, territory="XS-B") for number in range(31, 56)),
    )
    mine, theirs = store.alert(1).queue.slug, store.alert(31).queue.slug
    assert mine != theirs
    assert [summary.queue.slug for summary in queues.queues_of(store.actor("anna"))] == [mine]
    with pytest.raises(NotFound):
        queues.page(store.actor("anna"), theirs)
    with pytest.raises(NotFound):
        workflow.next_and_lock(store.actor("anna"), theirs)
    assert not queues.queues_of(store.actor("egor"))


def test_only_administrators_touch_accounts_and_nobody_their_own_rights(store: Store):
    with pytest.raises(NotAllowed):
        people.create(store.actor("sveta"), "new.person", "", "head", [])
    made, password = people.create(store.actor("chief"), "new.person", "New", "analyst", [("RU-OMS", "*")])
    assert made.check_password(password)
    assert made.must_change_password
    with pytest.raises(Refused) as error:
        people.change(store.actor("chief"), "chief", role="analyst")
    assert error.value.code == "own"
    for wrong in ({"username": "new.person"}, {"username": "a b"}, {"role": "king"}, {"scopes": [("XS", "NIX")]}):
        given = {"username": "other", "role": "analyst", "scopes": [], **wrong}
        with pytest.raises(Refused):
            people.create(store.actor("chief"), given["username"], "", given["role"], given["scopes"])


def test_an_account_is_switched_off_and_on_by_command_and_never_the_last_administrator(store: Store):
    chief, anna = store.actor("chief").person, store.actor("anna").person
    people.switch_by_command(" Anna ", NOW, is_active=False)
    assert [person.username for person in people.listed_by_command()][-1] == "anna"
    people.switch_by_command("anna", NOW, is_active=True)
    anna.refresh_from_db()
    assert anna.is_active
    with pytest.raises(Refused):
        people.switch_by_command("chief", NOW, is_active=False)
    Person.objects.filter(pk=anna.pk).update(is_administrator=True)
    assert not people.switch_by_command(chief.username, NOW, is_active=False).is_active
    with pytest.raises(NotFound):
        people.switch_by_command("nobody", NOW, is_active=False)


def test_minutes_that_nobody_gives_are_the_usual_ones_of_who_works_alerts(store: Store):
    for role, minutes in (("analyst", people.USUAL_MINUTES), ("auditor", 0)):
        made, _password = people.create_by_command(f"new-{role}", "", role, [("RU", "*")], None, NOW)
        assert made.minutes_a_day == minutes
