"""Orders every queue for a night and keeps what the order was made from; explains and replays old orders.

The order itself is review/daily.py. Here: who may be read, how many minutes there are, and where places are kept.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection
from django.db.models import Count
from django.utils.text import slugify
from django.utils.translation import gettext as _

from pipelines.home import UserError
from review import daily, folding
from review.console.models import Alert, Operation, Person, Queue, QueueEntry, RankingRun
from review.console.models.alerts import WAITING, AlertState
from review.console.models.cases import CaseState
from review.console.models.people import EVERYTHING, Role
from review.console.models.queues import QueueKind
from review.console.rules import WORKERS
from review.console.services import audit, linking
from review.console.services.actor import Actor
from review.console.services.chunks import chunks
from review.console.services.errors import NotAllowed, Refused
from review.console.services.indexed import counted_to
from review.console.services.system import expire
from review.ranking import Parameters, leads

QUOTA_MAX = 0.5
"""Most of a queue's minutes that operations may take, all together."""
ORDERED_AT_ONCE_MAX = 30_000
"""Most open alerts that are ordered while a page waits: about five seconds of work."""
_NIGHTS_SHOWN = 120
CANDIDATES = (*WAITING, AlertState.ASSIGNED, AlertState.IN_REVIEW)
"""Alerts that a queue shows: those that wait, and those that somebody has in hand."""
_CLOSED_CASES = (CaseState.CLOSED, CaseState.CLOSED_UNSENT)
_FACTS = (
    *("id", "alert_id", "component_id", "risk", "theme", "territory", "corridor", "amount_local", "evidence_count"),
    *("subject_count", "known_on", "first_night", "window_from", "window_to", "due_on", "first_read_at", "is_urgent"),
    *("is_rule_found", "typologies", "has_agency_interest", "subject_id", "queue_id"),
    *("state", "owner_id", "score", "value"),
)

Row = dict[str, Any]


def rank_night(night: date, country: str, data_digest: str, at: datetime, record: audit.Record) -> int:
    """Fold, order every queue, close what was never read; returns how many alerts are listed. In the caller's
    transaction.

    Args:
        night: the night that is ranked.
        country: whose parameters apply.
        data_digest: of what the night handed over.
        at: now.
        record: gets one event per queue and per alert that is closed unreviewed.
    """
    # One ordering at a time: the night's, or a person's.
    list(Queue.objects.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    since = _below_since()
    refold(night, at)
    expire(_unreviewed(night), at, record)
    rows = list(Alert.objects.filter(state__in=CANDIDATES).values(*_FACTS))
    operations = live_operations(night)
    parameters, rules = Parameters.of(country), daily.day_rules()
    shown = _shown_before()
    in_case = _subjects_in_cases()
    of_operations = {row["id"]: [operation for operation in operations if belongs(row, operation)] for row in rows}
    candidates = {row["id"]: _candidate(row, of_operations[row["id"]], shown, in_case) for row in rows}
    candidates = linking.relink(candidates, night, parameters)
    by_queue: dict[int, list[daily.Candidate]] = defaultdict(list)
    overlays: dict[int, list[daily.Candidate]] = defaultdict(list)
    touched: dict[tuple[int, int], bool] = defaultdict(bool)
    ids = {row["alert_id"]: row["id"] for row in rows}
    before = {row["id"]: (row["score"], row["value"]) for row in rows}
    for row in rows:
        candidate = candidates[row["id"]]
        by_queue[row["queue_id"]].append(candidate)
        for operation in of_operations[row["id"]]:
            overlays[operation.pk].append(candidate)
            touched[operation.pk, row["queue_id"]] = True
    home = list(Queue.objects.filter(kind=QueueKind.HOME, is_active=True))
    minutes = capacity(home, by_queue, parameters, rules)
    # An operation without members of its own has its quota of the queues that its alerts stand in.
    for operation in operations:
        around = sum(minutes[queue.pk] for queue in home if touched[operation.pk, queue.pk])
        minutes[operation.pk] = _members_minutes(operation.queue, rules) or operation.quota * around
    listed = 0
    for queue in [*home, *(operation.queue for operation in operations)]:
        theirs = [operation for operation in operations if touched[operation.pk, queue.pk]]
        ordered = overlays[queue.pk] if queue.kind == QueueKind.OVERLAY else by_queue[queue.pk]
        day = daily.Day(
            queue=queue.slug,
            night=night,
            minutes=minutes[queue.pk],
            parameters=parameters,
            rules=rules,
            quota=rules.class_1_share,
            history=_history(queue, night, rules),
            candidates=tuple(ordered),
            operation_quota=min(QUOTA_MAX, sum(operation.quota for operation in theirs)) if theirs else 1.0,
        )
        listed += _keep(queue, day, ids, before, since, data_digest, _models(ordered, ids), at, record)
    # What a queue that was given up still holds stands in another one now.
    QueueEntry.objects.filter(queue__is_active=False).delete()
    return listed


def refold(night: date, at: datetime) -> None:
    """Give every open alert its home queue: its cell's own, or the one that the cell folds into."""
    since = night - timedelta(days=27)
    arrived = Alert.objects.filter(first_night__gt=since - timedelta(days=1), first_night__lte=night)
    first = arrived.order_by("first_night").values_list("first_night", flat=True).first() or night
    weeks = max((night - first).days + 1, 7) / 7
    counts = dict.fromkeys(Alert.objects.values_list("territory", "theme").distinct(), 0.0)
    for territory, theme, count in arrived.values_list("territory", "theme").annotate(n=Count("id")):
        counts[territory, theme] = count / weeks
    standing = Queue.objects.filter(kind=QueueKind.HOME, is_active=True).values_list("territory", "theme")
    grid = folding.fold(counts, set(standing), daily.day_rules().cell_min_weekly)
    queues = {cell: _queue_of(cell, grid.folded.get(cell, ()), at) for cell in sorted(set(grid.queue_of.values()))}
    Queue.objects.filter(kind=QueueKind.HOME).exclude(pk__in=[q.pk for q in queues.values()]).update(is_active=False)
    for (territory, theme), at_cell in grid.queue_of.items():
        home = queues[at_cell]
        Alert.objects.filter(territory=territory, theme=theme).exclude(queue=home).update(queue=home)


def _queue_of(cell: folding.Cell, folded: Sequence[folding.Cell], at: datetime) -> Queue:
    territory, theme = cell
    queue, _ = Queue.objects.update_or_create(
        slug=slug_of(territory, theme),
        defaults={
            "kind": QueueKind.HOME,
            "territory": territory,
            "theme": theme,
            "folded": [list(item) for item in folded],
            "is_active": True,
        },
        create_defaults={
            "kind": QueueKind.HOME,
            "territory": territory,
            "theme": theme,
            "folded": [list(item) for item in folded],
            "created_at": at,
        },
    )
    return queue


def slug_of(territory: str, theme: str) -> str:
    """A queue's name in addresses."""
    names = [name if name != EVERYTHING else "all" for name in (territory, theme)]
    plain = slugify("-".join(names))
    known = "-".join(names).lower()
    return plain if plain == known else f"{plain[:60]}-{sha256(known.encode()).hexdigest()[:8]}"


def live_operations(night: date) -> list[Operation]:
    """The operations that change the order on a night."""
    started = Operation.objects.filter(starts_on__lte=night, closed_at__isnull=True, queue__is_active=True)
    return list(started.select_related("queue").order_by("pk"))


def belongs(row: Mapping[str, Any], operation: Operation) -> bool:
    """Is the alert in the operation: by territory or corridor, by theme, and by the time of its activity."""
    places = operation.territories
    in_place = EVERYTHING in places or any(
        row["territory"] == place or row["territory"].startswith(f"{place}-") for place in places
    )
    on_way = bool(row["corridor"]) and row["corridor"] in operation.corridors
    on_theme = EVERYTHING in operation.themes or row["theme"] in operation.themes
    first = operation.starts_on - timedelta(days=operation.lead_up_days)
    in_time = row["window_to"].date() >= first and row["window_from"].date() <= operation.ends_on
    return (in_place or on_way) and on_theme and in_time


def _candidate(
    row: Row, operations: Sequence[Operation], shown: Mapping[int, bool], in_case: set[int]
) -> daily.Candidate:
    return daily.Candidate(
        alert_id=row["alert_id"],
        component_id=row["component_id"],
        risk=row["risk"],
        theme=row["theme"],
        amount=float(row["amount_local"]),
        transactions=row["evidence_count"],
        subjects=row["subject_count"],
        known_on=row["known_on"].isoformat(),
        first_night=row["first_night"].isoformat(),
        window_to=int(row["window_to"].timestamp()),
        due_on=row["due_on"].isoformat(),
        is_unread=row["first_read_at"] is None,
        was_listed=row["first_read_at"] is None and shown.get(row["id"], False),
        is_urgent=row["is_urgent"],
        is_evidence_rule=daily.EVIDENCE_RULE in row["typologies"].split(","),
        has_open_case=row["subject_id"] in in_case,
        has_agency_interest=row["has_agency_interest"],
        boost=max((operation.boost for operation in operations), default=0.0),
        in_operation=bool(operations),
        has_rule=row["is_rule_found"],
    )


def _below_since() -> dict[int, date]:
    """By alert, since when it lies below the cut of its home queue, whichever that was."""
    below = QueueEntry.objects.filter(below_since__isnull=False, queue__kind=QueueKind.HOME)
    return {alert: since for alert, since in below.values_list("alert_id", "below_since") if since}


def _shown_before() -> dict[int, bool]:
    listed = QueueEntry.objects.filter(is_below_cut=False, queue__kind=QueueKind.HOME)
    return dict.fromkeys(listed.values_list("alert_id", flat=True), True)


def _subjects_in_cases() -> set[int]:
    linked = Alert.objects.filter(case__isnull=False).exclude(case__state__in=_CLOSED_CASES)
    return set(linked.values_list("subject_id", flat=True))


def capacity(
    queues: Sequence[Queue],
    by_queue: Mapping[int, Sequence[daily.Candidate]],
    parameters: Parameters,
    rules: daily.DayRules,
) -> dict[int, float]:
    """By queue, the members' minutes for alerts, overhead taken off.

    A member gives a queue the minutes that were set. Whoever is in no queue works all queues of their scopes, in
    proportion to the work that waits in each.
    """
    waiting = {queue.pk: _work(by_queue.get(queue.pk, ()), parameters) for queue in queues}
    minutes = dict.fromkeys(waiting, 0.0)
    people = Person.objects.filter(is_active=True, role__in=[role.value for role in WORKERS])
    for person in people.prefetch_related("memberships", "scopes"):
        memberships = [member for member in person.memberships.all() if member.queue_id in minutes]
        if memberships:
            for member in memberships:
                minutes[member.queue_id] += member.minutes
        elif person.minutes_a_day:
            seen = {str(q.pk): waiting[q.pk] for q in queues if _works(person, q)}
            for key, share in daily.share_minutes(person.minutes_a_day, seen).items():
                minutes[int(key)] += share
    return {pk: total * (1 - rules.overhead) for pk, total in minutes.items()}


def _work(candidates: Iterable[daily.Candidate], parameters: Parameters) -> float:
    from review.ranking import expected_minutes

    return sum(expected_minutes(c.transactions, c.subjects, parameters) for c in candidates)


def _works(person: Person, queue: Queue) -> bool:
    scopes = list(person.scopes.all())
    if not scopes:
        return person.role == "head"
    return any(
        (scope.territory in {EVERYTHING, queue.territory} or queue.territory.startswith(f"{scope.territory}-"))
        and scope.theme in {EVERYTHING, queue.theme}
        for scope in scopes
    ) or any(
        scope.territory in {EVERYTHING, territory} and scope.theme in {EVERYTHING, theme}
        for scope in scopes
        for territory, theme in queue.folded
    )


def _members_minutes(queue: Queue, rules: daily.DayRules) -> float:
    """The minutes of a queue that its own members have for it, overhead taken off."""
    working = queue.members.filter(person__is_active=True, person__role__in=[role.value for role in WORKERS])
    return sum(working.values_list("minutes", flat=True)) * (1 - rules.overhead)


def _history(queue: Queue, night: date, rules: daily.DayRules) -> tuple[float, ...]:
    recent = Alert.objects.filter(queue=queue, last_night__gte=night - timedelta(days=rules.history_days))
    gone = recent.exclude(state__in=CANDIDATES).exclude(value=0)
    return daily.quantiles(list(gone.values_list("value", flat=True)))


def _models(candidates: Sequence[daily.Candidate], ids: Mapping[str, int]) -> list[str]:
    found: set[str] = set()
    for part in chunks([ids[candidate.alert_id] for candidate in candidates]):
        found.update(Alert.objects.filter(pk__in=part).values_list("model_id", flat=True).distinct())
    return sorted(found)


def _keep(
    queue: Queue,
    day: daily.Day,
    ids: Mapping[str, int],
    before: Mapping[int, tuple[int, float]],
    since: Mapping[int, date],
    data_digest: str,
    model_ids: list[str],
    at: datetime,
    record: audit.Record,
) -> int:
    """Order the queue, store run and entries; returns how many alerts are listed."""
    placed = daily.order(day)
    text = day.to_json()
    listed = sum(item.is_listed for item in placed)
    run = RankingRun.objects.create(
        queue=queue,
        night=day.night,
        made_at=at,
        edition=daily.EDITION,
        seed=day.seed,
        parameters_digest=sha256(repr((day.parameters, day.rules)).encode()).hexdigest(),
        data_digest=data_digest,
        model_ids=model_ids,
        inputs=zlib.compress(text.encode(), 6),
        order_digest=daily.order_digest(placed),
        listed=listed,
        total=len(placed),
        minutes=day.minutes,
    )
    queue.entries.all().delete()
    QueueEntry.objects.bulk_create(
        [_entry(queue, item, ids[item.alert_id], day.night, since) for item in placed], batch_size=500
    )
    if queue.kind == QueueKind.HOME:
        _keep_scores(placed, ids, before)
    Queue.objects.filter(pk=queue.pk).update(
        ranked_on=day.night, cut=listed, below=len(placed) - listed, minutes=day.minutes
    )
    record.add("queue_ranked", "queue", queue.slug, night=day.night, run=run.pk, order=run.order_digest, listed=listed)
    return listed


def _entry(queue: Queue, item: daily.Placed, alert: int, night: date, since: Mapping[int, date]) -> QueueEntry:
    return QueueEntry(
        queue=queue,
        alert_id=alert,
        position=item.position,
        rank_class=item.rank_class,
        score=item.score,
        value_per_minute=item.worth.value_per_minute,
        minutes=item.worth.minutes,
        is_below_cut=not item.is_listed,
        below_since=None if item.is_listed else since.get(alert) or night,
    )


def _keep_scores(
    placed: Sequence[daily.Placed], ids: Mapping[str, int], before: Mapping[int, tuple[int, float]]
) -> None:
    """Write the scores and values that changed, by one prepared statement: most open alerts change."""
    scored = [(item.score, item.worth.value, ids[item.alert_id]) for item in placed]
    changed = [row for row in scored if before.get(row[2]) != row[:2]]
    with connection.cursor() as cursor:
        cursor.executemany("update console_alert set score = %s, value = %s where id = %s", changed)


def _unreviewed(night: date) -> list[Alert]:
    """Waiting alerts that have lain below the cut for too long."""
    since = night - timedelta(days=daily.day_rules().unreviewed_days)
    entries = QueueEntry.objects.filter(
        queue__kind=QueueKind.HOME, is_below_cut=True, below_since__lte=since, alert__state__in=WAITING
    )
    return [entry.alert for entry in entries.select_related("alert")]


@dataclass(frozen=True)
class Explanation:
    """Why an alert stood where it stood on a night.

    Attributes:
        run: the stored run.
        placed: the place, class, score and worth.
        candidate: what the order knew of the alert.
        total: alerts that were ordered.
        listed: of them above the cut.
        pull: the value per minute, or the share of it that counts where another alert leads its component.
        lead: alert_id of that other alert; None where this one leads, or stands alone.
        component_listed: alerts of its component on the day's list.
        is_capped: it is below the cut where its component has as many on the list as the run's rules allow.
        cut_value: the least pull of class 2 on the list; None where class 2 was empty.
        above: the place just before, and below: the place just after.
        is_replayed: ordering the stored input again gives the stored order, bit for bit.
    """

    run: RankingRun
    placed: daily.Placed
    candidate: daily.Candidate
    total: int
    listed: int
    pull: float
    lead: str | None
    component_listed: int
    is_capped: bool
    cut_value: float | None
    above: daily.Placed | None
    below: daily.Placed | None
    is_replayed: bool

    def nights(self, alert: Alert) -> list[date]:
        """The nights that ordered this queue since the alert is there, newest first."""
        runs = RankingRun.objects.filter(queue=self.run.queue_id, night__gte=alert.first_night)
        return list(runs.order_by("-night").values_list("night", flat=True).distinct()[:_NIGHTS_SHOWN])


def replay(run: RankingRun) -> tuple[daily.Day, list[daily.Placed], bool]:
    """The stored day of a run, its order computed again, and whether it is the stored one bit for bit."""
    day = daily.Day.from_json(zlib.decompress(bytes(run.inputs)).decode())
    placed = daily.order(day)
    return day, placed, daily.order_digest(placed) == run.order_digest


def explain(alert_id: str, night: date | None = None, queue: str | None = None) -> Explanation:
    """Why the alert stood where it stood.

    Args:
        alert_id: the alert, or its first characters.
        night: the night; the newest that ranked it if None.
        queue: the queue's slug; the home queue if None.

    Raises:
        UserError: there is no such alert, or no run of that night that ranked it.
    """
    found = list(Alert.objects.filter(alert_id__startswith=alert_id)[:2])
    if len(found) != 1:
        raise UserError(f"{'No alert begins' if not found else 'More than one alert begins'} with {alert_id}.")
    alert = found[0]
    if queue and not Queue.objects.filter(slug=queue).exists():
        raise UserError(f"There is no queue {queue}. Its name stands in the address of its page, after /queue/.")
    runs = RankingRun.objects.select_related("queue").order_by("-night", "-id")
    runs = runs.filter(queue__slug=queue) if queue else runs.filter(queue__kind=QueueKind.HOME)
    if night:
        runs = runs.filter(night=night)
    for run in runs.filter(night__gte=alert.first_night)[:500]:
        day, placed, same = replay(run)
        for place, item in enumerate(placed):
            if item.alert_id == alert.alert_id:
                return _explanation(run, day, placed, place, is_replayed=same)
    when = f"on {night}" if night else "on any night"
    raise UserError(f"Alert {alert.alert_id} was in no ranked queue {when}.")


def _explanation(
    run: RankingRun, day: daily.Day, placed: list[daily.Placed], place: int, *, is_replayed: bool
) -> Explanation:
    item = placed[place]
    candidates = {candidate.alert_id: candidate for candidate in day.candidates}
    candidate = candidates[item.alert_id]
    worths = {other.alert_id: other.worth for other in placed}
    pulls = daily.pulls_of(day, worths)
    lead = leads(daily.standings(day.candidates, worths))[candidate.component_id]
    listed = [other for other in placed if other.is_listed]
    of_component = sum(candidates[other.alert_id].component_id == candidate.component_id for other in listed)
    return Explanation(
        run=run,
        placed=item,
        candidate=candidate,
        total=len(placed),
        listed=run.listed,
        pull=pulls[item.alert_id],
        lead=lead if lead != item.alert_id and day.rules.fold_share < 1 else None,
        component_listed=of_component,
        is_capped=not item.is_listed and of_component >= day.rules.component_max,
        cut_value=min((pulls[p.alert_id] for p in listed if p.rank_class == "2"), default=None),
        above=placed[place - 1] if place else None,
        below=placed[place + 1] if place + 1 < len(placed) else None,
        is_replayed=is_replayed,
    )


def rerank(country: str, at: datetime) -> int:
    """Order every queue anew for the newest ranked night: after members, minutes or an operation changed."""
    with audit.recorded_by_system(at) as record:
        return _rerank(country, at, record)


def order_now(actor: Actor, country: str) -> int:
    """The same while people work, for the head and administrators; returns how many alerts are listed.

    Raises:
        NotAllowed: another role.
        Refused: more alerts are open than a page has time to order.
    """
    if actor.role is not Role.HEAD and not actor.person.is_administrator:
        raise NotAllowed
    if counted_to(Alert.objects.filter(state__in=CANDIDATES), ORDERED_AT_ONCE_MAX) > ORDERED_AT_ONCE_MAX:
        raise Refused(
            _("Too many alerts are open to order them while a page waits. The night does it, or: sluice rank renew"),
            "many",
        )
    with audit.recorded(actor) as record:
        return _rerank(country, actor.at, record)


def _rerank(country: str, at: datetime, record: audit.Record) -> int:
    night = Queue.objects.exclude(ranked_on=None).order_by("-ranked_on").values_list("ranked_on", flat=True).first()
    if night is None:
        return 0
    newest = RankingRun.objects.order_by("-id").first()
    return rank_night(night, country, newest.data_digest if newest else "", at, record)
