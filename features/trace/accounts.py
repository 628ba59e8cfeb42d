"""What is known of an account at a night's cut-off, value by value, from its edges one by one."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from statistics import pstdev

from features.trace.known import DAY_S, Found, Known, Move, ratio

PASS_S = 3 * DAY_S
HOUR_S = 3600

SideRule = Callable[[Known, list[Move], str], Found]
NodeRule = Callable[[Known, int, str], Found]


def rule(name: str) -> Callable[[Known, int], Found] | None:
    """How to recompute an account's value from its name without horizon and end, such as `in_count_7d`."""
    what, window = split_window(name)
    side, _, of_side = what.partition("_")
    if side in ("in", "out") and of_side in SIDE_RULES:
        by_side = SIDE_RULES[of_side]
        return lambda known, node: by_side(known, of_side_in(known, node, side, window or "30d"), side)
    if side in ("in", "out") and of_side == "fresh_share":
        return lambda known, node: _fresh_share(known, node, side)
    if what in NODE_RULES:
        by_node = NODE_RULES[what]
        return lambda known, node: by_node(known, node, window or "30d")
    return None


def split_window(name: str) -> tuple[str, str]:
    """A name without its window, and the window."""
    head, _, last = name.rpartition("_")
    return (head, last) if last in ("1d", "7d", "14d", "30d") else (name, "")


def of_side_in(known: Known, node: int, side: str, window: str) -> list[Move]:
    """The node's edges of one side in a window up to the cut-off, by time."""
    return [move for move, lies in known.at_cutoff(node, window) if lies == side]


def total(moves: Iterable[Move]) -> int:
    """The sum of amounts in cents."""
    return sum(move.cents for move in moves)


def _moment(values: Sequence[int], order: int) -> float | None:
    """The standardised third or fourth central moment; none where the values hardly differ."""
    if not values:
        return None
    middle = sum(values) / len(values)
    away = [value - middle for value in values]
    variance = sum(a * a for a in away) / len(away)
    return None if variance <= 1 else sum(a**order for a in away) / len(away) / variance ** (order / 2)


def _cents(moves: Sequence[Move]) -> list[int]:
    return [move.cents for move in moves]


def _logs(moves: Sequence[Move]) -> list[int]:
    return [move.log_m for move in moves]


def _gaps(moves: Sequence[Move]) -> list[int]:
    return [later.occurred_s - earlier.occurred_s for earlier, later in pairwise(moves)]


def _ages_m(known: Known, moves: Sequence[Move]) -> list[int]:
    return [(known.cutoff_s - move.occurred_s) // 60 for move in moves]


def _of(value: float | None, moves: Sequence[Move], note: str = "", nodes: Iterable[int] = ()) -> Found:
    return Found(value, tuple(moves), note, tuple(nodes))


def _by_other(moves: Iterable[Move], side: str) -> dict[int, list[Move]]:
    found: dict[int, list[Move]] = defaultdict(list)
    for move in moves:
        found[move.other(side)].append(move)
    return found


def _mean(values: Sequence[int], unit: float) -> float | None:
    return sum(values) / len(values) / unit if values else None


def _std(values: Sequence[int], unit: float) -> float | None:
    return pstdev(values) / unit if values else None


def _fan(known: Known, moves: list[Move], side: str) -> Found:
    others = _by_other(moves, side)
    return _of(len(others), moves, f"{len(others)} counterparties", others)


def _times(lowest: int, highest: int) -> SideRule:
    def found(known: Known, moves: list[Move], side: str) -> Found:
        others = {other: some for other, some in _by_other(moves, side).items() if lowest <= len(some) <= highest}
        return _of(len(others), [move for some in others.values() for move in some], "", others)

    return found


def _fresh_share(known: Known, node: int, side: str) -> Found:
    month, week = of_side_in(known, node, side, "30d"), of_side_in(known, node, side, "7d")
    recent = set(_by_other(week, side))
    old = {move.other(side) for move in month if move not in set(week)}
    fresh = recent - old
    return _of(
        ratio(len(fresh), len(recent)), week, f"{len(fresh)} of {len(recent)} were not met in the 23 days before", fresh
    )


def _top_share(known: Known, moves: list[Move], side: str) -> Found:
    others = _by_other(moves, side)
    if not total(moves):
        return _of(None, moves, "nothing moved")
    top = max(others, key=lambda other: (total(others[other]), -other))
    return _of(total(others[top]) / total(moves), others[top], f"of {total(moves) / 100:.2f} in all", [top])


def _entropy(known: Known, moves: list[Move], side: str) -> Found:
    whole = total(moves)
    shares = [total(some) / whole for some in _by_other(moves, side).values()] if whole else []
    return _of(-sum(s * math.log(s) for s in shares if s > 0) if whole else None, moves)


def _variety(end_field: str) -> SideRule:
    def found(known: Known, moves: list[Move], side: str) -> Found:
        end = "src" if side == "in" else "dst"
        names = sorted({str(getattr(move, f"{end}_{end_field}")) for move in moves} - {"None"})
        return _of(len(names), moves, ", ".join(names))

    return found


def _daily(known: Known, moves: Iterable[Move]) -> Counter[int]:
    return Counter((known.cutoff_s - move.occurred_s) // DAY_S for move in moves)


def _busiest(known: Known, moves: list[Move], side: str) -> Found:
    daily = _daily(known, moves)
    most = max(daily.values(), default=0)
    return _of(most, [move for move in moves if daily[(known.cutoff_s - move.occurred_s) // DAY_S] == most])


def _latest(known: Known, moves: list[Move], side: str) -> Found:
    return _of((known.cutoff_s - moves[-1].occurred_s) / DAY_S if moves else None, moves[-1:])


def _cash_share(known: Known, moves: list[Move], side: str) -> Found:
    cash = [move for move in moves if move.channel == "cash"]
    return _of(ratio(total(cash), total(moves)), cash, f"of {total(moves) / 100:.2f} in all")


def _extreme(pick: Callable[..., Move]) -> SideRule:
    def found(known: Known, moves: list[Move], side: str) -> Found:
        one = pick(moves, key=lambda move: move.cents) if moves else None
        return _of(one.cents / 100 if one else None, [one] if one else [])

    return found


SIDE_RULES: dict[str, SideRule] = {
    "count": lambda known, moves, side: _of(len(moves), moves),
    "sum": lambda known, moves, side: _of(total(moves) / 100, moves),
    "max": _extreme(max),
    "min": _extreme(min),
    "mean": lambda known, moves, side: _of(_mean(_cents(moves), 100), moves),
    "std": lambda known, moves, side: _of(_std(_cents(moves), 100), moves),
    "skew": lambda known, moves, side: _of(_moment(_cents(moves), 3), moves),
    "kurtosis": lambda known, moves, side: _of(_moment(_cents(moves), 4), moves),
    "log_std": lambda known, moves, side: _of(_std(_logs(moves), 1000), moves),
    "log_skew": lambda known, moves, side: _of(_moment(_logs(moves), 3), moves),
    "log_kurtosis": lambda known, moves, side: _of(_moment(_logs(moves), 4), moves),
    "age_mean": lambda known, moves, side: _of(_mean(_ages_m(known, moves), 1440), moves),
    "age_std": lambda known, moves, side: _of(_std(_ages_m(known, moves), 1440), moves),
    "gap_mean_hours": lambda known, moves, side: _of(_mean(_gaps(moves), HOUR_S), moves),
    "gap_std_hours": lambda known, moves, side: _of(_std(_gaps(moves), HOUR_S), moves),
    "gap_skew": lambda known, moves, side: _of(_moment(_gaps(moves), 3), moves),
    "gap_kurtosis": lambda known, moves, side: _of(_moment(_gaps(moves), 4), moves),
    "fan": _fan,
    "once_fan": _times(1, 1),
    "twice_fan": _times(2, 2),
    "often_fan": _times(3, 4),
    "regular_fan": _times(5, 1 << 62),
    "top_share": _top_share,
    "entropy": _entropy,
    "countries": _variety("country"),
    "currencies": _variety("currency"),
    "busiest_day_count": _busiest,
    "daily_count_std": lambda known, moves, side: _of(
        pstdev([_daily(known, moves)[day] for day in range(30)]), moves, "over 30 days"
    ),
    "latest_days": _latest,
    "cash_share": _cash_share,
}
"""What is said of one side of an account in a window."""


def _both(known: Known, node: int, window: str) -> tuple[list[Move], list[Move]]:
    return of_side_in(known, node, "in", window), of_side_in(known, node, "out", window)


def _all(known: Known, node: int, window: str) -> list[Move]:
    """Every end in the window; a self transfer twice."""
    return [move for move, _ in known.at_cutoff(node, window)]


def _net(known: Known, node: int, window: str) -> Found:
    came, left = _both(known, node, window)
    note = f"{total(came) / 100:.2f} received less {total(left) / 100:.2f} paid"
    return _of((total(came) - total(left)) / 100, [*came, *left], note)


def _balance(known: Known, node: int, window: str) -> Found:
    came, left = _both(known, node, window)
    return _of(ratio(total(came) - total(left), total(came) + total(left)), [*came, *left])


def _passed(known: Known, node: int) -> list[tuple[Move, Move]]:
    """Payments that pass on an arrival, each with the latest arrival that fits."""
    ends = known.at_cutoff(node, "30d")
    if len(ends) > known.hub_cap:
        return []
    arrivals = [move for move, side in ends if side == "in" and not move.is_self and move.cents > 0]
    found = []
    for leaving, side in ends:
        if side == "in" or leaving.is_self or leaving.cents <= 0:
            continue
        fitting = [
            arrival
            for arrival in arrivals
            if arrival.place < leaving.place
            and leaving.occurred_s - arrival.occurred_s <= PASS_S
            and 9 * arrival.cents <= 10 * leaving.cents <= 11 * arrival.cents
        ]
        if fitting:
            found.append((leaving, fitting[-1]))
    return found


def _passes(value: Callable[[Known, int, str, list[Move]], float | None]) -> NodeRule:
    def found(known: Known, node: int, window: str) -> Found:
        inside = set(_all(known, node, window))
        pairs = [(leaving, arrival) for leaving, arrival in _passed(known, node) if leaving in inside]
        rows = [move for leaving, arrival in pairs for move in (arrival, leaving)]
        return _of(value(known, node, window, [leaving for leaving, _ in pairs]), rows, _capped(known, node))

    return found


def _capped(known: Known, node: int) -> str:
    count = len(known.at_cutoff(node, "30d"))
    cap = known.hub_cap
    return f"capped: more than {cap} transactions in 30 days ({count}), pairs not searched" if count > cap else ""


def _pass_wait(known: Known, node: int, window: str) -> Found:
    pairs = _passed(known, node)
    if not pairs:
        return _of(None, [], _capped(known, node))
    leaving, arrival = min(pairs, key=lambda pair: (pair[0].occurred_s - pair[1].occurred_s, pair[0].place))
    return _of((leaving.occurred_s - arrival.occurred_s) / HOUR_S, [arrival, leaving])


def _gather_scatter(known: Known, node: int, window: str) -> Found:
    came, left = _both(known, node, window)
    fans = len(_by_other(came, "in")), len(_by_other(left, "out"))
    sums = total(came), total(left)
    value = fans[0] * fans[1] * min(sums) / max(sums) if max(sums) else None
    return _of(value, [*came, *left], f"{fans[0]} payers x {fans[1]} receivers x share kept")


def _hold(known: Known, node: int, window: str) -> Found:
    came, left = _both(known, node, window)
    if not total(came) or not total(left):
        return _of(None, [*came, *left])
    means = [
        sum(move.cents * (known.cutoff_s - move.occurred_s) for move in some) / total(some) for some in (came, left)
    ]
    return _of((means[0] - means[1]) / HOUR_S, [*came, *left], "mean age of money in less that of money out")


def _reciprocity(known: Known, node: int, window: str) -> Found:
    came, left = _both(known, node, window)
    payers, receivers = set(_by_other(came, "in")), set(_by_other(left, "out"))
    both = payers & receivers
    rows = [m for m in came if m.src in both] + [m for m in left if m.dst in both]
    return _of(
        ratio(len(both), len(payers | receivers)), rows, f"of {len(payers | receivers)} counterparties", sorted(both)
    )


def _share(test: Callable[[Known, Move], bool], among: Callable[[Move], bool] = lambda move: True) -> NodeRule:
    def found(known: Known, node: int, window: str) -> Found:
        some = [move for move in _all(known, node, window) if among(move)]
        chosen = [move for move in some if test(known, move)]
        note = f"{len(chosen)} of {len(some)} transactions"
        return Found(ratio(len(chosen), len(some)), tuple(chosen), note, among=len(some))

    return found


def is_round(known: Known, move: Move) -> bool:
    """Whether the amount is a multiple of 100."""
    return move.cents > 0 and move.cents % 10_000 == 0


def is_below(known: Known, move: Move) -> bool:
    """Whether the amount lies just below the reporting threshold."""
    return known.threshold * 80 <= move.cents < known.threshold * 100


def _below(known: Known, node: int, window: str) -> Found:
    some = [move for move in _all(known, node, window) if is_below(known, move)]
    return _of(len(some), some, f"from {known.threshold * 0.8:.0f} to below {known.threshold:.0f}")


def _hours(known: Known, node: int, window: str) -> Found:
    timed = [move for move in _all(known, node, window) if not move.is_date_only]
    hours = sorted({move.occurred_s % DAY_S // HOUR_S for move in timed})
    return _of(len(hours), timed, "hours (UTC): " + ", ".join(map(str, hours)))


def _days(known: Known, node: int, window: str) -> Found:
    moves = _all(known, node, window)
    return _of(len(_daily(known, moves)), moves)


def _first_seen(known: Known, node: int, window: str) -> Found:
    moves = _all(known, node, window)
    return _of((known.cutoff_s - moves[0].occurred_s) / DAY_S if moves else None, moves[:1])


def _idle(known: Known, node: int, window: str) -> Found:
    earlier = [move for move in _all(known, node, window) if move.received_on < known.night]
    return _of((known.cutoff_s - earlier[-1].occurred_s) / DAY_S if earlier else None, earlier[-1:])


def _pause(known: Known, node: int, window: str) -> Found:
    moves = _all(known, node, window)
    if len(moves) < 2:
        return _of(None, moves)
    before, after = max(pairwise(moves), key=lambda pair: pair[1].occurred_s - pair[0].occurred_s)
    return _of((after.occurred_s - before.occurred_s) / DAY_S, [before, after])


def _corridors(known: Known, node: int, window: str) -> Found:
    moves = [move for move in _all(known, node, window) if move.src_country and move.dst_country]
    routes = sorted({f"{move.src_country}>{move.dst_country}" for move in moves})
    return _of(len(routes), moves, ", ".join(routes))


def _is_capped(known: Known, node: int, window: str) -> Found:
    note = _capped(known, node)
    return _of(1.0 if note else 0.0, [], note)


def _share_of_paid(known: Known, node: int, window: str, passed: list[Move]) -> float | None:
    return ratio(total(passed), total(of_side_in(known, node, "out", window)))


NODE_RULES: dict[str, NodeRule] = {
    "net_sum": _net,
    "balance": _balance,
    "pass_count": _passes(lambda known, node, window, passed: len(passed)),
    "pass_sum": _passes(lambda known, node, window, passed: total(passed) / 100),
    "pass_share": _passes(_share_of_paid),
    "pass_wait_hours": _pass_wait,
    "gather_scatter": _gather_scatter,
    "hold_hours": _hold,
    "reciprocity": _reciprocity,
    "round_share": _share(is_round),
    "below_threshold_count": _below,
    "cross_border_share": _share(lambda known, move: move.is_cross_border),
    "cross_currency_share": _share(lambda known, move: move.is_cross_currency),
    "night_share": _share(lambda known, move: move.occurred_s % DAY_S < 6 * HOUR_S, lambda move: not move.is_date_only),
    "active_hours": _hours,
    "active_days": _days,
    "first_seen_days": _first_seen,
    "idle_days": _idle,
    "longest_pause_days": _pause,
    "corridors": _corridors,
    "is_capped": _is_capped,
}
"""What is said of a whole account in a window."""
