"""A made-up world: who lives in it, what moved, which schemes were planted and whom the banks reported.

`make_world` is the only way in; the same arguments give the same world, row for row. Holds no file format.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from synthetic import suspicions as suspicion_reports
from synthetic.background import Town, make_background
from synthetic.draw import DAY, generator
from synthetic.look_alikes import cast_parts, make_look_alikes
from synthetic.people import People, make_people
from synthetic.schemes import FRESH_DAYS, THRESHOLD_ROUBLES, Scheme, make_schemes

VERSION = 1
ZONE = "Europe/Moscow"
OPERATOR = "operator"
NEW_CORE_SHARE = 0.45
PURPOSES = {
    "p2p": ("Перевод", "Перевод между физическими лицами", "Возврат долга", "За товар", "Подарок", "Спасибо"),
    "purchase": ("Оплата товаров", "Покупка по карте"),
    "wage": ("Заработная плата", "Перечисление зарплаты по реестру"),
    "rent": ("Оплата за квартиру", "Аренда"),
    "bill": ("Коммунальные услуги", "Оплата по квитанции"),
    "remittance": ("Перевод без открытия счёта",),
    "cash_in": ("Взнос наличных", "Внесение через устройство"),
    "cash_out": ("Выдача наличных", "Снятие в банкомате"),
    "trade": ("Оплата по договору", "Оплата по счёту", "За материалы"),
    "own": ("Перевод между своими счетами",),
    "crypto": ("Покупка цифровых активов",),
}


@dataclass(frozen=True)
class World:
    """One made-up world. A frame's `*_id` columns point to the rows of the frame of that name.

    Attributes:
        persons: everybody, with or without an account.
        entities: firms, shops, utilities, funds.
        accounts: accounts; `person_id` or `entity_id` is the owner.
        transactions: what moved, in the order of time; `report` is EFT, CTR or CSV, `bank` the reporting bank.
        schemes: one row a planted scheme with its core accounts and persons.
        suspicions: one row a suspicion report: day, account, words.
    """

    seed: int
    first_day: date
    days: int
    scale: float
    persons: pl.DataFrame
    entities: pl.DataFrame
    accounts: pl.DataFrame
    transactions: pl.DataFrame
    schemes: pl.DataFrame
    suspicions: pl.DataFrame

    @property
    def last_day(self) -> date:
        """The last day on which something moves."""
        return self.first_day + timedelta(days=self.days - 1)


def make_world(seed: int, first_day: date, days: int, scale: float = 1.0) -> World:
    """A world of `days` days with planted laundering, from the seed alone.

    Args:
        seed: any number from 0; the same one gives the same world.
        first_day: the first local day.
        days: how many days, at least 20.
        scale: 1 makes about 2,500 accounts and 440 transactions a day.

    Raises:
        ValueError: fewer than 20 days, or a scale outside 0.1 to 100.
    """
    if days < 2 * FRESH_DAYS or not 0.1 <= scale <= 100:
        raise ValueError(f"days must be at least {2 * FRESH_DAYS} and scale 0.1 to 100, not {days} and {scale}")
    people = make_people(seed, first_day, scale)
    town = Town(seed, first_day, days, scale, people)
    casting = cast_parts(seed, scale, people)
    schemes = make_schemes(town, casting)
    moved = pl.concat([make_background(town), make_look_alikes(town, casting), *(s.moves for s in schemes)])
    return World(
        seed=seed,
        first_day=first_day,
        days=days,
        scale=scale,
        persons=people.persons,
        entities=people.entities,
        accounts=_with_new_cores(town, schemes),
        transactions=_transactions(town, moved, schemes),
        schemes=_scheme_frame(people, schemes),
        suspicions=suspicion_reports.dated(suspicion_reports.make_suspicions(town, casting, schemes), town),
    )


def _with_new_cores(town: Town, schemes: list[Scheme]) -> pl.DataFrame:
    """Accounts, where about half of the schemes' core accounts were opened in the two months before the world."""
    rng = town.rng("new cores")
    opened = town.people.accounts["opened_on"].to_list()
    for account in (account for scheme in schemes for account in scheme.core if account >= 0):
        if rng.random() < NEW_CORE_SHARE:
            opened[account] = town.first_day - timedelta(days=int(rng.integers(3, 60)))
    return town.people.accounts.with_columns(pl.Series("opened_on", opened, dtype=pl.Date))


def _transactions(town: Town, moved: pl.DataFrame, schemes: list[Scheme]) -> pl.DataFrame:
    inside = moved.filter(pl.col("second").is_between(0, town.days * DAY - 1))
    if inside.filter(pl.col("scheme").is_not_null()).height != sum(scheme.moves.height for scheme in schemes):
        raise AssertionError("a planted scheme runs over the end of the world")
    ordered = inside.sort("second", "src", "dst", "kopecks", "channel", "kind", "scheme", nulls_last=True)
    midnight = datetime(town.first_day.year, town.first_day.month, town.first_day.day)  # noqa: DTZ001 - local wall clock
    local = pl.lit(midnight, pl.Datetime("us")) + pl.duration(seconds="second")
    typology = {scheme.scheme_id: scheme.typology for scheme in schemes}
    named = _ends(ordered).with_columns(
        local.alias("local_time"),
        (pl.col("kopecks").cast(pl.Decimal(18, 0)) * pl.lit("0.01").cast(pl.Decimal(4, 2)))
        .cast(pl.Decimal(18, 2))
        .alias("amount"),
        _purpose(town.seed, ordered["kind"]),
        pl.col("scheme").replace_strict(typology, default=None, return_dtype=pl.String).alias("typology"),
    )
    return _reported(named, town.people.accounts)


def _ends(moved: pl.DataFrame) -> pl.DataFrame:
    def end(column: str, name: str) -> list[pl.Expr]:
        value = pl.col(column)
        return [
            pl.when(value >= 0).then(value).alias(f"{name}_account_id"),
            pl.when(value < 0).then(-value - 1).alias(f"{name}_person_id"),
        ]

    return moved.with_columns(*end("src", "from"), *end("dst", "to"))


def _purpose(seed: int, kind: pl.Series) -> pl.Series:
    point = generator(seed, "purposes").random(len(kind))
    words = [PURPOSES[k][int(p * len(PURPOSES[k]))] for k, p in zip(kind.to_list(), point.tolist(), strict=True)]
    return pl.Series("purpose", words, dtype=pl.String)


def _reported(moved: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The transactions with number, reporting bank and kind of report: each is in exactly one file."""
    bank = accounts["bank"]
    account = pl.coalesce("from_account_id", "to_account_id")
    is_large_cash = (pl.col("channel") == "CASH") & (pl.col("amount") >= THRESHOLD_ROUBLES)
    reporter = pl.Series("bank", bank.to_numpy()[moved.select(account.fill_null(0)).to_series().to_numpy()])
    local_date = pl.col("local_time").dt.date()
    number = pl.int_range(1, pl.len() + 1).over(local_date)
    by_operator = pl.col("channel") == "REMIT"
    prefix = pl.when(by_operator).then(pl.lit("MT")).otherwise(pl.format("P{}", "bank"))
    return moved.with_columns(reporter).select(
        pl.format("{}-{}-{}", prefix, local_date.dt.strftime("%y%m%d"), number.cast(pl.String).str.zfill(6)).alias(
            "transaction_number"
        ),
        pl.col("local_time").dt.replace_time_zone(ZONE).dt.convert_time_zone("UTC").alias("occurred_at"),
        "local_time",
        local_date.alias("local_date"),
        "amount",
        "channel",
        "kind",
        "purpose",
        "from_account_id",
        "from_person_id",
        "to_account_id",
        "to_person_id",
        pl.when(by_operator).then(None).otherwise("bank").alias("bank"),
        pl.when(by_operator)
        .then(pl.lit("CSV"))
        .when(is_large_cash)
        .then(pl.lit("CTR"))
        .otherwise(pl.lit("EFT"))
        .alias("report"),
        pl.col("scheme").alias("scheme_id"),
        "typology",
        pl.col("scheme").is_not_null().alias("is_laundering"),
        "look_alike",
    )


def _scheme_frame(people: People, schemes: list[Scheme]) -> pl.DataFrame:
    account, document = people.accounts["account"], people.persons["document"]
    schema = {
        "scheme_id": pl.String(),
        "typology": pl.String(),
        "core_accounts": pl.List(pl.String()),
        "core_account_ids": pl.List(pl.Int64()),
        "core_documents": pl.List(pl.String()),
    }
    rows = []
    for scheme in schemes:
        ids = [core for core in scheme.core if core >= 0]
        documents = [document[-core - 1] for core in scheme.core if core < 0]
        rows.append((scheme.scheme_id, scheme.typology, [account[i] for i in ids], ids, documents))
    return pl.DataFrame(rows, schema=schema, orient="row")
