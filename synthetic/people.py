"""Who lives in a world: persons, entities and their accounts, as frames and as the arrays that behaviour draws on.

Holds nobody's behaviour. Persons without an account send and receive through the money-transfer operator only.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthetic import names
from synthetic.draw import Ints, Reals, generator
from synthetic.places import BANK_COUNTRY, BANKS, PHONE_PREFIX, REGIONS, STREETS

HOLDERS, WITHOUT_ACCOUNT, SECOND_ACCOUNT_SHARE = 2_000, 450, 0.13
# Styles of names among the residents of Russia; elsewhere a person's style is that of the country.
STYLES_IN_RU = (("RU", 0.78), ("KZ", 0.05), ("KG", 0.05), ("TJ", 0.05), ("UZ", 0.05), ("BY", 0.02))
ENTITIES = {"shop": 90, "employer": 50, "utility": 8, "supplier": 45, "firm": 34, "charity": 1, "exchange": 2}
SERIES = {"RU": "52", "KZ": "N", "KG": "ID", "TJ": "A", "UZ": "AB", "BY": "MP"}


@dataclass(frozen=True)
class People:
    """The people of a world: frames for the writers, arrays (by person or account number) for behaviour."""

    persons: pl.DataFrame
    entities: pl.DataFrame
    accounts: pl.DataFrame
    holders: Ints
    region: Ints
    country: NDArray[np.str_]
    style: NDArray[np.str_]
    main_account: Ints
    activity: Reals
    entity_accounts: dict[str, Ints]
    account_country: NDArray[np.str_]

    @property
    def second_accounts(self) -> tuple[Ints, Ints]:
        """Persons with a second account, and that account."""
        owner = self.accounts["person_id"].fill_null(-1).to_numpy()
        numbers = np.arange(len(owner), dtype=np.int64)
        rows = (owner >= 0) & (self.main_account[owner] != numbers)
        return np.asarray(owner[rows], dtype=np.int64), numbers[rows]


def make_people(seed: int, first_day: date, scale: float) -> People:
    """Everybody of a world, from `seed` alone."""
    persons = _persons(seed, scale)
    entities = _entities(seed, scale)
    accounts = _accounts(seed, first_day, persons, entities)
    owner = accounts["person_id"].fill_null(-1).to_numpy()
    main = np.full(len(persons), -1, dtype=np.int64)
    first = accounts.filter(pl.col("is_main") & pl.col("person_id").is_not_null())
    main[first["person_id"].to_numpy()] = first["account_id"].to_numpy()
    kinds = accounts.join(entities, on="entity_id", how="left", maintain_order="left")["kind"].fill_null("").to_numpy()
    holders = np.unique(owner[owner >= 0]).astype(np.int64)
    return People(
        persons=persons.drop("region_index", "style"),
        entities=entities,
        accounts=accounts.drop("is_main"),
        holders=holders,
        region=persons["region_index"].to_numpy(),
        country=persons["country"].to_numpy().astype(str),
        style=persons["style"].to_numpy().astype(str),
        main_account=main,
        activity=np.exp(0.9 * generator(seed, "activity").standard_normal(len(persons))),
        entity_accounts={kind: np.flatnonzero(kinds == kind).astype(np.int64) for kind in ENTITIES},
        account_country=accounts["country"].to_numpy().astype(str),
    )


def _persons(seed: int, scale: float) -> pl.DataFrame:
    rng = generator(seed, "persons")
    holders, count = max(round(HOLDERS * scale), 120), max(round((HOLDERS + WITHOUT_ACCOUNT) * scale), 160)
    region = _regions(rng, holders, count)
    country = np.array([REGIONS[r].country for r in region])
    in_russia = rng.choice([s for s, _ in STYLES_IN_RU], count, p=[share for _, share in STYLES_IN_RU])
    style = np.where(country == "RU", in_russia, country)
    is_woman = rng.random(count) < 0.5
    first, last = names.persons(rng, style.astype(object), is_woman)
    born = [date(1950, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 20_400, count)]
    numbers = rng.permutation(np.arange(10_000_000, 10_000_000 + 9 * count))[:count]
    street = rng.choice(np.array(STREETS, dtype=object), count)
    house = rng.integers(1, 180, count)
    return pl.DataFrame(
        {
            "person_id": np.arange(count, dtype=np.int64),
            "gender": np.where(is_woman, "F", "M"),
            "first_name": pl.Series(list(first), dtype=pl.String),
            "last_name": pl.Series(list(last), dtype=pl.String),
            "birth_date": born,
            "national_id": [f"{n * 7_919 % 10**12:012d}" for n in numbers.tolist()],
            "document": [f"{SERIES[s]}{n}" for s, n in zip(country, numbers.tolist(), strict=True)],
            "phone": [f"{PHONE_PREFIX[c]}9{n}" for c, n in zip(country, numbers.tolist(), strict=True)],
            "address": [f"{s}, {h}" for s, h in zip(street, house.tolist(), strict=True)],
            "city": [REGIONS[r].city for r in region],
            "region": [REGIONS[r].code for r in region],
            "country": list(country),
            "has_account": np.arange(count) < holders,
            "region_index": region,
            "style": list(style),
        }
    )


def _regions(rng: np.random.Generator, holders: int, count: int) -> Ints:
    """Regions: holders by weight; persons without an account live south of Russia three times in four."""
    weight = np.array([region.weight for region in REGIONS])
    is_south = np.array([region.country in {"KZ", "KG", "TJ", "UZ"} for region in REGIONS])
    south = np.where(is_south, 0.75 / is_south.sum(), 0.25 / (~is_south).sum())
    first = rng.choice(len(REGIONS), holders, p=weight / weight.sum())
    return np.concatenate([first, rng.choice(len(REGIONS), count - holders, p=south)]).astype(np.int64)


def _entities(seed: int, scale: float) -> pl.DataFrame:
    rng = generator(seed, "entities")
    kind = np.array([k for k, n in ENTITIES.items() for _ in range(max(round(n * scale), min(n, 4)))], dtype=object)
    weight = np.array([region.weight for region in REGIONS])
    region = rng.choice(len(REGIONS), len(kind), p=weight / weight.sum())
    is_utility = kind == "utility"
    homes = [next(i for i, r in enumerate(REGIONS) if r.country == c) for c in ("RU", "KZ", "KG", "TJ", "UZ", "BY")]
    region[is_utility] = np.resize(homes, int(is_utility.sum()))
    numbers = rng.permutation(np.arange(1_000_000, 1_000_000 + 9 * len(kind)))[: len(kind)]
    founded = [date(1998, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 9_500, len(kind))]
    return pl.DataFrame(
        {
            "entity_id": np.arange(len(kind), dtype=np.int64),
            "kind": list(kind),
            "name": list(names.entities(rng, kind)),
            "registration_number": [f"77{n}00" for n in numbers.tolist()],
            "founded_on": founded,
            "address": [f"{STREETS[i % len(STREETS)]}, {i % 90 + 1}" for i in range(len(kind))],
            "city": [REGIONS[r].city for r in region],
            "region": [REGIONS[r].code for r in region],
            "country": [REGIONS[r].country for r in region],
        }
    )


def _accounts(seed: int, first_day: date, persons: pl.DataFrame, entities: pl.DataFrame) -> pl.DataFrame:
    rng = generator(seed, "accounts")
    holders = persons.filter(pl.col("has_account"))
    second = holders.filter(pl.Series(rng.random(len(holders)) < SECOND_ACCOUNT_SHARE))
    owners = pl.concat(
        [
            holders.select("person_id", "country", "region", pl.lit(value=True).alias("is_main")),
            second.select("person_id", "country", "region", pl.lit(value=False).alias("is_main")),
            entities.select("entity_id", "country", "region", pl.lit(value=True).alias("is_main")),
        ],
        how="diagonal",
    )
    count = len(owners)
    bank = _banks(rng, owners["country"].to_list())
    number = rng.permutation(np.arange(count * 40, dtype=np.int64))[:count] + 100_000
    prefix = np.where(owners["entity_id"].is_not_null().to_numpy(), "40702", "40817")
    age = np.where(rng.random(count) < 0.08, rng.integers(3, 90, count), rng.integers(90, 4_000, count))
    return owners.with_columns(
        pl.int_range(count, dtype=pl.Int64).alias("account_id"),
        pl.Series("account", [f"{p}{BANKS[b].code:03d}{n:012d}" for p, b, n in zip(prefix, bank, number, strict=True)]),
        pl.Series("bank", [BANKS[b].code for b in bank], dtype=pl.Int64),
        pl.Series("institution_code", [BANKS[b].bic for b in bank]),
        pl.Series("client_number", [f"C{n:08d}" for n in number.tolist()]),
        pl.Series("opened_on", [first_day - timedelta(days=int(a)) for a in age]),
        (pl.Series("balance", np.round(np.exp(10 + 1.3 * rng.standard_normal(count)), 2)))
        .round(2)
        .cast(pl.Decimal(18, 2)),
        pl.Series(
            "branch", [f"{BANKS[b].code}-{i:02d}" for b, i in zip(bank, rng.integers(1, 13, count), strict=True)]
        ),
    )


def _banks(rng: np.random.Generator, countries: list[str]) -> list[int]:
    homes = [BANK_COUNTRY.get(country, country) for country in countries]
    points = rng.random(len(homes))
    choice = {}
    for home in sorted(set(homes)):
        banks = [i for i, bank in enumerate(BANKS) if bank.country == home]
        choice[home] = (banks, np.cumsum([BANKS[i].weight for i in banks]))
    picked = []
    for home, point in zip(homes, points, strict=True):
        banks, upper = choice[home]
        picked.append(banks[min(int(np.searchsorted(upper / upper[-1], point)), len(banks) - 1)])
    return picked
