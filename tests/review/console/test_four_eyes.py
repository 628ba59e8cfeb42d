"""The second person: what needs one, who may be it, and that nobody is it for their own work."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import QuerySet

from review import daily
from review.console.models import Alert, Case, Decision, Export, Operation
from review.console.services import alerts, approvals, cases, exports, operations, waiting, workflow
from review.console.services.errors import NotAllowed, NotFound, Refused, Stale
from review.console.services.workflow import Choice
from tests.review.console.store import NOW, SALARY, WHY, Given, Store, alert_id

ONE = alert_id(1)


@pytest.mark.parametrize(
    ("score", "code", "needed"), [(79, "D3", False), (80, "D3", True), (0, "D1", True), (0, "D2", True)]
)
def test_a_second_person_is_needed_above_the_score_and_for_dissemination(store: Store, score, code, needed):
    store.publish(Given(1))
    store.scored(1, score)
    held = store.claimed(1)
    outcome = workflow.decide(store.actor("anna"), ONE, held.version, Choice(code, "", WHY))
    assert outcome.needs_second is needed
    assert store.alert(1).state == ("pending_approval" if needed else "closed")


@pytest.mark.parametrize("author", ["sveta", "chief"])
def test_nobody_approves_or_returns_their_own(store: Store, author):
    store.publish(Given(1))
    decision = store.proposed(1, author)
    for act in (approvals.approve, approvals.send_back):
        with pytest.raises(Refused) as error:
            act(store.actor(author), decision.pk, store.alert(1).version, WHY)
        assert error.value.code == "own"
    assert store.alert(1).state == "pending_approval"
    assert [item.is_own for item in waiting.everything(store.actor(author)).decisions] == [True]
    assert waiting.counts(store.actor(author)).total == 0


def test_who_proposed_an_operation_does_not_set_it_in_force(store: Store):
    chief = store.actor("chief")
    plan = operations.Plan("East", "Восток", ["RU-OMS"], [], [], NOW.date(), NOW.date(), 0.5, 0.3)
    made = operations.propose(chief, plan)
    with pytest.raises(Refused) as error:
        operations.approve(chief, made.queue.slug)
    assert error.value.code == "own"
    with pytest.raises(IntegrityError), transaction.atomic():
        Operation.objects.filter(pk=made.pk).update(approved_by=chief.person)
    operations.withdraw(chief, made.queue.slug)
    for act in (operations.approve, operations.withdraw, operations.close):
        with pytest.raises(Refused) as error:
            act(chief, made.queue.slug)
        assert error.value.code == "state"


def test_who_proposed_before_that_was_kept_is_read_from_the_log(store: Store):
    plan = operations.Plan("East", "Восток", ["RU-OMS"], [], [], NOW.date(), NOW.date(), 0.5, 0.3)
    made = operations.propose(store.actor("sveta"), plan)
    Operation.objects.update(proposed_by=None)
    import_module("review.console.migrations.0013_proposed_by").fill(apps, connection.schema_editor())
    assert Operation.objects.get(pk=made.pk).proposed_by == store.actor("sveta").person


@pytest.mark.parametrize("name", ["boris", "dina", "audra", "egor"])
def test_other_roles_approve_nothing(store: Store, name):
    store.publish(Given(1))
    decision = store.proposed(1)
    with pytest.raises(NotAllowed):
        approvals.approve(store.actor(name), decision.pk, store.alert(1).version)


def test_an_approved_decision_names_both(store: Store):
    store.publish(Given(1))
    decision = store.proposed(1)
    approvals.approve(store.actor("sveta"), decision.pk, store.alert(1).version)
    final = Decision.objects.get()
    assert (final.status, final.proposed_by.username, final.judged_by.username) == ("final", "anna", "sveta")
    assert (store.alert(1).state, store.alert(1).disposition) == ("closed", "D5")
    with pytest.raises(Refused):
        approvals.approve(store.actor("sergei"), decision.pk, store.alert(1).version)


@pytest.mark.parametrize("act", [approvals.approve, approvals.send_back])
def test_the_database_lets_nobody_rewrite_what_was_judged(store: Store, act):
    store.publish(Given(1))
    decision = store.proposed(1)
    act(store.actor("sveta"), decision.pk, store.alert(1).version, WHY)
    judged = Decision.objects.filter(pk=decision.pk)
    before = judged.values().get()
    for wrong in ({"status": "final"}, {"judged_by": None, "judged_at": None}, {"code": "D4"}, {"needs_second": False}):
        with pytest.raises(DatabaseError), transaction.atomic():
            judged.update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        judged.delete()
    assert judged.values().get() == before


def test_the_database_refuses_a_dissemination_by_one_person(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.decide(store.actor("anna"), ONE, held.version, Choice("D1", "", WHY))
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.update(needs_second=False, status="final")


CLOSED = {"state": "closed", "owner": None, "locked_at": None, "closed_at": NOW, "disposition": "D5"}


def refuses(rows: QuerySet, **wrong: object) -> bool:  # type: ignore[type-arg]
    """Does the database refuse this change, and leave everything as it was."""
    before = list(rows.values())
    try:
        with transaction.atomic():
            rows.update(**wrong) if wrong else rows.delete()
    except IntegrityError:
        return list(rows.values()) == before
    return False


def test_the_database_closes_no_alert_without_a_decision(store: Store):
    store.publish(Given(1))
    one = Alert.objects.filter(alert_id=ONE)
    held = store.claimed(1)
    assert refuses(one, **CLOSED, disposition_reason="salary")
    assert refuses(one)
    decided = workflow.decide(store.actor("anna"), ONE, held.version, SALARY)
    assert refuses(one, disposition="D3", disposition_reason="")
    assert refuses(Decision.objects.filter(alert=decided.alert), status="undone")
    opened = workflow.reopen(store.actor("sveta"), ONE, decided.alert.version, WHY)
    store.scored(1, 95)
    workflow.claim(store.actor("boris"), ONE, opened.version)
    held = alerts.open_alert(store.actor("boris"), ONE).alert
    workflow.decide(store.actor("boris"), ONE, held.version, SALARY)
    # Neither the old decision nor the one that waits closes it.
    assert refuses(one, **CLOSED, disposition_reason="salary")


@pytest.mark.parametrize(
    "wrong", [{"needs_second": False}, {"code": "D6", "reason": ""}, {"text": "Other words."}, {"score": 10}, {}]
)
def test_the_database_keeps_what_a_waiting_decision_says(store: Store, wrong):
    store.publish(Given(1))
    assert refuses(Decision.objects.filter(pk=store.proposed(1).pk), **wrong)


@pytest.mark.parametrize("wrong", [{"score": 95}, {"score": 10}, {"score": 95, "kind": "defer", "needs_second": False}])
def test_the_database_takes_no_decision_of_one_person_where_two_are_needed(store: Store, wrong):
    store.publish(Given(1))
    store.scored(1, 95)
    told = {"text": WHY, "status": "final", "needs_second": False, "proposed_by": store.actor("anna").person}
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(alert=store.alert(1), ordinal=1, proposed_at=NOW, code="D5", **{**told, **wrong})


def test_the_database_defers_nothing_for_long_without_a_second_person(store: Store):
    store.publish(Given(1))
    one = Alert.objects.filter(alert_id=ONE)
    far = datetime.now(UTC).date() + timedelta(days=60)
    assert refuses(one, state="deferred", wake_on=far)
    assert one.update(state="deferred", wake_on=far - timedelta(days=50)) == 1
    assert refuses(one, wake_on=far)


def test_the_guards_have_the_bounds_of_the_rules():
    guards = import_module("review.console.migrations.0008_closed_by_decision")
    rules = daily.work_rules()
    assert (
        rules.second_person_score,
        rules.long_deferral_days,
    ) == (guards.SECOND_PERSON_SCORE, guards.LONG_DEFERRAL_DAYS)


def test_a_returned_decision_puts_the_alert_back(store: Store):
    store.publish(Given(1))
    decision = store.proposed(1)
    with pytest.raises(Refused) as error:
        approvals.send_back(store.actor("sveta"), decision.pk, store.alert(1).version, "no")
    assert error.value.field == "text"
    approvals.send_back(store.actor("sveta"), decision.pk, store.alert(1).version, WHY)
    assert (store.alert(1).state, store.alert(1).disposition) == ("returned", "")
    assert Decision.objects.get().status == "returned"


def test_an_approval_of_what_has_changed_since_is_refused(store: Store):
    store.publish(Given(1))
    decision = store.proposed(1)
    with pytest.raises(Stale):
        approvals.approve(store.actor("sveta"), decision.pk, store.alert(1).version - 1)
    assert Decision.objects.get().status == "proposed"


def test_a_long_deferral_is_approved(store: Store):
    store.publish(Given(1))
    held = store.claimed(1)
    until = NOW.date() + timedelta(days=30)
    workflow.defer(store.actor("anna"), ONE, held.version, until, ["new_hit"], WHY)
    approvals.approve(store.actor("sveta"), Decision.objects.get().pk, store.alert(1).version)
    assert (store.alert(1).state, store.alert(1).wake_on) == ("deferred", until)


def proposed_end(store: Store, name: str = "sveta") -> Case:
    """A case with one alert, whose end a person has proposed."""
    store.publish(Given(1))
    held = store.claimed(1, name)
    case = cases.create(store.actor(name), "Ring", ONE, held.version)
    case.refresh_from_db()
    return cases.move(store.actor(name), case.number, case.version, "closed_unsent", WHY)


def test_the_end_of_a_case_has_two_names_and_closes_its_alerts(store: Store):
    case = proposed_end(store)
    with pytest.raises(Refused) as error:
        cases.judge(store.actor("sveta"), case.number, case.version, is_approved=True, text="")
    assert error.value.code == "own"
    done = cases.judge(store.actor("sergei"), case.number, case.version, is_approved=True, text="")
    assert (done.state, done.judged_by.username) == ("closed_unsent", "sergei")
    decision = Decision.objects.get()
    assert (decision.code, decision.proposed_by.username, decision.judged_by.username) == ("D4", "sveta", "sergei")
    assert store.alert(1).state == "closed"


def test_what_is_put_into_a_case_makes_an_approval_in_progress_stale(store: Store):
    case = proposed_end(store)
    for add in (
        lambda actor: cases.add_note(actor, case.number, WHY),
        lambda actor: cases.add_report(actor, case.number, "XS:bank:R-1:1"),
        lambda actor: cases.add_subject(actor, case.number, 9_001),
        lambda actor: cases.attach(actor, case.number, SimpleUploadedFile("a.txt", b"news")),
    ):
        seen = Case.objects.get(pk=case.pk).version
        add(store.actor("anna"))
        with pytest.raises(Refused) as error:
            cases.judge(store.actor("sergei"), case.number, seen, is_approved=True, text="")
        assert error.value.code == "stale"
    now = Case.objects.get(pk=case.pk).version
    assert cases.judge(store.actor("sergei"), case.number, now, is_approved=True, text="").state == "closed_unsent"


def test_the_database_refuses_a_case_that_one_person_ended(store: Store):
    case = proposed_end(store)
    author = store.actor("sveta").person
    found = Case.objects.filter(pk=case.pk)
    for wrong in ({"judged_by": author, "state": "closed_unsent"}, {"state": "closed_unsent"}):
        assert refuses(found, **wrong)
    other = store.actor("sergei").person
    assert refuses(found, judged_by=other, state="approved")
    assert refuses(found, proposed_by=other)
    assert refuses(found, proposed_text="Other words.")
    cases.judge(store.actor("sergei"), case.number, case.version, is_approved=False, text=WHY)
    assert refuses(found, state="closed_unsent")


def test_an_export_of_a_senior_waits_for_another_and_the_heads_does_not(store: Store):
    store.publish(Given(1), Given(2, name="=HYPERLINK(1)"))
    slug = store.alert(1).queue.slug
    asked = exports.ask(store.actor("sveta"), "queue", slug, WHY)
    with pytest.raises(Refused) as error:
        exports.download(store.actor("sveta"), asked.pk)
    assert error.value.code == "second"
    with pytest.raises(Refused) as error:
        exports.judge(store.actor("sveta"), asked.pk, is_allowed=True)
    assert error.value.code == "own"
    assert [row.pk for row in exports.waiting(store.actor("sergei"))] == [asked.pk]
    exports.judge(store.actor("sergei"), asked.pk, is_allowed=True)
    file = exports.download(store.actor("sveta"), asked.pk)
    lines = file.content.decode("utf-8-sig").splitlines()
    assert all(f"sluice export {asked.pk}, sveta" in line for line in [lines[0], *lines[2:]])
    assert len(lines) == 4
    assert "'=HYPERLINK" in file.content.decode()
    with pytest.raises(NotFound):
        exports.download(store.actor("sergei"), asked.pk)
    with pytest.raises(Refused):
        exports.download(store.actor("sveta", timedelta(hours=25)), asked.pk)
    mine = exports.ask(store.actor("chief"), "events", "", WHY)
    assert b"exported" in exports.download(store.actor("chief"), mine.pk).content


def test_analysts_export_nothing_and_seniors_not_the_log(store: Store):
    store.publish(Given(1))
    for name, kind in (("anna", "queue"), ("egor", "queue"), ("sveta", "events"), ("dina", "events")):
        with pytest.raises(NotAllowed):
            exports.ask(store.actor(name), kind, store.alert(1).queue.slug, WHY)
    with pytest.raises(Refused) as error:
        exports.ask(store.actor("sveta"), "case", "2026-00001", WHY)
    assert error.value.field == "object"


def test_the_database_refuses_an_export_that_its_asker_allowed(store: Store):
    store.publish(Given(1))
    asked = exports.ask(store.actor("sveta"), "queue", store.alert(1).queue.slug, WHY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Export.objects.filter(pk=asked.pk).update(allowed_by=store.actor("sveta").person, allowed_at=NOW)
