"""Which queue a territory x theme belongs to: its own, or its parent's where too few alerts come. Pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

EVERYWHERE = "*"
UNKNOWN = "ZZ"
_REGION = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")
STAYS_SHARE = 0.5
"""A queue of its own is given up only below this share of the bound, so that queues don't come and go."""

Cell = tuple[str, str]
"""Territory and theme; `*` for all of them."""


@dataclass(frozen=True)
class Grid:
    """The queue of each cell, and the cells that are folded into each queue."""

    queue_of: Mapping[Cell, Cell]
    folded: Mapping[Cell, tuple[Cell, ...]]


def parent(cell: Cell) -> Cell | None:
    """The next larger cell: region, country, everywhere, all themes; None for the largest.

    An unknown territory stays apart, so that it is seen how much is not known.
    """
    territory, theme = cell
    region = _REGION.fullmatch(territory)
    if region:
        return region[1], theme
    if theme == EVERYWHERE:
        return None
    if territory in {EVERYWHERE, UNKNOWN}:
        return territory, EVERYWHERE
    return EVERYWHERE, theme


def fold(weekly: Mapping[Cell, float], standing: Collection[Cell], least: float) -> Grid:
    """The grid of queues.

    Args:
        weekly: expected alerts a week of each cell.
        standing: cells that have a queue of their own now.
        least: expected alerts a week from which a cell has its own queue.
    """
    place = {cell: cell for cell in weekly}
    for _ in range(4):
        sums: dict[Cell, float] = defaultdict(float)
        for cell, at in place.items():
            sums[at] += weekly[cell]
        sparse = {at for at, total in sums.items() if total < least * (STAYS_SHARE if at in standing else 1)}
        moved = {cell: above for cell, at in place.items() if at in sparse and (above := parent(at))}
        if not moved:
            break
        place.update(moved)
    folded: dict[Cell, list[Cell]] = defaultdict(list)
    for cell, at in sorted(place.items()):
        if cell != at:
            folded[at].append(cell)
    return Grid(place, {at: tuple(cells) for at, cells in folded.items()})
