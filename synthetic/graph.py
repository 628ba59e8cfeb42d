"""`python -m synthetic.graph`: a large account network with planted laundering, straight into a lake.

For benchmarks and for tests of features: it stands in for what intake would have made of millions of reports. Accounts
are as active as a heavy tail makes them, part of the pairs recur, a few hubs have most of the edges, and attempts of
every shape are planted with their truth. The same seed gives the same rows, whatever the machine.
"""

import argparse
import hashlib
import sys
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl

from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, NODES, REPORTS
from synthetic.draw import DAY, DAYTIME, Ints, generator
from synthetic.shapes import SHAPES, Planted, plant

HOMES = (
    *(("KZ", "KZT", "KZ-ALA"), ("RU", "RUB", "RU-MOW"), ("KG", "KGS", "KG-GB"), ("UZ", "UZS", "UZ-TK")),
    *(("TJ", "TJS", "TJ-DU"), ("BY", "BYN", "BY-HM"), ("TM", "TMT", "TM-S"), ("CN", "CNY", "CN-BJ")),
)
CHANNELS, CHANNEL_SHARES = ("transfer", "cash", "card", "remittance"), (0.82, 0.06, 0.09, 0.03)
TAIL, TOP_SHARE = 1.25, 0.001
EDGES_A_PAIR = 8
EDGES_A_REPORT = 20
EDGES_A_COMMIT = 1_500_000
LATE_DAYS = 30
WEEKDAYS = np.array([1.06, 1.06, 1.06, 1.06, 1.06, 0.88, 0.82])
EDGE_ID_BITS = 60


@dataclass(frozen=True)
class Spec:
    """What graph to make; density is `edges / days`.

    `hubs` accounts have `hub_edges` edges each beyond their own activity, in turn as receiver and payer.
    """

    seed: int = 7
    edges: int = 1_000_000
    accounts: int = 100_000
    days: int = 60
    first_day: date = date(2025, 1, 1)
    recurrent_share: float = 0.4
    hubs: int = 4
    hub_edges: int = 10_000
    planted_share: float = 0.02
    late_share: float = 0.0
    countries: int = 1
    is_date_only: bool = False

    def __post_init__(self) -> None:
        if self.hubs * self.hub_edges > self.edges // 2:
            raise ValueError("hubs take more than half of the edges")
        if self.accounts < 200 or not 1 <= self.countries <= len(HOMES) or self.days < 1:
            raise ValueError(f"a graph needs 200 accounts, one day and 1 to {len(HOMES)} countries")

    @property
    def nights(self) -> Nights:
        """First and last day."""
        return Nights(self.first_day, self.first_day + timedelta(days=self.days - 1))


PRESETS = {
    "small": Spec(edges=20_000, accounts=2_000, days=30, hub_edges=400),
    "sparse": Spec(days=59),
    "amlworld": Spec(edges=1_080_000, accounts=500_000, days=2, hubs=8, hub_edges=25_000, planted_share=0.01),
    "large": Spec(edges=10_000_000, accounts=1_000_000, days=100, hubs=20, hub_edges=50_000),
}


@dataclass(frozen=True)
class Graph:
    """A made graph: `movements` is one edge a row in order of time; `truth` one planted edge a row.

    `movements`: edge_id, src and dst (numbers of accounts), second (since the first midnight), day of receipt, cents.
    """

    spec: Spec
    movements: pl.DataFrame
    truth: pl.DataFrame
    accounts: pl.DataFrame

    def edges(self, nights: Nights | None = None) -> pl.DataFrame:
        """The rows of EDGES received on these nights, or all."""
        return EDGES.conform(_edges(self, self._received(nights)))

    def nodes(self, nights: Nights | None = None) -> pl.DataFrame:
        """The rows of NODES of these nights, or all."""
        rows = self._received(nights)
        named = pl.concat([rows.select(pl.col(end).alias("number"), "received_day") for end in ("src", "dst")]).unique()
        described = named.join(self.accounts, on="number")
        return NODES.conform(described.with_columns(_day(self.spec, "received_day").alias("received_on")))

    def reports(self, nights: Nights | None = None) -> pl.DataFrame:
        """The rows of REPORTS of these nights, or all: each tells of some transfers of one night."""
        return REPORTS.conform(_reports(self.spec, self._received(nights)))

    def _received(self, nights: Nights | None) -> pl.DataFrame:
        if nights is None:
            return self.movements
        first, last = ((night - self.spec.first_day).days for night in (nights.first, nights.last))
        return self.movements.filter(pl.col("received_day").is_between(first, last))


def make(spec: Spec) -> Graph:
    """The graph of a spec."""
    weights = _activity(spec)
    planted = plant(spec.seed, round(spec.edges * spec.planted_share), spec.days * DAY, weights[0])
    src, dst = _pairs(spec, spec.edges - len(planted.src), weights)
    rng = generator(spec.seed, "graph amounts")
    cents = np.maximum(np.exp(15.8 + 1.4 * rng.standard_normal(len(src))), 100).astype(np.int64)
    columns = {
        "src": np.concatenate([src, planted.src]),
        "dst": np.concatenate([dst, planted.dst]),
        "second": np.concatenate([_seconds(spec, len(src)), planted.second]),
        "cents": np.concatenate([cents, planted.cents]),
    }
    order = np.argsort(columns["second"], kind="stable")
    movements = pl.DataFrame({name: column[order] for name, column in columns.items()}).with_columns(
        pl.Series("edge_id", _edge_ids(spec.seed, len(order))),
        pl.Series("number", np.arange(len(order))),
        pl.Series("channel", generator(spec.seed, "channels").choice(len(CHANNELS), len(order), p=CHANNEL_SHARES)),
        pl.Series("received_day", _received_days(spec, columns["second"][order])),
    )
    return Graph(spec, movements, _truth(planted, order, movements, len(src)), _accounts(spec))


def write(graph: Graph, lake: Lake, nights: Nights | None = None) -> None:
    """Put the graph, or what was received on these nights, into a lake as EDGES, NODES and REPORTS."""
    metadata = {"made_by": "synthetic.graph", "seed": str(graph.spec.seed)}
    asked = nights or graph.spec.nights
    step = timedelta(days=max(1, EDGES_A_COMMIT * graph.spec.days // len(graph.movements)))
    first = asked.first
    while first <= asked.last:
        part = Nights(first, min(first + step - timedelta(days=1), asked.last))
        for table, rows in ((REPORTS, graph.reports(part)), (NODES, graph.nodes(part)), (EDGES, graph.edges(part))):
            lake.replace_nights(table, rows, part, metadata)
        first += step


def _activity(spec: Spec) -> tuple[np.ndarray, np.ndarray]:
    """The part of all payments that each account makes and receives: two heavy tails. The hubs' edges come on top."""
    rng = generator(spec.seed, "activity")
    drawn = [1 + rng.pareto(TAIL, spec.accounts) for _ in range(2)]
    paying, receiving = ((weight / weight.sum()).clip(max=TOP_SHARE) for weight in drawn)
    return paying, receiving


def _pairs(spec: Spec, count: int, weights: tuple[np.ndarray, np.ndarray]) -> tuple[Ints, Ints]:
    """Payer and receiver of `count` edges: recurrent pairs, the hubs' edges, and chance meetings."""
    rng = generator(spec.seed, "pairs")
    recurrent, hub = round(count * spec.recurrent_share), spec.hubs * spec.hub_edges
    known = max(1, recurrent // EDGES_A_PAIR)
    met = count - recurrent - hub + known
    src, dst = (_drawn(rng, weight, met) for weight in weights)
    again = rng.integers(0, known, recurrent)
    hub_src, hub_dst = _hub_ends(rng, spec)
    src = np.concatenate([src[known:], src[again], hub_src])
    dst = np.concatenate([dst[known:], dst[again], hub_dst])
    dst = np.where(src == dst, (dst + 1) % spec.accounts, dst)
    order = rng.permutation(count)
    return src[order], dst[order]


def _drawn(rng: np.random.Generator, weight: np.ndarray, count: int) -> Ints:
    """Accounts in proportion to their weight, in random order."""
    upper = np.cumsum(weight)
    point = np.sort(rng.random(count)) * upper[-1]
    return rng.permutation(np.minimum(np.searchsorted(upper, point), len(weight) - 1))


def _hub_ends(rng: np.random.Generator, spec: Spec) -> tuple[Ints, Ints]:
    hub = np.repeat(spec.accounts - 1 - np.arange(spec.hubs), spec.hub_edges)
    other = rng.integers(0, spec.accounts - spec.hubs, len(hub))
    is_payer = np.repeat(np.arange(spec.hubs) % 2 == 1, spec.hub_edges)
    return np.where(is_payer, hub, other), np.where(is_payer, other, hub)


def _seconds(spec: Spec, count: int) -> Ints:
    """Times of innocent edges: fewer at night and at weekends."""
    rng = generator(spec.seed, "times")
    weekday = (np.arange(spec.days) + spec.first_day.weekday()) % 7
    hours = (WEEKDAYS[weekday][:, None] * DAYTIME[None, :]).ravel()
    each = rng.multinomial(count, hours / hours.sum())
    return rng.permutation(np.repeat(np.arange(len(hours)), each)) * 3600 + rng.integers(0, 3600, count)


def _received_days(spec: Spec, second: Ints) -> Ints:
    """The day of receipt: the day itself, or for a part of the edges up to a month later, within the graph."""
    rng = generator(spec.seed, "late")
    late = np.where(rng.random(len(second)) < spec.late_share, rng.integers(1, LATE_DAYS + 1, len(second)), 0)
    day = second // DAY
    return np.where(day + late < spec.days, day + late, day)


def _edge_ids(seed: int, count: int) -> Ints:
    """Different numbers of 60 bits in no order: three rounds of a one-to-one mix of 0, 1, 2, ..."""
    mask = np.uint64(2**EDGE_ID_BITS - 1)
    mixed = np.arange(count, dtype=np.uint64) + np.uint64(seed * 1_000_003 % 2**32)
    for factor, shift in ((0x9E3779B97F4A7C15, 31), (0xBF58476D1CE4E5B9, 29), (0x94D049BB133111EB, 32)):
        mixed = (mixed * np.uint64(factor)) & mask
        mixed ^= mixed >> np.uint64(shift)
    return mixed.astype(np.int64)


def _truth(planted: Planted, order: Ints, movements: pl.DataFrame, offset: int) -> pl.DataFrame:
    """One planted edge a row: edge_id, transaction_id, attempt, shape, is_laundering (innocent near copies are not)."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    where = place[offset:]
    return pl.DataFrame(
        {
            "edge_id": movements["edge_id"].to_numpy()[where],
            "transaction_id": where,
            "attempt": planted.attempt,
            "shape": np.array(list(SHAPES))[planted.shape],
            "is_laundering": planted.is_laundering,
        }
    ).with_columns(_transaction_id(pl.col("transaction_id")).alias("transaction_id"))


def _accounts(spec: Spec) -> pl.DataFrame:
    """One account a row: its number, node id and what NODES says of it."""
    rng = generator(spec.seed, "homes")
    chances = 1 / (1 + np.arange(spec.countries)) ** 1.5
    home = rng.choice(spec.countries, spec.accounts, p=chances / chances.sum())
    keys = [f"acc:{number % 40 + 100}:{number:09d}" for number in range(spec.accounts)]
    ids = [int(hashlib.sha256(key.encode()).hexdigest()[:15], 16) for key in keys]
    names = ("country", "currency", "territory")
    places = {name: pl.Series(name, [place[at] for place in HOMES]).gather(home) for at, name in enumerate(names)}
    return pl.DataFrame({"number": np.arange(spec.accounts), "node_id": ids, "node_key": keys, **places}).with_columns(
        kind=pl.lit("account"),
        name=pl.lit(None, pl.String),
        holder_kind=pl.Series(np.where(rng.random(spec.accounts) < 0.85, "person", "entity")),
        institution=pl.col("node_key").str.slice(4, 3),
    )


def _edges(graph: Graph, rows: pl.DataFrame) -> pl.DataFrame:
    accounts, midnight = (
        graph.accounts,
        int(datetime.combine(graph.spec.first_day, datetime.min.time(), UTC).timestamp()),
    )
    ends = {
        f"{end}_{name}": accounts[name].gather(rows[end])
        for end in ("src", "dst")
        for name in ("node_id", "country", "currency", "territory")
    }
    second = pl.col("second") // DAY * DAY if graph.spec.is_date_only else pl.col("second")
    return rows.drop("src", "dst").with_columns(
        _day(graph.spec, "received_day").alias("received_on"),
        _transaction_id(pl.col("number")).alias("transaction_id"),
        _report_key(rows).alias("report_key"),
        *(column.alias(name.removesuffix("_node_id")) for name, column in ends.items()),
        ((second + midnight) * 1_000_000).cast(pl.Datetime("us", "UTC")).alias("occurred_at"),
        (second + midnight + (DAY - 1 if graph.spec.is_date_only else 0)).alias("occurred_s"),
        pl.lit(graph.spec.is_date_only).alias("is_date_only"),
        (pl.col("cents").cast(EDGES.polars_schema["amount_local"]) / 100).alias("amount_local"),
        pl.col("cents").alias("amount_c"),
        pl.Series("channel", CHANNELS).gather(rows["channel"]).alias("channel"),
        pl.lit(1).alias("movement_count"),
        (ends["src_currency"] != ends["dst_currency"]).alias("is_cross_currency"),
    )


def _report_key(rows: pl.DataFrame) -> pl.Series:
    """Some transfers of a night share a report."""
    parts = rows.select(pl.format("r{}-{}", "received_day", pl.col("number") // EDGES_A_REPORT))
    return parts.to_series()


def _reports(spec: Spec, rows: pl.DataFrame) -> pl.DataFrame:
    keys = rows.select("received_day", _report_key(rows).alias("report_key")).unique(maintain_order=True)
    texts = {"jurisdiction": "ZZ", "report_code": "IFT", "report_class": "transfer", "relation": "new"}
    given = keys.with_columns(
        _day(spec, "received_day").alias("received_on"),
        pl.lit("0" * 64).alias("submission_id"),
        pl.int_range(1, pl.len() + 1).alias("report_ordinal"),
        (pl.int_range(pl.len()) % 40 + 100).cast(pl.String).alias("reporting_entity_id"),
        pl.col("report_key").alias("report_reference"),
        *(pl.lit(text).alias(name) for name, text in texts.items()),
    )
    others = [name for name in REPORTS.polars_schema if name not in given.columns]
    return given.with_columns(pl.lit(None).alias(name) for name in others)


def _transaction_id(number: pl.Expr) -> pl.Expr:
    return pl.format("g{}", number)


def _day(spec: Spec, column: str) -> pl.Expr:
    first = (spec.first_day - date(1970, 1, 1)).days
    return (pl.col(column) + first).cast(pl.Int32).cast(pl.Date)


def parser() -> argparse.ArgumentParser:
    """The command's arguments: a preset, any field of Spec over it, and where the lake is."""
    arguments = argparse.ArgumentParser(prog="python -m synthetic.graph", description=__doc__)
    arguments.add_argument("--preset", choices=PRESETS, default="sparse", help="what the other values start from")
    for field in fields(Spec):
        kind = date.fromisoformat if field.type is date else field.type
        action = {"action": argparse.BooleanOptionalAction} if field.type is bool else {"type": kind}
        arguments.add_argument("--" + field.name.removeprefix("is_").replace("_", "-"), dest=field.name, **action)
    arguments.add_argument("--lake", type=Path, required=True, help="folder of the lake; truth.parquet goes beside it")
    return arguments


def main(words: list[str] | None = None) -> int:
    """Make a graph and write it."""
    given = vars(parser().parse_args(words))
    folder, preset = given.pop("lake"), given.pop("preset")
    spec = replace(PRESETS[preset], **{name: value for name, value in given.items() if value is not None})
    start = perf_counter()
    graph = make(spec)
    write(graph, Lake(folder))
    graph.truth.write_parquet(folder.parent / "truth.parquet")
    sys.stdout.write(
        f"{len(graph.movements):,} edges, {spec.accounts:,} accounts, {spec.days} days, "
        f"{len(graph.truth):,} planted in {graph.truth['attempt'].n_unique():,} attempts: "
        f"{perf_counter() - start:.1f} s, in {folder}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
