"""The timeline's geometry: bars within the plot, sums kept, the balance ends where the money does."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.console.drawing.timeline import HEIGHT, WIDTH, Flowed, draw

FIRST = date(2026, 1, 1)


@st.composite
def movements(drawn: st.DrawFn) -> tuple[list[Flowed], int]:
    days = drawn(st.integers(0, 2_000))
    amounts = st.decimals(min_value="0.01", max_value=10**10, places=2)
    one = st.builds(
        Flowed,
        day=st.integers(0, days).map(lambda at: FIRST + timedelta(days=at)),
        amount=amounts,
        is_incoming=st.booleans(),
        hour=st.integers(0, 23),
        count=st.integers(1, 9),
        night_count=st.integers(0, 9),
        is_evidence=st.booleans(),
    )
    return drawn(st.lists(one, max_size=60)), days


@settings(max_examples=60, deadline=None)
@given(movements())
def test_bars_stay_inside_and_keep_every_sum(made: tuple[list[Flowed], int]) -> None:
    moved, days = made
    drawn = draw(moved, FIRST, FIRST + timedelta(days=days))
    for kind in ("incoming", "outgoing"):
        wanted = sum((m.amount for m in moved if m.is_incoming == (kind == "incoming")), Decimal(0))
        assert sum((getattr(bar, kind) for bar in drawn.bars), Decimal(0)) == wanted
    assert sum(bar.count for bar in drawn.bars) == sum(m.count for m in moved)
    assert sum(bar.night_count for bar in drawn.bars) == sum(m.night_count for m in moved)
    signed = sum((m.amount if m.is_incoming else -m.amount for m in moved), Decimal(0))
    assert drawn.net == signed
    edge = drawn.left
    for bar in drawn.bars:
        assert edge <= bar.x
        assert bar.x + bar.width <= drawn.right <= WIDTH
        edge = bar.x + bar.width
        assert drawn.top <= bar.in_y <= bar.in_y + bar.in_height == drawn.zero_y
        assert drawn.zero_y == bar.out_y <= bar.out_y + bar.out_height <= drawn.bottom < HEIGHT
        if drawn.top + 2 < drawn.zero_y < drawn.bottom - 2:
            assert (bar.in_height > 0) == (bar.incoming > 0)
            assert (bar.out_height > 0) == (bar.outgoing > 0)
    assert len(drawn.bars) <= 130
    assert drawn.bars[0].first == FIRST
    assert drawn.bars[-1].last == FIRST + timedelta(days=days)


@pytest.mark.parametrize(
    ("days", "unit"), [(0, "hour"), (2, "hour"), (3, "day"), (123, "day"), (124, "week"), (900, "month")]
)
def test_long_windows_are_gathered(days: int, unit: str) -> None:
    assert draw([], FIRST, FIRST + timedelta(days=days)).unit == unit


def test_a_period_covers_its_days() -> None:
    chosen = (FIRST + timedelta(days=2), FIRST + timedelta(days=4))
    drawn = draw([], FIRST, FIRST + timedelta(days=9), period=chosen)
    assert drawn.brush_x == drawn.bars[2].x
    assert drawn.brush_width == drawn.bars[5].x - drawn.bars[2].x


def test_a_period_outside_covers_nothing() -> None:
    drawn = draw([], FIRST, FIRST + timedelta(days=9), period=(date(2020, 1, 1), date(2020, 1, 2)))
    assert drawn.brush_x is None


def test_marks_outside_the_window_stand_at_its_edge() -> None:
    drawn = draw([], FIRST, FIRST + timedelta(days=9), marks=[("report", FIRST + timedelta(days=30))])
    assert drawn.bars[-1].x <= drawn.marks[0].x <= drawn.right


def test_hours_of_a_short_window_are_told_apart() -> None:
    drawn = draw([Flowed(FIRST, Decimal(5), is_incoming=True, hour=7)], FIRST, FIRST)
    assert [(bar.hour, bar.incoming) for bar in drawn.bars if bar.count] == [(7, Decimal(5))]
    assert drawn.labels[0].hour == 0
    assert drawn.labels[-1].hour == 23
