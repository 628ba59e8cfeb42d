"""Every address of the console, walked by those who must not use it: nothing is shown, nothing changes, nothing breaks.

The routes are read from the URL configuration: a new one is tried without being named here. Only a new kind of
object in an address has to be taught below, and until then the tests fail.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from review.console import config, middleware
from review.console.models import Attachment, Case, Event, NeedToKnow, Note, Person, QueueMember, Scope
from review.console.models.people import Role
from review.console.rules import Rule
from review.console.services import bulk, cases, exports, workflow
from tests.review.console.store import PASSWORD, SALARY, WHY, Given, Store, alert_id, count_of_everything, use

OF_ROLE = {
    Role.ANALYST: "anna",
    Role.SENIOR: "sveta",
    Role.DISSEMINATION: "dina",
    Role.AUDITOR: "audra",
    Role.ENGINEER: "egor",
    Role.HEAD: "chief",
}
FORM: dict[str, Any] = {
    "version": "1",
    "text": WHY,
    "code": "D5",
    "reason": "salary",
    "until": "2026-12-20",
    "addressee": "Bank",
    "question": WHY,
    "title": "Ring",
    "target": "closed_unsent",
    "verdict": "approve",
    "answer": "approve",
    "node": "1001",
    "part": "payer",
    "reference": "R-1",
    "people": "stranger",
    "role": "head",
    "case": "2026-00001",
    "kind": "events",
    "object": "",
    "username": "intruder",
    "full_name": "X",
    "territory": "*",
    "theme": "*",
    "minutes_a_day": "1",
    "number": "2026-00001",
    "token": "x",
    "language": "en",
    "is_administrator": "1",
    "recipient": "Police",
    "sent_on": "2026-02-04",
    "legal_basis": "A law",
}
"""Whatever any form asks for, filled in plausibly: a refusal must not come from a missing field."""


@dataclass(frozen=True)
class Route:
    """One address: its name, the view's rule, and the names in its path."""

    name: str
    rule: Rule | None
    parts: tuple[str, ...]


def routes() -> list[Route]:
    """Every address of the URL configuration."""
    return list(_walk(get_resolver().url_patterns))


def _walk(patterns: list[URLPattern | URLResolver], space: str = "", parts: tuple[str, ...] = ()) -> Iterator[Route]:
    for item in patterns:
        here = (*parts, *item.pattern.converters)
        if isinstance(item, URLResolver):
            yield from _walk(item.url_patterns, item.namespace or space, here)
        else:
            name = f"{space}:{item.name}" if space else str(item.name)
            yield Route(name, getattr(item.callback, "rule", None), here)


ROUTES = routes()


@dataclass(frozen=True)
class Filled:
    """A store with one of everything, all of it in the territory XS-A, and what stands for it in addresses."""

    store: Store
    objects: dict[str, Any]

    def address(self, route: Route) -> str:
        unknown = set(route.parts) - set(self.objects)
        assert not unknown, f"{route.name}: teach this test what {sorted(unknown)} is"
        return reverse(route.name, kwargs={name: self.objects[name] for name in route.parts})


def numbers() -> tuple[Any, ...]:
    """Everything that a forbidden request could have changed."""
    models = (Case, Note, Attachment, Person, Scope, NeedToKnow, QueueMember)
    work = count_of_everything()[:2]
    rights = hash(tuple(Person.objects.order_by("pk").values_list("username", "role", "is_administrator", "password")))
    return (*work, *(model.objects.count() for model in models), rights)


@pytest.fixture(scope="module")
def filled_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A SQLite file of a filled store, and what stands for its objects in addresses."""
    folder = tmp_path_factory.mktemp("filled")
    file = Path(shutil.copy(sqlite_template, folder))
    use(config.database("", folder))
    objects = fill(Store("sqlite")).objects
    connections.close_all()
    return file, objects


@pytest.fixture
def filled(filled_template: tuple[Path, dict[str, Any]], tmp_path: Path) -> Iterator[Filled]:
    """On SQLite: who may do what is no matter of the database."""
    file, objects = filled_template
    shutil.copy(file, tmp_path)
    use(config.database("", tmp_path))
    yield Filled(Store("sqlite"), objects)
    connections.close_all()


@pytest.fixture
def filled_on_each(store: Store) -> Filled:
    """On each database, for what reaches it."""
    return fill(store)


def fill(store: Store) -> Filled:
    store.publish(
        *(Given(number) for number in range(1, 26)), *(Given(number, territory="XS-B") for number in range(31, 56))
    )
    anna = store.actor("anna")
    held = store.claimed(2)
    case = cases.create(anna, "Ring", held.alert_id, held.version)
    file = cases.attach(anna, case.number, SimpleUploadedFile("facts.txt", b"facts"))
    slug = store.alert(1).queue.slug
    asked = exports.ask(store.actor("sveta"), "queue", slug, WHY)
    decision = store.proposed(3)
    held = store.claimed(4)
    step = workflow.release(anna, held.alert_id, held.version).step
    token = bulk.preview(anna, [alert_id(5), alert_id(6)]).token
    batch, _ = bulk.close(anna, token, SALARY)
    return Filled(
        store,
        {
            "alert_id": alert_id(1),
            "slug": slug,
            "number": case.number,
            "attachment_id": file.pk,
            "export_id": asked.pk,
            "decision_id": decision.pk,
            "step_id": step.pk,
            "batch": batch,
            "username": "anna",
        },
    )


def objects_for(route: Route, filled: Filled) -> Filled:
    """`number` is a case's in the addresses of cases, and a reason's in those of alerts."""
    if "alert_id" in route.parts and "number" in route.parts:
        return Filled(filled.store, {**filled.objects, "number": 0})
    return filled


def client_of(name: str | None, *, csrf: bool = False) -> Client:
    """A browser; signed in where a name is given."""
    client = Client(enforce_csrf_checks=csrf, SERVER_NAME="localhost", raise_request_exception=False)
    if name:
        backend = "review.console.services.sign_in.LocalAccounts"
        client.force_login(Person.objects.get(username=name), backend=backend)
        session, now = client.session, datetime.now(UTC).timestamp()
        session.update({"sign_in": "test", "started_at": now, "seen_at": now})
        session.save()
    return client


def answers(client: Client, route: Route, filled: Filled) -> dict[str, HttpResponse]:
    """What the address says to a read and to a filled-in form."""
    address = objects_for(route, filled).address(route)
    found = {"GET": client.get(address), "POST": client.post(address, FORM)}
    for answer in found.values():
        answer.close()
    return found


def told(found: dict[str, HttpResponse]) -> dict[str, int]:
    return {method: answer.status_code for method, answer in found.items()}


def test_every_view_has_a_rule():
    assert len(ROUTES) > 40
    assert not [route.name for route in ROUTES if not isinstance(route.rule, Rule)]


def test_who_is_not_signed_in_is_sent_to_sign_in(filled: Filled):
    before = numbers()
    wrong = {}
    for route in ROUTES:
        if route.rule and not route.rule.is_public:
            found = answers(client_of(None), route, filled)
            sign_in = reverse("console:login")
            if not all(a.status_code == 302 and a.headers["Location"].startswith(sign_in) for a in found.values()):
                wrong[route.name] = told(found)
    assert not wrong
    assert numbers() == before


def test_what_is_public_is_sign_in_and_preferences_alone():
    assert {route.name for route in ROUTES if route.rule and route.rule.is_public} <= {
        *("console:login", "console:preferences", "console:oidc", "console:oidc_back"),
    }


OWN_OBJECTS = {"step_id", "batch", "alert_id", "slug", "number", "attachment_id", "export_id", "decision_id"}


@pytest.mark.parametrize("name", ["stranger", "themed"])
def test_another_territorys_or_themes_analyst_finds_nothing(filled: Filled, name):
    client, before = client_of(name), numbers()
    wrong = {}
    for route in ROUTES:
        if OWN_OBJECTS & set(route.parts) and route.rule:
            found = told(answers(client, route, filled))
            hidden = {404, 405} if Role.ANALYST in route.rule.roles else {403, 404, 405}
            if found.get("GET") == 302:
                del found["GET"]  # it takes forms alone, and leads to the page above, which the walk asks for itself
            if not set(found.values()) <= hidden or set(found.values()) == {405}:
                wrong[route.name] = found
    assert not wrong
    assert numbers() == before


def test_a_number_that_was_never_given_looks_like_one_of_another_territory(filled: Filled):
    invented = {**filled.objects, "alert_id": "f" * 32, "slug": "nix", "number": "1999-00001", "batch": uuid4()}
    invented |= dict.fromkeys(("attachment_id", "export_id", "decision_id", "step_id"), 999_999)
    client = client_of("stranger")
    for route in ROUTES:
        if OWN_OBJECTS & set(route.parts):
            theirs = answers(client, route, filled)
            none = answers(client, route, Filled(filled.store, invented))
            for method in theirs:
                assert theirs[method].status_code == none[method].status_code, route.name
                assert _plain(theirs[method]) == _plain(none[method]), route.name


def _plain(answer: HttpResponse) -> str:
    """A page without what differs from one request to the next: its address, its form's token and the minute."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "", answer.content.decode())
    return re.sub(r'value="[^"]{20,}"|(?:href|action|value)="[^"]*"|"X-CSRFToken": "\w+"', "", text)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_without_the_right_is_told_so_and_nothing_more(filled: Filled, role):
    client, before = client_of(OF_ROLE[role]), numbers()
    is_administrator = role is Role.HEAD
    wrong, tried = {}, 0
    for route in ROUTES:
        rule = route.rule
        if rule is None or rule.is_public or role in rule.roles or (rule.for_administrators and is_administrator):
            continue
        tried += 1
        found = told(answers(client, route, filled))
        if set(found.values()) != {403}:
            wrong[route.name] = found
    assert not wrong
    assert numbers() == before
    assert tried or role is Role.HEAD


def test_who_may_reads_and_nothing_breaks(filled_on_each: Filled):
    """The other side: with the right and the sight, no address refuses its reader, and none fails on a silly form."""
    filled = filled_on_each
    wrong, opened = {}, 0
    for route in ROUTES:
        rule = route.rule
        if rule is None:
            continue
        name = "chief" if rule.for_administrators or Role.HEAD in rule.roles else OF_ROLE[(*rule.roles, Role.HEAD)[0]]
        client = client_of(name)
        before = numbers()
        address = objects_for(route, filled).address(route)
        answer = client.get(address)
        answer.close()
        status = answer.status_code
        # An export waits for a second person, and there is no provider to sign in with: tested by themselves.
        if "export_id" not in route.parts and "oidc" not in route.name and status not in {200, 302, 405}:
            wrong[route.name] = status
        opened += status == 200
        if numbers() != before:
            wrong[route.name] = "a GET has changed something"
        if route.name != "console:logout":
            for form in ({}, dict.fromkeys(FORM, "\x00щ"), dict.fromkeys(FORM, "'\"щ<\u202e" * 2_000)):
                sent = client.post(address, form).status_code
                if sent >= 500:
                    wrong[f"{route.name} {sorted(form)[:1]}"] = sent
    assert not wrong
    assert opened > 15


def test_no_form_is_taken_without_its_token(filled: Filled):
    before = numbers()
    client = client_of("chief", csrf=True)
    wrong = {}
    for route in ROUTES:
        answer = client.post(objects_for(route, filled).address(route), FORM)
        if answer.status_code not in {403, 405}:
            wrong[route.name] = answer.status_code
    assert not wrong
    assert numbers() == before


def test_every_answer_carries_the_headers_that_a_browser_obeys(filled: Filled):
    inline = re.compile(rb"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)(?![^>]*application/json)|javascript:")
    for name in (None, "chief"):
        for route in ROUTES:
            answer = client_of(name).get(objects_for(route, filled).address(route))
            answer.close()
            csp = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in csp
            assert "frame-ancestors 'none'" in csp or "sandbox" in csp
            assert "unsafe" not in csp
            assert "http" not in csp
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "no-store" in answer.headers["Cache-Control"]
            assert "camera=()" in answer.headers["Permissions-Policy"]
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                assert not inline.search(answer.content), (route.name, inline.search(answer.content))


def test_a_name_that_the_console_does_not_go_by_is_refused(filled: Filled):
    answer = client_of("anna").get("/", SERVER_NAME="evil.example")
    assert answer.status_code == 400


def test_sign_in_leads_to_this_console_only_and_locks(filled: Filled):
    address = reverse("console:login")
    for target, lead in (("https://evil.example/", "/"), ("//evil.example", "/"), ("/cases/", "/cases/")):
        form = {"username": "boris", "password": PASSWORD, "next": target}
        answer = client_of(None).post(address, form)
        assert (answer.status_code, answer.headers["Location"]) == (302, lead)
    for _ in range(5):
        assert client_of(None).post(address, {"username": "boris", "password": "x"}).status_code < 500
    locked = client_of(None).post(address, {"username": "boris", "password": PASSWORD})
    assert locked.status_code == 429
    assert "_auth_user_id" not in locked.wsgi_request.session


def test_searching_without_end_is_refused(filled: Filled, monkeypatch):
    """Counts are kept by the minute, so the clock stands still: a new minute would begin at nothing."""
    now = datetime.now(UTC)
    monkeypatch.setattr(middleware, "datetime", Mock(now=lambda _zone: now))
    client = client_of("anna")
    said = [client.get(reverse("console:search"), {"q": "nobody"}) for _ in range(62)]
    assert said[0].status_code == 200
    assert said[-1].status_code == 429
    page = said[-1].content.decode()
    assert "<h1>Too often</h1>" in page
    assert "Wait a minute." in page


def test_a_session_does_not_outlive_its_person(filled: Filled):
    client = client_of("anna")
    assert client.get("/").status_code in {200, 302}
    Person.objects.filter(username="anna").update(is_active=False)
    assert client.get(reverse("console:search")).headers["Location"].startswith(reverse("console:login"))


def test_a_cookie_is_not_readable_by_scripts_and_stays_on_the_site(filled: Filled):
    answer = client_of(None).post(reverse("console:login"), {"username": "anna", "password": PASSWORD})
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert Session.objects.count() == 1


UPLOADS = {
    "too large": (SimpleUploadedFile("a.txt", b"x" * 2_000), {400, 409, 413}),
    "a program": (SimpleUploadedFile("a.exe", b"MZ"), {409}),
    "not what it says": (SimpleUploadedFile("a.pdf", b"<html>"), {409}),
    "a page": (SimpleUploadedFile("a.html", b"<script>"), {409}),
    "empty": (SimpleUploadedFile("a.txt", b""), {409}),
}


@pytest.mark.parametrize("what", UPLOADS)
def test_a_file_is_refused_that_is(filled: Filled, what, monkeypatch):
    monkeypatch.setattr(settings, "UPLOAD_MAX_BYTES", 1_000)
    file, statuses = UPLOADS[what]
    file.seek(0)
    kept = list(settings.ATTACHMENTS.iterdir())
    answer = client_of("anna").post(
        reverse("console:case_attach", kwargs={"number": filled.objects["number"]}), {"file": file}
    )
    assert answer.status_code in statuses
    assert Attachment.objects.count() == 1
    assert list(settings.ATTACHMENTS.iterdir()) == kept


def test_a_file_comes_back_as_a_download_under_a_harmless_name(filled: Filled):
    client, number = client_of("anna"), filled.objects["number"]
    file = SimpleUploadedFile("../../\r\nevil<b>.txt", b"facts")
    client.post(reverse("console:case_attach", kwargs={"number": number}), {"file": file})
    kept = Attachment.objects.latest("pk")
    assert "/" not in kept.name
    assert "<" not in kept.name
    answer = client.get(reverse("console:attachment", kwargs={"number": number, "attachment_id": kept.pk}))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content) == b"facts"
    answer.close()
    assert Event.objects.filter(action="case_file_read").exists()


def test_production_settings_pass_djangos_own_check(tmp_path):
    """`manage.py check --deploy` as deploy/README.md runs it, in a process of its own."""
    import os
    import subprocess
    import sys

    root = Path(__file__).parents[3]
    environment = {
        "SLUICE_HOME": str(tmp_path),
        "SLUICE_CONSOLE_PRODUCTION": "true",
        "SLUICE_CONSOLE_TOTP": "true",
        "SLUICE_CONSOLE_HOSTS": "sluice.fiu.example",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [sys.executable, "review/manage.py", "check", "--deploy", "--fail-level", "INFO"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_migrations_are_complete(filled: Filled):
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
