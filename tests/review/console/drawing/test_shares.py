"""Pictures of shares: everything lies within its frame, in the order of its values."""

from hypothesis import given
from hypothesis import strategies as st

from review.console.drawing import shares
from review.console.drawing.shares import Said

UNIT = st.floats(0, 1)


@given(st.lists(UNIT, min_size=3, max_size=3).map(sorted), st.none() | UNIT)
def test_a_share_stands_within_its_interval_and_that_on_its_line(ends: list[float], average: float | None) -> None:
    low, share, high = ends
    line = shares.line(low, share, high, average)
    assert 0 < line.left <= line.low <= line.dot <= line.high <= line.right < shares.LINE_WIDTH
    assert (line.average is None) == (average is None)


@given(st.lists(st.builds(Said, UNIT, UNIT, UNIT, UNIT, st.integers(1, 100_000)), min_size=1, max_size=7))
def test_points_lie_in_the_frame_and_more_alerts_make_no_smaller_dot(groups: list[Said]) -> None:
    picture = shares.calibration(groups)
    assert picture is not None
    for point, group in zip(picture.points, groups, strict=True):
        assert picture.left <= point.x <= picture.right
        assert picture.top <= point.y <= picture.floor
        assert all(
            other.radius >= point.radius
            for other, g in zip(picture.points, groups, strict=True)
            if g.count > group.count
        )
    assert picture.right < picture.width
    assert picture.floor < picture.height


def test_what_came_true_as_said_lies_on_the_slanting_line() -> None:
    picture = shares.calibration([Said(share, 0, share, 1, 1) for share in (0.0, 0.25, 1.0)])
    assert picture is not None
    assert [point.x - picture.left for point in picture.points] == [picture.floor - point.y for point in picture.points]


def test_without_a_group_there_is_no_picture() -> None:
    assert shares.calibration([]) is None
