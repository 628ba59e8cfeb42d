"""Columns of months: whole numbers inside the frame, parts that stack, nothing where there is nothing."""

from hypothesis import given
from hypothesis import strategies as st

from review.console.drawing.columns import draw

months = st.lists(st.integers(0, 5_000_000), min_size=12, max_size=12)


@given(st.lists(months, min_size=1, max_size=4))
def test_parts_stack_from_the_floor_and_stay_in_the_frame(series: list[list[int]]) -> None:
    made = draw(series)
    if not any(map(sum, series)):
        assert made is None
        return
    assert made is not None
    assert [column.total for column in made.columns] == [sum(counts) for counts in zip(*series, strict=True)]
    for column in made.columns:
        assert made.left <= column.x
        assert column.x + column.width <= made.width
        at = made.floor
        for part, counts in zip(column.parts, series, strict=True):
            assert part.count == counts[column.month - 1]
            assert (part.height > 0) == (part.count > 0)
            assert part.y + part.height == at
            at = part.y
        assert at >= 0
    assert made.marks[-1].count >= max(column.total for column in made.columns)
    assert all(0 < mark.y <= made.floor for mark in made.marks)


def test_a_single_one_has_a_line_of_its_own_number() -> None:
    made = draw([[1] + [0] * 11])
    assert made is not None
    assert [mark.count for mark in made.marks] == [0, 1, 2]
