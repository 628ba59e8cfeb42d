"""Days as people type them, in either language's way."""

from datetime import date

import pytest

from review.console.days import day_of


@pytest.mark.parametrize("text", ["2026-02-03", "03.02.2026", "3.2.2026", " 2026-2-3 "])
def test_a_day_is_read_in_both_ways(text: str):
    assert day_of(text) == date(2026, 2, 3)


@pytest.mark.parametrize(
    "text", ["", "02/03/2026", "31.02.2026", "2026-13-01", "3.2.26", "0.1.2026", "03-02-2026", "٣.٢.٢٠٢٦"]
)
def test_what_is_no_day_or_could_be_two_is_refused(text: str):
    with pytest.raises(ValueError, match="day|month"):
        day_of(text)
