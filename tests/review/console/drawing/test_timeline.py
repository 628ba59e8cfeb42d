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
    assert len(drawn.bars) <= 168
    assert drawn.bars[0].first == FIRST
    assert drawn.bars[-1].last == FIRST + timedelta(days=days)


@pytest.mark.parametrize(
    ("days", "unit"), [(0, "hour"), (6, "hour"), (7, "day"), (123, "day"), (124, "week"), (900, "month")]
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


def test_the_alert_is_marked_at_the_end_of_its_night_after_all_that_moved() -> None:
    """The night looks at its day when the day is over; a report of the same day stands beside it."""
    moved = [Flowed(FIRST + timedelta(days=1), Decimal(5), is_incoming=False, hour=23)]
    day = FIRST + timedelta(days=1)
    drawn = draw(moved, FIRST, FIRST + timedelta(days=3), marks=[("alert", day), ("report", day)])
    bar = next(bar for bar in drawn.bars if bar.count)
    alert, report = drawn.marks
    assert bar.x + bar.width <= alert.x <= drawn.bars[48].x
    assert (alert.kind, report.kind) == ("alert", "report")
    assert report.x < alert.x


def test_an_alert_of_before_the_window_is_marked_at_its_start() -> None:
    drawn = draw([], FIRST, FIRST, marks=[("alert", FIRST - timedelta(days=9))])
    assert drawn.marks[0].x == drawn.left


def test_hours_of_several_days_are_labelled_by_day() -> None:
    drawn = draw([], FIRST, FIRST + timedelta(days=6))
    assert [(label.day, label.hour) for label in drawn.labels] == [
        (FIRST + timedelta(days=at), None) for at in range(7)
    ]


def test_hours_of_a_short_window_are_told_apart() -> None:
    drawn = draw([Flowed(FIRST, Decimal(5), is_incoming=True, hour=7)], FIRST, FIRST)
    assert [(bar.hour, bar.incoming) for bar in drawn.bars if bar.count] == [(7, Decimal(5))]
    assert drawn.labels[0].hour == 0
    assert drawn.labels[-1].hour == 23
