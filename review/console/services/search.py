"""Search by name in either script, number, report, alert or case: by beginnings, and numbers by their ends too."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from review import spelling
from review.console.models import Alert, AlertReport, AlertSubject, Case, Report, Subject, SubjectTerm
from review.console.rules import READERS
from review.console.services import access, audit, throttle
from review.console.services.actor import Actor
from review.console.services.errors import Refused
from review.console.services.indexed import begins

ALERTS_MAX = 50
_SUBJECTS_MAX = 200
_POOL = 2_000
_ROWS_MAX = 200
_LEAST = 2
_NUMBER_LEAST = 4
_IDENTITY_MEANT = 8
_PER_MINUTE = 60


@dataclass(frozen=True)
class Found:
    """One alert that a search found, through which subject or report, and whether the spelling is exactly the same."""

    alert: Alert
    subject: Subject | None = None
    report: Report | None = None
    is_exact: bool = False
    is_own: bool = True


@dataclass(frozen=True)
class Results:
    """What a search found, best first; `is_cut` says that there is more than is shown."""

    query: str
    alerts: tuple[Found, ...] = ()
    cases: tuple[Case, ...] = field(default=())
    is_cut: bool = False


def find(actor: Actor, query: str, *, exact: bool = False) -> Results:
    """What the query finds among the alerts and cases that the person may see; logged with the query and what is shown.

    Args:
        actor: who searches.
        query: words of a name in any script, the beginning or the end of a number, or the beginning of a reference, an
            alert's or a case's name.
        exact: only names as written, without other scripts and spellings.

    Raises:
        Refused: fewer than two characters.
        TooOften: more than sixty searches a minute.
    """
    access.require(actor, *READERS)
    words = query.strip()[:200]
    if len(words) < _LEAST:
        raise Refused(_("Type at least two characters."), "short", "q")
    throttle.spend(f"search:{actor.person.pk}", actor.at, _PER_MINUTE, timedelta(minutes=1))
    (numbered, more_numbers), (named, more_names) = _by_number(actor, words), _by_name(actor, words, exact=exact)
    found, is_cut = [*_by_identity(actor, words), *numbered, *named], more_numbers or more_names
    unique = {hit.alert.pk: hit for hit in reversed(found)}
    ordered = sorted(unique.values(), key=lambda h: (not h.is_exact, not h.is_own, -h.alert.score, -h.alert.pk))
    cases = tuple(access.cases_for(actor).filter(Q(number__startswith=words.upper()) | Q(title__startswith=words))[:10])
    shown = tuple(ordered[:ALERTS_MAX])
    with audit.recorded(actor) as record:
        alerts = [hit.alert.alert_id for hit in shown]
        record.add("searched", "search", "", query=words, exact=exact, found=len(ordered), alerts=alerts)
    return Results(words, shown, cases, is_cut or len(ordered) > ALERTS_MAX)


def _by_identity(actor: Actor, words: str) -> list[Found]:
    """The alerts whose identifier begins so; eight characters mean it, fewer may also be a number or a name."""
    text = words.lower()
    if len(text) < _NUMBER_LEAST or set(text) - set("0123456789abcdef"):
        return []
    rows = access.alerts_for(actor).filter(begins("alert_id", text)).order_by("alert_id")
    is_meant = len(text) >= _IDENTITY_MEANT
    return [Found(alert, is_exact=is_meant) for alert in rows.select_related("owner", "queue")[:ALERTS_MAX]]


def _by_number(actor: Actor, words: str) -> tuple[list[Found], bool]:
    """What begins or ends with the number, the whole number first; and whether there is more than was looked at."""
    number = spelling.number_key(words)
    if len(number) < _NUMBER_LEAST or not any(character.isdigit() for character in number):
        return [], False
    begun, ended = _numbered("number", number), _numbered("tail", spelling.tail_key(number))
    whole = SubjectTerm.objects.filter(kind="number", term=number)
    exact = set(whole.values_list("subject_id", flat=True)[:_SUBJECTS_MAX])
    found = _alerts_of(actor, {*begun, *ended}, exact)
    reports = Report.objects.filter(begins("reference_term", number)).order_by("reference_term", "id")
    keys = list(reports.values_list("pk", flat=True)[:_SUBJECTS_MAX])
    linked = AlertReport.objects.filter(access.sight(actor, "alert__"), report__in=keys)
    rows = linked.select_related("alert", "alert__owner", "alert__queue", "report")[: ALERTS_MAX * 2]
    found += [Found(row.alert, report=row.report, is_exact=row.report.reference_term == number) for row in rows]
    return found, _SUBJECTS_MAX in (len(begun), len(ended), len(keys))


def _numbered(kind: str, beginning: str) -> list[int]:
    terms = SubjectTerm.objects.filter(begins("term", beginning), kind=kind)
    return list(terms.order_by("kind", "term", "subject").values_list("subject_id", flat=True)[:_SUBJECTS_MAX])


def _by_name(actor: Actor, words: str, *, exact: bool) -> tuple[list[Found], bool]:
    """What has all words in its name, as written first; and whether there is more than was looked at."""
    asked = [_with_word(word, exact=exact) for word in spelling.name_words(words) if len(word) >= _LEAST]
    if not asked:
        return [], False
    # The rarest word first: where it finds less than a pool, nothing that has all words is left out.
    written = SubjectTerm.objects.filter(kind="exact", term__in=spelling.exact_words(words))
    (rarest, _rows), *others = sorted(((_subjects(rows), rows) for rows in asked), key=lambda part: len(part[0]))
    if not others:
        pool = {*_subjects(written), *rarest}
    elif len(rarest) < _POOL:
        pool = set(rarest)
        for subjects, rows in others:
            pool &= set(subjects if len(subjects) < _POOL else _subjects(rows.filter(subject__in=pool)))
    else:
        first, *further = asked
        for rows in further:
            first = first.filter(subject__in=rows.values("subject_id"))
        pool = set(_subjects(first))
    is_cut = len(pool) >= _POOL
    exactly = set(written.filter(subject__in=pool).values_list("subject_id", flat=True))
    found = _alerts_of(actor, exactly, exactly)
    found += _alerts_of(actor, pool - exactly, exactly)
    return found, is_cut or len(found) >= _ROWS_MAX


def _subjects(rows: QuerySet[SubjectTerm]) -> list[int]:
    return list(rows.values_list("subject_id", flat=True).distinct()[:_POOL])


def _with_word(word: str, *, exact: bool) -> QuerySet[SubjectTerm]:
    """The terms that begin like the word; as it is written where its folded form would find nearly everything."""
    folded = set() if exact else spelling.beginning_keys(word)
    wanted = reduce(or_, (begins("term", key) for key in sorted(folded or {word})))
    return SubjectTerm.objects.filter(wanted, kind="name" if folded else "exact")


def _alerts_of(actor: Actor, subjects: Collection[int], exact: set[int]) -> list[Found]:
    """The alerts that name the subjects as their own, then as a party, the highest score first."""
    named = AlertSubject.objects.filter(access.sight(actor, "alert__"), subject__in=subjects)
    rows = named.select_related("alert", "alert__owner", "alert__queue", "subject").order_by(
        "-is_own", "-alert__score", "-alert"
    )
    return [
        Found(row.alert, subject=row.subject, is_exact=row.subject_id in exact, is_own=row.is_own)
        for row in rows[:_ROWS_MAX]
    ]
