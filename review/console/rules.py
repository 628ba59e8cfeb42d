"""The rule that every route carries: who may call it at all. What they may see of it is services/access.py's.

A view without a rule is refused by the middleware, and the test that walks all routes fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from review.console.models.people import Role

V = TypeVar("V", bound=Callable[..., Any])

READERS = (Role.ANALYST, Role.SENIOR, Role.AUDITOR, Role.HEAD)
"""Roles that read alerts."""
WORKERS = (Role.ANALYST, Role.SENIOR, Role.HEAD)
"""Roles that work alerts."""
CASE_READERS = (Role.ANALYST, Role.SENIOR, Role.DISSEMINATION, Role.AUDITOR, Role.HEAD)
JUDGES = (Role.SENIOR, Role.HEAD)
"""Roles that approve others' decisions."""
WAITED_FOR = (*JUDGES, Role.DISSEMINATION)
"""Roles for whom others' work waits: to be judged, taken or sent."""
ANYBODY = tuple(Role)
NUMBER_READERS = (Role.SENIOR, Role.AUDITOR, Role.HEAD)
"""Roles that read the unit's statistics."""
LOG_READERS = (Role.AUDITOR, Role.HEAD)
SYSTEM_READERS = (Role.ENGINEER, Role.AUDITOR, Role.HEAD)
EXPORTERS = (Role.HEAD, Role.AUDITOR, Role.SENIOR, Role.DISSEMINATION)
"""Roles that take files out, some of them with a second person's leave."""


@dataclass(frozen=True)
class Rule:
    """Who may call a view.

    Attributes:
        roles: any of these roles.
        for_administrators: persons that look after accounts, whatever their role.
        is_public: also those who are not signed in.
        before_checks: also those who must first change their password or give a one-time code.
    """

    roles: tuple[Role, ...] = ()
    for_administrators: bool = False
    is_public: bool = False
    before_checks: bool = False


def allow(
    *roles: Role, administrators: bool = False, public: bool = False, before_checks: bool = False
) -> Callable[[V], V]:
    """Gives a view its rule; see `Rule`."""

    def mark(view: V) -> V:
        view.rule = Rule(roles, administrators, public, before_checks or public)  # type: ignore[attr-defined]
        return view

    return mark
