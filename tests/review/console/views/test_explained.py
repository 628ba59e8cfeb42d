"""How an alert explains itself: what a reason's number is made of, and which days its pictures can show."""

from datetime import UTC, datetime
from typing import Any

import pytest

from review.console.models import AlertContent
from tests.review.console.store import Given, Store, alert_id
from tests.review.console.views.pages import client


@pytest.fixture
def content(store: Store) -> AlertContent:
    """The content of alert 1: two rows of evidence on 2026-02-03."""
    store.publish(Given(1, typologies=()))
    return AlertContent.objects.get(alert=store.alert(1))


def _keep(content: AlertContent, movements: list[dict[str, Any]], **reason: Any) -> None:
    content.movements = [*content.movements, *movements]
    content.reasons = [{**content.reasons[0], **reason}]
    content.save()


def _opened(language: str = "en") -> str:
    return " ".join(client("anna", language).get(f"/alert/{alert_id(1)}/evidence/0/").content.decode().split())


def _flow(query: str, language: str = "en") -> str:
    return client("anna", language).get(f"/alert/{alert_id(1)}/flow/?{query}").content.decode()


def _other(content: AlertContent, name: str, at: datetime, **given: Any) -> dict[str, Any]:
    row = {"transaction_id": name, "occurred_at": at.isoformat(), "is_evidence": False, "description": name}
    return {**content.movements[0], **row, **given}


def test_a_number_says_what_it_is_made_of_and_which_of_it_is_no_evidence(content: AlertContent) -> None:
    earlier = _other(content, "earlier", datetime(2026, 1, 7, 9, tzinfo=UTC), is_drawn=False)
    since, until = "2026-01-04T23:59:59+00:00", "2026-02-03T23:59:59+00:00"
    made_of = {"about": "t1", "rows": 40, "among": None, "since": since, "until": until, "evidence": ["earlier", "t2"]}
    _keep(content, [earlier], **made_of)
    text = _opened()
    assert "The model judged: 2026-02-03 09:00" in text
    assert "later than 2026-01-04 23:59 and up to 2026-02-03 23:59 UTC" in text
    assert "The 2 largest of 40 are listed." in text
    assert "1 of them (○) is not evidence of this alert." in text
    assert text.count("●") == 1
    assert text.count("<tr data-src") == 2
    assert "крупнейшие: 2 из 40" in _opened("ru")
    page = client("anna").get(f"/alert/{alert_id(1)}/").content.decode()
    assert "40 rows" in page
    assert "not of this subject’s past" in page


def test_a_number_that_is_not_taken_apart_says_so(content: AlertContent) -> None:
    _keep(content, [], about="t1", rows=None, evidence=["t1"])
    assert "Its number is not taken apart here" in _opened()


def test_a_number_of_nothing_says_so(content: AlertContent) -> None:
    _keep(content, [], about="t1", rows=0, evidence=[], since="", until="")
    text = _opened()
    assert "there was none" in text
    assert "<table" not in text


def test_a_share_says_among_how_many(content: AlertContent) -> None:
    _keep(content, [], about="t1", rows=2, among=5)
    assert "2 of 5 rows" in client("anna").get(f"/alert/{alert_id(1)}/").content.decode()
    assert "2 из 5 строк" in client("anna", "ru").get(f"/alert/{alert_id(1)}/").content.decode()


def test_rows_of_a_reason_are_listed_in_the_movements_wherever_they_lie(content: AlertContent) -> None:
    earlier = _other(content, "earlier", datetime(2026, 1, 7, 9, tzinfo=UTC), is_drawn=False)
    _keep(content, [earlier], about="t1", rows=2, evidence=["earlier", "t2"])
    whole, alone = _flow(""), _flow("reason=0")
    assert 'data-transaction="earlier"' not in whole
    assert 'data-transaction="earlier"' in alone
    assert 'data-transaction="t1"' not in alone
    assert "1 of them lies outside this picture." in alone


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2024-01-01&to=2024-01-05", "reach from 2026-01-28 to 2026-02-03"),
        ("from=2026-01-01&to=2026-01-31", "Days outside 2026-01-28 – 2026-02-03 are not kept here."),
        ("from=soon&to=2026-02-03", "A day is written like 2026-02-03."),
        ("from=2026-01-30&to=2026-01-31", "Nothing moved in these days."),
        ("from=2026-02-03&to=2026-02-03", ""),
    ],
)
def test_the_period_says_what_can_be_shown(content: AlertContent, query: str, words: str) -> None:
    content.flow = {**content.flow, "from": "2026-01-28", "to": "2026-02-03"}
    content.save()
    text = _flow(query)
    assert "All the subject’s movements of 2026-01-28 – 2026-02-03." in text
    assert words in text
    assert ("tl-refused" in text) == bool(words)


def test_movements_that_are_not_listed_are_drawn_and_counted(content: AlertContent) -> None:
    beyond = [{"at": "2026-02-03T10:00:00+00:00", "is_incoming": False, "amount": "77", "count": 3}]
    content.flow = {**content.flow, "from": "2026-01-28", "to": "2026-02-03", "beyond": beyond}
    content.save()
    text = _flow("")
    assert "3 smaller movements of the subject, 77 in all, are drawn above and not listed." in text
    assert "2026-02-03 10–11 UTC: in 0, out 77" in text
    assert "Ещё 3 меньших движения субъекта на 77" in _flow("", "ru")
