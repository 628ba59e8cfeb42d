"""Days as the options of commands: how they are written, and in which order two of them stand."""

from datetime import date, datetime
from typing import Any

import click

from pipelines.home import UserError


class _Day(click.DateTime):
    """A day as YYYY-MM-DD; what is none is refused in words."""

    name = "day"

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def get_metavar(self, *_given: Any, **_named: Any) -> str:
        """What stands for it in the help."""
        return "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The day.

        Raises:
            click.BadParameter: the text is no day of the calendar.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value} is no day of the calendar, written as 2025-05-01.", param, ctx)


DAY = _Day()


def require_order(first: datetime | None, last: datetime | None, start: date, end: date, *, because: str) -> None:
    """Nothing, or a refusal that names what was given and not what stood in for it.

    Args:
        first: --from as given.
        last: --to as given.
        start: the first day that counts.
        end: the last one.
        because: what the days count that stand in for those that are not given.

    Raises:
        UserError: the first day lies after the last.
    """
    if start <= end:
        return
    if first and last:
        raise UserError(f"--from {start} lies after --to {end}. Exchange them.")
    given, beyond = (f"--from {start}", f"after {end}") if first else (f"--to {end}", f"before {start}")
    raise UserError(f"{given} lies {beyond}, {because}. Give another day.")
