"""How the command line talks: progress bars, tables, plain messages. Holds no work."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipelines.progress import Progress as Tell
from review.text import clean

out = Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, highlight=False, markup=False)


@contextmanager
def bars() -> Iterator[Tell]:
    """A progress bar for each kind of work, on the error stream; nothing where that is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        tasks = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what.replace("_", " "), total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield tell


def table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table with these columns; those in `right` are flushed right."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def row(shown: Table, *cells: object) -> None:
    """Add a row of plain text: what stands in a file's name or message can't colour, move or hide anything."""
    shown.add_row(*(Text(clean(str(cell))) for cell in cells))


def findings(title: str, found: Iterable[tuple[str, str, str | None, str]]) -> Table:
    """Findings as a table: file, what and where on the left; why and what to do on the right."""
    shown = table(title, "file, what, where", "why, and what to do")
    for file_name, code, place, message in found:
        where = f"  {clean(place)}" if place else ""
        shown.add_row(Text.assemble(clean(file_name), "\n", (f"{clean(code)}{where}", "dim")), Text(clean(message)))
    return shown


def number(value: float) -> str:
    """A number with thin thousands separators."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
