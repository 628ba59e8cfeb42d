"""The pictures of an alert: money flow by hop, time line and rows, as parts of its page and on a page of their own."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from review.console.days import day_of
from review.console.drawing import flow as drawing
from review.console.drawing import timeline as times
from review.console.drawing.flow import Card, Picture, Ribbon
from review.console.drawing.pairs import Pair, Period, pairs_of
from review.console.labels import NODE_KINDS
from review.console.models import AlertReport
from review.console.rules import READERS, allow
from review.console.services import access, alerts
from review.console.services.actor import Actor
from review.console.services.alerts import Movement, Node, OpenAlert
from review.console.templatetags.show import day, money, territory

ROWS_MAX = 100
"""Rows of the table before the reader asks for more."""
ROWS_ALL = 3_000
_NIGHT_ENDS = 6
_HOPS = {"-2": -2, "-1": -1, "1": 1, "2": 2}
_MARK_WIDTH = 17


@dataclass(frozen=True)
class Sign:
    """A small sign on a card: its kind, where it stands and its letters."""

    kind: str
    x: int
    text: str = ""


@dataclass(frozen=True)
class OwnAlert:
    """An alert about a node of the picture that the reader may see."""

    alert_id: str
    score: int
    is_open: bool


@dataclass(frozen=True)
class ShownCard:
    """A card with what it says."""

    card: Card
    node: Node | None
    label: str
    signs: tuple[Sign, ...]
    own: OwnAlert | None
    address: str = ""


@dataclass(frozen=True)
class ShownRibbon:
    """A ribbon with the nodes that it joins; empty for folded ones."""

    ribbon: Ribbon
    src: str
    dst: str
    label: str


@dataclass(frozen=True)
class Heading:
    """A column's heading and the address that expands or folds it."""

    column: drawing.Column
    title: str
    x: int
    toggle: str
    is_expanded: bool


@dataclass(frozen=True)
class PairRow:
    """A row of the table that stands for the picture."""

    pair: Pair
    src: Node
    dst: Node
    hop_name: str


def flow_view(
    actor: Actor,
    alert: OpenAlert,
    expanded: Iterable[str] = (),
    period: Period | None = None,
    reason: int | None = None,
    *,
    all_rows: bool = False,
    refused: str = "",
    is_still: bool = False,
) -> dict[str, Any]:
    """What `_flow.html`, `_timeline.html` and `_table.html` show.

    Args:
        actor: who reads.
        alert: the opened alert.
        expanded: hops that are shown with more pairs: -2, -1, 1, 2.
        period: the chosen days (UTC); the whole window if None.
        reason: marks and lists the rows of this reason (from 0) alone.
        all_rows: list up to 3,000 rows.
        refused: why the days that were asked for are not the period.
        is_still: for paper: nothing to press, and no other alerts.
    """
    subject = alert.alert.subject.node_id
    marked = _marked(alert, reason)
    by_pair: dict[tuple[int, int], list[Movement]] = defaultdict(list)
    for movement in (*alert.movements, *alert.traced):
        if _is_in(movement.occurred_at, alert.drawn):
            by_pair[movement.src.node_id, movement.dst.node_id].append(movement)
    hops = sorted({_HOPS[name] for name in expanded if name in _HOPS})
    pairs, rests = pairs_of(alert.flow, by_pair, marked, period)
    names = {node_id: node.name for node_id, node in alert.nodes.items()} | {subject: alert.alert.subject_name}
    picture = drawing.draw(pairs, rests, subject, names, hops)
    asking = _Asking(alert.alert.alert_id, hops, period, reason)
    rows = _listed(alert, marked, period, reason)
    most = ROWS_ALL if all_rows else ROWS_MAX
    beyond = [item for item in alert.beyond if reason is None and _is_in(item.at, period)]
    return {
        "picture": picture,
        "cards": _cards(actor, alert, picture, subject, None if is_still else asking),
        "ribbons": [_ribbon(ribbon, alert, subject) for ribbon in picture.ribbons],
        "headings": [_heading(column, asking) for column in picture.columns],
        "pair_rows": _pair_rows(picture, alert),
        "folded_rows": [
            (hop_name(hop), rest, period is not None and hop in picture.at_most)
            for hop, rest in sorted(picture.folded.items())
        ],
        "timeline": _timeline(alert, marked, subject, period),
        "rows": rows[:most],
        "row_count": len(rows),
        "rows_left": max(len(rows) - most, 0),
        "beyond_count": sum(item.count for item in beyond),
        "beyond_amount": sum((item.amount for item in beyond), Decimal(0)),
        "outside_count": len(marked - _drawn(pairs, by_pair)),
        "period": period,
        "shown_period": period or alert.drawn,
        "drawn": alert.drawn,
        "refused": refused or _nothing_in(period, rows, picture),
        "reason": reason,
        "reason_number": None if reason is None else reason + 1,
        "expanded": hops,
        "flow_page": asking.address(),
        "flow_address": reverse("console:flow", args=[asking.alert_id]),
        "whole_window": asking.address(period=None),
        "all_rows_address": asking.address(rows="all"),
        "every_movement": asking.address(reason=None),
        "opened": alert,
        "is_still": is_still,
    }


@dataclass(frozen=True)
class _Asking:
    """What the reader asked for, to make addresses that change one thing of it."""

    alert_id: str
    hops: list[int]
    period: Period | None
    reason: int | None

    def address(self, rows: str = "", **changed: Any) -> str:
        """The flow's address with some values changed."""
        hops = changed.get("hops", self.hops)
        period = changed.get("period", self.period)
        reason = changed.get("reason", self.reason)
        query: list[tuple[str, Any]] = [("open", hop) for hop in hops]
        if period:
            query += [("from", period[0].isoformat()), ("to", period[1].isoformat())]
        if reason is not None:
            query.append(("reason", reason))
        if rows:
            query.append(("rows", rows))
        return reverse("console:flow", args=[self.alert_id]) + ("?" + urlencode(query) if query else "")


@allow(*READERS)
def flow(request: HttpRequest, alert_id: str) -> HttpResponse:
    """The pictures of an alert: as parts for the page that shows them, or as a page."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    opened = alerts.picture_of(actor, alert_id)
    period, refused = _period(request.GET.get("from", ""), request.GET.get("to", ""), opened)
    context = flow_view(
        actor,
        opened,
        request.GET.getlist("open"),
        period,
        _reason(request.GET.get("reason", ""), opened),
        all_rows=request.GET.get("rows") == "all",
        refused=refused,
    )
    context |= {"alert": opened.alert, "nav": "queues"}
    if getattr(request, "htmx", False):
        return render(request, "console/flow/parts.html", context | {"is_swapped": True})
    return render(request, "console/flow/page.html", context)


def _period(first: str, last: str, alert: OpenAlert) -> tuple[Period | None, str]:
    """The asked days, cut to those that the pictures show, and what to say where they are not what was asked.

    No period where none or no days are asked for, or all of them.
    """
    shown = {"first": day(alert.drawn[0]), "last": day(alert.drawn[1])}
    try:
        start = day_of(first) if first else alert.drawn[0]
        end = day_of(last) if last else alert.drawn[1]
    except ValueError:
        return None, _("A day is written like %(last)s. Shown: %(first)s – %(last)s.") % shown
    start, end = sorted((start, end))
    inside = max(start, alert.drawn[0]), min(end, alert.drawn[1])
    if inside[0] > inside[1]:
        return None, _(
            "The pictures of this alert reach from %(first)s to %(last)s; nothing else is kept here."
        ) % shown
    cut = _("Days outside %(first)s – %(last)s are not kept here.") % shown if inside != (start, end) else ""
    return (None if inside == alert.drawn else inside), cut


def _nothing_in(period: Period | None, rows: Collection[Movement], picture: Picture) -> str:
    """What to say of a period in which nothing moved."""
    return _("Nothing moved in these days.") if period and not rows and not picture.shown else ""


def _reason(text: str, alert: OpenAlert) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 3 and int(text) < len(alert.reasons) else None


def _marked(alert: OpenAlert, reason: int | None) -> frozenset[str]:
    """The transactions that are marked: a reason's rows, or the evidence."""
    if reason is not None and 0 <= reason < len(alert.reasons):
        return frozenset(alert.reasons[reason].evidence)
    return frozenset(movement.transaction_id for movement in alert.movements if movement.is_evidence)


def _drawn(pairs: Iterable[Pair], by_pair: Mapping[tuple[int, int], list[Movement]]) -> set[str]:
    """The transactions of the pairs of a picture."""
    return {movement.transaction_id for pair in pairs for movement in by_pair.get((pair.src, pair.dst), ())}


def _listed(alert: OpenAlert, marked: Collection[str], period: Period | None, reason: int | None) -> list[Movement]:
    """The rows of the table, in time order: a reason's, wherever they lie, or every movement that the pictures show."""
    if reason is None:
        return [movement for movement in alert.movements if _is_in(movement.occurred_at, period)]
    chosen = [m for m in (*alert.movements, *alert.traced) if m.transaction_id in marked]
    return sorted(
        (movement for movement in chosen if _is_in(movement.occurred_at, period)),
        key=lambda movement: (movement.occurred_at, movement.transaction_id),
    )


def _is_in(moment: datetime, period: Period | None) -> bool:
    return period is None or period[0] <= _day(moment) <= period[1]


def _day(moment: datetime) -> date:
    """The day of a moment; the store's moments are in UTC."""
    return moment.date()


def hop_name(hop: int) -> str:
    """What a column is called."""
    names = {-2: _("Payers of payers"), -1: _("Payers"), 0: _("Subject"), 1: _("Receivers"), 2: _("Their receivers")}
    return names[hop]


def _heading(column: drawing.Column, asking: _Asking) -> Heading:
    others = [hop for hop in asking.hops if hop != column.hop]
    toggle = ""
    if column.is_expanded:
        toggle = asking.address(hops=others)
    elif column.can_expand:
        toggle = asking.address(hops=sorted([*others, column.hop]))
    return Heading(column, hop_name(column.hop), column.x + column.width // 2, toggle, column.is_expanded)


def _cards(actor: Actor, alert: OpenAlert, picture: Picture, subject: int, asking: _Asking | None) -> list[ShownCard]:
    shown = {card.node_id for card in picture.cards if card.node_id not in (None, subject)}
    own = _own_alerts(actor, {node for node in shown if node is not None}) if asking else {}
    home = alert.nodes[subject].country if subject in alert.nodes else ""
    can_expand = [column.hop for column in picture.columns if column.can_expand] if asking else []
    expandable = {hop: asking.address(hops=sorted([*asking.hops, hop])) for hop in can_expand} if asking else {}
    made = []
    for card in picture.cards:
        if card.node_id is None:
            made.append(ShownCard(card, None, _folded_label(card), (), None, expandable.get(card.hop, "")))
            continue
        node = alert.nodes.get(card.node_id)
        mine = own.get(card.node_id)
        made.append(ShownCard(card, node, _card_label(card, node, mine), _signs(card, node, mine, home), mine))
    return made


def _own_alerts(actor: Actor, nodes: Collection[int]) -> dict[int, OwnAlert]:
    """By node, the alert about it with the highest score that the reader may see."""
    found = access.alerts_for(actor).filter(subject__node_id__in=nodes).order_by("score", "-pk")
    rows = found.values_list("subject__node_id", "alert_id", "score", "state")
    return {node: OwnAlert(alert_id, score, state != "closed") for node, alert_id, score, state in rows}


def _kind(node: Node) -> str:
    """What stands behind a card: a person or an entity where that is known, else the account."""
    return node.holder_kind or node.kind or "account"


def _signs(card: Card, node: Node | None, own: OwnAlert | None, home: str) -> tuple[Sign, ...]:
    """The signs at the right end of the amount's line, from right to left."""
    kinds: list[tuple[str, str]] = []
    if card.is_subject:
        return ()
    if node is not None:
        kinds.append((_kind(node), ""))
    if card.is_cash:
        kinds.append(("cash", ""))
    if node is not None and node.country and home and node.country != home:
        kinds.append(("abroad", node.country[:2].upper()))
    if own is not None:
        kinds.append(("alert", str(own.score)))
    room = max(1, (card.width - 46) // _MARK_WIDTH)
    places = [card.right_x - _MARK_WIDTH * (at + 1) + 3 for at in range(room)]
    return tuple(Sign(kind, x, text) for x, (kind, text) in zip(places, kinds, strict=False))


def _card_label(card: Card, node: Node | None, own: OwnAlert | None) -> str:
    name = node.name if node else " ".join(card.lines)
    parts = [name]
    if node is not None:
        kind = str(NODE_KINDS.get(_kind(node), ""))
        parts += [part for part in (kind, node.institution, territory(node.territory or node.country)) if part]
    if not card.is_subject:
        parts.append(_moved(card))
    if card.is_evidence:
        parts.append(_("evidence"))
    if card.is_cash:
        parts.append(_("cash"))
    if own is not None:
        parts.append(_("an alert of its own, score %(score)s") % {"score": own.score})
    return "; ".join(parts)


def _moved(item: Card | Ribbon) -> str:
    """An amount with its number of movements and days, in words."""
    amount = money(item.amount)
    if item.is_at_most:
        amount = _("at most %(amount)s") % {"amount": amount}
    if item.first_at is None or item.last_at is None:
        return amount
    count = ngettext("%(count)s movement", "%(count)s movements", item.count) % {"count": item.count}
    first, last = day(item.first_at), day(item.last_at)
    return f"{amount}, {count}, {first}" + (f" – {last}" if last != first else "")


def _folded_label(card: Card) -> str:
    pairs = ngettext("%(count)s smaller pair", "%(count)s smaller pairs", card.count) % {"count": card.count}
    return f"{pairs}, {money(card.amount)}"


def _ribbon(ribbon: Ribbon, alert: OpenAlert, subject: int) -> ShownRibbon:
    ends = [_end(key, alert, subject) for key in (ribbon.src, ribbon.dst)]
    label = f"{ends[0][1]} → {ends[1][1]}: {_moved(ribbon)}"
    return ShownRibbon(ribbon, ends[0][0], ends[1][0], label)


def _end(key: str, alert: OpenAlert, subject: int) -> tuple[str, str]:
    """A ribbon's end: its node as text (empty where folded) and what to call it."""
    name = key.split(":", 1)[1]
    if name == drawing.FOLDED:
        return "", _("others")
    node = int(name)
    if node == subject:
        return name, alert.alert.subject_name
    return name, alert.nodes[node].name if node in alert.nodes else name


def _pair_rows(picture: Picture, alert: OpenAlert) -> list[PairRow]:
    unknown = Node(0, "–", "", "", "", "", "", "")
    return [
        PairRow(pair, alert.nodes.get(pair.src, unknown), alert.nodes.get(pair.dst, unknown), hop_name(pair.hop))
        for pair in picture.shown
    ]


def _timeline(alert: OpenAlert, marked: Collection[str], subject: int, period: Period | None) -> times.Timeline:
    first, last = alert.drawn
    received = AlertReport.objects.filter(alert=alert.alert).values_list("report__received_on", flat=True)
    marks = [("alert", alert.alert.first_night)]
    marks += [("report", on) for on in sorted(set(received)) if first <= on <= last + timedelta(days=31)]
    beyond = [times.Flowed(_day(b.at), b.amount, b.is_incoming, b.at.hour, b.count) for b in alert.beyond]
    return times.draw([*_hours(alert.movements, marked, subject), *beyond], first, last, marks, period)


def _hours(movements: Iterable[Movement], marked: Collection[str], subject: int) -> list[times.Flowed]:
    """The subject's movements, gathered by hour and way."""
    sums: dict[tuple[date, int, bool], Decimal] = defaultdict(Decimal)
    counts: dict[tuple[date, int, bool], int] = defaultdict(int)
    nights: dict[tuple[date, int, bool], int] = defaultdict(int)
    evident = set()
    for movement in movements:
        if subject not in (movement.src.node_id, movement.dst.node_id):
            continue
        key = (_day(movement.occurred_at), movement.occurred_at.hour, movement.is_incoming)
        sums[key] += movement.amount_local
        counts[key] += 1
        nights[key] += _is_night(movement)
        if movement.transaction_id in marked:
            evident.add(key)
    return [
        times.Flowed(day_, amount, is_in, hour, counts[key], nights[key], key in evident)
        for key, amount in sums.items()
        for day_, hour, is_in in (key,)
    ]


def _is_night(movement: Movement) -> bool:
    """Did it happen between midnight and six, by the local time that the report gives."""
    if movement.is_date_only:
        return False
    at = movement.occurred_at
    return (at.hour * 60 + at.minute + (movement.utc_offset_minutes or 0)) % 1_440 < _NIGHT_ENDS * 60
