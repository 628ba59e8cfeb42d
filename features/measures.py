"""The account network of a range of nights in memory, and what the compiled passes over it say of edges and accounts.

Holds no names of features: `layout` has them. A range is measured in blocks of nights; a block's values never depend on
the range, the blocks or the threads.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from queue import SimpleQueue
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features import layout, nightly
from features.engine import SQL, Engine, Stage, note
from features.kernels import accounts, compiled, past, shapes, trails
from features.kernels.network import Edges, Ends, ends_of
from features.typology import reporting_threshold
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import CHANNELS, EDGES, REPORTS, Table

BLOCK_ROWS = 60_000
"""Edges of a block, where a night has no more."""
_EPOCH = date(1970, 1, 1)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Bounds:
    """How far the passes look."""

    windows_s: tuple[int, int, int] = (nightly.DAY_S, 7 * nightly.DAY_S, nightly.WINDOW_DAYS * nightly.DAY_S)
    shape_s: int = nightly.SHAPE_DAYS * nightly.DAY_S
    """How far before the cut-off shapes and rings are searched for."""
    hop_s: int = trails.HOP_S
    ring_hop_s: int = trails.RING_HOP_S
    hub_cap: int = field(default_factory=lambda: nightly.HUB_CAP)
    """Most edges of an account for pairs of edges, most pairs of one for shapes."""
    looks: int = 200
    """Most edges that are looked at for one hop of a chain; a ring may look at ten times as many."""


@dataclass(frozen=True)
class Network:
    """Everything that a range of nights looks at."""

    nights: Nights
    edges: Edges
    ends: Ends
    edge_ids: NDArray[np.int64]
    node_ids: NDArray[np.int64]
    channel: NDArray[np.uint8]
    """The place of each edge's channel in CHANNELS."""
    fresh: NDArray[np.int32]
    """The edges that the range learnt of, by night and then time: the rows."""
    night_start: NDArray[np.int64]
    """Night i of the range has the rows `night_start[i]` to `night_start[i + 1]`."""
    row_of: NDArray[np.int32]
    """The row of each edge, or -1."""


@dataclass(frozen=True)
class Block:
    """Some nights in a row, measured. Every matrix is of shape (columns, rows)."""

    nights: Nights
    fresh: NDArray[np.int32]
    """The edges that are rows."""
    days: NDArray[np.int32]
    """The night of each, in days since 1970."""
    past: Floats
    shapes: Floats
    """The columns of shapes, chains and rings."""
    accounts: Floats
    """As-of values of accounts."""
    account: NDArray[np.int32]
    account_days: NDArray[np.int32]
    src_row: NDArray[np.int32]
    """For each edge, the column of `accounts` that is its payer's."""
    dst_row: NDArray[np.int32]


def load(lake: Lake, nights: Nights, settings: Settings) -> Network:
    """The network that a range of nights looks at."""
    start = perf_counter()
    far = nightly.reach(lake, nights)
    with Engine.open(settings) as engine:
        engine.register_table(lake, EDGES, far)
        told = min(far.first, nights.first - timedelta(days=nightly.REPORTED_DAYS))
        engine.register_table(lake, REPORTS, Nights(told, nights.last))
        engine.materialise("versions", SQL / "versions.sql")
        engine.view("known_edges", SQL / "known_edges.sql")
        moves = engine.run(SQL / "moves.sql", {"threshold": reporting_threshold(settings.country)}).to_arrow_table()
    _note("moves", moves.num_rows, start)
    start = perf_counter()
    network = _network(moves, nights)
    _note("network", moves.num_rows, start)
    return network


def _network(moves: pa.Table, nights: Nights) -> Network:
    n = moves.num_rows

    def column(name: str, kind: type) -> NDArray[Any]:
        found: NDArray[Any] = moves[name].to_numpy().astype(kind, copy=False)
        return found

    both = pa.chunked_array([*moves["src"].chunks, *moves["dst"].chunks], type=pa.int64())
    coded = pc.dictionary_encode(both).combine_chunks()
    coded = (
        coded if isinstance(coded, pa.DictionaryArray) else pa.DictionaryArray.from_arrays([], pa.array([], pa.int64()))
    )
    number, node_ids = coded.indices.to_numpy().astype(np.int32, copy=False), coded.dictionary.to_numpy()
    edges = Edges(
        column("time_s", np.int64),
        number[:n],
        number[n:],
        column("cents", np.int64),
        column("log_m", np.int32),
        column("bits", np.uint8),
        column("known_from", np.int32),
        column("known_until", np.int32),
        *_compact(column("src_country", np.int32), column("dst_country", np.int32)),
        *_compact(column("src_currency", np.int32), column("dst_currency", np.int32)),
    )
    ends = ends_of(edges, node_ids.size)
    first, last = _number(nights.first), _number(nights.last)
    is_fresh = np.flatnonzero((edges.known_from >= first) & (edges.known_from <= last)).astype(np.int32)
    fresh = is_fresh[np.argsort((edges.known_from[is_fresh] - first).astype(np.uint16), kind="stable")]
    night_start = np.searchsorted(edges.known_from[fresh], np.arange(first, last + 2))
    row_of = np.full(n, -1, np.int32)
    row_of[fresh] = np.arange(fresh.size, dtype=np.int32)
    channels = pc.index_in(moves["channel"], pa.array(CHANNELS)).combine_chunks()
    channel = pc.fill_null(channels, CHANNELS.index("unknown")).to_numpy(zero_copy_only=False).astype(np.uint8)
    return Network(nights, edges, ends, column("edge_id", np.int64), node_ids, channel, fresh, night_start, row_of)


def _compact(src: NDArray[np.int32], dst: NDArray[np.int32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both numbered anew from 1 in one numbering, 0 staying 0; beyond 255 all are one."""
    is_met = np.zeros(32_768, bool)
    is_met[src], is_met[dst], is_met[0] = True, True, False
    number = np.where(is_met, np.minimum(np.cumsum(is_met), 255), 0).astype(np.uint8)
    return number[src], number[dst]


def _number(day: date) -> int:
    return (day - _EPOCH).days


def date_of(number: int) -> date:
    """The day of so many days since 1970."""
    return _EPOCH + timedelta(days=int(number))


def table(contract: Table, keys: Mapping[str, pa.Array], columns: Mapping[str, Floats]) -> pa.Table:
    """Rows with the contract's columns and types; NaN becomes null.

    Raises:
        KeyError: a column of the contract is missing.
    """
    arrays = [keys[name] if name in keys else _nullable(columns[name]) for name in contract.arrow_schema.names]
    return pa.Table.from_arrays(arrays, schema=contract.arrow_schema)


def _nullable(values: Floats) -> pa.Array:
    """The values, null where they are NaN; not copied where they lie one after the other."""
    bare = np.ascontiguousarray(values, np.float32)
    is_valid = np.empty((bare.size + 7) // 8, np.uint8)
    nulls = _validity(bare, is_valid)
    buffers = [pa.py_buffer(is_valid) if nulls else None, pa.py_buffer(bare)]
    return pa.Array.from_buffers(pa.float32(), bare.size, buffers, nulls)


@compiled
def _validity(values: NDArray[np.float32], out: NDArray[np.uint8]) -> int:
    """Fill a bit a value, 1 where it is a number; how many are not."""
    nulls = 0
    for byte in range(out.size):
        bits = 0
        for bit in range(min(8, values.size - byte * 8)):
            is_number = values[byte * 8 + bit] == values[byte * 8 + bit]
            bits |= is_number << bit
            nulls += not is_number
        out[byte] = bits
    return nulls


def _note(name: str, rows: int, start: float) -> None:
    note(Stage(name, rows, perf_counter() - start))


class Measures:
    """The compiled passes over one network, on some threads."""

    def __init__(self, network: Network, threads: int, bounds: Bounds | None = None) -> None:
        self.network, self.threads, self.bounds = network, threads, bounds or Bounds()
        self._windows = np.array(self.bounds.windows_s, np.int64)
        self._scratch = SimpleQueue[shapes.Scratch]()
        for _ in range(threads):
            self._scratch.put(shapes.scratch(network.node_ids.size, self._most_edges()))

    def blocks(self, block_rows: int = BLOCK_ROWS, *, with_edges: bool = True) -> Iterator[Block]:
        """The range measured, some nights at a time; without edges, only accounts are measured."""
        network = self.network
        with ThreadPoolExecutor(self.threads) as pool:
            run = _Pool(pool, self.threads)
            before, past_values = self._past(run) if with_edges else (None, None)
            first = 0
            while first < network.night_start.size - 1:
                last = first + 1
                start = network.night_start
                while last < start.size - 1 and start[last + 1] - start[first] <= block_rows:
                    last += 1
                yield self._block(run, first, last, before, past_values)
                first = last

    def _most_edges(self) -> int:
        """The most edges that shapes of one night may look at."""
        first, last = _number(self.network.nights.first), _number(self.network.nights.last)
        cuts = np.arange(first + 1, last + 2, dtype=np.int64) * nightly.DAY_S - 1
        time_s = self.network.edges.time_s
        held = np.searchsorted(time_s, cuts, side="right")
        return int((held - np.searchsorted(time_s, cuts - self.bounds.shape_s, side="right")).max())

    def _past(self, run: "_Pool") -> tuple[Floats, Floats]:
        """Chains behind every edge, and what the ends of the range's edges had done before them."""
        network, bounds = self.network, self.bounds
        edges, ends = network.edges, network.ends
        start = perf_counter()
        first, last = _number(network.nights.first), _number(network.nights.last)
        values = np.empty((network.fresh.size, 2 * len(layout.PAST_END) + len(layout.PAST_PAIR)), np.float32)
        untidy_s = (nightly.LOOKBACK_DAYS * nightly.DAY_S) - int(self._windows[2])
        cuts = _shares(ends.start, self.threads * 8)
        run(
            lambda low, high: past.measure(
                ends, low, high, (first, last), self._windows, untidy_s, network.row_of, values
            ),
            cuts,
        )
        _note("past", network.fresh.size, start)
        start = perf_counter()
        before = np.empty((edges.src.size, 4), np.float32)
        days = edges.known_from - (edges.known_from.min() if edges.known_from.size else 0)
        order = np.argsort(days.astype(np.uint16), kind="stable").astype(np.int32)
        trails.chains(edges, ends, order, bounds.hop_s, bounds.looks, before)
        _note("chains", edges.src.size, start)
        return before, values

    def _block(self, run: "_Pool", first: int, last: int, before: Floats | None, past_values: Floats | None) -> Block:
        network = self.network
        low, high = int(network.night_start[first]), int(network.night_start[last])
        day = _number(network.nights.first)
        fresh = network.fresh[low:high]
        start = perf_counter()
        rows, src_row, dst_row = _account_rows(network.edges, network.ends, fresh)
        values = np.empty((len(layout.account()), rows.account.size), np.float32)
        run(
            lambda a, b: accounts.measure(network.ends, rows, a, b, self._windows, self.bounds.hub_cap, values),
            [int(cut) for cut in np.linspace(0, rows.account.size, self.threads * 8 + 1)],
        )
        _note("accounts", rows.account.size, start)
        if before is None or past_values is None:
            past_block, around = np.empty((0, 0), np.float32), np.empty((0, 0), np.float32)
        else:
            start = perf_counter()
            past_block = past.turned(past_values[low:high])
            around = np.empty((len(layout.AROUND), high - low), np.float32)
            nights = [n for n in range(first, last) if network.night_start[n + 1] > network.night_start[n]]
            after = np.zeros(network.edges.src.size, np.int8)
            run.each(lambda n: self._around(n, day + n, low, before, after, around), nights)
            _note("shapes", high - low, start)
        return Block(
            Nights(date_of(day + first), date_of(day + last - 1)),
            fresh,
            network.edges.known_from[fresh],
            past_block,
            around,
            values,
            rows.account,
            rows.day,
            src_row,
            dst_row,
        )

    def _around(self, night: int, day: int, base: int, before: Floats, after: NDArray[np.int8], out: Floats) -> None:
        """Shapes, chains and rings around the edges of one night."""
        network, bounds = self.network, self.bounds
        edges, ends = network.edges, network.ends
        wanted = network.fresh[network.night_start[night] : network.night_start[night + 1]]
        first_row = int(network.night_start[night]) - base
        cut = day * nightly.DAY_S + nightly.DAY_S - 1
        lowest, highest = np.searchsorted(edges.time_s, (cut - bounds.shape_s, cut), side="right")
        scratch = self._scratch.get()
        pairs = shapes.pairs_of(edges, scratch, day, lowest, highest, bounds.hub_cap)
        found = np.zeros((pairs.rows, len(layout.SHAPES)), np.float32)
        shapes.measure(pairs, scratch, found)
        shapes.spread(edges, pairs, found, wanted, first_row, cut - bounds.shape_s, cut, out, 0)
        self._scratch.put(scratch)
        c = len(layout.SHAPES)
        trails.chains_after(edges, ends, wanted, first_row, day, cut, bounds.hop_s, bounds.looks, before, after, out, c)
        c += len(layout.CHAINS)
        trails.rings(
            *(edges, ends, wanted, first_row, network.row_of, base, day, cut),
            *(bounds.shape_s, bounds.ring_hop_s, 10 * bounds.looks, out, c),
        )


@compiled
def _account_rows(
    edges: Edges, ends: Ends, fresh: NDArray[np.int32]
) -> tuple[accounts.Rows, NDArray[np.int32], NDArray[np.int32]]:
    """The accounts and nights that the edges name, each once, and the place of each edge's ends among them.

    A night's accounts are in order, so that their ends are met in the order of memory.
    """
    unknown, named = -1, -2
    accounts_count = ends.start.size - 1
    place = np.full(accounts_count, unknown, np.int32)
    account, days = np.empty(2 * fresh.size, np.int32), np.empty(2 * fresh.size, np.int32)
    newest = np.full(2 * fresh.size, -1, np.int64)
    src_row, dst_row = np.empty(fresh.size, np.int32), np.empty(fresh.size, np.int32)
    made = first = 0
    while first < fresh.size:
        day, beyond = edges.known_from[fresh[first]], first
        while beyond < fresh.size and edges.known_from[fresh[beyond]] == day:
            place[edges.src[fresh[beyond]]] = place[edges.dst[fresh[beyond]]] = named
            beyond += 1
        before = made
        for a in range(accounts_count):
            if place[a] == named:
                place[a], account[made], days[made] = made, a, day
                made += 1
        for k in range(first, beyond):
            edge = fresh[k]
            src, dst = place[edges.src[edge]], place[edges.dst[edge]]
            src_row[k], dst_row[k] = src, dst
            newest[src] = max(newest[src], ends.src_place[edge])
            newest[dst] = max(newest[dst], ends.dst_place[edge])
        for row in range(before, made):
            place[account[row]] = unknown
        first = beyond
    return accounts.Rows(account[:made], days[:made], newest[:made]), src_row, dst_row


@compiled
def at_ends(values: Floats, row: NDArray[np.int32], out: Floats) -> None:
    """Copy to `out`, shape (columns, edges), what was measured of an end of each edge."""
    for c in range(values.shape[0]):
        taken, column = out[c], values[c]
        for k in range(row.size):
            taken[k] = column[np.uintp(row[k])]  # an unsigned place is never counted from the end


def _shares(start: NDArray[np.int64], parts: int) -> list[int]:
    """Accounts cut into parts of about as many ends each."""
    wanted = np.linspace(0, start[-1], parts + 1)
    cuts = np.searchsorted(start, wanted)
    cuts[0], cuts[-1] = 0, start.size - 1
    return [int(cut) for cut in np.maximum.accumulate(cuts)]


class _Pool:
    """Work cut into parts that no order can mix up."""

    def __init__(self, pool: ThreadPoolExecutor, threads: int) -> None:
        self._pool, self._threads = pool, threads

    def __call__(self, work: Callable[[int, int], None], cuts: Sequence[int]) -> None:
        """Run `work(cuts[i], cuts[i + 1])` for every i."""
        parts = [(low, high) for low, high in pairwise(cuts) if high > low]
        if self._threads == 1:
            for low, high in parts:
                work(low, high)
            return
        for done in [self._pool.submit(work, low, high) for low, high in parts]:
            done.result()

    def each(self, work: Callable[[int], None], items: Sequence[int]) -> None:
        """Run `work` for every item."""
        if self._threads == 1:
            for item in items:
                work(item)
            return
        for done in [self._pool.submit(work, item) for item in items]:
            done.result()
