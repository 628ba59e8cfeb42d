"""The money flow as geometry: cards in columns by hop, ribbons between them as wide as the amount.

Payers stand left of the subject and receivers right, so that money always runs from left to right. A hop shows its
largest pairs; the rest is folded into one card. The order within columns keeps crossings few and does not change
between two drawings of the same flow. Knows no colour, no language and no store.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from math import ceil

from review.console.drawing.lettering import fitted
from review.console.drawing.pairs import Pair, Rest

PAIRS_SHOWN = 8
"""Pairs of a hop before it is expanded: with the time line the picture then fits beside the decision at 900 lines."""
PAIRS_EXPANDED = 60
EVIDENCE_KEPT = 4
"""Pairs of evidence that are shown although others are larger."""
WIDTHS = {1: 420, 2: 460, 3: 600, 4: 640, 5: 640}
"""Width by number of columns: a picture of few columns is drawn larger."""
FONT = 11
_BOLD = 1.1
"""How much wider the subject's letters are."""
LINE = 14
_TOP = 26
_GAP = 8
_MARGIN = 4
_PAD = 5
_RIBBONS = 130.0
"""Height of all ribbons of the wider of the two hops next to the subject together, where they are three or more."""
_RIBBON_ALONE = 40.0
"""Height for each of them where they are fewer: one payment is a band and no wall."""
_OUTER_MOST = 16.0
_OUTER_RIBBONS = 90.0
"""The widest ribbon of an outer hop, and all of them: salaries of payers' payers must not dwarf the alert's money."""
_THINNEST = 1.4
_ROOMY = 6
"""Columns of at most so many cards have room for dates."""
_CARD_WIDTHS = {1: 260, 2: 180, 3: 140, 4: 126, 5: 106}
_SWEEPS = 4
FOLDED = "folded"

_Key = tuple[int, int | str]
"""Hop, and a node or FOLDED."""


@dataclass(frozen=True)
class Card:
    """One node in one column, or the folded pairs of a hop.

    Attributes:
        hop: the column; 0 is the subject's.
        node_id: None for folded pairs.
        x, y, width, height: the frame.
        lines: the name, broken to the width.
        amount: what it paid towards the subject or received from its side; of the subject, nothing.
        count: movements; of folded pairs, pairs.
        has_dates: is there room for the dates.
    """

    hop: int
    node_id: int | None
    x: int
    y: int
    width: int
    height: int
    lines: tuple[str, ...]
    amount: Decimal
    count: int
    first_at: datetime | None
    last_at: datetime | None
    has_dates: bool
    is_evidence: bool = False
    is_cash: bool = False
    is_at_most: bool = False

    @property
    def key(self) -> str:
        """What ribbons name it by."""
        return f"{self.hop}:{FOLDED if self.node_id is None else self.node_id}"

    @property
    def is_subject(self) -> bool:
        """Is it the subject's card."""
        return self.hop == 0

    @property
    def is_folded(self) -> bool:
        """Does it stand for folded pairs."""
        return self.node_id is None

    @property
    def text_x(self) -> int:
        """Where its text begins."""
        return self.x + _PAD + 2

    @property
    def right_x(self) -> int:
        """Where its marks end."""
        return self.x + self.width - _PAD - 2

    @property
    def named_lines(self) -> list[tuple[int, str]]:
        """Its name's lines, each with its base line."""
        return [(self.y + LINE * (at + 1), line) for at, line in enumerate(self.lines)]

    @property
    def amount_y(self) -> int:
        """The base line of its amount."""
        return self.y + LINE * (len(self.lines) + 1)

    @property
    def dates_y(self) -> int:
        """The base line of its dates."""
        return self.amount_y + LINE


@dataclass(frozen=True)
class Ribbon:
    """What moved between two cards: a path from left to right and its width, as text for SVG's attributes."""

    src: str
    dst: str
    hop: int
    path: str
    thickness: str
    arrow: str
    amount: Decimal
    count: int
    first_at: datetime | None
    last_at: datetime | None
    is_folded: bool
    is_evidence: bool
    is_cash: bool
    is_at_most: bool


@dataclass(frozen=True)
class Column:
    """A hop's heading: where it stands, what it shows and what it leaves folded."""

    hop: int
    x: int
    width: int
    shown: int
    folded: int
    is_expanded: bool
    can_expand: bool


@dataclass(frozen=True)
class Picture:
    """The whole picture; `shown` are the pairs that it draws, largest first within a hop.

    `at_most` are the hops of whose amounts an unknown part lies outside a chosen period.
    """

    width: int
    height: int
    columns: tuple[Column, ...]
    cards: tuple[Card, ...]
    ribbons: tuple[Ribbon, ...]
    shown: tuple[Pair, ...]
    folded: Mapping[int, Rest] = field(default_factory=dict)
    at_most: frozenset[int] = frozenset()

    @property
    def is_narrow(self) -> bool:
        """Has it so few columns that it is drawn larger."""
        return self.width < max(WIDTHS.values())

    @property
    def subject(self) -> Card:
        """The card in the middle."""
        return next(card for card in self.cards if card.is_subject)

    @property
    def came_in(self) -> Decimal:
        """What the subject was paid in all, folded pairs included."""
        return sum((ribbon.amount for ribbon in self.ribbons if ribbon.hop == -1), Decimal(0))

    @property
    def went_out(self) -> Decimal:
        """What the subject paid in all, folded pairs included."""
        return sum((ribbon.amount for ribbon in self.ribbons if ribbon.hop == 1), Decimal(0))


@dataclass
class _Link:
    """What joins two cards, before it has a place."""

    hop: int
    far: _Key
    near: _Key
    amount: Decimal = Decimal(0)
    count: int = 0
    pairs: list[Pair] = field(default_factory=list)
    thickness: float = 0.0

    @property
    def left(self) -> _Key:
        """The card that pays."""
        return self.far if self.hop < 0 else self.near

    @property
    def right(self) -> _Key:
        """The card that receives."""
        return self.near if self.hop < 0 else self.far


def draw(
    pairs: Sequence[Pair],
    rests: Mapping[int, Rest],
    subject: int,
    names: Mapping[int, str],
    expanded: Iterable[int] = (),
) -> Picture:
    """The picture of a flow.

    Args:
        pairs: every known pair; see `pairs.pairs_of`.
        rests: by hop, what lies beyond them.
        subject: the node in the middle.
        names: what to call each node.
        expanded: hops of which more pairs are shown.
    """
    wide = frozenset(expanded)
    chosen: dict[int, list[Pair]] = {}
    hidden: dict[int, list[Pair]] = {}
    for hop in sorted({pair.hop for pair in pairs} | set(rests), key=abs):
        chosen[hop], hidden[hop] = _choose([p for p in pairs if p.hop == hop], hop in wide)
    folded = {hop: _folded(hidden[hop], rests.get(hop)) for hop in chosen}
    folded = {hop: rest for hop, rest in folded.items() if rest.count}
    links = _links(chosen, hidden, rests, subject)
    _thicken(links)
    order = _ordered(links, subject, folded)
    cards = _cards(order, links, folded, names)
    height = max(card.y + card.height for card in cards.values()) + _MARGIN
    columns = [
        Column(
            hop=hop,
            x=cards[keys[0]].x,
            width=cards[keys[0]].width,
            shown=len(chosen.get(hop, ())),
            folded=folded[hop].count if hop in folded else 0,
            is_expanded=hop in wide,
            can_expand=hop != 0 and hop not in wide and len(hidden.get(hop, ())) > 0,
        )
        for hop, keys in sorted(order.items())
    ]
    shown = tuple(pair for hop in sorted(chosen) for pair in chosen[hop])
    ribbons = _ribbons(links, cards)
    at_most = frozenset(rests) | {pair.hop for pair in pairs if pair.is_at_most}
    return Picture(WIDTHS[len(order)], height, tuple(columns), tuple(cards.values()), ribbons, shown, folded, at_most)


def _choose(pairs: list[Pair], is_expanded: bool) -> tuple[list[Pair], list[Pair]]:  # noqa: FBT001 (private)
    """The pairs that are shown and those that are folded, each largest first; evidence displaces what is none."""
    limit = PAIRS_EXPANDED if is_expanded else PAIRS_SHOWN
    ordered = sorted(pairs, key=lambda pair: (-pair.amount, pair.src, pair.dst))
    entering = [at for at in range(limit, len(ordered)) if ordered[at].is_evidence][:EVIDENCE_KEPT]
    places = range(min(limit, len(ordered)))
    yielding = [at for at in reversed(places) if not ordered[at].is_evidence][: len(entering)]
    kept = (set(places) - set(yielding)) | set(entering[: len(yielding)])
    return [ordered[at] for at in sorted(kept)], [pair for at, pair in enumerate(ordered) if at not in kept]


def _folded(hidden: Sequence[Pair], rest: Rest | None) -> Rest:
    count, amount = (rest.count, rest.amount) if rest else (0, Decimal(0))
    return Rest(count + len(hidden), amount + sum((pair.amount for pair in hidden), Decimal(0)))


def _links(
    chosen: Mapping[int, list[Pair]], hidden: Mapping[int, list[Pair]], rests: Mapping[int, Rest], subject: int
) -> list[_Link]:
    """What joins the cards, pairs between the same two cards together."""
    made: dict[tuple[_Key, _Key], _Link] = {}
    for hop in sorted(chosen, key=abs):
        side = 1 if hop > 0 else -1
        inner = {pair.far for pair in chosen.get(hop - side, ())}
        for pair, is_shown in [*((p, True) for p in chosen[hop]), *((p, False) for p in hidden[hop])]:
            far: _Key = (hop, pair.far if is_shown else FOLDED)
            near: _Key = (0, subject)
            if abs(hop) > 1:
                near = (hop - side, pair.near if pair.near in inner else FOLDED)
            link = made.setdefault((far, near), _Link(hop, far, near))
            link.amount += pair.amount
            link.count += pair.count
            link.pairs.append(pair)
        rest = rests.get(hop)
        if rest and abs(hop) == 1:
            link = made.setdefault(((hop, FOLDED), (0, subject)), _Link(hop, (hop, FOLDED), (0, subject)))
            link.amount += rest.amount
    return list(made.values())


def _thicken(links: list[_Link]) -> None:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for link in links:
        sums[link.hop] += max(link.amount, Decimal(0))
    widest = float(max((amount for hop, amount in sums.items() if abs(hop) == 1), default=Decimal(0)))
    beside = max((sum(link.hop == side for link in links) for side in (-1, 1)), default=0)
    room = min(_RIBBONS, _RIBBON_ALONE * beside)
    for link in links:
        share = float(max(link.amount, Decimal(0))) / widest if widest else 0.0
        most = room if abs(link.hop) == 1 else _OUTER_MOST
        link.thickness = min(max(_THINNEST, share * room), most)
    for hop in {link.hop for link in links if abs(link.hop) > 1}:
        outer = [link for link in links if link.hop == hop]
        excess = sum(link.thickness for link in outer) / _OUTER_RIBBONS
        for link in outer:
            link.thickness = max(_THINNEST, link.thickness / max(excess, 1.0))


def _ordered(links: list[_Link], subject: int, folded: Mapping[int, Rest]) -> dict[int, list[_Key]]:
    """The cards of each column from top to bottom; folded ones last."""
    worth: dict[_Key, Decimal] = defaultdict(Decimal)
    for link in links:
        worth[link.far] += link.amount
    order: dict[int, list[_Key]] = {0: [(0, subject)]}
    for hop in sorted({link.hop for link in links} | set(folded), key=abs):
        keys = {link.far for link in links if link.hop == hop} - {(hop, FOLDED)}
        order[hop] = sorted(keys, key=lambda key: (-worth[key], str(key[1])))
    for side in (-1, 1):
        _uncross(order, links, side)
    for hop in folded:
        order[hop].append((hop, FOLDED))
    return order


def _uncross(order: dict[int, list[_Key]], links: list[_Link], side: int) -> None:
    """Sort the two columns of a side by the middle of what each card is joined to, and keep the best order met."""
    inner, outer = side, 2 * side
    if outer not in order or inner not in order:
        return
    joined = [link for link in links if link.hop == outer and link.far[1] != FOLDED]
    best = (_crossings(order[inner], order[outer], joined), list(order[inner]), list(order[outer]))
    for sweep in range(_SWEEPS):
        moving, fixed = (outer, inner) if sweep % 2 == 0 else (inner, outer)
        order[moving] = _by_middle(order[moving], order[fixed], joined, is_far=moving == outer)
        crossings = _crossings(order[inner], order[outer], joined)
        if crossings < best[0] or (sweep == 0 and crossings <= best[0]):
            best = (crossings, list(order[inner]), list(order[outer]))
    order[inner], order[outer] = best[1], best[2]


def _by_middle(moving: list[_Key], fixed: list[_Key], links: list[_Link], *, is_far: bool) -> list[_Key]:
    place = {key: at for at, key in enumerate(fixed)}
    weight: dict[_Key, float] = defaultdict(float)
    pull: dict[_Key, float] = defaultdict(float)
    for link in links:
        key, other = (link.far, link.near) if is_far else (link.near, link.far)
        weight[key] += link.thickness
        pull[key] += link.thickness * place.get(other, len(fixed))
    here = {key: float(at) for at, key in enumerate(moving)}
    return sorted(moving, key=lambda key: (pull[key] / weight[key] if weight[key] else here[key], here[key]))


def _crossings(inner: list[_Key], outer: list[_Key], links: list[_Link]) -> int:
    """How many pairs of links cross; at most a few thousand comparisons, since columns are bounded."""
    places = {key: at for at, key in enumerate([*inner, *outer])}
    ends = sorted((places.get(link.near, len(inner)), places.get(link.far, 0)) for link in links)
    return sum(
        1 for at, (near, far) in enumerate(ends) for other in ends[at + 1 :] if other[0] > near and other[1] < far
    )


def _cards(
    order: Mapping[int, list[_Key]],
    links: list[_Link],
    folded: Mapping[int, Rest],
    names: Mapping[int, str],
) -> dict[_Key, Card]:
    """Every card with its place; columns stand in the middle of the tallest."""
    left: dict[_Key, float] = defaultdict(float)
    right: dict[_Key, float] = defaultdict(float)
    own: dict[_Key, list[_Link]] = defaultdict(list)
    for link in links:
        right[link.left] += link.thickness
        left[link.right] += link.thickness
        own[link.far].append(link)
    hops = sorted(order)
    width = _CARD_WIDTHS[len(hops)]
    across = WIDTHS[len(hops)]
    gap = (across - 2 * _MARGIN - len(hops) * width) // max(len(hops) - 1, 1)
    cards: dict[_Key, Card] = {}
    columns: list[list[_Key]] = []
    for at, hop in enumerate(hops):
        x = _MARGIN + at * (width + gap) if len(hops) > 1 else (across - width) // 2
        lines_max = 4 if hop == 0 else 2 if len(order[hop]) <= PAIRS_SHOWN + 1 else 1
        has_dates = hop != 0 and len(order[hop]) <= _ROOMY
        y = _TOP
        for key in order[hop]:
            card = _card(key, x, y, width, own[key], folded.get(hop), names, lines_max, has_dates=has_dates)
            least = ceil(max(left[key], right[key])) + 2 * _PAD
            card = _moved(card, y, max(card.height, least))
            cards[key] = card
            y += card.height + _GAP
        columns.append(order[hop])
    bottom = max(cards[keys[-1]].y + cards[keys[-1]].height for keys in columns)
    for keys in columns:
        shift = (bottom - cards[keys[-1]].y - cards[keys[-1]].height) // 2
        for key in keys:
            cards[key] = _moved(cards[key], cards[key].y + shift, cards[key].height)
    return cards


def _card(
    key: _Key,
    x: int,
    y: int,
    width: int,
    links: list[_Link],
    rest: Rest | None,
    names: Mapping[int, str],
    lines_max: int,
    *,
    has_dates: bool,
) -> Card:
    hop, node = key
    room = width - 2 * (_PAD + 2)
    if isinstance(node, str):
        count, amount = (rest.count, rest.amount) if rest else (0, Decimal(0))
        return Card(hop, None, x, y, width, LINE * 2 + _PAD, ("",), amount, count, None, None, has_dates=False)
    pairs = [pair for link in links for pair in link.pairs]
    size = FONT * _BOLD if hop == 0 else FONT
    lines = fitted(names.get(node, "") or str(node), room, size, lines_max) or (str(node),)
    rows = len(lines) + (2 if hop == 0 else 1) + has_dates
    return Card(
        hop=hop,
        node_id=node,
        x=x,
        y=y,
        width=width,
        height=LINE * rows + _PAD + 1,
        lines=lines,
        amount=sum((pair.amount for pair in pairs), Decimal(0)),
        count=sum(pair.count for pair in pairs),
        first_at=min((pair.first_at for pair in pairs), default=None),
        last_at=max((pair.last_at for pair in pairs), default=None),
        has_dates=has_dates,
        is_evidence=any(pair.is_evidence for pair in pairs),
        is_cash=any(pair.is_cash for pair in pairs),
        is_at_most=any(pair.is_at_most for pair in pairs),
    )


def _moved(card: Card, y: int, height: int) -> Card:
    return replace(card, y=y, height=height)


def _ribbons(links: list[_Link], cards: Mapping[_Key, Card]) -> tuple[Ribbon, ...]:
    """The ribbons, wide ones first so that narrow ones lie on top."""
    leaving, entering = defaultdict(list), defaultdict(list)
    for link in links:
        leaving[link.left].append(link)
        entering[link.right].append(link)
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for stacks, place, other in ((leaving, starts, "right"), (entering, ends, "left")):
        for key, group in stacks.items():
            card = cards[key]
            group.sort(key=lambda link: (cards[getattr(link, other)].y, str(getattr(link, other))))
            at = card.y + (card.height - sum(link.thickness for link in group)) / 2
            for link in group:
                place[id(link)] = at + link.thickness / 2
                at += link.thickness
    ordered = sorted(links, key=lambda link: (-link.thickness, link.hop, str(link.left), str(link.right)))
    return tuple(_ribbon(link, cards, starts[id(link)], ends[id(link)]) for link in ordered)


def _ribbon(link: _Link, cards: Mapping[_Key, Card], y1: float, y2: float) -> Ribbon:
    left, right = cards[link.left], cards[link.right]
    x1, x2 = left.x + left.width, right.x
    middle = (x1 + x2) / 2
    return Ribbon(
        src=left.key,
        dst=right.key,
        hop=link.hop,
        path=f"M{x1} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2} {y2:.1f}",
        thickness=f"{link.thickness:.1f}",
        arrow=f"M{x2 - 7} {y2 - 4:.1f}L{x2} {y2:.1f}L{x2 - 7} {y2 + 4:.1f}Z",
        amount=link.amount,
        count=link.count,
        first_at=min((pair.first_at for pair in link.pairs), default=None),
        last_at=max((pair.last_at for pair in link.pairs), default=None),
        is_folded=FOLDED in (link.far[1], link.near[1]),
        is_evidence=any(pair.is_evidence for pair in link.pairs),
        is_cash=any(pair.is_cash for pair in link.pairs),
        is_at_most=any(pair.is_at_most for pair in link.pairs),
    )
