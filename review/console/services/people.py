"""Accounts: persons, roles, scopes, memberships of queues. Changes are an administrator's, and every one is logged."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from review.console.models import Person, Queue, QueueMember, Scope
from review.console.models.people import EVERYTHING, Role
from review.console.rules import WORKERS
from review.console.services import access, audit, passwords, places
from review.console.services.actor import Actor
from review.console.services.errors import NotFound, Refused
from review.ranking import Parameters

FIRST_NAME = "administrator"
USUAL_MINUTES = 360
"""Minutes a day that whoever works alerts reads, where nobody says otherwise."""


def first_administrator(at: datetime, password: str | None = None) -> str | None:
    """The password of the first administrator, who is made where nobody is there yet; else None.

    The password is made up unless one is given; a made-up one must be changed at the first sign-in.
    """
    with transaction.atomic():
        if Person.objects.exists():
            return None
        given = password or passwords.made_up()
        person = Person.objects.create(
            username=FIRST_NAME,
            password=given,
            role=Role.HEAD,
            is_administrator=True,
            must_change_password=password is None,
            minutes_a_day=USUAL_MINUTES,
            created_at=at,
        )
        happening = audit.Happening("person_created", "person", person.username, details={"role": person.role})
        audit.append([happening], at, None)
    return given


def persons(actor: Actor) -> list[Person]:
    """Everybody, for administrators, by name."""
    access.require_administrator(actor)
    return list(Person.objects.prefetch_related("scopes", "memberships__queue").order_by("-is_active", "username"))


def person(actor: Actor, username: str) -> Person:
    """One person, for administrators."""
    access.require_administrator(actor)
    found = Person.objects.prefetch_related("scopes", "memberships__queue").filter(username=username).first()
    if found is None:
        raise NotFound
    return found


def create(
    actor: Actor,
    username: str,
    full_name: str,
    role: str,
    scopes: Iterable[tuple[str, str]],
    *,
    minutes_a_day: int = 0,
    is_administrator: bool = False,
) -> tuple[Person, str]:
    """A new person and the password that was made up for them: shown once, changed at the first sign-in."""
    access.require_administrator(actor)
    with audit.recorded(actor) as record:
        return _create(username, full_name, role, scopes, minutes_a_day, is_administrator, actor.at, record)


def create_by_command(
    username: str,
    full_name: str,
    role: str,
    scopes: Iterable[tuple[str, str]],
    minutes_a_day: int | None,
    at: datetime,
) -> tuple[Person, str]:
    """The same from the command line, by whoever owns the home; the usual minutes where none are given."""
    minutes = minutes_a_day if minutes_a_day is not None else USUAL_MINUTES if role in WORKERS else 0
    with audit.recorded_by_system(at) as record:
        return _create(username, full_name, role, scopes, minutes, is_administrator=False, at=at, record=record)


def _create(
    username: str,
    full_name: str,
    role: str,
    scopes: Iterable[tuple[str, str]],
    minutes_a_day: int,
    is_administrator: bool,  # noqa: FBT001 (private, named at the callers)
    at: datetime,
    record: audit.Record,
) -> tuple[Person, str]:
    name = username.strip().lower()
    if not 2 <= len(name) <= 60 or not name.replace(".", "").replace("-", "").replace("_", "").isalnum():
        raise Refused(_("A sign-in name has 2 to 60 letters, digits, dots and hyphens."), "username", "username")
    if role not in Role.values:
        raise Refused(_("Choose a role."), "role", "role")
    if Person.objects.filter(username=name).exists():
        raise Refused(_("This sign-in name is taken."), "username", "username")
    password = passwords.made_up()
    person = Person.objects.create(
        username=name,
        password=password,
        role=role,
        full_name=full_name.strip()[:120],
        minutes_a_day=minutes_a_day,
        is_administrator=is_administrator,
        must_change_password=True,
        created_at=at,
    )
    pairs = _set_scopes(person, scopes)
    record.add(
        "person_created", "person", name, after={"role": role, "scopes": pairs, "is_administrator": is_administrator}
    )
    return person, password


def _set_scopes(person: Person, scopes: Iterable[tuple[str, str]]) -> list[list[str]]:
    """A scope that nothing falls into by a slip of the pen would hide everything, so both codes must be known ones."""
    pairs = sorted({(a.strip().upper() or EVERYTHING, b.strip().upper() or EVERYTHING) for a, b in scopes})
    themes = {EVERYTHING, *Parameters.of("").theme_weights}
    unknown = sorted({theme for _territory, theme in pairs} - themes)
    if unknown:
        known = ", ".join(sorted(themes))
        raise Refused(
            _("There is no theme %(theme)s. Themes: %(known)s.") % {"theme": unknown[0], "known": known},
            "theme",
            "theme",
        )
    kept = set(person.scopes.values_list("territory", flat=True))
    places.require_known({territory for territory, _theme in pairs} - kept, "territory")
    Scope.objects.filter(person=person).delete()
    Scope.objects.bulk_create([Scope(person=person, territory=a[:80], theme=b[:20]) for a, b in pairs])
    return [list(pair) for pair in pairs]


def change(actor: Actor, username: str, scopes: Iterable[tuple[str, str]] | None = None, **fields: Any) -> Person:
    """Change a person's role, name, minutes, state or scopes; sessions end where rights shrink.

    Args:
        actor: an administrator.
        username: whom.
        scopes: all scopes of the person, if given.
        fields: any of full_name, role, is_active, is_administrator, minutes_a_day.

    Raises:
        Refused: the last administrator would be gone, or administrators change their own role.
    """
    access.require_administrator(actor)
    unknown = set(fields) - {"full_name", "role", "is_active", "is_administrator", "minutes_a_day"}
    if unknown:
        raise TypeError(f"unknown fields {sorted(unknown)}")
    with audit.recorded(actor) as record:
        found = person(actor, username)
        rights = {name: value for name, value in fields.items() if name in {"role", "is_active", "is_administrator"}}
        changed = {name for name, value in rights.items() if getattr(found, name) != value}
        if found.pk == actor.person.pk and changed:
            raise Refused(_("Nobody changes their own rights. Another administrator has to."), "own")
        if fields.get("role", found.role) not in Role.values:
            raise Refused(_("Choose a role."), "role", "role")
        before = {name: getattr(found, name) for name in fields}
        for name, value in fields.items():
            setattr(found, name, value)
        found.save(update_fields=list(fields) or None)
        pairs = _set_scopes(found, scopes) if scopes is not None else None
        if changed:
            end_sessions(found)
        record.add("person_changed", "person", username, before=before, after=fields, scopes=pairs)
    return person(actor, username)


def reset_password(actor: Actor, username: str) -> str:
    """A new made-up password for a person, shown once; their second factor, sessions and tie to a provider end."""
    access.require_administrator(actor)
    with audit.recorded(actor) as record:
        return _reset(person(actor, username), record)


def reset_by_command(username: str, at: datetime) -> str:
    """The same from the command line, by whoever owns the home."""
    with audit.recorded_by_system(at) as record:
        return _reset(_named(username), record)


def listed_by_command() -> list[Person]:
    """Everybody, for whoever owns the home, by name."""
    return list(Person.objects.prefetch_related("scopes").order_by("-is_active", "username"))


def switch_by_command(username: str, at: datetime, *, is_active: bool) -> Person:
    """Let a person sign in or no longer; what they hold stays in their hands until others take it over.

    Raises:
        NotFound: no account of this name.
        Refused: nobody would be left to look after accounts.
    """
    with audit.recorded_by_system(at) as record:
        found = _named(username)
        others = Person.objects.filter(is_active=True, is_administrator=True).exclude(pk=found.pk)
        if not is_active and found.is_administrator and not others.exists():
            raise Refused(_("Nobody else looks after accounts. Let somebody else do so first."), "last")
        before = {"is_active": found.is_active}
        found.is_active = is_active
        found.save(update_fields=["is_active"])
        if not is_active:
            end_sessions(found)
        record.add("person_changed", "person", found.username, before=before, after={"is_active": is_active})
    return found


def _named(username: str) -> Person:
    found = Person.objects.filter(username=username.strip().lower()).first()
    if found is None:
        raise NotFound
    return found


def _reset(found: Person, record: audit.Record) -> str:
    password = passwords.made_up()
    found.set_password(password)
    found.must_change_password = True
    found.external_id = None
    found.save(update_fields=["password", "must_change_password", "external_id"])
    TOTPDevice.objects.filter(user=found).delete()
    end_sessions(found)
    record.add("password_reset", "person", found.username)
    return password


def end_sessions(found: Person) -> None:
    """End every session of a person."""
    for session in Session.objects.iterator(chunk_size=500):
        if session.get_decoded().get("_auth_user_id") == str(found.pk):
            session.delete()


def set_preferences(actor: Actor, *, language: str | None = None, has_auto_advance: bool | None = None) -> None:
    """What a person chooses for themselves."""
    fields: dict[str, Any] = {}
    if language is not None:
        fields["language"] = language if language in {"en", "ru"} else ""
    if has_auto_advance is not None:
        fields["has_auto_advance"] = has_auto_advance
    if fields:
        Person.objects.filter(pk=actor.person.pk).update(**fields)


def queue(actor: Actor, slug: str) -> Queue:
    """One queue with its members, for administrators."""
    access.require_administrator(actor)
    found = Queue.objects.prefetch_related("members__person").filter(slug=slug).first()
    if found is None:
        raise NotFound
    return found


def set_members(actor: Actor, slug: str, members: Sequence[tuple[str, int]]) -> None:
    """Who works a queue, and for how many minutes a day; counts from the next ranking on."""
    access.require_administrator(actor)
    with audit.recorded(actor) as record:
        queue = Queue.objects.filter(slug=slug).first()
        if queue is None:
            raise NotFound
        people = {found.username: found for found in Person.objects.filter(username__in=[name for name, _m in members])}
        if len(people) != len({name for name, _m in members}):
            raise Refused(_("One of these persons is not known."), "members", "members")
        QueueMember.objects.filter(queue=queue).delete()
        QueueMember.objects.bulk_create(
            [
                QueueMember(queue=queue, person=people[name], minutes=max(0, min(minutes, 1_440)))
                for name, minutes in members
            ]
        )
        record.add("queue_members_set", "queue", slug, members=[list(member) for member in members])
