"""The transaction alone, and what its ends had done before it, value by value."""

import math
import re
from collections.abc import Callable, Sequence

from features.trace.accounts import is_below, is_round, split_window, total
from features.trace.known import DAY_S, WINDOWS_S, Found, Known, Move, ratio

HOUR_S = 3600

EdgeRule = Callable[[Known, Move], Found]


def raw_rule(name: str) -> EdgeRule | None:
    """How to recompute a value of the transaction alone, such as `is_round`."""
    if name.startswith("channel_"):
        channel = name.removeprefix("channel_")
        return lambda known, edge: _own(float((edge.channel or "unknown") == channel), edge)
    return (lambda known, edge: _own(RAW[name](known, edge), edge)) if name in RAW else None


def _own(value: float | None, edge: Move) -> Found:
    return Found(None if value is None else float(value), (edge,))


def _angle(edge: Move) -> float:
    return (edge.occurred_s % DAY_S) * 2 * math.pi / DAY_S


RAW: dict[str, Callable[[Known, Move], float | None]] = {
    "log_amount": lambda known, edge: edge.log_m / 1000,
    "amount": lambda known, edge: edge.cents / 100,
    "is_round": is_round,
    "is_below_threshold": is_below,
    "hour_sin": lambda known, edge: None if edge.is_date_only else math.sin(_angle(edge)),
    "hour_cos": lambda known, edge: None if edge.is_date_only else math.cos(_angle(edge)),
    "weekday": lambda known, edge: (edge.occurred_s // DAY_S + 3) % 7,
    "delay_days": lambda known, edge: (known.cutoff_s - edge.occurred_s) / DAY_S,
    "is_self": lambda known, edge: edge.is_self,
    "is_cross_currency": lambda known, edge: edge.is_cross_currency,
    "is_cross_border": lambda known, edge: edge.is_cross_border,
}


def rule(name: str) -> EdgeRule | None:
    """How to recompute a value of the past from its name without `pit_`, such as `src_in_count_7d`."""
    if name in PAIR:
        return PAIR[name]
    against = re.fullmatch(r"amount_to_(src|dst)_(in|out)_sum_1d", name)
    if against:
        end, side = against.groups()
        return lambda known, edge: _to_sum(known, edge, end, side)
    end, _, what = name.partition("_")
    if end not in ("src", "dst"):
        return None
    own = "out" if end == "src" else "in"
    if what == "first_seen_days":
        return lambda known, edge: _first_seen(known, edge, end)
    if what == "log_z_30d":
        return lambda known, edge: _log_z(known, edge, end, own)
    if what == f"amount_to_{own}_mean_30d":
        return lambda known, edge: _to_mean(known, edge, end, own)
    side, _, what = what.partition("_")
    what, window = split_window(what)
    if side in ("in", "out") and what in BEFORE:
        of = BEFORE[what]
        return lambda known, edge: of(_before(known, edge, end, side, window or "30d"), edge, side)
    return None


def _before(known: Known, edge: Move, end: str, side: str, window: str) -> list[Move]:
    return [move for move, lies in known.before(getattr(edge, end), edge, window) if lies == side]


def _logs(moves: Sequence[Move]) -> tuple[float, float] | None:
    """Mean and spread of the log amounts in thousandths, from whole sums."""
    if not moves:
        return None
    logs = [move.log_m for move in moves]
    mean = sum(logs) / len(logs)
    return mean, math.sqrt(max(sum(log * log for log in logs) / len(logs) - mean * mean, 0.0))


def _log(part: int) -> Callable[[list[Move], Move, str], Found]:
    def found(moves: list[Move], edge: Move, side: str) -> Found:
        logs = _logs(moves)
        return Found(logs[part] / 1000 if logs else None, tuple(moves))

    return found


def _fan(moves: list[Move], edge: Move, side: str) -> Found:
    others = sorted({move.other(side) for move in moves})
    return Found(len(others), tuple(moves), f"{len(others)} counterparties", tuple(others))


def _gap(moves: list[Move], edge: Move, side: str) -> Found:
    return Found((edge.occurred_s - moves[-1].occurred_s) / HOUR_S if moves else None, tuple(moves[-1:]))


BEFORE: dict[str, Callable[[list[Move], Move, str], Found]] = {
    "count": lambda moves, edge, side: Found(len(moves), tuple(moves)),
    "sum": lambda moves, edge, side: Found(total(moves) / 100, tuple(moves)),
    "fan": _fan,
    "gap_hours": _gap,
    "log_mean": _log(0),
    "log_std": _log(1),
}


def _first_seen(known: Known, edge: Move, end: str) -> Found:
    moves = [move for move, _ in known.before(getattr(edge, end), edge, "30d")]
    return Found((edge.occurred_s - moves[0].occurred_s) / DAY_S if moves else None, tuple(moves[:1]))


def _log_z(known: Known, edge: Move, end: str, own: str) -> Found:
    moves = _before(known, edge, end, own, "30d")
    logs = _logs(moves)
    return Found(ratio(edge.log_m - logs[0], logs[1]) if logs else None, tuple(moves))


def _to_mean(known: Known, edge: Move, end: str, own: str) -> Found:
    moves = _before(known, edge, end, own, "30d")
    return Found(ratio(edge.cents * len(moves), total(moves)), tuple(moves), f"{edge.cents / 100:.2f} to their mean")


def _to_sum(known: Known, edge: Move, end: str, side: str) -> Found:
    moves = _before(known, edge, end, side, "1d")
    return Found(ratio(edge.cents, total(moves)), tuple(moves), f"{edge.cents / 100:.2f} to their sum")


def _pair(known: Known, edge: Move) -> list[Move]:
    """Earlier payments between the two ends, in either direction."""
    since = edge.occurred_s - WINDOWS_S["30d"]
    ends = {edge.src, edge.dst}
    return [
        move
        for move in known.ever(edge.src)
        if move.is_known(known.night)
        and {move.src, move.dst} == ends
        and move.occurred_s > since
        and move.place < edge.place
    ]


def _same(known: Known, edge: Move) -> list[Move]:
    return [move for move in _pair(known, edge) if move.src == edge.src]


def _reverse(known: Known, edge: Move) -> Found:
    moves = [move for move in _pair(known, edge) if move.dst == edge.src]
    return Found(len(moves), tuple(moves))


def _pair_gap(known: Known, edge: Move) -> Found:
    moves = _pair(known, edge)
    return Found((edge.occurred_s - moves[-1].occurred_s) / HOUR_S if moves else None, tuple(moves[-1:]))


PAIR: dict[str, EdgeRule] = {
    "pair_count_30d": lambda known, edge: Found(len(_same(known, edge)), tuple(_same(known, edge))),
    "pair_sum_30d": lambda known, edge: Found(total(_same(known, edge)) / 100, tuple(_same(known, edge))),
    "pair_reverse_count_30d": _reverse,
    "pair_gap_hours": _pair_gap,
    "is_pair_first_30d": lambda known, edge: Found(float(not _same(known, edge)), tuple(_same(known, edge))),
}
"""What the two ends had done with each other."""
