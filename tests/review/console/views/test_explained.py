"""How an alert explains itself: what a reason's number is made of, and which days its pictures can show."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from review.console.models import AlertContent, AlertReport, Event, Report
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


def _plain(text: str) -> str:
    """The text with plain blanks."""
    return " ".join(text.split())


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


def test_a_typologys_rows_are_no_proof_of_what_it_says_of_others(store: Store) -> None:
    store.publish(Given(1, typologies=("COR-01",)))
    content = AlertContent.objects.get(alert=store.alert(1))
    _keep(content, [], rows=60)
    text = _opened()
    assert "what its sentence says of a corridor, of others or of earlier times rests on more." in text
    assert "The first 2 of 60 are listed." in text


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


def test_totals_of_a_period_are_exact_where_every_movement_is_known(content: AlertContent) -> None:
    content.flow = {**content.flow, "from": "2026-01-28", "to": "2026-02-03"}
    earlier = _other(content, "earlier", datetime(2026, 1, 30, 9, tzinfo=UTC))
    edge = content.flow["hops"][1]["edges"][0]
    edge[2], edge[3], edge[4] = "3000000", 3, earlier["occurred_at"]
    _keep(content, [earlier])
    assert "in 3.0 M<" in _plain(_flow(""))
    assert "in 2.0 M<" in _plain(_flow("from=2026-02-03&to=2026-02-03"))
    content.flow["hops"][1].update(others_count=2, others_amount="500000")
    content.save()
    assert "in ≤ 2.5 M<" in _plain(_flow("from=2026-02-03&to=2026-02-03"))


def test_movements_that_are_not_listed_are_drawn_and_counted(content: AlertContent) -> None:
    beyond = [{"at": "2026-02-03T10:00:00+00:00", "is_incoming": False, "amount": "77", "count": 3}]
    content.flow = {**content.flow, "from": "2026-01-28", "to": "2026-02-03", "beyond": beyond}
    content.save()
    text = _flow("")
    assert "3 smaller movements of the subject, 77 in all, are drawn above and not listed." in text
    assert "2026-02-03 10–11 UTC: in 0, out 77" in text
    assert "Ещё 3 меньших движения субъекта на 77" in _flow("", "ru")


SUSPICION = "XS:bank:S-1:1"


def _with_report(store: Store, content: AlertContent, *, names_subject: bool) -> None:
    told = {"reason": "Turnover grew tenfold. " * 30, "action": "Account watched.", "indicators": ["OBOROT", "X-9"]}
    Report.objects.create(
        **told,
        report_key=SUSPICION,
        reference="S-1",
        reference_term="S1",
        jurisdiction="XS",
        reporting_entity="104",
        report_code="SAR",
        report_class="suspicion",
        relation="new",
        received_on=date(2026, 1, 30),
    )
    report = Report.objects.get(report_key=SUSPICION)
    AlertReport.objects.create(alert=store.alert(1), report=report, evidence_count=0)
    content.nodes[str(store.alert(1).subject.node_id)]["named_in"] = [SUSPICION] if names_subject else []
    content.save()


def _page(language: str = "en") -> str:
    return client("anna", language).get(f"/alert/{alert_id(1)}/").content.decode()


def test_a_suspicion_report_that_names_the_subject_is_read_with_the_alert(store: Store, content: AlertContent) -> None:
    _with_report(store, content, names_subject=True)
    text = _page()
    shown = text.split('id="naming"')[1].split("</section>")[0]
    assert "1 report of suspicion names the subject" in shown
    assert "Turnover grew tenfold." in shown
    assert "…" in shown
    assert "Account watched." in shown
    assert "reporting entity 104" in shown
    assert "2026-01-30" in shown
    assert "sharp rise of turnover" in shown
    assert ">X-9<" in shown
    assert "резкий рост оборотов" in _page("ru")
    event = Event.objects.filter(action="alert_read").order_by("-sequence").first()
    assert event is not None
    assert json.loads(event.details)["reports"] == [SUSPICION]


def test_a_report_about_somebody_else_stays_among_the_reports(store: Store, content: AlertContent) -> None:
    _with_report(store, content, names_subject=False)
    assert 'id="naming"' not in _page()
    folded = client("anna").get(f"/alert/{alert_id(1)}/reports/").content.decode()
    assert "sharp rise of turnover" in folded
    assert "reporting entity 104" in folded


def test_the_theme_is_led_back_to_the_typologies_that_gave_it(store: Store) -> None:
    store.publish(
        Given(1, typologies=("COR-01", "NET-06"), theme="DRUG-SYN"),
        Given(2, typologies=(), theme="DRUG-SYN", others=(1_003,)),
        Given(3, typologies=("COR-01",), theme="DRUG-SYN", others=(1_002,)),
        Given(4, typologies=(), theme="OTHER"),
    )

    def why(number: int, language: str = "en") -> str:
        text = client("anna", language).get(f"/alert/{alert_id(number)}/").content.decode()
        return text.split("why-theme")[1].split("</p>")[0]

    assert "counts these typologies as “synthetic drugs”: COR-01 Corridor surge." in why(1)
    assert "NET-06" not in why(1)
    assert "COR-01 Всплеск в коридоре" in why(1, "ru")
    assert "comes from typologies of linked alerts: COR-01 Corridor surge." in why(2)
    assert "no typology with a theme found its transactions." in why(4)
