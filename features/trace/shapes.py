"""Shapes around a transaction at the night's cut-off: pairs and paths of two hops, chains, rings, edge by edge."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from features import nightly
from features.trace.accounts import total
from features.trace.known import DAY_S, Found, Known, Move, ratio

HOUR_S = 3600
CHAIN_HOP_S, RING_HOP_S = 3 * DAY_S, 5 * DAY_S
MOST_HOPS = 6
CHAIN_LOOKS = 200

Path = tuple[Move, ...]


@dataclass
class Pairs:
    """The pairs of the days before the cut-off, looked up account by account; none with a hub."""

    known: Known

    def _every(self, node: int) -> tuple[dict[int, list[Move]], dict[int, list[Move]]]:
        return self.known.by_other(node, nightly.SHAPE_DAYS * DAY_S)

    def is_hub(self, node: int) -> bool:
        """Whether the account has too many pairs."""
        paid, received = self._every(node)
        return len(paid) + len(received) > self.known.hub_cap

    def out(self, node: int) -> dict[int, list[Move]]:
        """The payments of each pair in which the account pays, by receiver."""
        return {} if self.is_hub(node) else self._without_hubs(self._every(node)[0])

    def into(self, node: int) -> dict[int, list[Move]]:
        """The payments of each pair in which the account is paid, by payer."""
        return {} if self.is_hub(node) else self._without_hubs(self._every(node)[1])

    def _without_hubs(self, pairs: dict[int, list[Move]]) -> dict[int, list[Move]]:
        self.known.look(pairs)
        return {node: moves for node, moves in pairs.items() if not self.is_hub(node)}

    def around(self, edge: Move) -> list[Move]:
        """The payments of the edge's pair; none where it is too old, a self transfer, or at a hub."""
        moves = self.out(edge.src).get(edge.dst, [])
        return moves if edge in moves else []

    def note(self, edge: Move) -> str:
        """Why shapes were not searched for, if they were not."""
        if edge.is_self or not (self.is_hub(edge.src) or self.is_hub(edge.dst)):
            return ""
        return (
            f"capped: more than {self.known.hub_cap} counterparties in {nightly.SHAPE_DAYS} days, shapes not searched"
        )


def _in_time(first: list[Move], second: list[Move]) -> bool:
    return first[0].occurred_s <= second[-1].occurred_s


@dataclass(frozen=True)
class _Bundle:
    """The paths of two hops, in time, from one account to another."""

    legs: tuple[tuple[list[Move], list[Move]], ...]

    @property
    def kept(self) -> float | None:
        pairs = [(total(first), total(second)) for first, second in self.legs]
        return ratio(sum(map(min, pairs)), sum(map(max, pairs)))

    @property
    def rows(self) -> tuple[Move, ...]:
        return tuple(move for first, second in self.legs for move in (*first, *second))


def _scatter(pairs: Pairs, edge: Move) -> list[_Bundle]:
    """For each end of a path of two hops that begins with the pair: all paths from the payer to it."""
    own = pairs.around(edge)
    firsts = pairs.out(edge.src)
    ends = [w for w, leg in pairs.out(edge.dst).items() if own and w != edge.src and _in_time(own, leg)]
    return [
        _Bundle(
            tuple(
                (first, pairs.into(w)[m])
                for m, first in firsts.items()
                if m in pairs.into(w) and _in_time(first, pairs.into(w)[m])
            )
        )
        for w in ends
    ]


def _gather(pairs: Pairs, edge: Move) -> list[_Bundle]:
    """For each start of a path of two hops that ends with the pair: all paths from it to the receiver."""
    own = pairs.around(edge)
    lasts = pairs.into(edge.dst)
    starts = [s for s, leg in pairs.into(edge.src).items() if own and s != edge.dst and _in_time(leg, own)]
    return [
        _Bundle(
            tuple(
                (pairs.out(s)[m], last)
                for m, last in lasts.items()
                if m in pairs.out(s) and _in_time(pairs.out(s)[m], last)
            )
        )
        for s in starts
    ]


Bundles = Callable[[Pairs, Move], list[_Bundle]]


def _widest(bundles: Bundles) -> Callable[[Pairs, Move], Found]:
    def found(pairs: Pairs, edge: Move) -> Found:
        widest = max(bundles(pairs, edge), key=lambda bundle: len(bundle.legs), default=_Bundle(()))
        return Found(len(widest.legs), widest.rows)

    return found


def _paths(bundles: Bundles) -> Callable[[Pairs, Move], Found]:
    def found(pairs: Pairs, edge: Move) -> Found:
        every = bundles(pairs, edge)
        return Found(len(every), pairs_rows(pairs, edge, every))

    return found


def pairs_rows(pairs: Pairs, edge: Move, bundles: list[_Bundle]) -> tuple[Move, ...]:
    """The edges of the paths that go through the edge's own pair."""
    own = set(pairs.around(edge))
    legs = [leg for bundle in bundles for leg in bundle.legs if own & {*leg[0], *leg[1]}]
    return tuple(dict.fromkeys(move for first, second in legs for move in (*first, *second)))


def _kept(bundles: Bundles) -> Callable[[Pairs, Move], Found]:
    def found(pairs: Pairs, edge: Move) -> Found:
        some = [bundle for bundle in bundles(pairs, edge) if bundle.kept is not None]
        best = max(some, key=lambda bundle: bundle.kept or 0, default=None)
        return Found(best.kept, best.rows) if best else Found(None)

    return found


def _many(bundles: Bundles, least: int) -> Callable[[Pairs, Move], Found]:
    def found(pairs: Pairs, edge: Move) -> Found:
        some = [bundle for bundle in bundles(pairs, edge) if len(bundle.legs) >= least]
        return Found(len(some), tuple(dict.fromkeys(move for bundle in some for move in bundle.rows)))

    return found


def _loops(pairs: Pairs, edge: Move, length: int) -> Found:
    """Pairs that lead back from the receiver to the payer, in any order of time."""
    if not pairs.around(edge):
        return Found(0, (), pairs.note(edge))
    a, b = edge.src, edge.dst
    back = pairs.out(b)
    if length == 2:
        return Found(float(a in back), tuple(back.get(a, ())))
    if length == 3:
        found = [(leg, pairs.out(w)[a]) for w, leg in back.items() if a in pairs.out(w)]
        return Found(len(found), tuple(move for first, second in found for move in (*first, *second)))
    found4 = [
        (leg, middle, pairs.out(y)[a])
        for w, leg in back.items()
        if w != a
        for y, middle in pairs.out(w).items()
        if y != b and a in pairs.out(y)
    ]
    return Found(len(found4), tuple(dict.fromkeys(move for legs in found4 for leg in legs for move in leg)))


def _beside(pairs: Pairs, edge: Move) -> Found:
    if not pairs.around(edge):
        return Found(0, (), pairs.note(edge))
    into = pairs.into(edge.dst)
    legs = [(first, into[m]) for m, first in pairs.out(edge.src).items() if m in into]
    return Found(len(legs), tuple(move for first, second in legs for move in (*first, *second)))


def _layer(pairs: Pairs, edge: Move) -> dict[int, int]:
    """Other payers of the receiver, and how many receivers each shares with the payer, where two or more."""
    if not pairs.around(edge):
        return {}
    receivers = set(pairs.out(edge.src))
    shared = {x: len(receivers & set(pairs.out(x))) for x in pairs.into(edge.dst) if x != edge.src}
    return {x: count for x, count in shared.items() if count >= 2}


def _bipartite_payers(pairs: Pairs, edge: Move) -> Found:
    layer = _layer(pairs, edge)
    rows = [move for x in layer for move in pairs.into(edge.dst)[x]]
    return Found(len(layer), tuple(rows), "", tuple(layer))


def _bipartite_shared(pairs: Pairs, edge: Move) -> Found:
    layer = _layer(pairs, edge)
    best = max(layer, key=lambda x: layer[x], default=None)
    if best is None:
        return Found(0)
    both = set(pairs.out(edge.src)) & set(pairs.out(best))
    return Found(layer[best], tuple(m for n in both for m in pairs.out(best)[n]), "", tuple(both))


def _stack(pairs: Pairs, edge: Move) -> Found:
    ends = _many(_scatter, 2)(pairs, edge)
    layer = _bipartite_payers(pairs, edge)
    return Found(min(layer.value or 0, ends.value or 0), (*layer.rows, *ends.rows))


def _pair_share(side: str) -> Callable[[Pairs, Move], Found]:
    def found(pairs: Pairs, edge: Move) -> Found:
        own = pairs.around(edge)
        if not own:
            return Found(None, (), pairs.note(edge))
        every = pairs.out(edge.src) if side == "out" else pairs.into(edge.dst)
        whole = sum(total(moves) for moves in every.values())
        return Found(ratio(total(own), whole), tuple(own), f"of {whole / 100:.2f} in all")

    return found


def _fan(end: str, side: str) -> Callable[[Pairs, Move], Found]:
    def found(pairs: Pairs, edge: Move) -> Found:
        if not pairs.around(edge):
            return Found(0, (), pairs.note(edge))
        node = getattr(edge, end)
        others = pairs.out(node) if side == "out" else pairs.into(node)
        return Found(len(others), tuple(m for moves in others.values() for m in moves), "", tuple(others))

    return found


def _of_pair(value: Callable[[list[Move]], float]) -> Callable[[Pairs, Move], Found]:
    return lambda pairs, edge: Found(value(pairs.around(edge)), tuple(pairs.around(edge)), pairs.note(edge))


def _to_pair_mean(pairs: Pairs, edge: Move) -> Found:
    own = pairs.around(edge)
    return Found(ratio(edge.cents * len(own), total(own)), tuple(own), pairs.note(edge))


def _shapes_capped(pairs: Pairs, edge: Move) -> Found:
    note = "" if pairs.around(edge) else pairs.note(edge)
    return Found(float(bool(note)), (), note)


# ------------------------------------------------------------------------------------------------------------ chains


def _passes_on(came: Move, left: Move) -> bool:
    return came.cents * 80 <= left.cents * 100 <= came.cents * 105


def _arriving(known: Known, edge: Move) -> list[Move]:
    """The payer's transactions within a hop before a payment, newest first, as the payment's own night knew them."""
    near = [
        move
        for move in known.ever(edge.src)
        if move.is_known(edge.received_on)
        and move.place < edge.place
        and edge.occurred_s - move.occurred_s <= CHAIN_HOP_S
    ]
    return [move for move in reversed(near) for _ in range(2 if move.is_self else 1)]


def _leaving(known: Known, edge: Move) -> list[Move]:
    """The receiver's transactions within a hop after a payment."""
    return [
        move
        for move, _ in known.ends(edge.dst)
        if move.place > edge.place
        and move.occurred_s - edge.occurred_s <= CHAIN_HOP_S
        and move.occurred_s <= known.cutoff_s
    ]


def _sources(known: Known, edge: Move) -> list[Move]:
    """Arrivals that a payment may pass on, newest first."""
    if edge.is_self or edge.cents <= 0:
        return []
    return [
        move
        for move in _arriving(known, edge)[:CHAIN_LOOKS]
        if move.dst == edge.src and not move.is_self and _passes_on(move, edge) and move.src != edge.dst
    ]


def _chain_before(known: Known, edge: Move) -> Path:
    """The longest chain that leads to an edge, its last hop first; of equal ones that with the latest hops."""
    return _Chains(known).before(edge)


@dataclass
class _Chains:
    known: Known
    _found: dict[int, Path] = field(default_factory=dict)

    def before(self, edge: Move) -> Path:
        if edge.edge_id not in self._found:
            best: Path = ()
            for source in _sources(self.known, edge):
                longer = (source, *self.before(source))[:MOST_HOPS]
                best = longer if len(longer) > len(best) else best
            self._found[edge.edge_id] = best
        return self._found[edge.edge_id]

    def after(self, edge: Move) -> Path:
        """The longest chain that an edge leads to, of which all but the last hop is new with it."""
        known = self.known
        if edge.is_self or edge.cents <= 0:
            return ()
        best: Path = ()
        for move in _leaving(known, edge)[:CHAIN_LOOKS]:
            is_leaving = move.src == edge.dst and not move.is_self
            if is_leaving and _passes_on(edge, move) and move.dst != edge.src:
                longer = (move, *(self.after(move) if move.received_on == known.night else ()))[:MOST_HOPS]
                best = longer if len(longer) > len(best) else best
        return best


def _chain_kept(known: Known, edge: Move) -> Found:
    chain = _chain_before(known, edge)
    return Found(edge.cents / chain[0].cents if chain else None, chain[:1])


def _chain_wait(known: Known, edge: Move) -> Found:
    chain = _chain_before(known, edge)
    return Found((edge.occurred_s - chain[0].occurred_s) / HOUR_S if chain else None, chain[:1])


def _chain_length(known: Known, edge: Move) -> Found:
    before, after = _chain_before(known, edge), _Chains(known).after(edge)
    return Found(len(before) + 1 + len(after), (*reversed(before), edge, *after))


def _chain_branches(known: Known, edge: Move) -> Found:
    return Found(len(_sources(known, edge)), tuple(_sources(known, edge)))


def _chain_capped(known: Known, edge: Move) -> Found:
    """Whether more transactions lay within a hop than are looked at."""
    most = max(len(_arriving(known, edge)), len(_leaving(known, edge)))
    if edge.is_self or edge.cents <= 0 or most <= CHAIN_LOOKS:
        return Found(0.0)
    return Found(1.0, (), f"capped: more than {CHAIN_LOOKS} transactions in 3 days ({most}), the others not followed")


def _of_path(path: Path) -> Found:
    return Found(len(path), path)


# ------------------------------------------------------------------------------------------------------------- rings


def rings(known: Known, edge: Move) -> list[Path]:
    """Rings of 2 to 6 payments through an edge, in time, each passing the last one on; the closing one is new."""
    if not _can_ring(known, edge):
        return []
    paths: list[Path] = [(edge,)]
    fronts = list(paths)
    for _ in range(MOST_HOPS - 1):
        fronts = [(move, *path) for path in fronts if not _is_closed(path) for move in _ring_before(known, path)]
        paths += fronts
    found: list[Path] = []
    for path in paths:
        tails: list[Path] = [path]
        while tails:
            found += [tail for tail in tails if _is_closed(tail) and tail[-1].received_on == known.night]
            open_tails = [tail for tail in tails if not _is_closed(tail) and len(tail) < MOST_HOPS]
            tails = [(*tail, move) for tail in open_tails for move in _ring_after(known, tail)]
    return list(dict.fromkeys(found))


def _can_ring(known: Known, move: Move) -> bool:
    since = known.cutoff_s - nightly.SHAPE_DAYS * DAY_S
    return since < move.occurred_s <= known.cutoff_s and not move.is_self and move.cents > 0


def _is_hop(known: Known, first: Move, second: Move) -> bool:
    """Whether a payment may follow another in a ring."""
    is_near = first.place < second.place and second.occurred_s - first.occurred_s <= RING_HOP_S
    return is_near and _can_ring(known, first) and _can_ring(known, second) and _passes_on(first, second)


def _ring_before(known: Known, path: Path) -> list[Move]:
    """Payments that a path may begin with instead."""
    arrivals = [move for move, side in known.ends(path[0].src) if side == "in"]
    return [move for move in arrivals if _is_hop(known, move, path[0]) and _is_simple((move, *path))]


def _ring_after(known: Known, path: Path) -> list[Move]:
    """Payments that a path may go on with."""
    departures = [move for move, side in known.ends(path[-1].dst) if side == "out"]
    return [move for move in departures if _is_hop(known, path[-1], move) and _is_simple((*path, move))]


def _is_closed(path: Path) -> bool:
    return len(path) > 1 and path[0].src == path[-1].dst


def _is_simple(path: Path) -> bool:
    """Whether no account stands in it twice, but for the start that may be the end."""
    inner = [move.src for move in path]
    return len(set(inner)) == len(inner) and path[-1].dst not in inner[1:]


def _ring_rule(name: str) -> Callable[[Known, Move], Found] | None:
    if name.removeprefix("ring_").isdigit():
        length = int(name.removeprefix("ring_"))

        def counted(known: Known, edge: Move) -> Found:
            some = [ring for ring in rings(known, edge) if len(ring) == length]
            return Found(len(some), tuple(dict.fromkeys(move for ring in some for move in ring)))

        return counted
    if name in RINGS:
        pick, value = RINGS[name]

        def best(known: Known, edge: Move) -> Found:
            some = rings(known, edge)
            if not some:
                return Found(None)
            ring = pick(some, key=lambda ring: (value(ring, edge), ring[-1].place))
            return Found(value(ring, edge), ring)

        return best
    return None


RINGS: dict[str, tuple[Callable[..., Path], Callable[[Path, Move], float]]] = {
    "ring_kept": (max, lambda ring, edge: ring[-1].cents / ring[0].cents),
    "ring_span_days": (min, lambda ring, edge: (ring[-1].occurred_s - ring[0].occurred_s) / DAY_S),
    "ring_amount_share": (max, lambda ring, edge: edge.cents / ring[0].cents),
}

PAIR_RULES: dict[str, Callable[[Pairs, Move], Found]] = {
    "scatter_middles": _widest(_scatter),
    "scatter_paths": _paths(_scatter),
    "scatter_kept": _kept(_scatter),
    "scatter_ends": _many(_scatter, 2),
    "scatter_wide_ends": _many(_scatter, 5),
    "gather_middles": _widest(_gather),
    "gather_paths": _paths(_gather),
    "gather_kept": _kept(_gather),
    "gather_starts": _many(_gather, 2),
    "gather_wide_starts": _many(_gather, 5),
    "beside_paths": _beside,
    "cycles_2": lambda pairs, edge: _loops(pairs, edge, 2),
    "cycles_3": lambda pairs, edge: _loops(pairs, edge, 3),
    "cycles_4": lambda pairs, edge: _loops(pairs, edge, 4),
    "bipartite_payers": _bipartite_payers,
    "bipartite_shared": _bipartite_shared,
    "stack_width": _stack,
    "pair_count_14d": _of_pair(len),
    "pair_sum_14d": _of_pair(lambda moves: total(moves) / 100),
    "pair_out_share": _pair_share("out"),
    "pair_in_share": _pair_share("in"),
    "amount_to_pair_mean_14d": _to_pair_mean,
    "src_fan_14d": _fan("src", "out"),
    "dst_fan_14d": _fan("dst", "in"),
    "src_in_fan_14d": _fan("src", "in"),
    "dst_out_fan_14d": _fan("dst", "out"),
    "shapes_capped": _shapes_capped,
}
CHAIN_RULES: dict[str, Callable[[Known, Move], Found]] = {
    "chain_before": lambda known, edge: _of_path(_chain_before(known, edge)),
    "chain_after": lambda known, edge: _of_path(_Chains(known).after(edge)),
    "chain_length": _chain_length,
    "chain_kept": _chain_kept,
    "chain_wait_hours": _chain_wait,
    "chain_branches": _chain_branches,
    "chain_capped": _chain_capped,
}


def rule(name: str) -> Callable[[Known, Move], Found] | None:
    """How to recompute a value of a shape from its name without `asof_`, such as `cycles_3`."""
    if name in PAIR_RULES:
        of_pairs = PAIR_RULES[name]

        def found(known: Known, edge: Move) -> Found:
            pairs = Pairs(known)
            result = of_pairs(pairs, edge)
            return replace(result, note=result.note or pairs.note(edge))

        return found
    return CHAIN_RULES.get(name) or _ring_rule(name)
