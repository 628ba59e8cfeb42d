"""What the forms of work offer, with the words in both languages by which a choice is found when typing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import translation

from review.console import labels
from review.dispositions import ANALYST_CHOICES, Disposition


@dataclass(frozen=True)
class Reason:
    """A coded reason, and the lower-case words that find it."""

    code: str
    words: str


@dataclass(frozen=True)
class Choice:
    """A disposition with its coded reasons, and the lower-case words that find it."""

    code: str
    words: str
    reasons: tuple[Reason, ...]
    always_needs_second: bool


def choices() -> list[Choice]:
    """Every disposition that a person may choose."""
    return [
        Choice(
            code=item.value,
            words=f"{item.value.lower()} {_in_both(labels.DISPOSITIONS[item.value])}",
            reasons=tuple(Reason(reason, _in_both(labels.REASONS[reason])) for reason in item.reasons),
            always_needs_second=item.always_needs_second,
        )
        for item in ANALYST_CHOICES
    ]


def bulk_choices() -> list[Choice]:
    """Those with which several alerts can be closed together: no dissemination."""
    sent = {Disposition.DISSEMINATED.value, Disposition.ADDED.value}
    return [choice for choice in choices() if choice.code not in sent]


def _in_both(text: object) -> str:
    return " ".join(_in_each(text)).lower()


def _in_each(text: object) -> Iterator[str]:
    for language in ("en", "ru"):
        with translation.override(language):
            yield str(text)


@dataclass(frozen=True)
class Days:
    """The bounds of a deferral's day, the day that is offered, and some usual ones: days and date."""

    first: date
    last: date
    offered: date
    usual: tuple[tuple[int, date], ...]


def days_from(today: date, longest: int) -> Days:
    """What a deferral may last."""
    usual = tuple((count, day_after(today, count)) for count in (3, 7, 14, 30))
    return Days(day_after(today, 1), day_after(today, longest), day_after(today, 7), usual)


def day_after(today: date, days: int) -> date:
    """So many days on."""
    return today + timedelta(days=days)
