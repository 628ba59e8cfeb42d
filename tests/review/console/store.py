"""A store with persons, and nights of made-up alerts to publish into it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connections

from review import spelling
from review.console.models import Alert, Decision, Event, Person, Scope
from review.console.services import alerts, publishing, workflow
from review.console.services.actor import Actor
from review.console.services.workflow import Choice
from review.handover import Content, Handover, SubjectFacts

NIGHT = date(2026, 2, 3)
NOW = datetime(2026, 2, 4, 8, 0, tzinfo=UTC)
"""The morning after the night."""
PASSWORD = "seven-lanterns-44-upstream"
SALARY = Choice("D5", "salary", "Monthly pay of one employer, as the contract shows.")
WHY = "The reason, in words that a reader understands."
PEOPLE = {
    "anna": ("analyst", [("XS-A", "*")]),
    "boris": ("analyst", [("XS-A", "*")]),
    "stranger": ("analyst", [("XS-B", "*")]),
    "themed": ("analyst", [("*", "DRUG-OPI")]),
    "sveta": ("senior", [("XS", "*")]),
    "sergei": ("senior", [("XS", "*")]),
    "dina": ("dissemination", [("XS", "*")]),
    "audra": ("auditor", []),
    "egor": ("engineer", []),
    "chief": ("head", []),
}
"""By sign-in name: role and scopes."""


def use(database: dict[str, Any]) -> None:
    """Let Django's default connection lead to another database."""
    connections.close_all()
    connections.settings["default"] = {**connections.settings["default"], **database}
    if hasattr(connections._connections, "default"):
        del connections["default"]


@cache
def _hash() -> str:
    return make_password(PASSWORD)


def new_database() -> None:
    """Make the tables and one person per role (two of those who approve each other)."""
    call_command("migrate", interactive=False, verbosity=0)
    for name, (role, scopes) in PEOPLE.items():
        person = Person.objects.create(username=name, password="", role=role, created_at=NOW, minutes_a_day=300)
        Person.objects.filter(pk=person.pk).update(password=_hash(), is_administrator=name == "chief")
        Scope.objects.bulk_create([Scope(person=person, territory=a, theme=b) for a, b in scopes])
    connections.close_all()


def alert_id(number: int) -> str:
    """The identifier of the alert of this number."""
    return sha256(f"alert {number}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Given:
    """One alert of a night; what a test says nothing about is the same for all."""

    number: int
    territory: str = "XS-A"
    theme: str = "DRUG-SHOP"
    family: str = "fan"
    typologies: tuple[str, ...] = ("FAN-01",)
    features: tuple[str, ...] = ("asof_dst_in_fan_7d",)
    risk: float = 0.5
    amount: str = "1000000"
    evidence: tuple[str, ...] = ("t1", "t2")
    component: str = ""
    name: str = ""
    others: tuple[int, ...] = ()
    reports: tuple[str, ...] = ("XS:bank:R-1:1",)

    @property
    def identifier(self) -> str:
        """Its alert_id."""
        return alert_id(self.number)

    @property
    def node(self) -> int:
        """The node of its subject."""
        return 1_000 + self.number


def night_of(given: Sequence[Given], night: date = NIGHT, digest: str = "") -> Handover:
    """A handover of these alerts; by its digest, the same content is the same night."""
    subjects: dict[int, SubjectFacts] = {}
    made = Handover(night, digest or sha256(repr((night, given)).encode()).hexdigest(), subjects=subjects)
    for one in given:
        for node in (one.node, *_others(one)):
            subjects[node] = _subject(node, one.name if node == one.node else "", night)
        made.alerts.append(_row(one, night))
        made.contents[one.identifier] = _content(one, night)
        made.own_and_parties[one.identifier] = [one.node, *_others(one)]
        made.reports.update({key: _report(key, night) for key in one.reports})
    return made


def _others(one: Given) -> tuple[int, ...]:
    return one.others or (9_000 + one.number,)


def _row(one: Given, night: date) -> dict[str, Any]:
    end = datetime(night.year, night.month, night.day, 18, tzinfo=UTC)
    return {
        "alert_id": one.identifier,
        "node_id": one.node,
        "subject_name": one.name or f"Subject {one.number}",
        "family": one.family,
        "theme": one.theme,
        "territory": one.territory,
        "corridor": None,
        "component_id": one.component or f"component {one.number}"[:32],
        "linked_count": 0,
        "window_from": end - timedelta(days=3),
        "window_to": end,
        "risk": one.risk,
        "is_calibrated": True,
        "amount_local": Decimal(one.amount),
        "model_id": "model-1",
        "inputs_digest": "0" * 64,
        "received_on": night,
        "known_on": night,
    }


def _content(one: Given, night: date) -> Content:
    other = _others(one)[0]
    at = datetime(night.year, night.month, night.day, 9, tzinfo=UTC)
    movements = [
        {
            "transaction_id": name,
            "occurred_at": (at + timedelta(minutes=place)).isoformat(),
            "is_date_only": False,
            "utc_offset_minutes": 180,
            "src": other,
            "dst": one.node,
            "amount": one.amount,
            "channel": "transfer",
            "is_evidence": True,
            "report_key": one.reports[0] if one.reports else None,
            "transaction_type": None,
            "description": None,
            "currency": "XSD",
        }
        for place, name in enumerate(one.evidence)
    ]
    edge = [other, one.node, one.amount, len(movements), at.isoformat(), at.isoformat()]
    hops = [{"hop": hop, "edges": [], "others_count": 0, "others_amount": "0"} for hop in (-2, -1, 1, 2)]
    hops[1]["edges"] = [edge]
    reason = {"en": "40 payments of 40 payers.", "ru": "40 платежей от 40 плательщиков.", "weight": 0.8}
    return Content(
        reasons=[
            {"source": source, "code": code, "evidence": list(one.evidence), **reason}
            for source, code in [(name, name) for name in one.typologies] or [("model", name) for name in one.features]
        ],
        missing_data=[],
        evidence=list(one.evidence),
        movements=movements,
        flow={"hops": hops},
        nodes={str(node): _node(node) for node in (one.node, *_others(one))},
        reports=dict.fromkeys(one.reports, len(one.evidence)),
    )


def _node(node: int) -> dict[str, Any]:
    told = dict.fromkeys(("holder_kind", "institution", "country", "territory"))
    return {"name": f"Node {node}", "key": f"XS:{node}", "kind": "account", **told}


def _subject(node: int, name: str, night: date) -> SubjectFacts:
    described = {**_node(node), "node_key": f"XS:4070281000{node}", "described_on": night}
    if name:
        described["name"] = name
    terms = {("name", key) for key in spelling.name_keys(described["name"])}
    terms |= {("exact", word) for word in spelling.exact_words(described["name"])}
    terms.add(("number", spelling.number_key(f"4070281000{node}")))
    return SubjectFacts(node, described, {}, frozenset(terms))


def _report(key: str, night: date) -> dict[str, Any]:
    return {
        "report_key": key,
        "report_reference": key.split(":")[2],
        "jurisdiction": "XS",
        "reporting_entity_id": "bank",
        "report_code": "STR",
        "report_class": "suspicion",
        "relation": "original",
        "reported_at": None,
        "received_on": night,
        "reason": "The client could not name a payer.",
        "action": None,
        "territory": None,
        "indicators": ["I-1"],
    }


@dataclass
class Store:
    """A database with persons, and short ways to do what tests do all the time."""

    kind: str
    address: str = ""
    people: dict[str, Person] = field(default_factory=dict)

    def actor(self, name: str, after: timedelta = timedelta(0)) -> Actor:
        """A person as they are in the store now, at a time after the morning."""
        return Actor(Person.objects.get(username=name), NOW + after, "sign-in", "127.0.0.1")

    def publish(self, *given: Given, night: date = NIGHT, at: datetime = NOW, **more: Any) -> publishing.Published:
        """Hand a night of these alerts over; their scores are low, so that one person closes them."""
        published = self.publish_ranked(*given, night=night, at=at, **more)
        Alert.objects.update(score=10)
        return published

    def publish_ranked(
        self, *given: Given, night: date = NIGHT, at: datetime = NOW, **more: Any
    ) -> publishing.Published:
        """The same with the scores that the ranking gives."""
        return publishing.publish_night(night_of(given, night), "XS", at, **more)

    def alert(self, number: int) -> Alert:
        """The alert as it is."""
        return Alert.objects.get(alert_id=alert_id(number))

    def claimed(self, number: int, name: str = "anna", after: timedelta = timedelta(0)) -> Alert:
        """The alert, taken and opened by a person."""
        workflow.claim(self.actor(name, after), alert_id(number))
        return alerts.open_alert(self.actor(name, after), alert_id(number)).alert

    def scored(self, number: int, score: int) -> None:
        """Give an alert a shown score."""
        Alert.objects.filter(alert_id=alert_id(number)).update(score=score)

    def closed(
        self, number: int, taken_as: str, code: str, risk: float | None = None, theme: str = "DRUG-SHOP"
    ) -> None:
        """Leave an alert as it stands after a decision, with how it had come to be read."""
        alert = self.alert(number)
        said = {"code": code, "text": "", "status": "final", "needs_second": False, "proposed_at": NOW}
        Decision.objects.create(alert=alert, ordinal=1, score=alert.score, **said)
        values = {"taken_as": taken_as, "taken_risk": risk, "disposition": code, "theme": theme}
        Alert.objects.filter(pk=alert.pk).update(state="closed", closed_at=NOW, **values)

    def proposed(self, number: int, name: str = "anna") -> Decision:
        """A decision of a person that waits for a second one."""
        self.scored(number, 95)
        held = self.claimed(number, name)
        workflow.decide(self.actor(name), held.alert_id, held.version, SALARY)
        return Decision.objects.get(alert=held, status="proposed")


def count_of_everything() -> tuple[int, ...]:
    """How many alerts, steps, decisions and events there are, and the sum of versions: equal means nothing changed."""
    rows = list(Alert.objects.order_by("pk").values_list("pk", "version", "state", "owner_id"))
    return (hash(tuple(rows)), Decision.objects.count(), Event.objects.count())
