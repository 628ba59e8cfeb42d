"""A case as it is printed: what it says, who paid whom, and how it came about. Working notes only where asked for."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from review.console.models import Alert
from review.console.services import audit, cases
from review.console.services.actor import Actor
from review.console.services.alerts import Movement, Node, OpenAlert, ReasonView, told_in_case
from review.console.services.cases import ChronicleItem, OpenCase

_EVIDENCE_MAX = 100
_PARTIES_MAX = 40


@dataclass
class Party:
    """Who takes part in the evidence of an alert: how much it paid there and received, and in how many transactions."""

    node: Node
    is_subject: bool
    paid: Decimal = field(default_factory=Decimal)
    paid_count: int = 0
    received: Decimal = field(default_factory=Decimal)
    received_count: int = 0


@dataclass(frozen=True)
class Told:
    """A reason, and who the payers and receivers are of whom it speaks."""

    reason: ReasonView
    payers: tuple[str, ...]
    receivers: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """An alert of a dossier with what it rests on.

    Attributes:
        alert: the alert.
        opened: the same with its picture.
        reasons: each with the names behind it.
        parties: the subject first, then those with most money; and how many more there are.
        movements: the transactions as they happened; and how many more there are.
    """

    alert: Alert
    opened: OpenAlert
    reasons: tuple[Told, ...]
    parties: tuple[Party, ...]
    more_parties: int
    movements: tuple[Movement, ...]
    more: int


@dataclass(frozen=True)
class Dossier:
    """A case as it is printed: everything in it, what happened, and the number under which the print is logged."""

    open_case: OpenCase
    evidence: tuple[Evidence, ...]
    chronology: tuple[ChronicleItem, ...]
    has_notes: bool
    watermark: str


def dossier(actor: Actor, number: str, *, with_notes: bool = False) -> Dossier:
    """A case for print, with a watermark that leads from the paper to the log; the print is logged.

    Args:
        actor: who prints.
        number: the case.
        with_notes: print the working notes as well: they are the unit's own.

    Raises:
        NotFound: no such case for this person.
    """
    found = cases.open_case(actor, number)
    mark = secrets.token_hex(4)
    with audit.recorded(actor) as record:
        record.add("case_printed", "case", number, watermark=mark, with_notes=with_notes)
    text = f"{number} · {actor.person.username} · {actor.at:%Y-%m-%d %H:%M} UTC · {mark}"
    items = (item for item in cases.chronology(actor, number) if with_notes or item.kind != "note")
    return Dossier(found, tuple(_evidence(actor, alert) for alert in found.alerts), tuple(items), with_notes, text)


def _evidence(actor: Actor, alert: Alert) -> Evidence:
    opened = told_in_case(actor, alert)
    every = {movement.transaction_id: movement for movement in (*opened.movements, *opened.traced)}
    rows = sorted(
        (movement for movement in every.values() if movement.is_evidence),
        key=lambda movement: (movement.occurred_at, movement.transaction_id),
    )
    parties = _parties(rows, alert.subject.node_id)
    return Evidence(
        alert=alert,
        opened=opened,
        reasons=tuple(_told(reason, every) for reason in opened.reasons),
        parties=tuple(parties[:_PARTIES_MAX]),
        more_parties=max(0, len(parties) - _PARTIES_MAX),
        movements=tuple(rows[:_EVIDENCE_MAX]),
        more=max(0, len(rows) - _EVIDENCE_MAX),
    )


def _told(reason: ReasonView, every: dict[str, Movement]) -> Told:
    rows = [every[name] for name in reason.evidence if name in every]
    return Told(reason, _names(row.src for row in rows), _names(row.dst for row in rows))


def _names(nodes: Iterable[Node]) -> tuple[str, ...]:
    """Each once, in their order."""
    return tuple({node.node_id: node.name for node in nodes}.values())


def _parties(rows: Iterable[Movement], subject: int) -> list[Party]:
    found: dict[int, Party] = {}
    for row in rows:
        payer = found.setdefault(row.src.node_id, Party(row.src, row.src.node_id == subject))
        payer.paid += row.amount_local
        payer.paid_count += 1
        receiver = found.setdefault(row.dst.node_id, Party(row.dst, row.dst.node_id == subject))
        receiver.received += row.amount_local
        receiver.received_count += 1
    return sorted(
        found.values(), key=lambda party: (not party.is_subject, -(party.paid + party.received), party.node.node_id)
    )
