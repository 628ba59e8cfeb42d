"""What the alerts of the console's benchmark hold: names with their search terms, and a few contents to spread."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from review import spelling

SUBJECT = 700_000_000
"""Stands for the alert's own subject until the database puts that in."""
_FIRST = ("Пётр", "Анна", "Иван", "Айгуль", "Марат", "Ольга", "Юрий", "Жанна", "Щучин", "Алишер")
_BEGIN = ("Щерба", "Жуков", "Ахмет", "Иса", "Ким", "Шата", "Цвет", "Хаки", "Юсуп", "Лебе", "Гор", "Наза")
_MIDDLE = ("ро", "ли", "ка", "му", "на", "ше", "го", "до", "ти", "ва")
_END = ("ков", "ев", "ова", "ский", "мов", "енко", "ян", "зода", "кин", "ль")
_HOPS = (-2, -1, 1, 2)


@cache
def names() -> list[tuple[str, list[tuple[str, str]]]]:
    """Some thousand names, each with the terms that find it: kind and value."""
    made = []
    for begin in _BEGIN:
        for middle in _MIDDLE:
            for end in _END:
                for first in _FIRST:
                    name = f"{begin}{middle}{end} {first}"
                    terms = [("name", key) for key in sorted(spelling.name_keys(name))]
                    terms += [("exact", word) for word in sorted(set(spelling.exact_words(name)))]
                    made.append((name, terms))
    return made


def contents() -> Iterator[tuple[int, str, str, str, str, str]]:
    """Number, reasons, evidence, movements, flow and nodes: number 0 is the largest, 1 to 20 have five movements."""
    yield _content(0, 300, 60)
    for number in range(1, 21):
        yield _content(number, 5, 1)


def _content(number: int, movements: int, pairs: int) -> tuple[int, str, str, str, str, str]:
    begun = datetime(2026, 2, 1, 9, tzinfo=UTC)
    others = [800_000_000 + number * 1_000 + place for place in range(max(4, min(movements, pairs * 4)))]
    rows = [_movement(place, others[place % len(others)], begun, place % 4 == 3) for place in range(movements)]
    evidence = [row["transaction_id"] for row in rows]
    reasons = [
        {
            "source": "FAN-01",
            "code": "FAN-01",
            "en": "40 payments of 40 payers (usually 3).",
            "ru": "40 платежей от 40 плательщиков (обычно 3).",
            "weight": 0.8 - 0.1 * place,
            "evidence": evidence[place::3][:50],
        }
        for place in range(3)
    ]
    hops = [_hop(hop, others, pairs, begun) for hop in _HOPS]
    nodes = {str(node): _node(node) for node in (SUBJECT, *others)}
    texts = (json.dumps(value, ensure_ascii=False) for value in (reasons, evidence, rows, {"hops": hops}, nodes))
    return (number, *texts)  # type: ignore[return-value]


def _movement(place: int, other: int, begun: datetime, is_out: bool) -> dict[str, Any]:  # noqa: FBT001
    src, dst = (SUBJECT, other) if is_out else (other, SUBJECT)
    return {
        "transaction_id": f"t{place}",
        "occurred_at": (begun + timedelta(minutes=7 * place)).isoformat(),
        "is_date_only": False,
        "utc_offset_minutes": 180,
        "src": src,
        "dst": dst,
        "amount": str(10_000 + place * 137),
        "channel": "transfer",
        "is_evidence": True,
        "report_key": "XS:bank:R-1:1",
        "transaction_type": None,
        "description": "по договору",
        "currency": "XSD",
    }


def _hop(hop: int, others: list[int], pairs: int, begun: datetime) -> dict[str, Any]:
    moment = begun.isoformat()
    edges = []
    for place in range(pairs):
        near, far = others[place % len(others)], others[(place * 3 + 1) % len(others)]
        ends = {-1: (near, SUBJECT), 1: (SUBJECT, near), -2: (far, near), 2: (near, far)}[hop]
        if ends[0] != ends[1]:
            edges.append([*ends, str(900_000 - place), 3, moment, moment])
    return {"hop": hop, "edges": edges, "others_count": 83, "others_amount": "4100000"}


def _node(node: int) -> dict[str, Any]:
    told = {"holder_kind": "person", "institution": "bank-1", "country": "XS", "territory": "XS-3"}
    return {"name": f"Щербаков {node}", "key": f"XS:{node}", "kind": "account", **told}
