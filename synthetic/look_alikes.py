"""Innocent people whose money looks like a scheme to a naive rule: collections, taxis, charities, traders, families.

Each habit names itself in `look_alike`, which goes to the truth file only. Holds no laundering.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from synthetic.background import Town, p2p_amounts
from synthetic.draw import DAY, EVENING, Ints, amounts, as_person, generator, moves, seconds
from synthetic.people import People

COLLECTIONS, DRIVERS, VOLUNTEERS, TRADERS, FAMILIES = 6, 3, 2, 4, 18


@dataclass(frozen=True)
class Casting:
    """Which persons play which part, so that schemes never use them."""

    organisers: Ints
    drivers: Ints
    volunteers: Ints
    traders: Ints
    spouses: Ints

    @property
    def everybody(self) -> Ints:
        """All persons with a part."""
        return np.concatenate([self.organisers, self.drivers, self.volunteers, self.traders, self.spouses])


def cast_parts(seed: int, scale: float, people: People) -> Casting:
    """Persons drawn without repetition for the parts of this module."""
    counts = [max(round(n * scale), 1) for n in (COLLECTIONS, DRIVERS, VOLUNTEERS, TRADERS, 2 * FAMILIES)]
    counts[-1] += counts[-1] % 2
    drawn = generator(seed, "casting").permutation(people.holders)[: sum(counts)]
    return Casting(*np.split(drawn, np.cumsum(counts)[:-1]))


def make_look_alikes(town: Town, casting: Casting) -> pl.DataFrame:
    """All movements of the innocents who look guilty."""
    return pl.concat(
        [
            *(_collection(town, int(person), turn) for turn, person in enumerate(casting.organisers)),
            _drivers(town, casting.drivers),
            _charity(town, casting.volunteers),
            _traders(town, casting.traders),
            _families(town, casting.spouses),
        ]
    )


def _collection(town: Town, organiser: int, turn: int) -> pl.DataFrame:
    """Parents of one class send one person the same sum on one day; it then goes to a firm."""
    rng = town.rng(f"collection {turn}")
    payer = np.unique(town.neighbour(rng, np.full(int(rng.integers(14, 30)), organiser), near_share=1.0))
    day = int(rng.integers(0, town.days - 2))
    each = int(rng.choice([500, 800, 1_000, 1_500, 2_500])) * 100
    main = town.people.main_account
    when = seconds(rng, np.full(len(payer), day), EVENING)
    gifts = moves(main[payer], main[organiser], when, each, channel="TRANSFER", kind="p2p", look_alike="collection")
    shop = town.entity_near(rng, "shop", np.array([organiser]))
    total = each * len(gifts) - int(rng.integers(0, each))
    paid = moves(main[organiser], shop, (day + 1) * DAY + 46_000, total, channel="CARD", kind="purchase")
    return pl.concat([gifts, paid.with_columns(look_alike=pl.lit("collection"))])


def _drivers(town: Town, drivers: Ints) -> pl.DataFrame:
    """A taxi driver: small fares from strangers, all day, five days of seven."""
    rng = town.rng("drivers")
    shifts = rng.poisson(8.0, (len(drivers), town.days)) * (rng.random((len(drivers), town.days)) < 5 / 7)
    driver = np.repeat(np.repeat(drivers, town.days), shifts.ravel())
    day = np.repeat(np.tile(np.arange(town.days), len(drivers)), shifts.ravel())
    passenger = town.neighbour(rng, driver, near_share=1.0)
    fare = amounts(rng, len(day), 380, 0.5, step=10, low=100, high=3_000)
    main = town.people.main_account
    when = seconds(rng, day)
    return moves(main[passenger], main[driver], when, fare, channel="TRANSFER", kind="p2p", look_alike="taxi")


def _charity(town: Town, volunteers: Ints) -> pl.DataFrame:
    """Donations to a fund and to volunteers' own accounts: many payers, small sums, a few appeals."""
    rng = town.rng("charity")
    main = town.people.main_account
    receivers = np.concatenate([town.people.entity_accounts["charity"], main[volunteers]])
    base = town.event_days(rng, 4.0)
    appeal = rng.integers(0, town.days, 3)
    day = np.concatenate([base, np.repeat(appeal, rng.poisson(22 * town.scale, 3))]).astype(np.int64)
    payer = town.active_person(rng, len(day))
    gift = amounts(rng, len(day), 450, 0.8, step=50, low=50, high=20_000)
    dst = rng.choice(receivers, len(day), p=_falling(len(receivers)))
    when = seconds(rng, day, EVENING)
    return moves(main[payer], dst, when, gift, channel="TRANSFER", kind="p2p", look_alike="charity")


def _falling(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weight = 1.0 / np.arange(1, count + 1)
    return np.asarray(weight / weight.sum())


def _traders(town: Town, traders: Ints) -> pl.DataFrame:
    """A market trader: buyers pay by phone, takings in cash four days a week, far below the threshold."""
    rng = town.rng("traders")
    main = town.people.main_account
    trader, day = (grid.ravel() for grid in np.meshgrid(traders, np.arange(town.days), indexing="ij"))
    is_open = rng.random(len(day)) < 4 / 7
    sum_ = amounts(rng, len(day), 62_000, 0.45, step=500, low=12_000, high=240_000)
    cash = moves(
        as_person(trader[is_open]),
        main[trader[is_open]],
        seconds(rng, day[is_open], EVENING),
        sum_[is_open],
        channel="CASH",
        kind="cash_in",
        look_alike="market trader",
    )
    sales = rng.poisson(1.2, len(day))
    seller, sale_day = np.repeat(trader, sales), np.repeat(day, sales)
    buyer = town.neighbour(rng, seller, near_share=1.0)
    price, when = p2p_amounts(rng, len(buyer)), seconds(rng, sale_day)
    sold = moves(main[buyer], main[seller], when, price, channel="TRANSFER", kind="p2p", look_alike="market trader")
    return pl.concat([cash, sold])


def _families(town: Town, spouses: Ints) -> pl.DataFrame:
    """One spouse hands most of each odd job's pay to the other within minutes, a few times a month."""
    rng = town.rng("families")
    main = town.people.main_account
    left, right = spouses[::2], spouses[1::2]
    times = rng.poisson(town.days / 9, len(left))
    pair = np.repeat(np.arange(len(left)), times)
    when = np.minimum(seconds(rng, rng.integers(0, town.days, len(pair))), town.days * DAY - 3_600)
    pay = amounts(rng, len(pair), 21_000, 0.5, step=500, low=3_000, high=150_000)
    client = town.neighbour(rng, left[pair])
    kept = (pay * rng.uniform(0.5, 0.98, len(pair)) / 10_000).astype(np.int64) * 10_000 + 10_000
    jobs = moves(main[client], main[left[pair]], when, pay, channel="TRANSFER", kind="p2p", look_alike="family")
    later = when + rng.integers(90, 3_000, len(pair))
    shared = moves(
        main[left[pair]], main[right[pair]], later, kept, channel="TRANSFER", kind="p2p", look_alike="family"
    )
    return pl.concat([jobs, shared])
