"""The audit log in words: every action, object and detail that the console writes has some, in both languages."""

import ast
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest
from django.utils import translation

from review.console import labels_events
from review.console.models import Event
from review.console.services import audit
from review.console.services.steps import take_step
from review.console.services.transitions import Action
from review.console.templatetags import events
from tests.review.console.store import Given, Store
from tests.review.console.views.pages import client

_SERVICES = Path(audit.__file__).parent
_OWN = {"reason", "before", "after", *signature(take_step).parameters}


def _calls(*names: str) -> Iterator[ast.Call]:
    for path in sorted(_SERVICES.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                yield node


def _words(node: ast.expr) -> list[str]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def test_every_action_and_object_has_words() -> None:
    calls = list(_calls("record.add", "_log", "audit.Happening"))
    actions = {word for call in calls for word in _words(call.args[0]) if word != "alert_"}
    kinds = {word for call in calls for word in (_words(call.args[1]) if len(call.args) > 1 else [])}
    actions |= {f"alert_{action.value}" for action in Action}
    assert len(actions) > 60
    assert actions == set(labels_events.EVENT_ACTIONS)
    assert kinds <= set(labels_events.EVENT_KINDS)


def test_every_detail_has_words() -> None:
    given = {word.arg for call in _calls("record.add", "take_step") for word in call.keywords if word.arg}
    assert given - _OWN <= set(labels_events.EVENT_DETAILS)
    assert set(labels_events.EVENT_DETAILS) - given == {"role"}, "words for what nobody writes"


@pytest.mark.parametrize(
    ("details", "english", "russian"),
    [
        ({"code": "D5", "coded_reason": "salary"}, "decision: D5 explained", "решение: D5 объяснено"),
        ({"exact": True, "found": 1_234, "query": "Иванов И"}, "found: 1\u202f234", "только в этой письменности: да"),
        ({"reason_number": 0}, "reason no.: 1", "основание №: 1"),
        ({"scopes": [["RU-OMS", "*"]]}, "sees: Omsk", "видит: Омская обл. × все тематики"),
        ({"asked": {"action": "searched"}}, "filters: Action: searched", "фильтры: Действие: поиск"),
        ({"alerts": ["a" * 32] * 7}, "alerts: aaaaaaaaaaaa…, ", "… (7)"),
        ({"until": "2026-02-03", "taken_from": ""}, "until: 2026-02-03", "до: 03.02.2026"),
    ],
)
def test_details_are_names_and_values(details: dict[str, object], english: str, russian: str) -> None:
    told = {}
    for language in ("en", "ru"):
        with translation.override(language):
            shown = events.event_details(audit.canonical(details))
            told[language] = "; ".join(f"{name}: {value}" for name, value in shown)
    assert english in told["en"]
    assert russian in told["ru"]
    assert not set("{}[]\"'") & set(told["en"] + told["ru"])


def test_the_page_of_a_day_shows_no_code(only_sqlite: Store) -> None:
    only_sqlite.publish(Given(1))
    only_sqlite.claimed(1)
    client("anna").get("/search/?q=Subject")
    page = client("audra", "ru").get("/audit/").content.decode()
    rows = page.split("<tbody>")[1].split("</tbody>")[0]
    for words in ("поиск", "сигнал открыт", "взят", "слова:", "версия:"):
        assert words in rows
    for code in set(Event.objects.values_list("action", flat=True)):
        assert f">{code}<" not in rows
    assert "{" not in rows


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_two_kinds_are_called_alike(language: str) -> None:
    with translation.override(language):
        called = [str(words) for words in labels_events.EVENT_KINDS.values()]
    assert len(set(called)) == len(called)
