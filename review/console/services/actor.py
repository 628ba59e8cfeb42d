"""Who asks for something: the person, the sign-in, the address and the time. Every service takes one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeVar

from review.console.models.people import Person, Role

if TYPE_CHECKING:
    from django.http import HttpRequest

T = TypeVar("T")


@dataclass(frozen=True)
class Actor:
    """A signed-in person at one moment.

    Attributes:
        person: who.
        at: the moment (UTC): the `now` of every rule.
        sign_in: an identifier of the session that is no secret.
        address: the network address.
        known: what was read of the person for this moment; see `once`.
    """

    person: Person
    at: datetime
    sign_in: str = ""
    address: str = ""
    known: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, read: Callable[[], T]) -> T:
        """What `read` gives, read once for the actor, who lives as long as one request."""
        if name not in self.known:
            self.known[name] = read()
        return self.known[name]  # type: ignore[return-value]

    @property
    def role(self) -> Role:
        """The person's role."""
        return Role(self.person.role)

    @property
    def today(self) -> date:
        """The day (UTC)."""
        return self.at.date()

    @classmethod
    def of(cls, request: "HttpRequest", at: datetime | None = None) -> "Actor":
        """The actor of a request by a signed-in person."""
        person = request.user
        if not isinstance(person, Person):
            raise TypeError("a stranger is no actor")
        return cls(
            person=person,
            at=at or datetime.now(UTC),
            sign_in=str(request.session.get("sign_in", "")),
            address=str(request.META.get("REMOTE_ADDR", "")),
        )
