"""Why a service did nothing. Messages are sentences for the reader, in the reader's language."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from review.console.models import Alert


class NotFound(Exception):
    """There is no such thing, or none that this person may know of: the two look alike."""


class NotAllowed(Exception):
    """The person's role does not have this right."""


class Refused(Exception):
    """A rule of the work forbids it; the message says which and what to do.

    Attributes:
        code: the rule's name, for tests and screens.
        field: the form's field that it is about, if one.
    """

    def __init__(self, message: str, code: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field


class Stale(Refused):
    """Somebody else changed the alert since it was read; nothing was decided. `now` is the alert as it is."""

    def __init__(self, message: str, now: "Alert") -> None:
        super().__init__(message, "stale")
        self.now = now


class TooOften(Refused):
    """Done too often in a short time."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "too_often")
