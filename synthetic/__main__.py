"""`python -m synthetic`: makes a world and writes it as an inbox of report files with the truth beside it."""

import argparse
import sys
from datetime import date
from pathlib import Path

from synthetic.labels import UNLABELLED_DAYS
from synthetic.world import make_world
from synthetic.write import Parameters, WrittenWorld, already_written, write_world


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    arguments = argparse.ArgumentParser(prog="python -m synthetic", description=__doc__)
    arguments.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default 7)")
    arguments.add_argument("--days", type=int, default=60, help="how many days, at least 20 (default 60)")
    arguments.add_argument(
        "--first-day", type=date.fromisoformat, default=date(2025, 9, 1), help="first local day (default 2025-09-01)"
    )
    arguments.add_argument("--scale", type=float, default=1.0, help="1 is about 2,500 accounts and 26,000 transactions")
    arguments.add_argument("--out", type=Path, required=True, help="folder for inbox/, truth.parquet and truth.json")
    arguments.add_argument("--no-broken", action="store_true", help="leave out the broken files")
    return arguments


def main(words: list[str] | None = None) -> int:
    """Write the world unless it is there already; 0 when it is there."""
    given = parser().parse_args(words)
    inbox, broken = given.out / "inbox", not given.no_broken
    parameters = Parameters(given.seed, given.first_day.isoformat(), given.days, given.scale, broken, UNLABELLED_DAYS)
    written = already_written(parameters, inbox)
    if written is None:
        world = make_world(given.seed, given.first_day, given.days, given.scale)
        written = write_world(world, inbox, broken=broken)
    sys.stdout.write(_summary(written))
    return 0


def _summary(written: WrittenWorld) -> str:
    head = "written" if written.is_new else "already there"
    return "".join([f"{head}: {written.inbox}\n", *(f"  {name}: {n:,}\n" for name, n in written.numbers.items())])


if __name__ == "__main__":
    raise SystemExit(main())
