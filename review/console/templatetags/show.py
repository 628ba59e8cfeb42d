"""How values are shown: numbers, money, days and moments by the reader's language, and codes in words.

Filters only; nothing here reads the store. Numbers are grouped with narrow spaces that do not break.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from review import picture, territories
from review.console import labels
from review.console.drawing.shares import Line, line
from review.console.models.alerts import AlertState
from review.console.models.people import EVERYTHING, Role
from review.console.services.queues import COUNT_CAP

register = template.Library()
_THIN = "\N{NARROW NO-BREAK SPACE}"
_PLACES = frozenset({"territory", "country", "residence", "passport_country", "incorporation_country"})
_MINUS = "\N{MINUS SIGN}"
_GROUPED = re.compile(r"(?<=\d)\s(?=\d{3}(?!\d))")
"""The blank within a number; the queue's first sentences are kept with plain blanks."""


def language() -> str:
    """The reader's language: en or ru."""
    return "ru" if (get_language() or "").startswith("ru") else "en"


def worded(words: Mapping[str, object]) -> Callable[[str], str]:
    """A filter that shows a code in words, and one that has none as it is."""

    def shown(code: str) -> str:
        return str(words.get(code, code))

    return shown


rank_class = register.filter("rank_class", worded(labels.RANK_CLASSES))
rank_class_words = register.filter("rank_class_words", worded(labels.RANK_CLASS_WORDS))
disposition = register.filter("disposition", worded(labels.DISPOSITIONS))
case_goal = register.filter("case_goal", worded(labels.CASE_GOALS))
coded_reason = register.filter("coded_reason", worded(labels.REASONS))
wake_event = register.filter("wake_event", worded(labels.WAKE_EVENTS))
action = register.filter("action", worded(labels.ACTIONS))
part = register.filter("part", worded(labels.PARTS))
report_class = register.filter("report_class", worded(labels.REPORT_CLASSES))


@register.filter
def number(value: float | Decimal | None, digits: int = 0) -> str:
    """A number with narrow spaces between thousands and the language's decimal mark; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}".replace(",", _THIN).replace("-", _MINUS)
    return text.replace(".", ",") if language() == "ru" else text


@register.filter
def counted(value: int) -> str:
    """A number that was counted no further than it tells: above that, the bound and a plus."""
    return f"{number(COUNT_CAP)}+" if value == COUNT_CAP + 1 else number(value)


@register.filter
def money(value: Decimal | None, currency: str = "") -> str:
    """An amount with its cents where it has any, and its currency."""
    if value is None:
        return "–"
    text = number(value, 0 if value == value.to_integral_value() else 2)
    return f"{text}\N{NO-BREAK SPACE}{currency}" if currency else text


@register.filter
def short_money(value: Decimal | None) -> str:
    """An amount in at most three digits and a unit: 1.2 M; 1,2 млн."""
    return "–" if value is None else picture.compact(value, language()).replace(" ", "\N{NO-BREAK SPACE}")


@register.filter
def day(value: date | datetime | None) -> str:
    """A day: 2026-02-03 in English, 03.02.2026 in Russian."""
    if value is None:
        return "–"
    return value.strftime("%d.%m.%Y" if language() == "ru" else "%Y-%m-%d")


@register.filter
def day_span(first: date | datetime, last: date | datetime) -> str:
    """Two days, or one where they are the same."""
    return day(first) if day(first) == day(last) else f"{day(first)} – {day(last)}"


@register.filter
def short_day(value: date | datetime | None) -> str:
    """A day without its year: 02-03 in English, 03.02 in Russian."""
    return "–" if value is None else value.strftime("%d.%m" if language() == "ru" else "%m-%d")


@register.filter
def moment(value: datetime | None, offset_minutes: int | None = 0) -> str:
    """A day and minute, in UTC unless an offset is given."""
    if value is None:
        return "–"
    local = value.astimezone(timezone(timedelta(minutes=offset_minutes)) if offset_minutes else UTC)
    return f"{day(local)}\N{NO-BREAK SPACE}{local:%H:%M}"


@register.filter
def when(value: Any) -> str:
    """When a movement happened: a day where the report gives no time, else day and minute (UTC)."""
    return day(value.occurred_at) if value.is_date_only else moment(value.occurred_at)


@register.filter
def sentence(value: Any) -> str:
    """A sentence that is kept in both languages, in the reader's: an object with `en` and `ru`."""
    return str(getattr(value, language()))


@register.filter
def quoted(text: str) -> str:
    """A text in the language's quotation marks."""
    return f"«{text}»" if language() == "ru" else f"“{text}”"


@register.filter
def first_reason(alert: Any) -> str:
    """The first sentence of an alert's strongest reason."""
    return _GROUPED.sub(_THIN, str(getattr(alert, f"first_reason_{language()}")))


@register.filter
def theme(code: str) -> str:
    """A theme in words."""
    return _("all themes") if code == EVERYTHING else str(labels.THEMES.get(code, code))


@register.filter
def territory(code: str) -> str:
    """A territory's name."""
    return _("all territories") if code == EVERYTHING else territories.name(code, language())


@register.filter
def queue_name(queue: Any) -> str:
    """What to call a queue: its operation's name, or theme and territory."""
    operation = getattr(queue, "operation", None) if queue.kind == "overlay" else None
    if operation is not None:
        return str(getattr(operation, f"name_{language()}"))
    if queue.territory == queue.theme == EVERYTHING:
        return _("Everything else")
    name = f"{theme(queue.theme)} · {territory(queue.territory)}"
    return name[:1].upper() + name[1:]


@register.filter
def typology(code: str) -> str:
    """A typology's name."""
    return labels.typology(code, language())


@register.filter
def indicator(code: str) -> str:
    """What an indicator of a report means."""
    return labels.indicator(code, language())


@register.filter
def feature(code: str) -> str:
    """What a reason of the model is about."""
    return labels.feature(code, language())


@register.filter
def missing(name: str) -> str:
    """What data was missing, in words."""
    return str(labels.MISSING.get(name, name.replace("_", " ")))


@register.filter
def fact(name: str) -> str:
    """A fact about a subject in words."""
    return str(labels.FACTS.get(name, name.replace("_", " ")))


@register.filter
def fact_value(value: str) -> str:
    """A fact as the report gives it, where it is a number without idle zeros, where it is a moment in UTC."""
    text = str(value)
    if re.fullmatch(r"-?\d+\.\d+", text):
        figure = Decimal(text)
        return number(figure, 0 if figure == figure.to_integral_value() else 2)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return day(date.fromisoformat(text))
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?\+00:00", text):
        return moment(datetime.fromisoformat(text))
    return text


@register.filter
def fact_of(value: str, name: str) -> str:
    """A fact by its name: places and kinds in words, everything else as `fact_value`."""
    if name in _PLACES:
        return territories.name(str(value), language())
    return str(labels.NODE_KINDS.get(value, value)) if name == "kind" else fact_value(value)


@register.filter
def days(count: int) -> str:
    """A number of days: 1 day, 2 days; 1 день, 2 дня, 5 дней."""
    return ngettext("%(n)s day", "%(n)s days", count) % {"n": count}


@register.filter
def age(since: datetime | None, now: datetime) -> str:
    """How long ago: in hours within two days, else in days."""
    if since is None:
        return "–"
    hours = int((now - since).total_seconds() // 3_600)
    return days(hours // 24) if hours >= 48 else ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


@register.filter
def others(count: int) -> str:
    """How many smaller pairs one card stands for."""
    return ngettext("+%(n)s other", "+%(n)s others", count) % {"n": number(count)}


@register.filter
def at_night(count: int) -> str:
    """A number of movements at night."""
    return ngettext("%(count)s movement at night", "%(count)s movements at night", count) % {"count": count}


@register.filter
def percent(share: float | None) -> str:
    """A share as a whole percentage."""
    if share is None:
        return "–"
    return f"{round(100 * share)}{_THIN}%" if language() == "ru" else f"{round(100 * share)}%"


@register.simple_tag(takes_context=True)
def address_with(context: Any, **changes: Any) -> str:
    """The page's own query with some values changed; empty ones are left out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag
def share_line(share: Any, average: float | None) -> Line:
    """The picture of a share with its interval, and a mark at the average."""
    return line(share.low, share.value or 0.0, share.high, average)


@register.filter
def channel(name: str) -> str:
    """How value moved, in words."""
    return str(labels.CHANNELS.get(name.lower(), name.replace("_", " ") or "–"))


@register.filter
def steps(share: float) -> int:
    """A share from 0 to 1 in five steps, for a small bar."""
    return max(1, min(5, round(5 * share)))


@register.filter
def listed(text: str) -> list[str]:
    """The parts of a comma-separated text."""
    return [part for part in text.split(",") if part]


@register.filter
def series(code: str, kind: str) -> str:
    """What a series of a chart is called."""
    named = {
        "others": _("all others"),
        "useful": _("useful (D1 to D4)"),
        "not_useful": _("decided otherwise (D5 to D9)"),
        "unread": _("closed unreviewed (D10)"),
    }
    return named.get(code) or (theme(code) if kind == "theme" else report_class(code))


@register.filter
def role(code: str) -> str:
    """A role in words."""
    return str(Role(code).label) if code in Role.values else code


@register.filter
def alert_state(code: str) -> str:
    """An alert's state in words."""
    return str(AlertState(code).label) if code in AlertState.values else code
