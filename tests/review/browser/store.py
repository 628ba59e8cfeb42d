"""A small made-up store for the browser tests: `python -m tests.review.browser.store HOME NIGHT` makes it.

Twenty-nine alerts of one night, all of one rule, in one queue whose members can't read all of them; one person per
role, with passwords that need no change. Nothing here is the console's own way to make a store.
"""

import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

PASSWORD = "calm-river-lantern-9"
PEOPLE = {
    "olga": ("analyst", "Ольга Ким", 0),
    "boris": ("analyst", "Борис Юн", 0),
    "timur": ("senior", "Тимур Ахметов", 0),
    "vera": ("senior", "Вера Соколова", 0),
    "irina": ("auditor", "Ирина Ли", 0),
    "egor": ("engineer", "Егор Цой", 0),
    "nina": ("analyst", "Нина Новая", 0),
}
NEWCOMER = "nina"
"""Has a password that was made for her, and must choose her own."""
ALERTS = 29
RANKED = 26
"""The later a number below this, the riskier; the rest are least of all, so that enough lie below the cut whatever
the random sample of the night draws from there.
"""
BUSY = 23
"""The alert whose subject has more payers than its picture shows, on several days."""
NIGHT = date.fromisoformat(sys.argv[2]) if __name__ == "__main__" else datetime.now(UTC).date() - timedelta(days=1)
"""Yesterday, as the tests see it: the process that makes the store is told, as another day may have begun."""
NAMES = ("Щербаков Юрий", "Әлиев Нұрлан", "Ким Анна", "ООО «Ромашка»", "Назаров Далер", "Жээнбекова Айгүл", "Ли Виктор")


def alert_id(number: int) -> str:
    """The identifier of an alert."""
    return f"{number:02d}" + "ab12cd34" * 3 + "00ff00"


def make(home_path: Path) -> None:
    """Fill a home's console."""
    from pipelines.home import open_home
    from review.console import command

    home = open_home(home=home_path)
    at = datetime.now(UTC) - timedelta(hours=2)
    command.prepare(home, at, PASSWORD)

    from review.console.models import Person
    from review.console.services import people, publishing

    for name, (role, full_name, minutes) in PEOPLE.items():
        people.create_by_command(name, full_name, role, [("*", "*")], minutes, at)
        person = Person.objects.get(username=name)
        person.set_password(PASSWORD)
        person.must_change_password = name == NEWCOMER
        person.save()
    # About 20 of the alerts fit into a day.
    Person.objects.filter(username="administrator").update(minutes_a_day=220)
    publishing.publish_night(_night(), "RU", at)


def _night() -> Any:
    from review.handover import Handover

    every = [_Alert(number) for number in range(ALERTS)]
    return Handover(
        night=NIGHT,
        digest="made-up",
        alerts=[one.row() for one in every],
        contents={one.id: one.content() for one in every},
        subjects={node: facts for one in every for node, facts in one.subjects().items()},
        own_and_parties={one.id: sorted(one.names) for one in every},
        reports={one.report: one.report_row() for one in every},
    )


class _Alert:
    def __init__(self, number: int) -> None:
        self.number = number
        self.id = alert_id(number)
        self.subject = 100 * (number + 1)
        self.report = f"report-{number}"
        self.names = {self.subject: NAMES[number % len(NAMES)] + (f" {number}" if number >= len(NAMES) else "")}
        self.payers = 4
        self.names |= {self.subject + place: f"Плательщик {number}-{place}" for place in range(1, 5)}
        self.names |= {self.subject + place: f"Receiver {number}-{place}" for place in (5, 6)}
        # Further payers, on days before, are no evidence.
        self.places = range(1, 17 if number == BUSY else 7)
        self.names |= {self.subject + place: f"Плательщик {number}-{place}" for place in self.places[6:]}

    def moment(self, hour: int) -> datetime:
        return datetime(NIGHT.year, NIGHT.month, NIGHT.day, hour, 15, tzinfo=UTC)

    def movements(self) -> list[dict[str, Any]]:
        rows = []
        for place in self.places:
            is_in = place not in (5, 6)
            at = self.moment(6 + place) if place < 7 else self.moment(10) - timedelta(days=place % 5 + 1)
            pair = (self.subject + place, self.subject) if is_in else (self.subject, self.subject + place)
            rows.append(
                {
                    "transaction_id": f"t-{self.number}-{place}",
                    "occurred_at": at.isoformat(),
                    "is_date_only": False,
                    "utc_offset_minutes": 360,
                    "src": pair[0],
                    "dst": pair[1],
                    "amount": str(10_000 * (self.number + 1) + 137 * place),
                    "channel": "transfer",
                    "is_evidence": place < 6,
                    "report_key": self.report,
                    "transaction_type": "p2p",
                    "description": "за товар" if is_in else "",
                    "currency": "RUB",
                }
            )
        return rows

    def content(self) -> Any:
        from review.handover import Content

        movements = self.movements()
        evidence = [row["transaction_id"] for row in movements if row["is_evidence"]]
        paid = [row for row in movements if row["src"] == self.subject]
        hops = {-2: [], -1: [row for row in movements if row not in paid], 1: paid, 2: []}
        return Content(
            reasons=[
                {
                    "source": "DRP-01",
                    "code": "DRP-01",
                    "en": "4 payers sent money to one account within 3 hours. It went on within a day.",
                    "ru": "4 плательщика перевели деньги на один счёт за 3 часа. Они ушли дальше за день.",
                    "weight": 0.9,
                    "evidence": evidence[: self.payers],
                },
                {
                    "source": "model",
                    "code": "pit_dst_in_count_1d",
                    "en": "Receiver (the subject): incoming transactions in 1 day: 4 (median of all transactions: 0.3)",
                    "ru": "Получатель (субъект): входящих операций за 1 день: 4 (медиана по всем операциям: 0,3)",
                    "weight": 0.4,
                    "evidence": evidence[self.payers :],
                },
            ],
            missing_data=["device_links"],
            evidence=evidence,
            movements=movements,
            flow={
                "hops": [
                    {
                        "hop": hop,
                        "edges": [
                            [m["src"], m["dst"], m["amount"], 1, m["occurred_at"], m["occurred_at"]] for m in rows
                        ],
                        "others_count": 0,
                        "others_amount": "0",
                    }
                    for hop, rows in hops.items()
                ]
            },
            nodes={str(node): self._node(node) for node in self.names},
            reports={self.report: self.payers + 1},
        )

    def _node(self, node: int) -> dict[str, Any]:
        return {
            "name": self.names[node],
            "key": f"account:{node:020d}",
            "kind": "account",
            "holder_kind": "person",
            "institution": "OMKRRU01",
            "country": "RU",
            "territory": "RU-OMS",
        }

    def row(self) -> dict[str, Any]:
        from decimal import Decimal

        return {
            "alert_id": self.id,
            "node_id": self.subject,
            "subject_name": self.names[self.subject],
            "family": "DRP",
            "theme": "DRUG-SHOP",
            "territory": "RU-OMS",
            "corridor": "RU>KZ" if self.number % 3 == 0 else None,
            "component_id": f"component-{self.number}",
            "linked_count": 0,
            "window_from": self.moment(0) - timedelta(days=6 if self.number == BUSY else 0),
            "window_to": self.moment(23),
            "risk": 0.2 + 0.7 * self.number / RANKED if self.number < RANKED else 0.19 - self.number / 1_000,
            "is_calibrated": True,
            "amount_local": Decimal(50_000 * (self.number + 1)),
            "model_id": "made-up",
            "inputs_digest": "made-up",
            "received_on": NIGHT,
            "known_on": NIGHT,
            "rank": self.number + 1,
        }

    def subjects(self) -> dict[int, Any]:
        from review import spelling
        from review.handover import SubjectFacts

        made = {}
        for node, name in self.names.items():
            described = {**self._node(node), "node_key": f"account:{node:020d}", "described_on": NIGHT}
            terms = {("name", key) for key in spelling.name_keys(name)}
            terms |= {("exact", word) for word in spelling.exact_words(name)}
            details = {"account_number": f"{node:020d}", "opened_on": "2026-01-12"} if node == self.subject else {}
            made[node] = SubjectFacts(node, described, details, frozenset(terms))
        return made

    def report_row(self) -> dict[str, Any]:
        return {
            "report_key": self.report,
            "report_reference": f"STR-{NIGHT.year}-{self.number:04d}",
            "jurisdiction": "RU",
            "reporting_entity_id": "OMKRRU01",
            "report_code": "STR",
            "report_class": "suspicion",
            "relation": "new",
            "reported_at": self.moment(12),
            "received_on": NIGHT,
            "reason": "Поступления от многих физических лиц за короткое время.",
            "action": "Счёт под наблюдением.",
            "territory": "RU-OMS",
            "indicators": ["1411"],
        }


if __name__ == "__main__":
    os.environ["SLUICE_HOME"] = sys.argv[1]
    make(Path(sys.argv[1]))
