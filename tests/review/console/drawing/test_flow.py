"""The flow's geometry: nothing overlaps or leaves the picture, nothing is lost, the same flow is drawn the same way."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.console.drawing import flow, pairs
from review.console.drawing.flow import EVIDENCE_KEPT, PAIRS_EXPANDED, PAIRS_SHOWN, WIDTHS, Picture, draw
from review.console.drawing.lettering import fitted, width_of
from review.console.drawing.pairs import Pair, Rest, pairs_of
from review.flow import Flow, FlowEdge, FlowHop

SUBJECT = 0
NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def pair(hop: int, far: int, near: int = SUBJECT, amount: str = "100", **given_: Any) -> Pair:
    src, dst = (far, near) if hop < 0 else (near, far)
    made = Pair(hop, src, dst, Decimal(amount), 1, NOON, NOON)
    return replace(made, **given_)


@st.composite
def flows(drawn: st.DrawFn) -> tuple[list[Pair], dict[int, Rest], frozenset[int]]:
    amounts = st.decimals(min_value=0, max_value=10**12, places=2)
    made: list[Pair] = []
    for side in (-1, 1):
        near = drawn(st.lists(st.integers(1, 200), max_size=70, unique=True))
        made += [pair(side, node, amount=str(drawn(amounts)), is_evidence=drawn(st.booleans())) for node in near]
        if near:
            ends = st.tuples(st.integers(1, 200), st.sampled_from(near))
            far = drawn(st.lists(ends, max_size=70, unique=True))
            made += [pair(2 * side, a, b, amount=str(drawn(amounts))) for a, b in far if a != b]
    rests = {
        hop: Rest(count, drawn(amounts))
        for hop in (-2, -1, 1, 2)
        if (count := drawn(st.integers(0, 5_000))) and any(p.hop == hop for p in made)
    }
    expanded = frozenset(drawn(st.sets(st.sampled_from([-2, -1, 1, 2]))))
    return made, rests, expanded


def picture(made: tuple[list[Pair], dict[int, Rest], frozenset[int]]) -> Picture:
    found, rests, expanded = made
    names = {node: f"Имя номер {node} с очень длинным хвостом" for node in range(0, 200, 2)}
    return draw(found, rests, SUBJECT, names, expanded)


@settings(max_examples=60, deadline=None)
@given(flows())
def test_cards_lie_inside_and_never_overlap(made: tuple[list[Pair], dict[int, Rest], frozenset[int]]) -> None:
    drawn = picture(made)
    for card in drawn.cards:
        assert card.x >= 0
        assert card.y >= 0
        assert card.x + card.width <= drawn.width == WIDTHS[len(drawn.columns)]
        assert card.y + card.height <= drawn.height
        last_line = card.dates_y if card.has_dates else card.amount_y
        assert last_line <= card.y + card.height
    for at, one in enumerate(drawn.cards):
        for other in drawn.cards[at + 1 :]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            above = one.y + one.height <= other.y or other.y + other.height <= one.y
            assert beside or above, (one.key, other.key)


@settings(max_examples=60, deadline=None)
@given(flows())
def test_shown_and_folded_add_up_to_every_pair(made: tuple[list[Pair], dict[int, Rest], frozenset[int]]) -> None:
    """To the cent: what is not drawn is in the folded card."""
    found, rests, _expanded = made
    drawn = picture(made)
    for hop in {p.hop for p in found} | set(rests):
        everything = sum((p.amount for p in found if p.hop == hop), Decimal(0))
        count = sum(p.hop == hop for p in found)
        if hop in rests:
            everything, count = everything + rests[hop].amount, count + rests[hop].count
        shown = [p for p in drawn.shown if p.hop == hop]
        folded = drawn.folded.get(hop, Rest(0, Decimal(0)))
        assert sum((p.amount for p in shown), Decimal(0)) + folded.amount == everything
        assert len(shown) + folded.count == count
        if abs(hop) == 1:
            assert sum((r.amount for r in drawn.ribbons if r.hop == hop), Decimal(0)) == everything


@settings(max_examples=60, deadline=None)
@given(flows())
def test_ribbons_run_from_left_to_right_between_cards(
    made: tuple[list[Pair], dict[int, Rest], frozenset[int]],
) -> None:
    drawn = picture(made)
    cards = {card.key: card for card in drawn.cards}
    assert len(cards) == len(drawn.cards)
    for ribbon in drawn.ribbons:
        left, right = cards[ribbon.src], cards[ribbon.dst]
        assert left.hop < right.hop
        start, *_curve, y2 = ribbon.path.replace("M", "").replace("C", " ").split(" ")
        assert int(start) == left.x + left.width
        y1, half = float(ribbon.path.split(" ")[1].split("C")[0]), float(ribbon.thickness) / 2
        assert left.y - 0.2 <= y1 - half
        assert y1 + half <= left.y + left.height + 0.2
        assert right.y - 0.2 <= float(y2) - half
        assert float(y2) + half <= right.y + right.height + 0.2


@settings(max_examples=30, deadline=None)
@given(flows(), st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_nothing(
    made: tuple[list[Pair], dict[int, Rest], frozenset[int]], random: Any
) -> None:
    found, rests, expanded = made
    shuffled = list(found)
    random.shuffle(shuffled)
    assert picture((shuffled, rests, expanded)) == picture((found, rests, expanded))


def test_bounds_hold_for_thousands_of_pairs() -> None:
    many = [pair(side, node, amount=str(node)) for side in (-1, 1) for node in range(1, 2_500)]
    closed = draw(many, {}, SUBJECT, {})
    assert len(closed.shown) == 2 * PAIRS_SHOWN
    assert closed.folded[-1].count == 2_499 - PAIRS_SHOWN
    assert [column.can_expand for column in closed.columns] == [True, False, True]
    opened = draw(many, {}, SUBJECT, {}, [-1])
    assert len(opened.shown) == PAIRS_SHOWN + PAIRS_EXPANDED
    assert not opened.columns[0].can_expand


def test_evidence_is_shown_although_others_are_larger() -> None:
    large = [pair(-1, node, amount=str(1_000 + node)) for node in range(1, 41)]
    small = [pair(-1, node, amount="1", is_evidence=True) for node in range(100, 120)]
    drawn = draw([*large, *small], {}, SUBJECT, {})
    assert len(drawn.shown) == PAIRS_SHOWN
    assert sum(p.is_evidence for p in drawn.shown) == EVIDENCE_KEPT
    assert drawn.shown[0].amount == 1_040


def test_second_hop_of_a_folded_payer_leads_to_the_folded_card() -> None:
    direct = [pair(-1, node, amount=str(node)) for node in range(1, PAIRS_SHOWN + 2)]
    drawn = draw([*direct, pair(-2, 50, near=1)], {}, SUBJECT, {})
    assert [r.dst for r in drawn.ribbons if r.hop == -2] == ["-1:folded"]


def test_an_empty_flow_is_the_subject_alone() -> None:
    drawn = draw([], {}, SUBJECT, {SUBJECT: "Щербаков"})
    assert [card.lines for card in drawn.cards] == [("Щербаков",)]
    assert drawn.ribbons == ()


def test_crossings_are_undone() -> None:
    direct = [pair(-1, 1, amount="30"), pair(-1, 2, amount="20"), pair(-1, 3, amount="10")]
    crossed = [pair(-2, 13, near=3, amount="9"), pair(-2, 12, near=2, amount="8"), pair(-2, 11, near=1, amount="7")]
    drawn = draw([*direct, *crossed], {}, SUBJECT, {})
    y = {card.node_id: card.y for card in drawn.cards}
    assert y[11] < y[12] < y[13]


def edge(src: int, dst: int, amount: str, count: int, first: datetime, last: datetime) -> FlowEdge:
    return FlowEdge(src, str(src), dst, str(dst), Decimal(amount), count, first, last)


class Movement:
    def __init__(self, name: str, at: datetime, amount: str, channel: str = "transfer") -> None:
        self.transaction_id, self.occurred_at, self.amount_local, self.channel = name, at, Decimal(amount), channel


def test_a_period_keeps_what_is_known_of_it_and_marks_what_is_not() -> None:
    later = NOON + timedelta(days=5)
    hops = (
        FlowHop(-2, (edge(9, 1, "5", 1, NOON, NOON), edge(9, 4, "5", 1, NOON, NOON)), 0, Decimal(0)),
        FlowHop(
            -1,
            (
                edge(1, SUBJECT, "30", 2, NOON, later),
                edge(2, SUBJECT, "20", 2, NOON, later),
                edge(3, SUBJECT, "10", 1, later, later),
            ),
            7,
            Decimal("70.5"),
        ),
    )
    moved = {(1, SUBJECT): [Movement("a", NOON, "12"), Movement("b", later, "18", "cash")]}
    day: pairs.Period = (date(2026, 2, 3), date(2026, 2, 3))
    found, rests = pairs_of(Flow((), hops), moved, {"a"}, day)
    assert [(p.src, p.amount, p.count, p.is_at_most) for p in found] == [
        (1, Decimal(12), 1, False),
        (2, Decimal(20), 2, True),
        (9, Decimal(5), 1, False),
    ]
    assert (found[0].is_evidence, found[0].is_cash) == (True, False)
    assert rests == {-1: Rest(7, Decimal("70.5"))}
    whole, _rests = pairs_of(Flow((), hops), moved, {"a"})
    assert {p.src for p in whole if p.hop == -1} == {1, 2, 3}
    assert next(p for p in whole if p.src == 1).is_cash


@given(st.text(max_size=80), st.integers(30, 200), st.integers(1, 4))
def test_names_are_broken_and_cut_to_the_width(text: str, width: int, most: int) -> None:
    lines = fitted(text, width, 11, most)
    assert len(lines) <= most
    assert all(width_of(line, 11) <= width or len(line) <= 2 for line in lines)
    kept = "".join("".join(lines).replace("…", "").split())
    assert "".join(text.replace("…", "").split()).startswith(kept)


@pytest.mark.parametrize("text", ["ООО «Ромашка-Трейд Инвест Холдинг»", "Щербаков"])
def test_a_name_that_fits_is_whole(text: str) -> None:
    assert " ".join(fitted(text, 400, 11, 2)) == text


def test_cards_name_their_column() -> None:
    drawn = draw([pair(-1, 1), pair(1, 1)], {}, SUBJECT, {1: "A"})
    assert [card.key for card in drawn.cards if card.node_id == 1] == ["-1:1", "1:1"]
    assert flow.FOLDED not in {card.key for card in drawn.cards}


def test_one_payment_is_a_band_and_no_wall() -> None:
    """A flow of one pair is drawn larger, with a ribbon that is not as tall as those of many together."""
    alone = draw([pair(1, 9)], {}, SUBJECT, {})
    many = draw([pair(1, at) for at in range(9, 17)], {}, SUBJECT, {})
    assert float(alone.ribbons[0].thickness) < sum(float(r.thickness) for r in many.ribbons) / 2
    assert alone.is_narrow
    assert alone.width < WIDTHS[5]


def test_names_take_two_lines_before_they_are_cut() -> None:
    """Eight cards and the folded one leave room for it; sixty do not."""
    names = dict.fromkeys(range(20, 88), "Общество перевозок «Автопарк-136»")
    pairs = [pair(-1, node) for node in range(20, 88)]
    shown, expanded = draw(pairs, {}, SUBJECT, names), draw(pairs, {}, SUBJECT, names, [-1])
    for drawn, lines in ((shown, 2), (expanded, 1)):
        assert {len(card.lines) for card in drawn.cards if card.hop == -1 and not card.is_folded} == {lines}
    assert all("…" not in line for card in shown.cards for line in card.lines)
