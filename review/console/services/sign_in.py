"""Sign-in with local accounts: password, one-time code, lock-out, session limits, passwords that must be changed.

Views call `sign_in`, `confirm_code`, `enrol`, `change_password`; the middleware asks `next_check` on every request.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

import segno
from django.conf import settings
from django.contrib.auth import login as django_login
from django.contrib.auth import logout as django_logout
from django.contrib.auth import password_validation, update_session_auth_hash
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from review.console.models import Person
from review.console.services import audit, throttle
from review.console.services.actor import Actor
from review.console.services.errors import Refused, TooOften

FAILURES_PER_NAME = 5
FAILURES_PER_ADDRESS = 30
LOCKED_OUT = timedelta(minutes=15)


class LocalAccounts:
    """Django's side of local accounts: finds the person of a session."""

    def authenticate(self, request: HttpRequest | None, **credentials: object) -> None:  # noqa: ARG002
        """Nobody: sign-in goes through `sign_in`."""
        return

    def get_user(self, user_id: int) -> Person | None:
        """The person, while active."""
        return Person.objects.filter(pk=user_id, is_active=True).first()


class Check(StrEnum):
    """What a signed-in person must do before anything else."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105 (the name of a page)
    ENROL = "enrol"


def sign_in(request: HttpRequest, username: str, password: str, at: datetime) -> Person:
    """Sign a person in by name and password; the session starts anew.

    Raises:
        TooOften: too many failures of this name or from this address.
        Refused: wrong name or password (which of them is not said), or an account that is switched off.
    """
    name = username.strip().lower()[:60]
    address = str(request.META.get("REMOTE_ADDR", ""))
    keys = (f"sign-in:name:{sha256(name.encode()).hexdigest()[:32]}", f"sign-in:address:{address}")
    bounds = (FAILURES_PER_NAME, FAILURES_PER_ADDRESS)
    if any(throttle.count(key, at, LOCKED_OUT) >= most for key, most in zip(keys, bounds, strict=True)):
        _log("sign_in_locked", name, address, at)
        raise TooOften(_("Too many failed attempts. Try again in 15 minutes, or ask the administrator."))
    person = Person.objects.filter(username=name).first()
    # An unknown name costs as much time as a wrong password, so that names can't be told from the time.
    is_right = check_password(password, person.password if person else _unknown_hash())
    if person is None or not is_right or not person.is_active:
        for key in keys:
            throttle.add(key, at)
        note_failure(name, address, at)
        raise Refused(_("The name or the password is wrong."), "credentials")
    throttle.clear(keys[0])
    start_session(request, person, at)
    return person


def start_session(request: HttpRequest, person: Person, at: datetime) -> None:
    """Begin a session for a person whose identity is proved; logged."""
    django_login(request, person, backend="review.console.services.sign_in.LocalAccounts")
    request.session["sign_in"] = secrets.token_hex(8)
    request.session["started_at"] = at.timestamp()
    request.session["seen_at"] = at.timestamp()
    with audit.recorded(Actor.of(request, at)) as record:
        record.add("signed_in", "person", person.username)


def note_failure(name: str, address: str, at: datetime) -> None:
    """Log a sign-in that came to nothing; a name that no account has is not kept."""
    _log("sign_in_failed", name, address, at)


def _log(action: str, name: str, address: str, at: datetime) -> None:
    from django.db import transaction

    with transaction.atomic():
        known = Person.objects.filter(username=name).exists()
        event = audit.Happening(action, "person", name if known else "unknown")
        audit.append([event], at, None, name="", address=address)


_made: list[str] = []


def _unknown_hash() -> str:
    if not _made:
        _made.append(make_password(secrets.token_hex(16)))
    return _made[0]


def sign_out(request: HttpRequest, at: datetime) -> None:
    """End the session; logged."""
    if isinstance(request.user, Person):
        with audit.recorded(Actor.of(request, at)) as record:
            record.add("signed_out", "person", request.user.username)
    django_logout(request)


def is_over(request: HttpRequest, at: datetime) -> bool:
    """Has the session been idle, or open, for too long; otherwise notes that it was used."""
    now = at.timestamp()
    started = float(request.session.get("started_at", 0))
    seen = float(request.session.get("seen_at", 0))
    if now - started > settings.SESSION_MAX_SECONDS or now - seen > settings.SESSION_IDLE_SECONDS:
        return True
    if now - seen > _SEEN_EVERY_SECONDS:
        request.session["seen_at"] = now
    return False


_SEEN_EVERY_SECONDS = 60


def next_check(request: HttpRequest) -> Check | None:
    """What the person must do first: type a code, change the password, set up a second factor; else None."""
    person = request.user
    if not isinstance(person, Person):
        return None
    has_device = TOTPDevice.objects.filter(user=person, confirmed=True).exists()
    if has_device and not person.is_verified():  # type: ignore[attr-defined]
        return Check.CODE
    if person.must_change_password:
        return Check.PASSWORD
    if settings.TOTP_REQUIRED and not has_device:
        return Check.ENROL
    return None


def confirm_code(request: HttpRequest, code: str, at: datetime) -> None:
    """Accept the one-time code of the person's device for this session.

    Raises:
        Refused: it is wrong, was used before, or too many were wrong.
    """
    person = _person(request)
    device = TOTPDevice.objects.filter(user=person, confirmed=True).first()
    if device is None:
        raise Refused(_("No second factor is set up."), "code", "code")
    _verify(person, device, code, at)
    otp_login(request, device)
    with audit.recorded(Actor.of(request, at)) as record:
        record.add("code_accepted", "person", person.username)


def _verify(person: Person, device: TOTPDevice, code: str, at: datetime) -> None:
    key = f"code:{person.pk}"
    if throttle.count(key, at, LOCKED_OUT) >= FAILURES_PER_NAME:
        raise TooOften(_("Too many wrong codes. Try again in 15 minutes."))
    if not device.verify_token(code.replace(" ", "")[:8]):
        throttle.add(key, at)
        raise Refused(_("The code is wrong or was used already. Wait for the next one."), "code", "code")
    throttle.clear(key)


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs: the key as text, and the same as a picture (SVG without styles)."""

    key: str
    svg: str


def enrolment(request: HttpRequest) -> Enrolment:
    """A second factor that is being set up; the same until it is confirmed."""
    person = _person(request)
    device, _made_now = TOTPDevice.objects.get_or_create(user=person, confirmed=False, defaults={"name": "totp"})
    key = base64.b32encode(device.bin_key).decode().rstrip("=")
    code = segno.make(device.config_url, error="m")
    return Enrolment(key, code.svg_inline(scale=5, border=2, omitsize=True, svgclass=None, lineclass=None))


def enrol(request: HttpRequest, code: str, at: datetime) -> None:
    """Confirm the second factor by its first code; older ones are removed.

    Raises:
        Refused: the code is wrong.
    """
    person = _person(request)
    device = TOTPDevice.objects.filter(user=person, confirmed=False).first()
    if device is None:
        raise Refused(_("Open the page again: there is nothing to confirm."), "code", "code")
    _verify(person, device, code, at)
    TOTPDevice.objects.filter(user=person, confirmed=True).delete()
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    otp_login(request, device)
    with audit.recorded(Actor.of(request, at)) as record:
        record.add("second_factor_set", "person", person.username)


def change_password(request: HttpRequest, old: str, new: str, at: datetime) -> None:
    """Give the signed-in person another password; other sessions of theirs end.

    Raises:
        Refused: the old one is wrong, or the new one too weak (the message says how).
    """
    person = _person(request)
    if not person.check_password(old):
        raise Refused(_("The old password is wrong."), "old", "old")
    if old == new:
        raise Refused(_("The new password must differ from the old one."), "new", "new")
    require_strong(new, person)
    person.set_password(new)
    person.must_change_password = False
    person.save(update_fields=["password", "must_change_password"])
    update_session_auth_hash(request, person)
    with audit.recorded(Actor.of(request, at)) as record:
        record.add("password_changed", "person", person.username)


def require_strong(password: str, person: Person | None = None) -> None:
    """Nothing, or Refused with what is missing."""
    try:
        password_validation.validate_password(password, person)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), "weak", "new") from None


def _person(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise TypeError("nobody is signed in")
    return request.user
