"""A naive account of what features are: loops over lists, for small worlds only. Times in seconds, amounts in cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import fmean, pstdev

from features.nightly import cutoff_s

DAY = 86_400
WINDOWS = {"1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}


@dataclass(frozen=True)
class Edge:
    """An edge as the oracle sees it."""

    edge_id: int
    src: int
    dst: int
    occurred_s: int
    received_on: date
    superseded_on: date | None
    cents: int

    def known(self, night: date) -> bool:
        return self.received_on <= night and (self.superseded_on is None or self.superseded_on > night)


def side(edges: Iterable[Edge], node: int, way: str) -> list[Edge]:
    """The edges that enter or leave a node."""
    return [e for e in edges if (e.dst if way == "in" else e.src) == node]


def other(edge: Edge, way: str) -> int:
    return edge.src if way == "in" else edge.dst


def account(edges: list[Edge], node: int, night: date) -> dict[str, float | None]:
    """As-of features of a node."""
    cut = cutoff_s(night)
    seen = [e for e in edges if e.known(night) and e.occurred_s <= cut and e.occurred_s > cut - 30 * DAY]
    found: dict[str, float | None] = {}
    for way in ("in", "out"):
        for name, width in WINDOWS.items():
            inside = [e for e in side(seen, node, way) if e.occurred_s > cut - width]
            cents = [e.cents for e in inside]
            found[f"asof_{way}_count_{name}"] = len(inside)
            found[f"asof_{way}_sum_{name}"] = sum(cents) / 100
            found[f"asof_{way}_max_{name}"] = max(cents) / 100 if cents else None
            found[f"asof_{way}_mean_{name}"] = fmean(cents) / 100 if cents else None
            found[f"asof_{way}_std_{name}"] = pstdev(cents) / 100 if cents else None
            found[f"asof_{way}_fan_{name}"] = len({other(e, way) for e in inside})
        last = max((e.occurred_s for e in side(seen, node, way)), default=None)
        found[f"asof_{way}_latest_days"] = None if last is None else (cut - last) / DAY
    for name, width in WINDOWS.items():
        found[f"asof_net_sum_{name}"] = float(found[f"asof_in_sum_{name}"] or 0) - float(
            found[f"asof_out_sum_{name}"] or 0
        )
        if name == "1d":
            continue
        passed = passes(seen, node)
        found[f"asof_pass_count_{name}"] = sum(e.occurred_s > cut - width for e in passed)
        found[f"asof_pass_sum_{name}"] = sum(e.cents for e in passed if e.occurred_s > cut - width) / 100
    partners = [{other(e, way) for e in side(seen, node, way)} for way in ("in", "out")]
    union = partners[0] | partners[1]
    found["asof_reciprocity_30d"] = len(partners[0] & partners[1]) / len(union) if union else None
    found["asof_active_days_30d"] = len(
        {(cut - e.occurred_s) // DAY for e in [*side(seen, node, "in"), *side(seen, node, "out")]}
    )
    return found


def passes(seen: list[Edge], node: int) -> list[Edge]:
    """Edges that pass on an amount, within 10 %, that came in at most 72 hours before."""
    found = []
    for leaving in side(seen, node, "out"):
        for coming in side(seen, node, "in"):
            if node in (leaving.dst, coming.src) or coming.cents == 0 or leaving.cents == 0:
                continue
            ordered = (coming.occurred_s, coming.edge_id) < (leaving.occurred_s, leaving.edge_id)
            near = leaving.occurred_s - coming.occurred_s <= 3 * DAY
            alike = 9 * coming.cents <= 10 * leaving.cents <= 11 * coming.cents
            if ordered and near and alike:
                found.append(leaving)
                break
    return found


def _band(came: Edge, left: Edge) -> bool:
    return 80 * came.cents <= 100 * left.cents <= 105 * came.cents


def _order(edge: Edge) -> tuple[int, int]:
    return edge.occurred_s, edge.edge_id


def hops_before(edges: list[Edge], edge: Edge) -> int:
    """Hands that the money of an edge went through before it, as each night that learnt of one knew, at most 6."""
    if edge.src == edge.dst or edge.cents == 0:
        return 0
    found = 0
    for came in edges:
        is_last = came.dst == edge.src and came.src not in (edge.src, edge.dst) and _order(came) < _order(edge)
        near = edge.occurred_s - came.occurred_s <= 3 * DAY
        if came.known(edge.received_on) and is_last and near and _band(came, edge):
            found = max(found, min(hops_before(edges, came) + 1, 6))
    return found


def rings(edges: list[Edge], night: date, shape_days: int) -> dict[int, dict[int, int]]:
    """For each edge new to a night, how many rings of each length it lies on that one of the night's edges closes."""
    cut = cutoff_s(night)
    seen = [e for e in edges if e.known(night) and cut - shape_days * DAY < e.occurred_s <= cut and e.src != e.dst]
    found: dict[int, dict[int, int]] = {}

    def behind(path: list[Edge]) -> None:
        """Walk back from the closing edge, which is the path's first."""
        here = path[-1]
        for came in seen:
            is_next = came.dst == here.src and _order(came) < _order(here)
            if not is_next or here.occurred_s - came.occurred_s > 5 * DAY or not _band(came, here):
                continue
            if came.src == path[0].dst:
                for edge in (*path, came):
                    if edge.received_on == night:
                        lengths = found.setdefault(edge.edge_id, {})
                        lengths[len(path) + 1] = lengths.get(len(path) + 1, 0) + 1
            elif came.src not in {e.src for e in path} and len(path) < 5:
                behind([*path, came])

    for closing in seen:
        if closing.received_on == night and closing.cents > 0:
            behind([closing])
    return found


def before(edges: list[Edge], edge: Edge) -> dict[str, float | None]:
    """Point-in-time features of both ends of an edge."""
    night = edge.received_on
    own = (edge.occurred_s, edge.edge_id)
    past = [e for e in edges if e.known(night) and (e.occurred_s, e.edge_id) < own]
    past = [e for e in past if e.occurred_s > cutoff_s(night) - 60 * DAY]
    found: dict[str, float | None] = {}
    for end, node, fan in (("src", edge.src, "out"), ("dst", edge.dst, "in")):
        for way in ("in", "out"):
            for name, width in WINDOWS.items():
                inside = [e for e in side(past, node, way) if e.occurred_s > edge.occurred_s - width]
                found[f"pit_{end}_{way}_count_{name}"] = len(inside)
                found[f"pit_{end}_{way}_sum_{name}"] = sum(e.cents for e in inside) / 100
                if way == fan and name != "1d":
                    found[f"pit_{end}_{way}_fan_{name}"] = len({other(e, way) for e in inside})
                if name == "30d":
                    last = max((e.occurred_s for e in inside), default=None)
                    found[f"pit_{end}_{way}_gap_hours"] = None if last is None else (edge.occurred_s - last) / 3600
    near = [e for e in past if e.occurred_s > edge.occurred_s - 30 * DAY]
    same = [e for e in near if (e.src, e.dst) == (edge.src, edge.dst)]
    back = [e for e in near if (e.dst, e.src) == (edge.src, edge.dst)]
    found["pit_pair_count_30d"] = len(same)
    found["pit_pair_sum_30d"] = sum(e.cents for e in same) / 100
    found["pit_pair_reverse_count_30d"] = len(back)
    return found


def shapes(edges: list[Edge], edge: Edge, shape_days: int) -> dict[str, float | None]:
    """Counts of small shapes around an edge as of its night."""
    night = edge.received_on
    cut = cutoff_s(night)
    seen = [e for e in edges if e.known(night) and cut - shape_days * DAY < e.occurred_s <= cut and e.src != e.dst]
    pairs = {(e.src, e.dst) for e in seen}
    first = {p: min(e.occurred_s for e in seen if (e.src, e.dst) == p) for p in pairs}
    last = {p: max(e.occurred_s for e in seen if (e.src, e.dst) == p) for p in pairs}
    own = (edge.src, edge.dst)
    names = ("scatter_middles", "gather_middles", "beside_paths", "cycles_2", "cycles_3", "cycles_4")
    if own not in pairs:
        return {f"asof_{name}": 0 for name in names}
    nodes = {n for p in pairs for n in p}

    def middles(a: int, b: int) -> set[int]:
        return {m for m in nodes if (a, m) in pairs and (m, b) in pairs and first[a, m] <= last[m, b]}

    a, b = own
    scatter = [len(middles(a, t)) for t in nodes if t != a and b in middles(a, t)]
    gather = [len(middles(s, b)) for s in nodes if s != b and a in middles(s, b)]
    values = (
        max(scatter, default=0),
        max(gather, default=0),
        sum((a, m) in pairs and (m, b) in pairs for m in nodes),
        int((b, a) in pairs),
        sum((b, m) in pairs and (m, a) in pairs for m in nodes),
        sum(
            (b, x) in pairs and (x, y) in pairs and (y, a) in pairs and y != b and x != a for x in nodes for y in nodes
        ),
    )
    return {f"asof_{name}": value for name, value in zip(names, values, strict=True)}
