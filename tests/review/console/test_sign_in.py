"""Signing in: passwords, lock-out, one-time codes, sessions that end."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import RequestFactory
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from review.console.models import Event, Person
from review.console.services import passwords, people, sign_in
from review.console.services.errors import Refused, TooOften
from tests.review.console.store import NOW, PASSWORD, Store

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def request(session: SessionStore | None = None):
    made = RequestFactory().post("/")
    made.session = session or SessionStore()
    made.user = AnonymousUser()
    return made


def signed_in(name: str = "anna", at=NOW):
    made = request()
    sign_in.sign_in(made, name, PASSWORD, at)
    made.user.is_verified = lambda: DEVICE_ID_SESSION_KEY in made.session
    return made


def test_signing_in_starts_a_new_session_and_is_logged(store: Store):
    made = request()
    made.session["basket"] = "before"
    made.session.create()
    before = made.session.session_key
    assert sign_in.sign_in(made, " Anna ", PASSWORD, NOW).username == "anna"
    assert made.session.session_key != before
    event = Event.objects.get(action="signed_in")
    assert event.actor == "anna"
    assert event.sign_in == made.session["sign_in"]
    assert made.session.session_key not in event.details + event.sign_in
    sign_in.sign_out(made, NOW)
    assert not isinstance(made.user, Person)
    assert Event.objects.filter(action="signed_out").count() == 1


def test_a_wrong_name_and_a_wrong_password_look_alike_and_no_name_is_logged(store: Store):
    said = set()
    for name, password in (("anna", "wrong"), ("Щербаков", PASSWORD), ("", "")):
        with pytest.raises(Refused) as error:
            sign_in.sign_in(request(), name, password, NOW)
        said.add(error.value.message)
    assert len(said) == 1
    assert list(Event.objects.values_list("object_id", flat=True)) == ["anna", "unknown", "unknown"]
    Person.objects.filter(username="boris").update(is_active=False)
    with pytest.raises(Refused):
        sign_in.sign_in(request(), "boris", PASSWORD, NOW)


def test_a_name_is_locked_after_five_failures_even_for_the_right_password(store: Store):
    for _ in range(sign_in.FAILURES_PER_NAME):
        with pytest.raises(Refused):
            sign_in.sign_in(request(), "anna", "wrong", NOW)
    with pytest.raises(TooOften):
        sign_in.sign_in(request(), "anna", PASSWORD, NOW + MINUTE)
    assert sign_in.sign_in(request(), "boris", PASSWORD, NOW + MINUTE)
    assert sign_in.sign_in(request(), "anna", PASSWORD, NOW + sign_in.LOCKED_OUT + MINUTE)
    assert Event.objects.filter(action="sign_in_locked").count() == 1


def test_an_address_that_tries_many_names_is_locked(only_sqlite: Store, monkeypatch):
    monkeypatch.setattr(sign_in, "check_password", lambda *_a: False)
    for number in range(sign_in.FAILURES_PER_ADDRESS):
        with pytest.raises(Refused):
            sign_in.sign_in(request(), f"name{number}", "wrong", NOW)
    with pytest.raises(TooOften):
        sign_in.sign_in(request(), "anna", PASSWORD, NOW)


def test_a_second_factor_is_set_up_and_asked_for_from_then_on(store: Store):
    made = signed_in()
    given = sign_in.enrolment(made)
    assert re.search(r'viewBox="0 0 (\d+) \1"', given.svg), "whole at whatever size the page shows it"
    assert not re.search(r"<svg[^>]* (width|height)=", given.svg)
    assert "<svg" in given.svg
    assert "style=" not in given.svg
    device = TOTPDevice.objects.get()
    for wrong in ("000000", "", "abcdef"):
        with pytest.raises(Refused):
            sign_in.enrol(made, wrong, NOW)
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    sign_in.enrol(made, f"{TOTP(device.bin_key).token():06d}", NOW)
    assert TOTPDevice.objects.get().confirmed
    assert Event.objects.filter(action="second_factor_set").count() == 1
    later = signed_in()
    assert sign_in.next_check(later) is sign_in.Check.CODE
    with pytest.raises(Refused):
        sign_in.confirm_code(later, "123456", NOW)


def test_what_must_be_done_before_anything_else(store: Store, monkeypatch):
    made = signed_in()
    assert sign_in.next_check(made) is None
    made.user.must_change_password = True
    assert sign_in.next_check(made) is sign_in.Check.PASSWORD
    made.user.must_change_password = False
    monkeypatch.setattr(settings, "TOTP_REQUIRED", True)
    assert sign_in.next_check(made) is sign_in.Check.ENROL


def test_a_session_ends_idle_and_ends_in_any_case(store: Store):
    made = signed_in()
    step = timedelta(seconds=settings.SESSION_IDLE_SECONDS - 1)
    assert not sign_in.is_over(made, NOW + step)
    assert not sign_in.is_over(made, NOW + 2 * step)
    assert sign_in.is_over(made, NOW + 3 * step + 2 * SECOND)
    always = signed_in()
    always.session["seen_at"] = (NOW + timedelta(seconds=settings.SESSION_MAX_SECONDS)).timestamp()
    assert sign_in.is_over(always, NOW + timedelta(seconds=settings.SESSION_MAX_SECONDS + 1))


def test_sessions_end_where_rights_shrink_or_a_password_is_reset(store: Store):
    for act in (
        lambda: people.change(store.actor("chief"), "anna", is_active=False),
        lambda: people.reset_password(store.actor("chief"), "boris"),
    ):
        for name in ("anna", "boris", "sveta"):
            if Person.objects.get(username=name).is_active:
                signed_in(name).session.save()
        before = Session.objects.count()
        act()
        assert Session.objects.count() < before
    left = {session.get_decoded()["_auth_user_id"] for session in Session.objects.all()}
    assert str(Person.objects.get(username="boris").pk) not in left
    assert str(Person.objects.get(username="sveta").pk) in left


WEAK = ("short-1", "123456789012", "password1234", "aaaaaaaaaaaa", "anna-anna-anna", "abababababab")


@pytest.mark.parametrize("password", WEAK)
def test_a_weak_password_is_refused_with_what_is_missing(store: Store, password):
    made = signed_in()
    with pytest.raises(Refused) as error:
        sign_in.change_password(made, PASSWORD, password, NOW)
    assert (error.value.code, error.value.field) == ("weak", "new")
    assert Person.objects.get(username="anna").check_password(PASSWORD)


def test_a_changed_password_is_strong_hashed_and_ends_other_sessions(store: Store):
    made, other = signed_in(), signed_in()
    other.session.save()
    with pytest.raises(Refused) as error:
        sign_in.change_password(made, "wrong", "quiet-harbour-19-pages", NOW)
    assert error.value.field == "old"
    sign_in.change_password(made, PASSWORD, "quiet-harbour-19-pages", NOW)
    stored = Person.objects.get(username="anna")
    assert stored.password.startswith("argon2$argon2id")
    from django.contrib.auth import HASH_SESSION_KEY

    assert other.session[HASH_SESSION_KEY] != stored.get_session_auth_hash()
    assert made.session[HASH_SESSION_KEY] == stored.get_session_auth_hash()


def test_made_up_passwords_pass_the_rules_and_differ(store: Store):
    made = {passwords.made_up() for _ in range(20)}
    assert len(made) == 20
    for password in made:
        sign_in.require_strong(password)


def test_the_first_administrator_is_made_once(store: Store):
    assert people.first_administrator(NOW) is None
    assert Person.objects.filter(username=people.FIRST_NAME).count() == 0
