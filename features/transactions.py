"""Features of every edge that a night learnt of: the edge alone, before it, and as of the night's cut-off."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from features import account_graph, layout, measures
from features.catalog import ACCOUNT_GRAPH, CHANNEL_FEATURES, GRAPH, TRANSACTION_FEATURES, past_names
from features.kernels.network import ABROAD, BELOW, EXCHANGE, ROUND, TIMED
from features.measures import Block, Floats, Measures, Network
from features.nightly import DAY_S
from pipelines.home import Settings
from pipelines.lake import Lake, Nights, runs
from pipelines.progress import Progress, silent
from pipelines.steps import Part, days
from pipelines.tables import EDGES

_ENDS = ("src", "dst")
Columns = dict[str, NDArray[np.float32]]


def build(lake: Lake, nights: Nights, settings: Settings, progress: Progress = silent) -> pl.DataFrame:
    """The nights' transaction features, as TRANSACTION_FEATURES."""
    parts = [pl.DataFrame(part.rows) for part in stream(lake, nights, settings, progress)]
    return pl.concat([TRANSACTION_FEATURES.empty(), *parts]).sort(TRANSACTION_FEATURES.key)


def stream(
    lake: Lake,
    nights: Nights,
    settings: Settings,
    progress: Progress = silent,
) -> Iterator[Part]:
    """The same in parts of some nights each, in no order within a part; the lake is read before the first part."""
    graphs = _Graphs(lake, nights, settings)
    network = measures.load(lake, nights, settings)
    names = _transaction_ids(lake, nights, network)

    def parts() -> Iterator[Part]:
        done = 0
        for block in Measures(network, settings.threads).blocks():
            progress("transaction features", done, network.fresh.size)
            done += block.fresh.size
            own = names.slice(done - block.fresh.size, block.fresh.size)
            yield Part(block.nights, _table(network, block, own, graphs))
        progress("transaction features", network.fresh.size, network.fresh.size)

    return parts()


def _transaction_ids(lake: Lake, nights: Nights, network: Network) -> pa.Array:
    """The transaction of each row of the network."""
    named = lake.scan(EDGES, nights).select("edge_id", "transaction_id").collect().sort("edge_id")
    place = np.searchsorted(named["edge_id"].to_numpy(), network.edge_ids[network.fresh])
    return named["transaction_id"].to_arrow().take(pa.array(place))


class _Graphs:
    """The account graphs in force on the nights, found before anything is written and read when they are needed."""

    def __init__(self, lake: Lake, nights: Nights, settings: Settings) -> None:
        every = account_graph.anchors(nights, settings.graph_days)
        self._in_force = {night: account_graph.anchor_of(night, settings.graph_days) for night in days(nights)}
        self._files = {anchor: lake.files(ACCOUNT_GRAPH, Nights.of(anchor)) for anchor in every}
        self._read: tuple[date, NDArray[np.int64], Floats] | None = None

    def values(self, night: date, node_ids: NDArray[np.int64]) -> Floats:
        """The graph's values of accounts on a night, shape (columns, accounts); NaN where it does not have one."""
        anchor = self._in_force[night]
        if self._read is None or self._read[0] != anchor:
            self._read = (anchor, *self._load(anchor))
        _, known, values = self._read
        place = np.searchsorted(known, node_ids)
        place[place == known.size] = known.size - 1 if known.size else 0
        found = np.full((len(GRAPH), node_ids.size), np.nan, np.float32)
        if known.size:
            is_known = known[place] == node_ids
            found[:, is_known] = values[:, place[is_known]]
        return found

    def _load(self, anchor: date) -> tuple[NDArray[np.int64], Floats]:
        names = [feature.name for feature in GRAPH]
        if not self._files[anchor]:
            return np.empty(0, np.int64), np.empty((len(names), 0), np.float32)
        rows = pl.read_parquet(self._files[anchor], columns=["node_id", *names], hive_partitioning=False).sort(
            "node_id"
        )
        values = [rows[name].cast(pl.Float32).fill_null(np.nan).to_numpy() for name in names]
        return rows["node_id"].to_numpy(), np.stack(values)


def _table(network: Network, block: Block, names: pa.Array, graphs: _Graphs) -> pa.Table:
    """The rows of a block with the contract's columns."""
    columns: Columns = {}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        columns.update(_raw(network, block))
        columns.update(_before(columns, block))
        columns.update({f"asof_{name}": block.shapes[i] for i, name in enumerate(layout.AROUND)})
        columns.update(_accounts(block))
        columns.update(_against(columns))
    columns.update(_graph(network, block, graphs))
    edges, fresh = network.edges, block.fresh
    keys = {
        "edge_id": pa.array(network.edge_ids[fresh]),
        "transaction_id": names,
        "received_on": pa.array(block.days).cast(pa.date32()),
        "src": pa.array(network.node_ids[edges.src[fresh]]),
        "dst": pa.array(network.node_ids[edges.dst[fresh]]),
        "occurred_s": pa.array(edges.time_s[fresh]),
    }
    return measures.table(TRANSACTION_FEATURES, keys, columns)


def _raw(network: Network, block: Block) -> Columns:
    edges, fresh = network.edges, block.fresh
    bits, time_s, channel = edges.bits[fresh], edges.time_s[fresh], network.channel[fresh]
    angle = (time_s % DAY_S) * (2 * np.pi / DAY_S)
    is_timed = (bits & TIMED) > 0
    cut = block.days.astype(np.int64) * DAY_S + DAY_S - 1
    found: dict[str, NDArray[np.generic]] = {
        "log_amount": edges.log_m[fresh] / 1000,
        "amount": edges.cents[fresh] / 100,
        "is_round": (bits & ROUND) > 0,
        "is_below_threshold": (bits & BELOW) > 0,
        "hour_sin": np.where(is_timed, np.sin(angle), np.nan),
        "hour_cos": np.where(is_timed, np.cos(angle), np.nan),
        "weekday": (time_s // DAY_S + 3) % 7,
        "delay_days": (cut - time_s) / DAY_S,
        "is_self": edges.src[fresh] == edges.dst[fresh],
        "is_cross_currency": (bits & EXCHANGE) > 0,
        "is_cross_border": (bits & ABROAD) > 0,
    }
    for number, name in enumerate(CHANNEL_FEATURES):
        found[name.removeprefix("raw_")] = channel == number
    return {f"raw_{name}": value.astype(np.float32) for name, value in found.items()}


def _before(raw: Columns, block: Block) -> Columns:
    """What had occurred before: the values of the passes, and the edge against them."""
    names = [*past_names("src"), *past_names("dst"), *(f"pit_pair_{name}" for name in layout.PAST_PAIR)]
    found = dict(zip(names, block.past, strict=True))
    amount, log_amount = raw["raw_amount"], raw["raw_log_amount"]
    for end in _ENDS:
        own, other = ("out", "in") if end == "src" else ("in", "out")
        own_sum = found[f"pit_{end}_{own}_sum_30d"]
        found[f"pit_{end}_amount_to_{own}_mean_30d"] = _ratio(amount * found[f"pit_{end}_{own}_count_30d"], own_sum)
        found[f"pit_amount_to_{end}_{other}_sum_1d"] = _ratio(amount, found[f"pit_{end}_{other}_sum_1d"])
        away = log_amount - found[f"pit_{end}_{own}_log_mean_30d"]
        found[f"pit_{end}_log_z_30d"] = _ratio(away, found[f"pit_{end}_{own}_log_std_30d"])
    found["pit_is_pair_first_30d"] = (found["pit_pair_count_30d"] == 0).astype(np.float32)
    return found


def _accounts(block: Block) -> Columns:
    found: Columns = {}
    for end, place in zip(_ENDS, (block.src_row, block.dst_row), strict=True):
        values = np.empty((len(block.accounts), place.size), np.float32)
        measures.at_ends(block.accounts, place, values)
        found |= {f"asof_{end}_{name}": values[number] for number, name in enumerate(layout.account())}
    return found


def _against(columns: Columns) -> Columns:
    """The edge against what its ends do, and what only both ends together show."""
    amount, found = columns["raw_amount"], {}
    for end, side in (("src", "out"), ("dst", "in")):
        mean, spread = columns[f"asof_{end}_{side}_mean_30d"], columns[f"asof_{end}_{side}_std_30d"]
        found[f"asof_amount_to_{end}_{side}_mean_30d"] = _ratio(amount, mean)
        found[f"asof_amount_z_{end}_{side}_30d"] = _ratio(amount - mean, spread)
    for window in ("7d", "30d"):
        fans = columns[f"asof_src_out_fan_{window}"] * columns[f"asof_dst_in_fan_{window}"]
        found[f"asof_fan_product_{window}"] = fans
    pair = columns["asof_pair_sum_14d"]
    found["asof_amount_to_pair_mean_14d"] = _ratio(amount * columns["asof_pair_count_14d"], pair)
    capped = np.maximum(columns.pop("asof_src_is_capped"), columns.pop("asof_dst_is_capped"))
    return {**found, "asof_is_capped": capped}


def _graph(network: Network, block: Block, graphs: _Graphs) -> Columns:
    """What the graph in force says of both ends."""
    width = len(GRAPH)
    found = {end: np.empty((width, block.fresh.size), np.float32) for end in _ENDS}
    for first, last in runs(block.days):
        fresh = block.fresh[first:last]
        night = measures.date_of(block.days[first])
        for end, number in zip(_ENDS, (network.edges.src[fresh], network.edges.dst[fresh]), strict=True):
            found[end][:, first:last] = graphs.values(night, network.node_ids[number])
    return {
        f"graph_{end}_{feature.name.removeprefix('graph_')}": found[end][number]
        for end in _ENDS
        for number, feature in enumerate(GRAPH)
    }


def _ratio(numerator: NDArray[np.float32], denominator: NDArray[np.float32]) -> NDArray[np.float32]:
    """The quotient; NaN where the denominator is 0."""
    return np.where(denominator == 0, np.float32(np.nan), numerator / denominator)
