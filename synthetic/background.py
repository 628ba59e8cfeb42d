"""What people and firms do who launder nothing: wages, rent, shops, friends, bills, remittances, cash, trade.

One function makes one habit; each takes the town and returns movements. Holds no laundering and no look-alikes.
Rates are events a day in a world of scale 1.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthetic.draw import DAY, EVENING, OFFICE, Ints, Picker, amounts, as_person, event_days, generator, moves, seconds
from synthetic.people import People

SHOPPING, P2P, REMITTANCES, WITHDRAWALS, DEPOSITS, TRADE = 106.0, 118.0, 30.0, 27.0, 12.0, 22.0
OWN_TRANSFERS, CRYPTO_PURCHASES, BIG_CASH = 5.0, 1.6, 0.45
# Share of payments to one of three friends: makes about 40 % of payments go between a pair that pays again.
FRIEND_SHARE = 0.52
SALARIED_SHARE, TENANT_SHARE, BILL_SHARE = 0.6, 0.13, 0.36


@dataclass(frozen=True)
class Town:
    """Who lives where, when, and with which seed: all that a habit needs."""

    seed: int
    first_day: date
    days: int
    scale: float
    people: People

    def rng(self, purpose: str) -> np.random.Generator:
        """The generator of one purpose."""
        return generator(self.seed, purpose)

    def event_days(self, rng: np.random.Generator, per_day: float) -> Ints:
        """The day of each event at a rate that grows with the scale."""
        return event_days(rng, self.days, per_day * self.scale, self.first_day.weekday())

    def month_days(self, day_of_month: int) -> list[int]:
        """The days (0 is the first) that fall on a day of the month."""
        return [d for d in range(self.days) if (self.first_day + timedelta(days=d)).day == day_of_month]

    def active_person(self, rng: np.random.Generator, count: int) -> Ints:
        """Account holders, the busy ones more often."""
        holders = self.people.holders
        return Picker(holders, np.zeros(len(holders)), self.people.activity[holders]).any(rng, count)

    def neighbour(self, rng: np.random.Generator, person: Ints, near_share: float = 0.85) -> Ints:
        """Another account holder for each person, mostly from the same region, the popular ones more often."""
        holders = self.people.holders
        weight = self.people.activity[holders]
        near = Picker(holders, self.people.region[holders], weight).pick(rng, self.people.region[person])
        far = Picker(holders, np.zeros(len(holders)), weight).any(rng, len(person))
        return np.where(rng.random(len(person)) < near_share, near, far)

    def entity_near(self, rng: np.random.Generator, kind: str, person: Ints, tail: float = 1.1) -> Ints:
        """An entity's account in each person's country; popularity falls like rank to the power of `tail`."""
        accounts = self.people.entity_accounts[kind]
        weight = np.arange(1, len(accounts) + 1, dtype=np.float64) ** -tail
        picker = Picker(accounts, self.people.account_country[accounts], weight)
        return picker.pick(rng, self.people.country[person])


def make_background(town: Town) -> pl.DataFrame:
    """All movements of people who only live their lives."""
    habits = (
        _shopping,
        _friends,
        _wages,
        _rent,
        _bills,
        _remittances,
        _withdrawals,
        _deposits,
        _big_cash,
        _trade,
        _own_transfers,
        _crypto,
    )
    return pl.concat([habit(town) for habit in habits])


def p2p_amounts(rng: np.random.Generator, count: int) -> Ints:
    """Amounts between friends: heavy-tailed; most are round, some have kopecks."""
    fine = amounts(rng, count, 2_400, 1.25, low=50, high=450_000)
    hundreds = np.maximum(np.round(fine / 10_000), 1) * 10_000
    thousands = np.maximum(np.round(fine / 50_000), 1) * 50_000
    point = rng.random(count)
    return np.where(point < 0.2, fine, np.where(point < 0.65, hundreds, thousands)).astype(np.int64)


def _shopping(town: Town) -> pl.DataFrame:
    rng = town.rng("shopping")
    day = town.event_days(rng, SHOPPING)
    person = town.active_person(rng, len(day))
    price = amounts(rng, len(day), 900, 0.95, low=40, high=180_000)
    shop = town.entity_near(rng, "shop", person)
    when = seconds(rng, day)
    return moves(town.people.main_account[person], shop, when, price, channel="CARD", kind="purchase")


def _friends(town: Town) -> pl.DataFrame:
    rng = town.rng("friends")
    day = town.event_days(rng, P2P)
    person = town.active_person(rng, len(day))
    friends = np.stack([town.neighbour(rng, np.arange(len(town.people.persons))) for _ in range(3)])
    slot = rng.choice(3, len(day), p=[0.78, 0.16, 0.06])
    friend = friends[slot, person]
    other = np.where(rng.random(len(day)) < FRIEND_SHARE, friend, town.neighbour(rng, person))
    src, dst = _some_second_accounts(town, rng, person), _some_second_accounts(town, rng, other)
    frame = moves(src, dst, seconds(rng, day, EVENING), p2p_amounts(rng, len(day)), channel="TRANSFER", kind="p2p")
    is_wallet = pl.Series(rng.random(len(frame)) < 0.08)
    return frame.with_columns(pl.when(is_wallet).then(pl.lit("WALLET")).otherwise("channel").alias("channel"))


def _some_second_accounts(town: Town, rng: np.random.Generator, person: Ints) -> Ints:
    owner, account = town.people.second_accounts
    second = town.people.main_account.copy()
    second[owner] = account
    return np.where(rng.random(len(person)) < 0.25, second[person], town.people.main_account[person])


def _wages(town: Town) -> pl.DataFrame:
    rng = town.rng("wages")
    people = town.people
    worker = people.holders[rng.random(len(people.holders)) < SALARIED_SHARE]
    employer = town.entity_near(rng, "employer", worker, tail=0.7)
    pay_day = np.zeros(len(people.accounts), dtype=np.int64)
    pay_day[people.entity_accounts["employer"]] = rng.choice([5, 10, 25], len(people.entity_accounts["employer"]))
    start = rng.integers(9 * 3600, 17 * 3600, (len(people.accounts), town.days))
    wage = amounts(rng, len(worker), 62_000, 0.45, low=18_000, high=480_000)
    frames = []
    for of_month in (5, 10, 25):
        rows = np.flatnonzero(pay_day[employer] == of_month)
        for day in town.month_days(of_month):
            when = day * DAY + start[employer[rows], day] + rng.integers(0, 1_800, len(rows))
            paid = (wage[rows] * rng.uniform(0.97, 1.06, len(rows))).astype(np.int64)
            dst = people.main_account[worker[rows]]
            frames.append(moves(employer[rows], dst, when, paid, channel="TRANSFER", kind="wage"))
    return pl.concat([*frames, _no_moves()])


def _rent(town: Town) -> pl.DataFrame:
    rng = town.rng("rent")
    holders = town.people.holders
    tenant = holders[rng.random(len(holders)) < TENANT_SHARE]
    landlord = town.neighbour(rng, tenant, near_share=1.0)
    rent = amounts(rng, len(tenant), 26_000, 0.35, step=500, low=7_000, high=120_000)
    return _monthly(town, rng, tenant, town.people.main_account[landlord], rent, channel="TRANSFER", kind="rent")


def _bills(town: Town) -> pl.DataFrame:
    rng = town.rng("bills")
    holders = town.people.holders
    payer = holders[rng.random(len(holders)) < BILL_SHARE]
    utility = town.entity_near(rng, "utility", payer, tail=0.3)
    bill = amounts(rng, len(payer), 4_300, 0.4, low=600, high=28_000)
    return _monthly(town, rng, payer, utility, bill, channel="TRANSFER", kind="bill")


def _monthly(
    town: Town, rng: np.random.Generator, payer: Ints, receiver: Ints, due: Ints, *, channel: str, kind: str
) -> pl.DataFrame:
    """The same payment every month, each payer on a day of their own, give or take two."""
    habit = rng.integers(1, 28, len(payer))
    frames = [_no_moves()]
    for of_month in range(1, 28):
        rows = np.flatnonzero(habit == of_month)
        for day in town.month_days(of_month):
            days = np.clip(day + rng.integers(-2, 3, len(rows)), 0, town.days - 1)
            paid = due[rows] if kind == "rent" else (due[rows] * rng.uniform(0.85, 1.2, len(rows))).astype(np.int64)
            src = town.people.main_account[payer[rows]]
            frames.append(moves(src, receiver[rows], seconds(rng, days), paid, channel=channel, kind=kind))
    return pl.concat(frames)


def _no_moves() -> pl.DataFrame:
    return moves([], [], [], [], channel="TRANSFER", kind="p2p")


def _remittances(town: Town) -> pl.DataFrame:
    """Money sent home: residents of Russia whose family lives south, most to one receiver, twice a month or so."""
    rng = town.rng("remittances")
    people = town.people
    sender = np.flatnonzero((people.country == "RU") & np.isin(people.style, ["KZ", "KG", "TJ", "UZ"]))
    family = _family(people)
    home = np.stack([family.pick(rng, people.style[sender]) for _ in range(2)])
    day = town.event_days(rng, REMITTANCES)
    pick = Picker(np.arange(len(sender)), np.zeros(len(sender)), people.activity[sender]).any(rng, len(day))
    receiver = home[(rng.random(len(day)) < 0.15).astype(np.int64), pick]
    sent = amounts(rng, len(day), 14_000, 0.8, step=100, low=1_000, high=400_000)
    src, dst = as_person(sender[pick]), as_person(receiver)
    return moves(src, dst, seconds(rng, day), sent, channel="REMIT", kind="remittance")


def _family(people: People) -> Picker:
    """Receivers abroad by country: people without an account, and some with one."""
    abroad = np.flatnonzero(np.isin(people.country, ["KZ", "KG", "TJ", "UZ"]))
    weight = np.where(people.main_account[abroad] < 0, 1.0, 0.4)
    return Picker(abroad, people.country[abroad], weight)


def _withdrawals(town: Town) -> pl.DataFrame:
    rng = town.rng("withdrawals")
    day = town.event_days(rng, WITHDRAWALS)
    person = town.active_person(rng, len(day))
    sum_ = amounts(rng, len(day), 7_000, 0.9, step=500, low=500, high=300_000)
    src, dst = town.people.main_account[person], as_person(person)
    return moves(src, dst, seconds(rng, day), sum_, channel="CASH", kind="cash_out")


def _deposits(town: Town) -> pl.DataFrame:
    rng = town.rng("deposits")
    day = town.event_days(rng, DEPOSITS)
    person = town.active_person(rng, len(day))
    sum_ = amounts(rng, len(day), 16_000, 1.1, step=500, low=500, high=560_000)
    src, dst = as_person(person), town.people.main_account[person]
    return moves(src, dst, seconds(rng, day), sum_, channel="CASH", kind="cash_in")


def _big_cash(town: Town) -> pl.DataFrame:
    """A car or a flat sold: cash above the reporting threshold, or a single sum just below it."""
    rng = town.rng("big cash")
    day = town.event_days(rng, BIG_CASH)
    person = town.active_person(rng, len(day))
    sum_ = amounts(rng, len(day), 820_000, 0.45, step=5_000, low=480_000, high=4_000_000)
    src, dst = as_person(person), town.people.main_account[person]
    return moves(src, dst, seconds(rng, day, OFFICE), sum_, channel="CASH", kind="cash_in")


def _trade(town: Town) -> pl.DataFrame:
    """Firms pay the same suppliers over and over; suppliers pay each other now and then."""
    rng = town.rng("trade")
    kinds = town.people.entity_accounts
    buyers = np.concatenate([kinds["shop"], kinds["employer"], kinds["firm"], kinds["supplier"]])
    sellers = np.concatenate([kinds["supplier"], kinds["firm"]])
    pairs = np.stack([rng.choice(buyers, 4 * len(buyers)), rng.choice(sellers, 4 * len(buyers))])
    day = town.event_days(rng, TRADE)
    picker = Picker(np.arange(pairs.shape[1]), np.zeros(pairs.shape[1]), np.exp(rng.standard_normal(pairs.shape[1])))
    pick = picker.any(rng, len(day))
    sum_ = amounts(rng, len(day), 95_000, 1.1, low=2_500, high=6_000_000)
    when = seconds(rng, day, OFFICE)
    frame = moves(pairs[0, pick], pairs[1, pick], when, sum_, channel="TRANSFER", kind="trade")
    is_cheque = pl.Series(rng.random(len(frame)) < 0.02)
    return frame.with_columns(pl.when(is_cheque).then(pl.lit("CHEQUE")).otherwise("channel").alias("channel"))


def _own_transfers(town: Town) -> pl.DataFrame:
    rng = town.rng("own transfers")
    owner, second = town.people.second_accounts
    day = town.event_days(rng, OWN_TRANSFERS)
    pick = rng.integers(0, len(owner), len(day))
    first, other = town.people.main_account[owner[pick]], second[pick]
    is_back: NDArray[np.bool_] = rng.random(len(day)) < 0.4
    src, dst = np.where(is_back, other, first), np.where(is_back, first, other)
    sum_ = amounts(rng, len(day), 9_000, 1.0, step=100, low=100, high=300_000)
    return moves(src, dst, seconds(rng, day), sum_, channel="TRANSFER", kind="own")


def _crypto(town: Town) -> pl.DataFrame:
    rng = town.rng("crypto")
    day = town.event_days(rng, CRYPTO_PURCHASES)
    person = town.active_person(rng, len(day))
    dst = rng.choice(town.people.entity_accounts["exchange"], len(day))
    sum_ = amounts(rng, len(day), 8_000, 1.2, step=100, low=500, high=600_000)
    return moves(town.people.main_account[person], dst, seconds(rng, day), sum_, channel="CRYPTO", kind="crypto")
