"""Numbers of the unit's work by month, after FATF recommendation 33: what came in, what was decided, what became of it.

Reports are counted, not their rows; what the system closed unread is its own line and never "no suspicion".
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median, quantiles

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractMonth

from review.console.models import Alert, AlertReport, Decision, Dissemination, InfoRequest, Report
from review.console.models.alerts import AlertState, DecisionKind, DecisionStatus
from review.console.models.cases import CaseState, DisseminationKind
from review.console.rules import NUMBER_READERS
from review.console.services import access, audit
from review.console.services.actor import Actor
from review.console.services.quality import Quality, quality_of
from review.dispositions import Disposition

_TIMES_MAX = 20_000
_ENTITIES_MAX = 30
USEFUL = ("D1", "D2", "D3", "D4")
"""Dispositions of alerts that were worth reading."""


@dataclass(frozen=True)
class Line:
    """One line of a table: its code, twelve months and their sum."""

    code: str
    months: tuple[int, ...]

    @property
    def total(self) -> int:
        """The year's sum."""
        return sum(self.months)


@dataclass(frozen=True)
class Entity:
    """A reporting entity's reports of the year: all behind alerts, in decided ones, in useful ones, and in cases."""

    code: str
    reports: int
    decided: int
    useful: int
    in_cases: int


@dataclass(frozen=True)
class Recipient:
    """An authority to whom cases were sent in the year: letters by kind, and the cases, alerts and reports in them."""

    name: str
    spontaneous: int
    on_request: int
    cases: int
    alerts: int
    reports: int


@dataclass(frozen=True)
class Rule:
    """A typology's decided alerts of the year; one alert counts for each typology among its reasons."""

    code: str
    decided: int
    useful: int
    explained: int
    too_wide: int

    @property
    def useful_share(self) -> float:
        """Of the decided ones, those that were useful (D1 to D4)."""
        return self.useful / self.decided

    @property
    def explained_share(self) -> float:
        """Of the decided ones, those with a lawful reason (D5)."""
        return self.explained / self.decided

    @property
    def too_wide_share(self) -> float:
        """Of the decided ones, those where the typology was too wide (D7)."""
        return self.too_wide / self.decided


@dataclass(frozen=True)
class Questions:
    """Questions to others: sent and answered in the year, still open, and median days to an answer."""

    sent: tuple[int, ...]
    answered: tuple[int, ...]
    still_open: int
    late: int
    days: float | None


@dataclass(frozen=True)
class Year:
    """A year's tables.

    Attributes:
        raised_in: the year of the newest alerts.
        reports: reports behind alerts, by class, by the month of receipt.
        alerts: alerts raised, by theme, by the month of their first night.
        decisions: final decisions, by disposition, by the month in which they became final.
        days_to_decision: median days from the first night to a person's decision, and how many decisions it rests on.
        open_by_age: open alerts by age: up to 10 days, 30, 90, older.
        open_by_state: open alerts by state.
        cases: cases opened, approved and not sent yet, sent, closed without that, and letters, in the year.
        slow_days: days within which nine of ten decisions were made.
        returned: decisions that a second person sent back, and all that a second person judged.
        entities: reporting entities, those with most reports first.
        recipients: to whom cases were sent, those with most first.
        rules: typologies, those with most decided alerts first.
        questions: what was asked of others.
        quality: how good the order of the queues is.
    """

    year: int
    years: tuple[int, ...]
    raised_in: int
    reports: tuple[Line, ...]
    alerts: tuple[Line, ...]
    decisions: tuple[Line, ...]
    read: int
    unread: int
    useful: int
    days_to_decision: float | None
    slow_days: float | None
    timed: int
    open_by_age: tuple[int, int, int, int]
    open_by_state: tuple[tuple[str, int], ...]
    cases: dict[str, int]
    returned: int
    judged: int
    entities: tuple[Entity, ...]
    recipients: tuple[Recipient, ...]
    rules: tuple[Rule, ...]
    questions: Questions
    quality: Quality


def year_of(actor: Actor, year: int | None = None) -> Year:
    """The numbers of a year; a senior's are those of their territories and themes. Logged.

    By default it is this year, or where nothing was decided in it the year of the newest alerts.

    Raises:
        NotAllowed: not a role that reads them.
    """
    access.require(actor, *NUMBER_READERS)
    alerts = access.alerts_for(actor)
    years, raised_in = _years(actor)
    chosen = year if year in years else _newest(alerts, years[0], raised_in)
    first, after = date(chosen, 1, 1), date(chosen + 1, 1, 1)
    start, end = (datetime(day.year, 1, 1, tzinfo=UTC) for day in (first, after))
    reports = Report.objects.filter(received_on__gte=first, received_on__lt=after)
    if access.is_bounded(actor):
        reports = reports.filter(linked_alerts__alert__in=alerts)
    raised = alerts.filter(first_night__gte=first, first_night__lt=after)
    final = Decision.objects.filter(status=DecisionStatus.FINAL, kind=DecisionKind.CLOSE, alert__in=alerts)
    decisions = _decisions(final, start, end)
    unread = sum(line.total for line in decisions if line.code == Disposition.UNREVIEWED)
    useful = sum(line.total for line in decisions if line.code in USEFUL)
    days = _days(final, start, end)
    judged = Decision.objects.filter(alert__in=alerts, judged_at__gte=start, judged_at__lt=end)
    with audit.recorded(actor) as record:
        record.add("statistics_read", "statistics", chosen)
    return Year(
        year=chosen,
        years=years,
        raised_in=raised_in,
        reports=_lines(
            reports.annotate(month=ExtractMonth("received_on"))
            .values_list("report_class", "month")
            .annotate(n=Count("pk", distinct=True))
        ),
        alerts=_lines(
            raised.annotate(month=ExtractMonth("first_night")).values_list("theme", "month").annotate(n=Count("pk"))
        ),
        decisions=decisions,
        read=sum(line.total for line in decisions) - unread,
        unread=unread,
        useful=useful,
        days_to_decision=median(days) if days else None,
        slow_days=quantiles(days, n=10, method="inclusive")[-1] if len(days) > 1 else None,
        timed=len(days),
        open_by_age=_ages(actor, alerts),
        open_by_state=tuple(
            alerts.exclude(state=AlertState.CLOSED).values_list("state").annotate(n=Count("pk")).order_by("-n")
        ),
        cases=_cases(actor, start, end),
        returned=judged.filter(status=DecisionStatus.RETURNED).count(),
        judged=judged.count(),
        entities=_entities(actor, first, after),
        recipients=_recipients(actor, first, after),
        rules=_rules(final, start, end),
        questions=_questions(actor, start, end),
        quality=quality_of(actor, start, end),
    )


def _newest(alerts: QuerySet[Alert], this_year: int, raised_in: int) -> int:
    begun = datetime(this_year, 1, 1, tzinfo=UTC)
    decided = Decision.objects.filter(alert__in=alerts, status=DecisionStatus.FINAL, proposed_at__gte=begun)
    return this_year if decided.exists() else raised_in


def _years(actor: Actor) -> tuple[tuple[int, ...], int]:
    """The years from that of the oldest alerts to this one, the newest first; and that of the newest alerts."""
    alerts = access.alerts_for(actor)
    ends = [alerts.order_by(field).values_list("first_night", flat=True).first() for field in ("first_night", "-pk")]
    known = [day.year for day in ends if day] or [actor.today.year]
    return tuple(range(actor.today.year, min(known) - 1, -1)), max(known)


def _lines(counted: Iterable[tuple[str, int, int]]) -> tuple[Line, ...]:
    """Counts by code and month as lines, those with most first."""
    months: dict[str, list[int]] = defaultdict(lambda: [0] * 12)
    for code, month, count in counted:
        months[code][month - 1] += count
    lines = [Line(code, tuple(counts)) for code, counts in months.items()]
    return tuple(sorted(lines, key=lambda line: (-line.total, line.code)))


def _decisions(final, start: datetime, end: datetime) -> tuple[Line, ...]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Final decisions; one that nobody judged became final when it was proposed."""
    by_second = final.filter(judged_at__gte=start, judged_at__lt=end).annotate(month=ExtractMonth("judged_at"))
    alone = final.filter(judged_at=None, proposed_at__gte=start, proposed_at__lt=end)
    alone = alone.annotate(month=ExtractMonth("proposed_at"))
    counted = [row for rows in (by_second, alone) for row in rows.values_list("code", "month").annotate(n=Count("pk"))]
    known = {line.code: line for line in _lines(counted)}
    return tuple(known.get(code.value, Line(code.value, (0,) * 12)) for code in Disposition)


def _days(final, start: datetime, end: datetime) -> list[int]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Days from an alert's first night to a person's decision, of the newest decisions."""
    by_people = final.filter(proposed_at__gte=start, proposed_at__lt=end, proposed_by__isnull=False)
    rows = by_people.order_by("-pk").values_list("alert__first_night", "proposed_at")[:_TIMES_MAX]
    return [(at.date() - night).days for night, at in rows]


def _ages(actor: Actor, alerts) -> tuple[int, int, int, int]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    waiting = alerts.exclude(state=AlertState.CLOSED)
    bounds = [date.fromordinal(actor.today.toordinal() - days) for days in (10, 30, 90)]
    counted = waiting.aggregate(
        new=Count("pk", filter=Q(first_night__gte=bounds[0])),
        month=Count("pk", filter=Q(first_night__lt=bounds[0], first_night__gte=bounds[1])),
        quarter=Count("pk", filter=Q(first_night__lt=bounds[1], first_night__gte=bounds[2])),
        older=Count("pk", filter=Q(first_night__lt=bounds[2])),
    )
    return counted["new"], counted["month"], counted["quarter"], counted["older"]


def _cases(actor: Actor, start: datetime, end: datetime) -> dict[str, int]:
    cases = access.cases_for(actor)
    changed = Q(changed_at__gte=start, changed_at__lt=end)
    closed = Q(closed_at__gte=start, closed_at__lt=end)
    counted: dict[str, int] = cases.aggregate(
        opened=Count("pk", filter=Q(created_at__gte=start, created_at__lt=end)),
        approved=Count("pk", filter=changed & Q(state=CaseState.APPROVED)),
        unsent=Count("pk", filter=closed & Q(state=CaseState.CLOSED_UNSENT)),
    )
    with_alerts = Alert.objects.filter(case__in=cases, case__created_at__gte=start, case__created_at__lt=end)
    sent = _sent(actor, start.date(), end.date())
    letters: dict[str, int] = sent.aggregate(letters=Count("pk"), disseminated=Count("case", distinct=True))
    return {**counted, **letters, "alerts": with_alerts.count()}


def _sent(actor: Actor, first: date, after: date) -> QuerySet[Dissemination]:
    return Dissemination.objects.filter(
        case__in=access.cases_for(actor).order_by(), sent_on__gte=first, sent_on__lt=after
    )


def _recipients(actor: Actor, first: date, after: date) -> tuple[Recipient, ...]:
    """By recipient, what was sent; an alert or a report in two letters counts once for each recipient."""
    counted = (
        _sent(actor, first, after)
        .values("recipient")
        .annotate(
            spontaneous=Count("pk", distinct=True, filter=Q(kind=DisseminationKind.SPONTANEOUS)),
            on_request=Count("pk", distinct=True, filter=Q(kind=DisseminationKind.REQUEST)),
            cases=Count("case", distinct=True),
            alerts=Count("case__alerts", distinct=True),
            reports=Count("case__alerts__linked_reports__report", distinct=True),
        )
    )
    rows = (
        Recipient(*row)
        for row in counted.values_list("recipient", "spontaneous", "on_request", "cases", "alerts", "reports")
    )
    return tuple(sorted(rows, key=lambda row: (-row.cases, row.name))[:_ENTITIES_MAX])


def _entities(actor: Actor, first: date, after: date) -> tuple[Entity, ...]:
    linked = AlertReport.objects.filter(
        access.sight(actor, "alert__"), report__received_on__gte=first, report__received_on__lt=after
    )
    rows = linked.values("report__reporting_entity").annotate(
        reports=Count("report", distinct=True),
        decided=Count("report", distinct=True, filter=~Q(alert__disposition="")),
        useful=Count("report", distinct=True, filter=Q(alert__disposition__in=USEFUL)),
        in_cases=Count("report", distinct=True, filter=Q(alert__case__isnull=False)),
    )
    most = rows.order_by("-reports", "report__reporting_entity")[:_ENTITIES_MAX]
    return tuple(
        Entity(row["report__reporting_entity"], row["reports"], row["decided"], row["useful"], row["in_cases"])
        for row in most
    )


def _rules(final, start: datetime, end: datetime) -> tuple[Rule, ...]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """By typology, what people decided; what the system closed unread says nothing of a typology."""
    became_final = Q(judged_at__gte=start, judged_at__lt=end) | Q(
        judged_at=None, proposed_at__gte=start, proposed_at__lt=end
    )
    by_people = final.filter(became_final).exclude(code=Disposition.UNREVIEWED)
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for typologies, code, count in by_people.values_list("alert__typologies", "code").annotate(n=Count("pk")):
        for typology in filter(None, typologies.split(",")):
            counted[typology][code] += count
    made = [
        Rule(typology, sum(codes.values()), sum(codes[code] for code in USEFUL), codes["D5"], codes["D7"])
        for typology, codes in counted.items()
    ]
    return tuple(sorted(made, key=lambda rule: (-rule.decided, rule.code)))


def _questions(actor: Actor, start: datetime, end: datetime) -> Questions:
    asked = InfoRequest.objects.filter(access.sight(actor, "alert__"))
    sent = asked.filter(asked_at__gte=start, asked_at__lt=end)
    answered = asked.filter(answered_at__gte=start, answered_at__lt=end)
    pairs = answered.values_list("asked_at", "answered_at")[:_TIMES_MAX]
    times = [(done - begun).days for begun, done in pairs if done is not None]
    unanswered = sent.filter(answered_at=None)
    return Questions(
        sent=_by_month(sent, "asked_at"),
        answered=_by_month(answered, "answered_at"),
        still_open=unanswered.count(),
        late=unanswered.filter(answer_by__lt=actor.today).count(),
        days=median(times) if times else None,
    )


def _by_month(rows, field: str) -> tuple[int, ...]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    counted = dict(rows.annotate(month=ExtractMonth(field)).values_list("month").annotate(n=Count("pk")))
    return tuple(counted.get(month, 0) for month in range(1, 13))
