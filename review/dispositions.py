"""What can be decided about an alert: dispositions D1 to D10, their coded reasons, and the events that end a deferral.

Codes are kept for good: a new edition adds codes and never gives an old one another meaning. Holds no words.
"""

from enum import StrEnum

EDITION = 1
"""Kept with every decision, so that a code is read as it was meant."""


class Label(StrEnum):
    """What a disposition says of the transactions that the alert rests on."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    EXCLUDED = "excluded"


class Disposition(StrEnum):
    """What an analyst decided about an alert; the codes of docs/words.md."""

    DISSEMINATED = "D1"
    ADDED = "D2"
    CONFIRMED = "D3"
    VALUABLE = "D4"
    EXPLAINED = "D5"
    DATA_ERROR = "D6"
    TOO_WIDE = "D7"
    OUT_OF_MANDATE = "D8"
    INSUFFICIENT = "D9"
    UNREVIEWED = "D10"

    @property
    def label(self) -> Label:
        """The training label."""
        return _LABELS[self]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The coded reasons that may go with it; empty where the text alone is asked for."""
        return _REASONS.get(self, ())

    @property
    def always_needs_second(self) -> bool:
        """Does it need a second person whatever the score: it sends material out, or says that material was sent."""
        return self in {Disposition.DISSEMINATED, Disposition.ADDED}


_LABELS = {
    Disposition.DISSEMINATED: Label.POSITIVE,
    Disposition.ADDED: Label.POSITIVE,
    Disposition.CONFIRMED: Label.POSITIVE,
    Disposition.VALUABLE: Label.POSITIVE,
    Disposition.EXPLAINED: Label.NEGATIVE,
    Disposition.DATA_ERROR: Label.EXCLUDED,
    Disposition.TOO_WIDE: Label.NEGATIVE,
    Disposition.OUT_OF_MANDATE: Label.EXCLUDED,
    Disposition.INSUFFICIENT: Label.EXCLUDED,
    Disposition.UNREVIEWED: Label.EXCLUDED,
}

OTHER = "other"
"""The reason that says nothing by itself: its text must."""

_REASONS: dict[Disposition, tuple[str, ...]] = {
    Disposition.EXPLAINED: (
        "salary",
        "merchant",
        "family",
        "property",
        "business_cycle",
        "refund",
        "charity",
        OTHER,
    ),
    Disposition.DATA_ERROR: ("wrong_person", "duplicate", "currency", "parser", OTHER),
    Disposition.TOO_WIDE: ("threshold", "pattern", "population", OTHER),
    Disposition.OUT_OF_MANDATE: ("supervisor", "tax", OTHER),
    Disposition.INSUFFICIENT: ("no_answer", "abroad", "expired", OTHER),
}

ANALYST_CHOICES = tuple(item for item in Disposition if item is not Disposition.UNREVIEWED)
"""What a person may choose; D10 is the system's alone."""


class WakeEvent(StrEnum):
    """What ends a deferral before its date."""

    NEW_REPORT = "new_report"
    NEW_HIT = "new_hit"
    NEW_FLOW = "new_flow"
    AGENCY_REQUEST = "agency_request"
