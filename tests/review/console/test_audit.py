"""The audit log: every action and read, in one transaction with what it tells of, in a chain that shows a break."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from pipelines.home import UserError
from review.console import config
from review.console.models import Alert, Event, EventHead, Person
from review.console.services import alerts, audit, queues, search, waiting, workflow
from review.console.services.audit import Asked
from review.console.services.errors import NotAllowed, Refused
from tests.review.console.store import NOW, SALARY, WHY, Given, Store, alert_id, count_of_everything, use

ONE = alert_id(1)
DEPLOY = Path(__file__).parents[3] / "deploy/postgresql"


def actions() -> list[str]:
    return list(Event.objects.order_by("sequence").values_list("action", flat=True))


def test_every_action_and_every_read_of_a_subject_is_an_event(store: Store):
    store.publish(Given(1))
    begun = len(actions())
    anna = store.actor("anna")
    held = store.claimed(1)
    alerts.reason_of(anna, ONE, 0)
    alerts.reports_of(anna, ONE)
    alerts.report_for(anna, "XS:bank:R-1:1")
    alerts.similar_to(anna, ONE)
    search.find(anna, ONE)
    alerts.add_note(anna, ONE, WHY)
    workflow.decide(anna, ONE, held.version, SALARY)
    assert actions()[begun:] == [
        *("alert_claim", "alert_read", "alert_read", "evidence_read", "reports_read", "report_read", "similar_read"),
        *("searched", "note_added", "alert_close"),
    ]
    read = Event.objects.get(action="evidence_read")
    assert (read.actor, read.role, read.sign_in, read.address, read.at) == (
        "anna",
        "analyst",
        "sign-in",
        "127.0.0.1",
        NOW,
    )
    assert f'"alerts":["{ONE}"]' in Event.objects.get(action="searched").details
    closed = Event.objects.get(action="alert_close")
    assert closed.before_digest != closed.after_digest
    assert '"code":"D5"' in closed.details


def test_every_list_that_names_a_subject_is_logged_with_whom_it_names(store: Store):
    store.publish(Given(1), Given(2))
    anna, sveta = store.actor("anna"), store.actor("sveta")
    slug = Alert.objects.get(alert_id=ONE).queue.slug
    seen = [item.alert.alert_id for item in queues.page(anna, slug).items]
    assert set(seen) == {ONE, alert_id(2)}
    assert named_in("queue_read") == seen
    alerts.open_alert(anna, ONE)
    assert named_in("alert_read") == [alert_id(2)]
    store.proposed(2)
    waiting.everything(sveta)
    assert named_in("approvals_read") == [alert_id(2)]
    page = audit.events(store.actor("audra"), Asked(identifier=alert_id(2), named=True))
    assert {"queue_read", "alert_read", "approvals_read", "alert_propose"} <= {event.action for event in page.items}
    about = audit.events(store.actor("audra"), Asked(identifier=alert_id(2)))
    assert "queue_read" not in {event.action for event in about.items}


def named_in(action: str) -> list[str]:
    last = Event.objects.filter(action=action).order_by("-sequence").first()
    assert last is not None
    found: list[str] = json.loads(last.details)["alerts"]
    return found


def test_an_event_and_what_it_tells_of_stand_or_fall_together(store: Store, monkeypatch):
    store.publish(Given(1))
    before = count_of_everything()

    def breaks(*_args: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit, "append", breaks)
    with pytest.raises(RuntimeError):
        workflow.claim(store.actor("anna"), ONE)
    assert count_of_everything() == before
    with pytest.raises(RuntimeError):
        alerts.open_alert(store.actor("anna"), ONE)
    monkeypatch.undo()
    with pytest.raises(RuntimeError), audit.recorded(store.actor("anna")) as record:
        record.add("nothing")
        raise RuntimeError
    assert count_of_everything() == before


FORBIDDEN = (
    "update console_event set reason = 'x' where sequence = 2",
    "delete from console_event where sequence = 2",
    "delete from console_eventhead",
    "update console_eventhead set sequence = 1",
)


def test_the_database_refuses_to_change_events_even_to_the_owner(store: Store):
    store.publish(Given(1))
    store.claimed(1)
    statements = [*FORBIDDEN, "truncate console_event", "truncate console_eventhead"]
    for statement in statements if store.kind == "postgresql" else FORBIDDEN:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert audit.verify().broken_at is None


def disarm(store: Store) -> None:
    """What an intruder with all rights would do first."""
    with connection.cursor() as cursor:
        if store.kind == "postgresql":
            cursor.execute("alter table console_event disable trigger all")
            cursor.execute("alter table console_eventhead disable trigger all")
        else:
            cursor.execute("select name from sqlite_master where type = 'trigger' and tbl_name like 'console_event%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"drop trigger {name}")


TAMPERING = {
    "a reason is changed": ("update console_event set reason = 'x' where sequence = 3", 3, "content"),
    "an actor is changed": ("update console_event set actor = 'boris' where sequence = 4", 4, "content"),
    "an event is gone": ("delete from console_event where sequence = 3", 3, "missing"),
    "the first is gone": ("delete from console_event where sequence = 1", 1, "missing"),
    "a link is changed": ("update console_event set previous = hash where sequence = 3", 3, "continue"),
    "the last are gone": ("delete from console_event where sequence >= 4", 4, "last events"),
    "its end is gone": ("delete from console_eventhead", 1, "end of the chain"),
    "all are gone": ("delete from console_event", 1, "last events"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_verify_names_the_first_broken_link_when(store: Store, what):
    store.publish(Given(1))
    store.claimed(1)
    assert audit.verify().count == EventHead.objects.get().sequence >= 5
    disarm(store)
    statement, place, told = TAMPERING[what]
    with connection.cursor() as cursor:
        cursor.execute(statement)
    verdict = audit.verify()
    assert verdict.broken_at == place
    assert told in verdict.what
    assert verdict.count == place - 1


def test_what_is_written_while_the_chain_is_checked_does_not_break_it(store: Store, monkeypatch):
    store.publish(Given(1), Given(2))
    store.claimed(1)
    before = EventHead.objects.get().sequence
    check, written = audit.hash_of, []

    def and_work_goes_on(event: Event) -> str:
        if event.sequence == before and not written:
            written.append(event.sequence)
            store.claimed(2)
        return check(event)

    with monkeypatch.context() as patch:
        patch.setattr(audit, "hash_of", and_work_goes_on)
        verdict = audit.verify()
    assert EventHead.objects.get().sequence > before
    assert (verdict.broken_at, verdict.count >= before) == (None, True)


def test_a_chain_that_was_written_anew_does_not_contain_the_head_kept_elsewhere(store: Store):
    store.publish(Given(1))
    kept = audit.verify().head
    store.claimed(1)
    assert audit.verify(kept).broken_at is None
    disarm(store)
    previous = audit.GENESIS
    for event in Event.objects.order_by("sequence"):
        event.previous, event.reason = previous, "nothing happened"
        event.hash = previous = audit.hash_of(event)
        Event.objects.filter(pk=event.pk).update(previous=event.previous, hash=event.hash, reason=event.reason)
    EventHead.objects.update(hash=previous)
    assert audit.verify().broken_at is None
    assert audit.verify(kept).broken_at is not None


def test_only_the_auditor_and_the_head_read_the_log_and_the_read_is_in_it(store: Store):
    store.publish(Given(1))
    store.claimed(1)
    for name in ("anna", "sveta", "dina", "egor"):
        with pytest.raises(NotAllowed):
            audit.events(store.actor(name))
    page = audit.events(store.actor("audra"), Asked("anna", kind="alert", identifier=ONE))
    assert [event.action for event in page.items] == ["alert_read", "alert_read", "alert_claim"]
    assert actions()[-1] == "events_read"


def read(store: Store, **asked: Any) -> list[str]:
    """Who did what, by these filters, oldest first; what reading itself left is not of interest."""
    page = audit.events(store.actor("audra"), Asked(**asked))
    return [f"{event.actor} {event.action}" for event in reversed(page.items) if event.action != "events_read"]


def test_the_log_is_searched_by_beginnings_of_names_and_identifiers(store: Store):
    store.publish(Given(1), Given(2))
    Person.objects.filter(username="boris").update(full_name="Борис Антонов")
    for name, number in (("anna", 1), ("boris", 2)):
        search.find(store.actor(name), alert_id(number))
        alerts.open_alert(store.actor(name), alert_id(number))
    assert read(store, person="an", action="searched") == ["anna searched"]
    assert read(store, person="Анто", action="searched") == ["boris searched"]
    assert read(store, person="annabel") == []
    assert "anna alert_read" in read(store, identifier=ONE[:4])
    assert read(store, identifier=ONE[:12] + "…") == read(store, identifier=ONE)
    assert not any(line.startswith("boris") for line in read(store, identifier=ONE[:4]))
    assert read(store, identifier=ONE[:3]) == []
    assert "anna searched" in read(store, identifier=ONE[:8], named=True)


def test_the_log_is_searched_by_days_also_where_a_nights_events_lie_among_later_ones(store: Store):
    store.publish(Given(1))
    for day in range(5):
        search.find(store.actor("anna", timedelta(days=day)), "Subject")
        if day == 2:
            with audit.recorded_by_system(NOW + timedelta(days=1)) as record:
                record.add("night_published", "night", "late")
    first = NOW.date()
    one = first + timedelta(days=1)
    assert read(store, person="anna", first=one, last=one) == ["anna searched"]
    assert read(store, first=one, last=one) == ["anna searched", "system night_published"]
    assert len(read(store, person="anna", first=one)) == 4
    assert len(read(store, person="anna", last=one)) == 2
    assert read(store, first=first + timedelta(days=400)) == []
    with pytest.raises(Refused):
        read(store, first=one, last=first)


def test_an_index_serves_every_filter_of_the_log(only_sqlite: Store):
    used = {"person": "event_by_actor", "action": "event_by_action", "identifier": "event_by_object"}
    for name, index in used.items():
        plan = Event.objects.filter(audit._fitting(Asked(**{name: "alert_read"}))).explain()
        assert index in plan, plan
    span = Event.objects.filter(audit._within(NOW.date(), NOW.date())).explain()
    assert "(sequence>? AND sequence<?)" in span, span


def test_what_is_no_head_is_refused_and_no_false_alarm(store: Store):
    store.publish(Given(1))
    head = audit.verify().head
    assert audit.verify(f" {head.upper()} ").broken_at is None
    for typed in ("abc", head[:-1], "g" * 64):
        with pytest.raises(Refused):
            audit.verify(typed)


def test_the_app_role_works_and_can_neither_change_events_nor_tables(cluster, postgresql_template, tmp_path):
    """The roles and grants of deploy/, run as they are."""
    cluster.execute((DEPLOY / "roles.sql").read_text("utf-8"), "create database roles template template owner owner")
    try:
        cluster.execute((DEPLOY / "grants.sql").read_text("utf-8"), name="roles")
        use(config.database(cluster.address("roles", "sluice_app"), tmp_path))
        store = Store("postgresql")
        from review.console import command

        command._renew_tables()  # nothing to renew: the app role may look
        store.publish(Given(1))
        held = store.claimed(1)
        workflow.decide(store.actor("anna"), ONE, held.version, SALARY)
        assert audit.verify().broken_at is None
        address = {"dbname": "roles", "user": "sluice_app", "host": str(cluster.folder), "autocommit": True}
        for statement in (
            *FORBIDDEN[:3],
            "truncate console_event",
            "drop table console_event",
            "alter table console_event disable trigger all",
            "drop trigger console_event_no_change on console_event",
            "insert into console_eventhead values (2, 0, '')",
            "create table mine (id int)",
            "update django_migrations set name = 'x'",
        ):
            with psycopg.connect(**address) as direct, pytest.raises(psycopg.errors.InsufficientPrivilege):
                direct.execute(statement)
        assert Alert.objects.get().state == "closed"
        newest = "select max(name) from django_migrations where app = 'console'"
        cluster.execute(f"delete from django_migrations where app = 'console' and name = ({newest})", name="roles")  # noqa: S608
        with pytest.raises(UserError, match="as the owner"):
            command._renew_tables()
    finally:
        from django.db import connections

        connections.close_all()
        cluster.execute("drop database roles with (force)", "drop role sluice_owner", "drop role sluice_app")
