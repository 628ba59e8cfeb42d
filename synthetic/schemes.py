"""The laundering of a world: planted schemes whose accounts also live ordinary lives.

A scheme is planned (typology, first day), cast with persons that no other scheme uses as its core, and played. The
definitions are those of the typology catalogue; NET-05 and NET-06 (fan-in, fan-out) mean ten or more distinct
counterparties within seven days. Holds no innocent movement.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from synthetic.background import Town
from synthetic.draw import DAY, MOVE_SCHEMA, Ints
from synthetic.look_alikes import Casting

THRESHOLD_ROUBLES = 600_000
FRESH_DAYS = 10
FRESH_SHARE = 0.25
PRICES = (1_500, 2_000, 2_800, 3_500, 4_500, 6_000, 8_500)


@dataclass(frozen=True)
class Scheme:
    """One planted scheme: its core as account numbers of the world (negative: persons), and its movements."""

    scheme_id: str
    typology: str
    core: tuple[int, ...]
    moves: pl.DataFrame


@dataclass
class Play:
    """A scheme while it is being played: whom it may use, and what moved so far."""

    town: Town
    rng: np.random.Generator
    cast: Callable[[], int]
    reserved: Ints
    day: int
    rows: list[tuple[int, int, int, int, str, str]] = field(default_factory=list)
    core: list[int] = field(default_factory=list)

    def member(self) -> int:
        """A new core account."""
        self.core.append(int(self.town.people.main_account[self.cast()]))
        return self.core[-1]

    def strangers(self, count: int, near: int) -> Ints:
        """Accounts of `count` distinct persons who are no scheme's core, most from the region of account `near`."""
        holder = int(self.town.people.accounts["person_id"][near])
        drawn = np.unique(self.town.neighbour(self.rng, np.full(count * 8 + 20, holder)))
        accounts = self.town.people.main_account[drawn]
        return self.rng.permutation(accounts[~np.isin(accounts, self.reserved)])[:count]

    def move(
        self, src: int, dst: int, second: float, kopecks: float, channel: str = "TRANSFER", kind: str = "p2p"
    ) -> None:
        """One movement of the scheme."""
        self.rows.append((int(src), int(dst), int(second), int(kopecks), channel, kind))

    def time(self, day: int, first_hour: float, last_hour: float) -> float:
        """A time on a day of the world between two hours."""
        return day * DAY + self.rng.uniform(first_hour, last_hour) * 3600

    def owner(self, account: int) -> int:
        """The person behind an account, as an end of a movement."""
        return -(int(self.town.people.accounts["person_id"][account]) + 1)


def _many_payers(play: Play) -> None:
    """DRP-01: more than ten persons a day pay one person; the takings leave in the evening."""
    drop, collector = play.member(), play.member()
    for day in range(play.day, play.day + int(play.rng.integers(1, 3))):
        taken = 0
        for payer in play.strangers(int(play.rng.integers(12, 19)), drop):
            price = _price(play)
            play.move(payer, drop, play.time(day, 10, 21.5), price)
            taken += price
        keep = play.rng.uniform(0.86, 0.97)
        for share in (0.6, 0.4):
            play.move(drop, collector, play.time(day, 21.7, 23.4), _rounded(taken * keep * share))


def _price(play: Play) -> int:
    price = float(play.rng.choice(PRICES)) * float(play.rng.choice([1.0, 1.0, 1.0, 0.95, 1.1]))
    return round(price / 50) * 5_000


def _rounded(kopecks: float) -> int:
    return max(int(kopecks) // 10_000, 1) * 10_000


def _pass_through(play: Play) -> None:
    """DRP-04: at least five times in a week money leaves within a minute, 80 to 102 % of what came."""
    drop, collector = play.member(), play.member()
    feeders = play.strangers(4, drop)
    for turn in range(int(play.rng.integers(6, 9))):
        arrives = play.time(play.day + turn % 4, 8 + 4 * (turn // 4), 11.8 + 4 * (turn // 4))
        came = _rounded(play.rng.uniform(9_000, 88_000) * 100)
        gap = play.rng.uniform(14, 57) if turn < 6 else play.rng.uniform(80, 780)
        play.move(int(play.rng.choice(feeders)), drop, arrives, came)
        play.move(drop, collector, arrives + gap, np.floor(came * play.rng.uniform(0.9, 1.0)))


def _structuring(play: Play) -> None:
    """CSH-01: four or more cash deposits of 80 to just under 100 % of the threshold within ten days, then one wire."""
    person, collector = play.member(), play.member()
    days = np.sort(play.rng.choice(8, int(play.rng.integers(4, 7)), replace=False))
    total = 0
    for day in days.tolist():
        sum_ = int(play.rng.uniform(0.81, 0.995) * THRESHOLD_ROUBLES / 500) * 50_000
        play.move(play.owner(person), person, play.time(play.day + day, 9, 19), sum_, "CASH", "cash_in")
        total += sum_
    play.move(person, collector, play.time(play.day + int(days[-1]), 19.5, 23), _rounded(total * 0.94))


def _fan_in(play: Play) -> None:
    """NET-05: ten or more mules pay one account within days; most is drawn in cash or sent on."""
    collector = play.member()
    mules = play.strangers(int(play.rng.integers(11, 16)), collector)
    total = 0
    for mule in mules:
        sum_ = _rounded(play.rng.uniform(14_000, 95_000) * 100)
        play.move(mule, collector, play.time(play.day + int(play.rng.integers(0, 4)), 8, 22), sum_)
        total += sum_
    for share in (0.5, 0.4):
        sum_ = _rounded(total * share * 0.96)
        play.move(collector, play.owner(collector), play.time(play.day + 4, 10, 20), sum_, "CASH", "cash_out")


def _fan_out(play: Play) -> None:
    """NET-06: one large credit is spread to ten or more people within days."""
    source, spreader = play.member(), play.member()
    receivers = play.strangers(int(play.rng.integers(11, 16)), spreader)
    total = play.rng.uniform(350_000, 1_400_000) * 100
    play.move(source, spreader, play.time(play.day, 8, 11), _rounded(total))
    shares = play.rng.dirichlet(np.full(len(receivers), 6.0)) * total * play.rng.uniform(0.9, 0.98)
    for receiver, share in zip(receivers, shares, strict=True):
        play.move(spreader, receiver, play.time(play.day + int(play.rng.integers(0, 3)), 12, 22), _rounded(share))


def _cycle(play: Play) -> None:
    """NET-03: money returns to its start over three to six accounts, 80 to 100 % kept a hop, hops below ten days."""
    ring = [play.member() for _ in range(int(play.rng.integers(3, 7)))]
    second, sum_ = play.time(play.day, 9, 14), play.rng.uniform(120_000, 900_000) * 100
    longest = 8.0 * DAY / len(ring)
    for src, dst in zip(ring, [*ring[1:], ring[0]], strict=True):
        play.move(src, dst, second, np.floor(sum_))
        sum_ = np.floor(sum_) * play.rng.uniform(0.86, 0.99)
        second += play.rng.uniform(0.03 * DAY, longest)


def _drug_shop(play: Play) -> None:
    """Many payers, two drops in turn, out within minutes, a collector who cashes out, buys crypto and sends abroad."""
    collector = play.member()
    drops = [play.member(), play.member()]
    regulars = play.strangers(32, drops[0])
    exchange = int(play.rng.choice(play.town.people.entity_accounts["exchange"]))
    for turn in range(4):
        gathered = _shop_day(play, play.day + turn, drops[turn // 2], collector, regulars)
        late = play.time(play.day + turn, 22.9, 23.8)
        if turn % 2:
            play.move(collector, exchange, late, _rounded(gathered * 0.8), "CRYPTO", "crypto")
        else:
            play.move(collector, play.owner(collector), late, _rounded(gathered * 0.7), "CASH", "cash_out")
    abroad = np.flatnonzero(np.isin(play.town.people.country, ["KG", "TJ", "UZ", "KZ"]))
    play.core.append(-(int(play.rng.choice(abroad)) + 1))
    for _ in range(2):
        sum_ = _rounded(play.rng.uniform(18_000, 60_000) * 100)
        play.move(play.owner(collector), play.core[-1], play.time(play.day + 4, 10, 18), sum_, "REMIT", "remittance")


def _shop_day(play: Play, day: int, drop: int, collector: int, regulars: Ints) -> int:
    times = np.sort(play.rng.uniform(10, 22.2, int(play.rng.integers(11, 14)))) * 3600 + day * DAY
    pending, gathered = 0, 0
    for turn, (payer, second) in enumerate(zip(play.rng.permutation(regulars), times, strict=False), start=1):
        price = _price(play)
        play.move(payer, drop, second, price)
        pending += price
        if turn % 4 == 0 or turn == len(times):
            leaves, sum_ = second + play.rng.uniform(40, 400), pending * play.rng.uniform(0.93, 1.0)
            play.move(drop, collector, leaves, sum_)
            gathered, pending = gathered + pending, 0
    return gathered


# Typology, how to play it, how many in sixty days at scale 1, and the days that it may take.
PLAYS: tuple[tuple[str, Callable[[Play], None], int, int], ...] = (
    ("DRP-01", _many_payers, 5, 2),
    ("DRP-04", _pass_through, 6, 4),
    ("CSH-01", _structuring, 9, 8),
    ("NET-05", _fan_in, 5, 5),
    ("NET-06", _fan_out, 5, 3),
    ("NET-03", _cycle, 12, 9),
    ("MIXED", _drug_shop, 3, 5),
)


def plan(town: Town) -> list[tuple[str, Callable[[Play], None], int]]:
    """Typology, play and first day of each scheme, in the order of time; a quarter starts in the last ten days."""
    planned = []
    for typology, act, per_sixty_days, span in PLAYS:
        rng = town.rng(f"plan {typology}")
        count = max(round(per_sixty_days * town.scale * town.days / 60), 0 if typology == "MIXED" else 1)
        fresh = max(round(FRESH_SHARE * count), 1) if count > 1 else 0
        last = max(town.days - FRESH_DAYS - span, 0)
        early = [int(last * (slot + rng.random()) / (count - fresh)) for slot in range(count - fresh)]
        late = [int(d) for d in rng.integers(town.days - FRESH_DAYS, town.days - span + 1, fresh)]
        planned += [(typology, act, day) for day in [*early, *late]]
    return sorted(planned, key=lambda entry: (entry[2], entry[0]))


def make_schemes(town: Town, casting: Casting) -> list[Scheme]:
    """All planted schemes; no person belongs to the core of two."""
    free = np.setdiff1d(town.people.holders, casting.everybody)
    planned = plan(town)
    cores = town.rng("cores").permutation(free)[: 6 * len(planned)]
    cast, reserved = iter(cores.tolist()), town.people.main_account[cores]
    schemes = []
    for number, (typology, act, day) in enumerate(planned, start=1):
        play = Play(town, town.rng(f"scheme {number}"), lambda: next(cast), reserved, day)
        act(play)
        schemes.append(_scheme(f"SCH-{number:04d}", typology, play))
    return schemes


def _scheme(scheme_id: str, typology: str, play: Play) -> Scheme:
    columns = ["src", "dst", "second", "kopecks", "channel", "kind"]
    schema = {name: MOVE_SCHEMA[name] for name in columns}
    frame = pl.DataFrame(play.rows, schema=schema, orient="row").with_columns(
        pl.lit(scheme_id).alias("scheme"), pl.lit(None, pl.String).alias("look_alike")
    )
    return Scheme(scheme_id, typology, tuple(play.core), frame)
