"""The pairs of a stored flow with what the movements say of them: evidence, cash, and how much lies in a period."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from review.flow import Flow, FlowEdge

Period = tuple[date, date]
"""First and last day (UTC), both included."""


class Moved(Protocol):
    """What is needed of a movement."""

    @property
    def transaction_id(self) -> str:
        """Which transaction."""

    @property
    def occurred_at(self) -> datetime:
        """When, in UTC."""

    @property
    def amount_local(self) -> Decimal:
        """How much, in local currency."""

    @property
    def channel(self) -> str:
        """How value moved."""


@dataclass(frozen=True)
class Pair:
    """What one node paid another; `is_at_most`: the stored sum, of which an unknown part lies in the period."""

    hop: int
    src: int
    dst: int
    amount: Decimal
    count: int
    first_at: datetime
    last_at: datetime
    is_evidence: bool = False
    is_cash: bool = False
    is_at_most: bool = False

    @property
    def far(self) -> int:
        """The node farther from the subject."""
        return self.src if self.hop < 0 else self.dst

    @property
    def near(self) -> int:
        """The node nearer to the subject."""
        return self.dst if self.hop < 0 else self.src


@dataclass(frozen=True)
class Rest:
    """What a hop has beyond its pairs: how many further pairs, and their sum."""

    count: int
    amount: Decimal


def pairs_of(
    flow: Flow,
    movements: Mapping[tuple[int, int], Iterable[Moved]],
    evidence: Collection[str],
    period: Period | None = None,
) -> tuple[list[Pair], dict[int, Rest]]:
    """Every pair of the flow that moved something in the period, and by hop what lies beyond them.

    A pair of the second hop is left out where the first hop's pair that it leads to does not lie in the period.

    Args:
        flow: the stored flow.
        movements: known movements by payer and receiver.
        evidence: transactions to mark.
        period: all of the window if None.
    """
    found = []
    reached: dict[int, set[int]] = defaultdict(set)
    for hop in sorted(flow.hops, key=lambda hop: abs(hop.hop)):
        side = 1 if hop.hop > 0 else -1
        for edge in hop.edges:
            pair = _pair(hop.hop, edge, list(movements.get((edge.src, edge.dst), ())), evidence, period)
            if pair is None or (abs(hop.hop) > 1 and pair.near not in reached[side]):
                continue
            if abs(hop.hop) == 1:
                reached[side].add(pair.far)
            found.append(pair)
    rests = {hop.hop: Rest(hop.others_count, hop.others_amount) for hop in flow.hops if hop.others_count}
    return found, rests


def _pair(
    hop: int, edge: FlowEdge, movements: list[Moved], evidence: Collection[str], period: Period | None
) -> Pair | None:
    inside = movements if period is None else [item for item in movements if _is_in(item.occurred_at, period)]
    marks = {
        "is_evidence": any(item.transaction_id in evidence for item in inside),
        "is_cash": any(item.channel == "cash" for item in inside),
    }
    whole = Pair(hop, edge.src, edge.dst, edge.amount_local, edge.count, edge.first_at, edge.last_at, **marks)
    if period is None or (_is_in(edge.first_at, period) and _is_in(edge.last_at, period)):
        return whole
    first, last = period
    if _day(edge.last_at) < first or _day(edge.first_at) > last:
        return None
    is_known = (
        len(movements) == edge.count and sum((m.amount_local for m in movements), Decimal(0)) == edge.amount_local
    )
    if not is_known:
        return replace(whole, is_at_most=True)
    if not inside:
        return None
    moments = [item.occurred_at for item in inside]
    amount = sum((item.amount_local for item in inside), Decimal(0))
    return Pair(hop, edge.src, edge.dst, amount, len(inside), min(moments), max(moments), **marks)


def _day(moment: datetime) -> date:
    return moment.date()


def _is_in(moment: datetime, period: Period) -> bool:
    return period[0] <= _day(moment) <= period[1]
