"""The laundering shapes that a graph can hold, as templates of slots and stages, and many attempts drawn at once.

A slot is a place for an account within one attempt. Holds no calendar and no file format: times are seconds since the
graph's first midnight, money is whole hundredths of the local currency.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from synthetic.draw import Ints, generator

Hop = tuple[int, int, int]
"""Paying slot, receiving slot, stage; a stage starts when the one before it has ended."""

NEAR_COPY_STRETCH = 10
BUSY_SHARE = 0.15
MEDIAN, SIGMA, FEE = 9_000_000, 1.0, 0.04
HOURS = {"fan_in": 48, "fan_out": 48, "bipartite": 48}
LONG_HOURS = 72


@dataclass(frozen=True)
class Template:
    """One shape of one size: its hops, by stage."""

    shape: str
    hops: tuple[Hop, ...]

    @property
    def slots(self) -> int:
        """How many different accounts it needs."""
        return 1 + max(max(src, dst) for src, dst, _ in self.hops)


def fan_in(size: int) -> list[Hop]:
    """Many pay one."""
    return [(slot, 0, 0) for slot in range(1, size + 1)]


def fan_out(size: int) -> list[Hop]:
    """One pays many."""
    return [(0, slot, 0) for slot in range(1, size + 1)]


def scatter_gather(size: int) -> list[Hop]:
    """One pays many, who all pay one other."""
    return [(0, slot, 0) for slot in range(2, size + 2)] + [(slot, 1, 1) for slot in range(2, size + 2)]


def gather_scatter(size: int) -> list[Hop]:
    """Many pay one, who pays many others."""
    return [(slot, 0, 0) for slot in range(1, size + 1)] + [(0, slot + size, 1) for slot in range(1, size + 1)]


def cycle(size: int) -> list[Hop]:
    """Money comes back to where it left, after `size` hops."""
    return [(slot, (slot + 1) % size, slot) for slot in range(size)]


def chain(size: int) -> list[Hop]:
    """Money is passed on `size` times."""
    return [(slot, slot + 1, slot) for slot in range(size)]


def layers(*widths: int) -> list[Hop]:
    """Each account of a layer pays each of the next."""
    starts = np.cumsum([0, *widths])
    members = [range(int(first), int(end)) for first, end in pairwise(starts)]
    return [(src, dst, stage) for stage, pair in enumerate(pairwise(members)) for src, dst in product(*pair)]


def bipartite(size: int) -> list[Hop]:
    """Two layers."""
    return layers(size, size)


def stack(size: int) -> list[Hop]:
    """Three layers."""
    return layers(size, size + 1, size)


SHAPES: dict[str, tuple[Callable[[int], list[Hop]], tuple[int, ...]]] = {
    "fan_in": (fan_in, (5, 8, 12, 16)),
    "fan_out": (fan_out, (5, 8, 12, 16)),
    "scatter_gather": (scatter_gather, (3, 5, 8)),
    "gather_scatter": (gather_scatter, (3, 5, 8)),
    "cycle": (cycle, (3, 4, 5, 6)),
    "stack": (stack, (2, 3)),
    "bipartite": (bipartite, (2, 3, 4)),
    "chain": (chain, (4, 6, 8)),
}


def templates() -> list[Template]:
    """Every shape in every size."""
    return [Template(shape, tuple(draw(size))) for shape, (draw, sizes) in SHAPES.items() for size in sizes]


@dataclass(frozen=True)
class Planted:
    """The edges of many attempts: one array per column, one entry an edge."""

    src: Ints
    dst: Ints
    second: Ints
    cents: Ints
    attempt: Ints
    shape: Ints
    is_laundering: np.ndarray

    @classmethod
    def joined(cls, parts: "list[Planted]") -> "Planted":
        """All edges of the parts, in their order."""
        columns = cls.__dataclass_fields__
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in columns})


def plant(seed: int, edge_count: int, seconds: int, weights: np.ndarray) -> Planted:
    """About `edge_count` edges of attempts, spread evenly over all shapes, half of the attempts innocent near copies.

    A near copy has the same shape over ten times the time, and what goes on is not what came in. In one attempt of
    seven a slot is an account drawn by its activity: often a hub.

    Args:
        seed: the graph's seed.
        edge_count: how many edges are wanted; less than one attempt per shape more or less.
        seconds: the length of the graph.
        weights: activity of each account.
    """
    rng = generator(seed, "planted")
    known = templates()
    sizes = [len(SHAPES[template.shape][1]) for template in known]
    share = edge_count / len(SHAPES)
    upper = np.cumsum(weights) / weights.sum()
    parts, first = [], 0
    for template, variants in zip(known, sizes, strict=True):
        count = max(2, round(share / variants / len(template.hops)))
        parts.append(_attempts(rng, template, np.arange(first, first + count), seconds, upper))
        first += count
    return Planted.joined(parts)


def _attempts(rng: np.random.Generator, template: Template, numbers: Ints, seconds: int, upper: np.ndarray) -> Planted:
    count, hops = len(numbers), np.array(template.hops)
    is_laundering = np.arange(count) % 2 == 0
    accounts = _accounts(rng, count, template.slots, upper)
    stage, stages = hops[:, 2], int(hops[:, 2].max()) + 1
    hours = HOURS.get(template.shape, LONG_HOURS)
    span = np.minimum(hours * 3600 * np.where(is_laundering, 1, NEAR_COPY_STRETCH), seconds // 2)
    start = (rng.random(count) * (seconds - span)).astype(np.int64)
    within = (stage + rng.random((count, len(hops)))) / stages * 0.98
    second = start[:, None] + (within * span[:, None]).astype(np.int64)
    base = MEDIAN * np.exp(SIGMA * rng.standard_normal((count, 1)))
    even = base * (1 - FEE) ** stage * _per_hop(hops) * np.exp(0.08 * rng.standard_normal(second.shape))
    uneven = MEDIAN * np.exp(SIGMA * rng.standard_normal(second.shape))
    cents = np.maximum(np.where(is_laundering[:, None], even, uneven), 100).astype(np.int64)

    def spread(column: np.ndarray) -> np.ndarray:
        return np.repeat(column, len(hops))

    shape = np.full(count * len(hops), list(SHAPES).index(template.shape))
    return Planted(
        accounts[:, hops[:, 0]].ravel(),
        accounts[:, hops[:, 1]].ravel(),
        second.ravel(),
        cents.ravel(),
        spread(numbers),
        shape,
        spread(is_laundering),
    )


def _accounts(rng: np.random.Generator, count: int, slots: int, upper: np.ndarray) -> Ints:
    """Accounts of each attempt, all different; the first slot of some is drawn by activity."""
    shift = rng.integers(0, len(upper), count)
    step = rng.integers(1, len(upper) // slots, count)
    accounts = (shift[:, None] + step[:, None] * np.arange(slots)) % len(upper)
    busy = np.searchsorted(upper, rng.random(count)).astype(np.int64)
    place = rng.integers(0, slots, count)
    is_new = (accounts != busy[:, None]).all(axis=1) & (rng.random(count) < BUSY_SHARE)
    accounts[is_new, place[is_new]] = busy[is_new]
    return accounts


def _per_hop(hops: np.ndarray) -> np.ndarray:
    """The part of a stage's sum that each of its hops moves, so that a middle account passes on what it got."""
    width = np.bincount(hops[:, 2])
    return np.asarray(width.min() / width[hops[:, 2]])
