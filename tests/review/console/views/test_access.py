"""Every address around the work on alerts: who may call it, and that a stranger learns nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from review.console.models import Case, Export, Queue
from review.console.services import cases
from review.console.urls_cases import urlpatterns
from tests.review.console.store import PEOPLE, Given, Store, alert_id
from tests.review.console.views.pages import client

CASE_READERS = {"anna", "boris", "sveta", "sergei", "dina", "audra", "chief"}
WORKERS = {"anna", "boris", "sveta", "sergei", "chief"}
OUTSIDE = {"stranger", "themed"}
"""Analysts of the same role, whose territory or theme is another."""
EXPORTERS = {"sveta", "sergei", "dina", "audra", "chief"}
RULES: dict[str, set[str]] = {
    "flow": WORKERS | {"audra"},
    "cases": CASE_READERS,
    "case_create": WORKERS,
    "case": CASE_READERS,
    "case_edit": WORKERS,
    "case_move": CASE_READERS,
    "case_judge": {"sveta", "sergei", "chief"},
    "case_note": CASE_READERS - {"audra"},
    "case_subject": WORKERS,
    "case_report": WORKERS,
    "case_attach": WORKERS,
    "attachment": CASE_READERS,
    "case_restrict": WORKERS - {"boris"},
    "case_lift": {"sveta", "sergei", "chief"},
    "dossier": CASE_READERS,
    "search": WORKERS | {"audra"},
    "people": {"chief"},
    "members": {"chief"},
    "queue_members": {"chief"},
    "person": {"chief"},
    "person_reset": {"chief"},
    "audit": {"audra", "chief"},
    "audit_verify": {"audra", "chief"},
    "exports": EXPORTERS,
    "export_judge": {"sveta", "sergei", "chief"},
    "export_file": EXPORTERS,
    "statistics": {"sveta", "sergei", "audra", "chief"},
    "system": {"audra", "chief", "egor"},
}
OBJECTS = {"flow", "case", "attachment", "dossier", *(name for name in RULES if name.startswith("case_"))} - {
    "case_create"
}
"""Addresses of one alert or case: a role that may call them sees only its own."""


@pytest.fixture
def numbers(store: Store) -> dict[str, object]:
    """A case of anna's with one alert, and the arguments of every address."""
    store.publish(Given(1))
    alert = store.claimed(1)
    case = cases.create(store.actor("anna"), "Zeppelin", alert.alert_id, alert.version)
    return {"alert_id": alert_id(1), "number": case.number, "attachment_id": 1, "username": "anna", "export_id": 1}


def _address(name: str, numbers: dict[str, object]) -> str:
    pattern = next(pattern for pattern in urlpatterns if pattern.name == name)
    wanted = pattern.pattern.converters  # type: ignore[attr-defined]
    known = {**numbers, "slug": Queue.objects.first().slug}  # type: ignore[union-attr]
    return reverse(f"console:{name}", kwargs={key: known[key] for key in wanted})


def test_every_address_has_a_rule_here() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(RULES)


def test_only_these_roles_get_in(store: Store, numbers: dict[str, object]) -> None:
    """GET first, POST where GET is not taken; the others get 403, or 404 for what is not in their sight."""
    for person in set(PEOPLE) - {"boris", "sergei", "themed"}:
        asked = client(person)
        for name, roles in RULES.items():
            address = _address(name, numbers)
            answer = asked.get(address)
            if answer.status_code == 405:
                answer = asked.post(address)
            if person not in roles and not (person in OUTSIDE and "anna" in roles):
                assert answer.status_code == 403, (person, name, answer.status_code)
            elif name in OBJECTS and person in OUTSIDE:
                assert answer.status_code == 404, (person, name, answer.status_code)
            else:
                unknown = {404} if name in ("attachment", "export_file", "export_judge") else set()
                assert answer.status_code in {200, 302, 409, 422} | unknown, (person, name, answer.status_code)


def test_nobody_gets_in_without_signing_in(store: Store, numbers: dict[str, object]) -> None:
    for name in RULES:
        answer = Client(headers={"host": "localhost"}).get(_address(name, numbers))
        assert answer.status_code == 302, name
        assert "/sign-in/" in answer["Location"]


def test_a_restricted_case_is_unknown_to_others(store: Store, numbers: dict[str, object]) -> None:
    case = Case.objects.get()
    cases.restrict(store.actor("anna"), case.number, case.version, ["sveta"])
    assert client("sveta").get(f"/cases/{case.number}/").status_code == 200
    for name in ("boris", "sergei", "dina"):
        assert client(name).get(f"/cases/{case.number}/").status_code == 404
        assert case.title not in client(name).get("/cases/").content.decode()


def test_an_export_is_fetched_by_whoever_asked_for_it_alone(store: Store, numbers: dict[str, object]) -> None:
    asked = client("sveta").post(
        "/exports/", {"kind": "case", "object": numbers["number"], "reason": "For the meeting with the prosecutor."}
    )
    assert asked.status_code == 302
    export = Export.objects.get()
    assert client("sveta").post(f"/exports/{export.pk}/file/").status_code == 302, "not allowed yet"
    assert client("sveta").post(f"/exports/{export.pk}/judge/", {"verdict": "allow"}).status_code == 302
    assert Export.objects.get().allowed_by is None, "nobody allows their own"
    client("sergei").post(f"/exports/{export.pk}/judge/", {"verdict": "allow"})
    assert client("sergei").post(f"/exports/{export.pk}/file/").status_code == 404
    file = client("sveta").post(f"/exports/{export.pk}/file/")
    assert file["Content-Disposition"] == f'attachment; filename="sluice-case-{export.pk}.csv"'
    lines = file.content.decode("utf-8-sig").splitlines()
    assert all("sveta" in line for line in (lines[0], *lines[2:]))
    assert len(lines) == 3
