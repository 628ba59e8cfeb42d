"""The day's list of one queue: classes, value per minute, the cut by capacity, quotas. Pure; the same input, bit for
bit, gives the same order, so that an order can be replayed years later.

Rules: reference on review queues, section 5.4. The store keeps `Day` (as JSON) with each run; `order` does the rest.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from review import ranking
from review.ranking import Parameters, Standing, Worth

EDITION = 2
"""The edition of this algorithm; kept with each run, and raised when an order could come out differently."""
RANDOM = "R"
BELOW_CUT = "-"
"""Two of the classes: drawn at random from what would else stay below the cut, and what stays there."""
FIRST_THEMES = frozenset({"TF", "PF"})
EVIDENCE_RULE = "EVD-01"


@dataclass(frozen=True)
class DayRules:
    """Shares and bounds of a day's list; see parameters.toml. Runs that were kept before there was one had no fold."""

    overhead: float
    class_1_share: float
    oldest_share: float
    random_share: float
    hysteresis: float
    component_max: int
    unreviewed_days: int
    history_days: int
    cell_min_weekly: int
    fold_share: float = 1.0


@dataclass(frozen=True)
class WorkRules:
    """Bounds of the work on alerts; see parameters.toml."""

    second_person_score: int
    long_deferral_days: int
    longest_deferral_days: int
    lock_idle_minutes: int
    undo_seconds: int
    bulk_max: int
    text_min: int
    answer_days: int


@cache
def day_rules() -> DayRules:
    """The rules in force."""
    return DayRules(**_table()["day"])


@cache
def work_rules() -> WorkRules:
    """The rules in force."""
    return WorkRules(**_table()["work"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("review").joinpath("parameters.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Candidate:
    """What the order needs to know of one open alert.

    Attributes:
        alert_id: the alert.
        component_id: alerts that share subjects or evidence share this.
        risk: probability that it is useful, 0 to 1.
        theme: theme of the queue.
        amount: sum of the evidence in local currency.
        transactions: evidence transactions.
        subjects: other subjects of the evidence.
        known_on: the day on which the newest evidence was received.
        first_night: the night that first showed the alert.
        window_to: second (UTC) of its newest transaction, since 1970.
        due_on: the day on which the service time ends.
        is_unread: nobody has opened it yet.
        was_listed: it was above the cut on the last ranked night and nobody touched it since.
        is_urgent: a statutory clock runs, or a list hit.
        is_evidence_rule: the rule EVD-01 found it.
        has_open_case: its subject is in an open case.
        has_agency_interest: law enforcement asked about it.
        boost: of a live operation that it belongs to, 0 to 1; 0 outside operations.
        in_operation: it belongs to a live operation.
        has_rule: a typology found it, not the model alone.
    """

    alert_id: str
    component_id: str
    risk: float
    theme: str
    amount: float
    transactions: int
    subjects: int
    known_on: str
    first_night: str
    window_to: int
    due_on: str
    is_unread: bool = True
    was_listed: bool = False
    is_urgent: bool = False
    is_evidence_rule: bool = False
    has_open_case: bool = False
    has_agency_interest: bool = False
    boost: float = 0.0
    in_operation: bool = False
    has_rule: bool = False


@dataclass(frozen=True)
class Day:
    """Everything that one order is made from.

    Attributes:
        queue: the queue's slug.
        night: the night that is ranked.
        minutes: minutes of work that the members have, overhead taken off.
        parameters: of the formula of value.
        rules: shares and bounds.
        quota: share of the minutes for class 1.
        history: values of the queue's alerts over the last days, at most a thousand quantiles, sorted.
        candidates: the open alerts.
        operation_quota: share of the minutes for what presses by a live operation alone, within class 1; runs that
            were kept before there was one had no bound of their own.
    """

    queue: str
    night: date
    minutes: float
    parameters: Parameters
    rules: DayRules
    quota: float
    history: tuple[float, ...]
    candidates: tuple[Candidate, ...]
    operation_quota: float = 1.0

    @property
    def seed(self) -> str:
        """What the random sample follows from: the night and the queue, nothing else."""
        return sha256(f"{self.night.isoformat()}|{self.queue}".encode()).hexdigest()

    def to_json(self) -> str:
        """Canonical JSON: equal days, equal text."""
        names = [item.name for item in fields(Candidate)]
        made = {
            "edition": EDITION,
            "queue": self.queue,
            "night": self.night.isoformat(),
            "minutes": self.minutes,
            "parameters": asdict(self.parameters),
            "rules": asdict(self.rules),
            "quota": self.quota,
            "operation_quota": self.operation_quota,
            "history": list(self.history),
            "columns": names,
            "candidates": [
                [getattr(candidate, name) for name in names]
                for candidate in sorted(self.candidates, key=lambda c: c.alert_id)
            ],
        }
        return json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Day":
        """The day of its JSON."""
        read = json.loads(text)
        names = read["columns"]
        return cls(
            queue=read["queue"],
            night=date.fromisoformat(read["night"]),
            minutes=read["minutes"],
            parameters=Parameters(**read["parameters"]),
            rules=DayRules(**read["rules"]),
            quota=read["quota"],
            history=tuple(read["history"]),
            candidates=tuple(Candidate(**dict(zip(names, row, strict=True))) for row in read["candidates"]),
            operation_quota=read.get("operation_quota", 1.0),
        )


@dataclass(frozen=True)
class Placed:
    """One alert's place; `rank_class` is 0, 1, 2, 3 (oldest) or R (random), and - below the cut."""

    alert_id: str
    position: int
    rank_class: str
    is_listed: bool
    score: int
    worth: Worth

    def line(self) -> str:
        """The place as it goes into the order's digest."""
        parts = (self.alert_id, self.position, self.rank_class, int(self.is_listed), self.score)
        return "|".join([*map(str, parts), repr(self.worth.value_per_minute)])


def order_digest(placed: Iterable[Placed]) -> str:
    """One hash of an order: positions, classes, scores and values bit for bit."""
    return sha256("\n".join(item.line() for item in placed).encode()).hexdigest()


def worth_of(day: Day, candidate: Candidate) -> Worth:
    """What the alert is worth on the day's night."""
    return worth_on(day.night, day.parameters, candidate)


def worth_on(night: date, parameters: Parameters, candidate: Candidate) -> Worth:
    """What the alert is worth on a night."""
    end = datetime.combine(night + timedelta(days=1), time(), UTC).timestamp()
    return ranking.worth(
        parameters,
        risk=candidate.risk,
        theme=candidate.theme,
        amount=candidate.amount,
        transactions=candidate.transactions,
        subjects=candidate.subjects,
        age_days=(night - date.fromisoformat(candidate.known_on)).days,
        is_moving=end - candidate.window_to <= parameters.moving_hours * 3_600,
        link=ranking.linkage(
            has_open_case=candidate.has_open_case,
            has_agency_interest=candidate.has_agency_interest,
            boost=candidate.boost,
        ),
    )


def is_first(candidate: Candidate) -> bool:
    """Class 0: a statutory clock, or the financing of terrorism or proliferation."""
    return candidate.is_urgent or candidate.theme in FIRST_THEMES


def is_pressing(candidate: Candidate, night: date) -> bool:
    """Class 1: a live operation, the rule EVD-01, or a service time that has run out."""
    return candidate.in_operation or _presses_by_itself(candidate, night)


def _presses_by_itself(candidate: Candidate, night: date) -> bool:
    return candidate.is_evidence_rule or date.fromisoformat(candidate.due_on) < night


@dataclass
class _Filling:
    """The list as it fills."""

    day: Day
    worths: Mapping[str, Worth]
    chosen: dict[str, str] = field(default_factory=dict)
    components: Counter[str] = field(default_factory=Counter)
    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys("0123R", 0.0))

    def take(self, candidate: Candidate, rank_class: str) -> None:
        self.chosen[candidate.alert_id] = rank_class
        self.components[candidate.component_id] += 1
        self.spent[rank_class] += self.worths[candidate.alert_id].minutes

    def has_room(self, candidate: Candidate) -> bool:
        """Is it not yet on the list, and its component not yet full."""
        full = self.components[candidate.component_id] >= self.day.rules.component_max
        return candidate.alert_id not in self.chosen and not full

    def fill(self, pool: Sequence[Candidate], rank_class: str, until: float, *, overshoot: bool) -> None:
        """Take from the pool in order while `until` minutes last; with `overshoot` until they are reached."""
        for candidate in pool:
            spent = self.spent[rank_class]
            if spent >= until:
                return
            fits = spent + self.worths[candidate.alert_id].minutes <= until
            if not self.has_room(candidate):
                continue
            if not fits and not overshoot:
                return
            self.take(candidate, rank_class)


def order(day: Day) -> list[Placed]:
    """Every open alert in its place: the day's list, then those below the cut.

    The order is by value per minute, where what does not lead its component counts for a share alone: whoever reads the
    lead knows what the others are about, and settles them with it.

    Class 0 is listed whole. The quotas for the oldest and the random sample are kept free first; class 1 gets its
    share, class 2 the rest. On the list, classes 3 and R are spread so that each keeps its share of every stretch.
    """
    worths = {candidate.alert_id: worth_of(day, candidate) for candidate in day.candidates}
    pulls = pulls_of(day, worths)
    best = sorted(day.candidates, key=lambda c: (-pulls[c.alert_id], c.known_on, c.alert_id))
    filling = _Filling(day, worths)
    for candidate in best:
        if is_first(candidate):
            filling.take(candidate, "0")
    left = max(0.0, day.minutes - filling.spent["0"])
    ranked = left * (1 - day.rules.oldest_share - day.rules.random_share)
    filling.fill(_pressing(day, best, worths, day.operation_quota * left), "1", day.quota * left, overshoot=False)
    held = _with_hysteresis(best, pulls, day.rules.hysteresis)
    filling.fill(held, "2", ranked - filling.spent["1"], overshoot=False)
    unread = sorted((c for c in best if c.is_unread), key=lambda c: (c.first_night, c.known_on, c.alert_id))
    filling.fill(unread, "3", day.rules.oldest_share * left, overshoot=True)
    drawn = sorted(best, key=lambda c: sha256(f"{day.seed}|{c.alert_id}".encode()).hexdigest())
    filling.fill(drawn, RANDOM, day.rules.random_share * left, overshoot=True)
    return _placed(day, best, worths, filling)


def _pressing(
    day: Day, best: Sequence[Candidate], worths: Mapping[str, Worth], operation_minutes: float
) -> list[Candidate]:
    """What may stand in class 1; of what only an operation presses, as much as its minutes reach for."""
    allowed, spent = [], 0.0
    for candidate in best:
        if is_first(candidate) or not is_pressing(candidate, day.night):
            continue
        if not _presses_by_itself(candidate, day.night):
            spent += worths[candidate.alert_id].minutes
            if spent > operation_minutes:
                continue
        allowed.append(candidate)
    return allowed


def pulls_of(day: Day, worths: Mapping[str, Worth]) -> dict[str, float]:
    """By alert_id, its value per minute, or a share of it where it does not lead its component."""
    bands = ranking.fold_bands(standings(day.candidates, worths))
    return {key: worth.value_per_minute * day.rules.fold_share ** bands[key] for key, worth in worths.items()}


def standings(candidates: Iterable[Candidate], worths: Mapping[str, Worth]) -> list[Standing]:
    """The candidates as `ranking` orders alerts, best first."""
    given = (
        Standing(
            c.alert_id,
            c.component_id,
            worths[c.alert_id].value_per_minute,
            date.fromisoformat(c.known_on),
            has_rule=c.has_rule,
        )
        for c in candidates
    )
    return ranking.best_first(list(given))


def _with_hysteresis(best: Sequence[Candidate], pulls: Mapping[str, float], share: float) -> list[Candidate]:
    """The same, where what was listed and untouched stands as if it were worth 1/share times as much."""

    def pull(candidate: Candidate) -> float:
        return pulls[candidate.alert_id] / share if candidate.was_listed else pulls[candidate.alert_id]

    return sorted(best, key=lambda c: (-pull(c), c.known_on, c.alert_id))


def _placed(day: Day, best: Sequence[Candidate], worths: Mapping[str, Worth], filling: _Filling) -> list[Placed]:
    classes = {name: [c for c in best if filling.chosen.get(c.alert_id) == name] for name in "0123R"}
    listed = [*classes["0"], *classes["1"], *_spread(day, classes, worths)]
    below = [candidate for candidate in best if candidate.alert_id not in filling.chosen]
    scores = _scores(day, worths)
    return [
        Placed(
            candidate.alert_id,
            position,
            filling.chosen.get(candidate.alert_id, BELOW_CUT),
            candidate.alert_id in filling.chosen,
            scores[candidate.alert_id],
            worths[candidate.alert_id],
        )
        for position, candidate in enumerate([*listed, *below], start=1)
    ]


def _spread(day: Day, classes: Mapping[str, list[Candidate]], worths: Mapping[str, Worth]) -> list[Candidate]:
    """Class 2 with the oldest and the random sample among it, each as soon as its share of the minutes allows."""
    shares = {"3": day.rules.oldest_share, "R": day.rules.random_share}
    queues = {name: list(reversed(classes[name])) for name in "23R"}
    spent = dict.fromkeys("23R", 0.0)
    merged: list[Candidate] = []
    while any(queues.values()):
        total = sum(spent.values())
        owing = [
            name
            for name in "3R"
            if queues[name] and spent[name] + _minutes(queues[name], worths) <= shares[name] * total
        ]
        name = owing[0] if owing else next(name for name in "23R" if queues[name])
        candidate = queues[name].pop()
        spent[name] += worths[candidate.alert_id].minutes
        merged.append(candidate)
    return merged


def _minutes(queue: Sequence[Candidate], worths: Mapping[str, Worth]) -> float:
    return worths[queue[-1].alert_id].minutes


def _scores(day: Day, worths: Mapping[str, Worth]) -> dict[str, int]:
    """The shown score: the percentile of the value among the queue's values of the last days, 0 to 100."""
    values = sorted([*day.history, *(worth.value for worth in worths.values())])
    known = {value: place for place, value in enumerate(values, start=1)}
    return {alert: round(100 * known[worth.value] / len(values)) for alert, worth in worths.items()}


def quantiles(values: Sequence[float], most: int = 1_000) -> tuple[float, ...]:
    """At most so many of the values, evenly spaced in their order."""
    ordered = sorted(values)
    if len(ordered) <= most:
        return tuple(ordered)
    return tuple(ordered[(len(ordered) * step) // most] for step in range(most))


def share_minutes(minutes: float, waiting: Mapping[str, float]) -> dict[str, float]:
    """By queue, a person's minutes spread in proportion to the minutes of work that wait in each."""
    total = sum(waiting.values())
    return {queue: minutes * waits / total if total else 0.0 for queue, waits in waiting.items()}
