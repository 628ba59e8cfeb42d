"""A signed-in person's requests, without a browser."""

from datetime import UTC, datetime

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from review.console.models import Person


def client(name: str, language: str = "en") -> Client:
    """A client whose session is that of the person, with every check of sign-in passed."""
    person = Person.objects.get(username=name)
    Person.objects.filter(pk=person.pk).update(must_change_password=False, language=language)
    now = datetime.now(UTC).timestamp()
    session = SessionStore()
    session.update(
        {
            SESSION_KEY: str(person.pk),
            BACKEND_SESSION_KEY: "review.console.services.sign_in.LocalAccounts",
            HASH_SESSION_KEY: person.get_session_auth_hash(),
            "sign_in": "test",
            "started_at": now,
            "seen_at": now,
        }
    )
    session.create()
    made = Client(headers={"host": "localhost"})
    made.cookies["sluice"] = str(session.session_key)
    return made
