"""Pages around the work on alerts: what they show and do, through real requests."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from pipelines.tables import PARTS
from review.console import labels
from review.console.models import (
    AlertContent,
    Attachment,
    Case,
    Event,
    Export,
    Operation,
    Person,
    QueueMember,
    Subject,
)
from review.console.services import cases, dossier, workflow
from tests.review.console.store import NIGHT, Given, Store, alert_id
from tests.review.console.views.pages import client

NASTY = '<script>alert("x")</script> & «Ромашка»'
WHY = "Everything is gathered; to be sent to the police for a check."


class Page(HTMLParser):
    """The tags of a page with their attributes, and nothing else."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def with_flow(store: Store, payers: int, movements: int = 0) -> None:
    """Alert 1, paid by many; its content is as a night would hand it over."""
    store.publish(Given(1))
    content = AlertContent.objects.get(alert=store.alert(1))
    at = datetime(2026, 2, 3, 9, tzinfo=UTC)
    base = {**content.movements[0], "is_evidence": False}
    for number in range(1, payers + 1):
        content.nodes[str(number)] = {
            **next(iter(content.nodes.values())),
            "name": f"{NASTY} {number}",
            "country": "KG",
        }
    content.movements = [
        {
            **base,
            "transaction_id": f"m{number}",
            "src": number % payers + 1,
            "occurred_at": (at - timedelta(minutes=number)).isoformat(),
            "amount": f"{number}.25",
            "is_evidence": number < 3,
            "channel": "cash" if number == 1 else "transfer",
        }
        for number in range(1, (movements or payers) + 1)
    ]
    hop = next(hop for hop in content.flow["hops"] if hop["hop"] == -1)
    stamp = at.isoformat()
    hop["edges"] = [[number, 1_001, f"{number}.25", 1, stamp, stamp] for number in range(payers, 0, -1)][:60]
    hop["others_count"], hop["others_amount"] = 7, "70.50"
    content.save()


def test_the_flow_is_safe_and_says_the_same_as_its_table(store: Store) -> None:
    with_flow(store, 40)
    text = client("anna").get(f"/alert/{alert_id(1)}/flow/").content.decode()
    assert "<script>alert" not in text
    assert not re.search(r"""\sstyle\s*=|<style|\son\w+=""", text)
    page = Page(text)
    cards = [attrs for tag, attrs in page.tags if tag == "g" and "fl-card" in str(attrs.get("class"))]
    assert len(cards) == 9
    assert all(card["role"] == "button" and card["tabindex"] == "0" for card in cards)
    rows = [
        attrs for tag, attrs in page.tags if tag == "tr" and "data-src" in attrs and "data-transaction" not in attrs
    ]
    assert len(rows) == 8
    # A place is named, never coded.
    assert "Kyrgyzstan" in text
    # 40 pairs, of which 8 are shown, and 7 that the night had folded.
    assert "+39 others" in text
    events = Event.objects.filter(action="flow_read", actor="anna")
    assert events.count() == 1


def test_a_hop_is_expanded_and_a_period_chosen_by_htmx(store: Store) -> None:
    with_flow(store, 40)
    asked = client("anna", "ru")
    part = asked.get(f"/alert/{alert_id(1)}/flow/?open=-1", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.count('hx-swap-oob="true"') == 2
    assert part.count("data-node=") == 41
    period = asked.get(f"/alert/{alert_id(1)}/flow/?from=2026-02-01&to=2026-02-02").content.decode()
    assert "Операций за этот период нет." in period
    assert period.count("data-node=") == 1
    odd = asked.get(f"/alert/{alert_id(1)}/flow/?from=x&to=2026-99-99&open=9&reason=77")
    assert odd.status_code == 200


def test_thousands_of_movements_stay_bounded(store: Store) -> None:
    with_flow(store, 60, 5_000)
    text = client("anna").get(f"/alert/{alert_id(1)}/flow/").content.decode()
    assert text.count("data-transaction=") == 100
    assert "Show 4\u202f900 more rows" in text
    assert len(text) < 200_000


def test_a_case_from_alert_to_dissemination_by_two(store: Store) -> None:
    store.publish(Given(1, reports=("XS:bank:R-1:1",)), Given(2, reports=("XS:bank:R-22:1",)))
    held = store.claimed(1)
    number = cases.create(store.actor("anna"), NASTY, held.alert_id, held.version).number
    anna, sveta, address = client("anna"), client("sveta"), f"/cases/{number}"
    assert anna.post(f"{address}/note/", {"text": "A first note."}).status_code == 302
    assert anna.post(f"{address}/note/", {"text": " "}).status_code == 409
    assert anna.post(f"{address}/report/", {"reference": "r 22"}).status_code == 302
    assert anna.post(f"{address}/report/", {"reference": "unknown"}).status_code == 409
    assert anna.post(f"{address}/subject/", {"node": "9001", "part": "payer"}).status_code == 302
    assert anna.post(f"{address}/subject/", {"node": "1"}).status_code == 404
    version = Case.objects.get().version
    edited = {"version": version, "title": NASTY, "summary": "Facts.\n\nDoubts."}
    assert anna.post(f"{address}/edit/", edited).status_code == 302
    stale = anna.post(f"{address}/edit/", {**edited, "summary": "Lost words"})
    assert stale.status_code == 409
    assert "Lost words" in stale.content.decode(), "what was typed is not lost"

    version = Case.objects.get().version
    anna.post(f"{address}/move/", {"version": version, "target": "in_analysis"})
    version = Case.objects.get().version
    assert anna.post(f"{address}/move/", {"version": version, "target": "approved", "text": "x"}).status_code == 409
    assert anna.post(f"{address}/move/", {"version": version, "target": "approved", "text": WHY}).status_code == 302
    version = Case.objects.get().version
    assert anna.post(f"{address}/judge/", {"version": version, "verdict": "approve"}).status_code == 403
    assert sveta.post(f"{address}/judge/", {"version": version, "verdict": "return"}).status_code == 409
    assert sveta.post(f"{address}/judge/", {"version": version, "verdict": "approve"}).status_code == 302
    assert (Case.objects.get().state, Case.objects.get().judged_by.username) == ("approved", "sveta")  # type: ignore[union-attr]

    page = sveta.get(f"{address}/").content.decode()
    assert "R-22" in page
    assert "<script>alert" not in page
    assert "Waits for a dissemination officer" in page
    assert "/send/" not in page
    dossier = sveta.get(f"{address}/dossier/").content.decode()
    printed = Event.objects.filter(action="case_printed")
    assert [audit_of(event)["with_notes"] for event in printed] == [False]
    mark = printed.get().details.split('"watermark":"')[1][:8]
    assert mark in dossier
    assert "sveta" in dossier
    assert "A first note." not in dossier, "working notes are the unit's own"
    assert "A first note." in sveta.get(f"{address}/dossier/?notes=1").content.decode()
    assert "2026-02-03\u00a009:00" in dossier, "the transactions that it rests on"
    assert "received: R-1, R-22" in dossier


def audit_of(event: Event) -> dict[str, object]:
    """The details of an event."""
    return dict(json.loads(event.details))


def test_a_dossier_shows_the_flow_and_who_pays_and_receives(store: Store) -> None:
    with_flow(store, 6)
    store.publish(Given(2), night=NIGHT + timedelta(days=1))
    held = store.claimed(1)
    number = cases.create(store.actor("anna"), "Ring", held.alert_id, held.version).number
    for name in ("anna", "dina"):
        text = client(name).get(f"/cases/{number}/dossier/").content.decode()
        page = Page(text)
        assert len([attrs for tag, attrs in page.tags if tag == "svg" and "is-still" in str(attrs.get("class"))]) == 1
        cards = [attrs for tag, attrs in page.tags if tag == "g" and "fl-card" in str(attrs.get("class"))]
        assert len(cards) == 7
        assert not [card for card in cards if "tabindex" in card or card.get("role") == "button"], "it is for paper"
        assert "hx-get" not in text
        assert "<script>alert" not in text
    made = dossier.dossier(store.actor("anna"), number)
    (item,) = made.evidence
    subject, *payers = item.parties
    assert (subject.is_subject, subject.received_count, subject.received) == (True, 2, Decimal("3.50"))
    assert [(party.paid, party.paid_count, party.received_count) for party in payers] == [
        (Decimal("2.25"), 1, 0),
        (Decimal("1.25"), 1, 0),
    ]
    assert [row.amount_local for row in item.movements] == [Decimal("2.25"), Decimal("1.25")]


def test_an_officer_enters_that_a_case_was_sent(store: Store, case: Case) -> None:
    made = cases.move(store.actor("anna"), case.number, case.version, "approved", WHY)
    cases.judge(store.actor("sveta"), case.number, made.version, is_approved=True, text="")
    address, dina = f"/cases/{case.number}", client("dina")
    page = dina.get(f"{address}/").content.decode()
    assert "Its 1 alert is closed as disseminated" in page
    assert "press 2" not in page
    version = Case.objects.get().version
    letter = {"version": version, "recipient": NASTY, "legal_basis": "Law 115-FZ", "kind": "spontaneous"}
    letter |= {"reference": "14/2207", "sent_on": "2026-02-04"}
    assert client("sveta").post(f"{address}/send/", letter).status_code == 403
    refused = dina.post(f"{address}/send/", {**letter, "sent_on": "never"})
    assert refused.status_code == 409
    assert "14/2207" in refused.content.decode(), "what was typed is not lost"
    assert dina.post(f"{address}/send/", letter).status_code == 302
    assert Case.objects.get().state == "disseminated"
    for reader, part in (("sveta", ""), ("dina", "dossier/"), ("anna", "")):
        shown = client(reader).get(f"{address}/{part}").content.decode()
        assert "14/2207" in shown
        assert "<script>alert" not in shown
    alert = client("anna").get(f"/alert/{alert_id(1)}/").content.decode()
    assert "№ 14/2207" in alert
    numbers = client("chief").get("/statistics/").content.decode()
    assert "cases disseminated, in 1 letter" in numbers


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("Выписка № 4.pdf", b"%PDF-1.7 ...", 302),
        ("report.pdf", b"<html>not a pdf</html>", 409),
        ("page.html", b"<html></html>", 409),
        ("empty.txt", b"", 409),
        ("..\\..\\etc\\x.csv", b"a;b\n", 302),
    ],
)
def test_files_are_taken_by_kind_and_given_as_downloads_alone(
    store: Store, name: str, content: bytes, status: int
) -> None:
    number = cases.create(store.actor("anna"), "A case").number
    anna = client("anna")
    answer = anna.post(f"/cases/{number}/file/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == status
    if status != 302:
        assert not Attachment.objects.exists()
        return
    kept = Attachment.objects.get()
    assert "/" not in kept.name
    assert "\\" not in kept.name
    given = anna.get(f"/cases/{number}/file/{kept.pk}/")
    assert b"".join(given.streaming_content) == content  # type: ignore[attr-defined]
    assert given["Content-Disposition"].startswith("attachment")
    assert given["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in given["Content-Security-Policy"]


@pytest.mark.parametrize("query", ["Щербаков", "shcherbakov", "Scherbakov В", "4070281000 1001", "R-1001", "r1001"])
def test_one_search_finds_names_in_both_scripts_and_numbers(store: Store, query: str) -> None:
    store.publish(Given(1, name="Щербаков Василий", reports=("XS:bank:R-1001:1",)), Given(2, name="Other"))
    page = client("anna").get("/search/", {"q": query}).content.decode()
    assert f"/alert/{alert_id(1)}/" in page
    assert f"/alert/{alert_id(2)}/" not in page


def test_search_says_when_it_finds_nothing_or_too_little_was_typed(store: Store) -> None:
    anna = client("anna")
    assert "Nothing is found for “Nobody”" in anna.get("/search/", {"q": "Nobody"}).content.decode()
    assert anna.get("/search/", {"q": "a"}).status_code == 422
    assert anna.get("/search/").status_code == 200


def test_an_account_is_made_changed_and_reset(store: Store) -> None:
    chief = client("chief")
    made = {"username": "Nina", "full_name": "Nina N.", "role": "analyst", "territory": "ru-oms", "theme": ""}
    page = chief.post("/people/", made).content.decode()
    password = re.search(r'class="secret">([^<]+)<', page)
    assert password
    nina = Person.objects.get(username="nina")
    assert nina.check_password(password[1])
    assert nina.must_change_password
    assert list(nina.scopes.values_list("territory", "theme")) == [("RU-OMS", "*")]
    assert password[1] not in chief.get("/people/").content.decode(), "shown once"
    assert chief.post("/people/", made).status_code == 422
    changed = {"full_name": "Nina", "role": "senior", "is_active": "on", "minutes_a_day": "200"}
    two = {"territory": ["KZ", "", ""], "theme": ["CORR", "", ""]}
    assert chief.post("/people/account/nina/", {**changed, **two}).status_code == 302
    nina.refresh_from_db()
    assert (nina.role, nina.minutes_a_day) == ("senior", 200)
    assert list(nina.scopes.values_list("territory", "theme")) == [("KZ", "CORR")]
    assert chief.post("/people/account/nina/", {**changed, "theme": ["NONE"], "territory": ["*"]}).status_code == 422
    assert chief.post("/people/account/chief/reset/").status_code == 422
    assert chief.post("/people/account/nina/reset/").status_code == 200
    own = {"full_name": "Chief", "role": "analyst", "minutes_a_day": "1"}
    chief.post("/people/account/chief/", own)
    assert Person.objects.get(username="chief").role == "head", "nobody changes their own rights"


def test_who_looks_after_accounts_alone_is_led_to_make_some(store: Store) -> None:
    words = "Make accounts for your analysts"
    chief = client("chief")
    assert words not in chief.get("/").content.decode()
    others = Person.objects.exclude(username="chief")
    others.delete()
    Person.objects.filter(username="chief").update(is_administrator=True)
    assert words in chief.get("/").content.decode()


def test_members_of_a_queue_are_set(store: Store) -> None:
    store.publish(Given(1))
    slug = store.alert(1).queue.slug
    anna = Person.objects.get(username="anna")
    assert client("chief").post(f"/people/queues/{slug}/", {f"minutes-{anna.pk}": "90"}).status_code == 302
    assert list(QueueMember.objects.values_list("person__username", "minutes")) == [("anna", 90)]
    assert "anna (90)" in client("chief").get("/people/queues/").content.decode()


def test_the_log_is_filtered_and_verified_on_the_page(store: Store) -> None:
    store.publish(Given(1))
    client("anna").get(f"/alert/{alert_id(1)}/flow/")
    audra = client("audra")
    page = audra.get("/audit/", {"action": "flow_read"}).content.decode()
    assert alert_id(1) in page
    assert "searched</code>" not in page
    assert "The chain is whole" in audra.post("/audit/verify/").content.decode()
    assert "The chain is broken" in audra.post("/audit/verify/", {"head": "f" * 64}).content.decode()
    mistyped = audra.post("/audit/verify/", {"head": "abc"})
    assert mistyped.status_code == 422
    assert "The chain is" not in mistyped.content.decode()


def test_the_log_names_subjects_and_says_which_day_can_not_be_read(store: Store) -> None:
    store.publish(Given(1, name="Щербаков Василий"))
    client("anna").get(f"/alert/{alert_id(1)}/flow/")
    audra = client("audra")
    assert "Щербаков Василий (1001)" in audra.get("/audit/", {"action": "flow_read"}).content.decode()
    assert alert_id(1) in audra.get("/audit/", {"from": "01.01.2020", "action": "flow_read"}).content.decode()
    assert alert_id(1) not in audra.get("/audit/", {"to": "2020-01-01", "action": "flow_read"}).content.decode()
    unread = audra.get("/audit/", {"from": "yesterday"})
    assert unread.status_code == 422
    assert "Give a day" in unread.content.decode()
    kinds = re.findall(r'<option value="(?:log|events)">([^<]+)<', audra.get("/audit/").content.decode())
    assert len(set(kinds)) == 2


def test_statistics_count_what_was_done(store: Store) -> None:
    store.publish(Given(1), Given(2, theme="CORR"))
    store.proposed(1)
    page = client("chief", "ru").get("/statistics/", {"year": "2026"}).content.decode()
    assert "интернет-магазины наркотиков" in page
    assert "сообщения о подозрениях" in page
    rows = re.findall(r"<b>(\d+) / (\d+)</b>", page)
    assert rows == [("0", "0")]


def test_a_band_of_few_decisions_shows_its_count_and_no_share(store: Store) -> None:
    store.publish(*(Given(number) for number in range(1, 43)))
    for number in range(1, 43):
        risk, code = (0.3, "D5") if number < 41 else (0.7, "D3")
        store.closed(number, "R", code, risk)
    page = client("chief").get("/statistics/", {"year": "2026"}).content.decode()
    table = page[page.index("Calibration on the random sample</caption>") :]
    assert re.findall(r'<th scope="row">([^<]+)</th>.*?(?:<td.*?){2}<td class="n">([^<]+)</td>', table)[:2] == [
        ("20% – 40%", "0 · 0%"),
        ("60% – 80%", "2"),
    ]
    assert [dot == " is-few" for dot in re.findall(r'class="chart-dot([^"]*)"', page)] == [False, True]


def test_the_system_page_names_nights_and_no_subject(store: Store) -> None:
    store.publish(Given(1, name="Щербаков Василий"))
    page = client("egor").get("/system/").content.decode()
    assert "2026-02-03" in page
    assert "Щербаков" not in page


@pytest.fixture
def case(store: Store) -> Case:
    """A case of anna's with one alert."""
    store.publish(Given(1))
    held = store.claimed(1)
    return cases.create(store.actor("anna"), "Zeppelin", held.alert_id, held.version)


def test_a_restricted_case_is_unknown_to_others(store: Store, case: Case) -> None:
    cases.restrict(store.actor("anna"), case.number, case.version, ["sveta"])
    assert client("sveta").get(f"/cases/{case.number}/").status_code == 200
    for name in ("boris", "sergei", "dina"):
        assert client(name).get(f"/cases/{case.number}/").status_code == 404
        assert case.title not in client(name).get("/cases/").content.decode()


def test_an_export_is_fetched_by_whoever_asked_for_it_alone(store: Store, case: Case) -> None:
    asked = client("sveta").post(
        "/exports/", {"kind": "case", "object": case.number, "reason": "For the meeting with the prosecutor."}
    )
    assert asked.status_code == 302
    export = Export.objects.get()
    assert client("sveta").post(f"/exports/{export.pk}/file/").status_code == 302, "not allowed yet"
    assert client("sveta").post(f"/exports/{export.pk}/judge/", {"verdict": "allow"}).status_code == 302
    assert Export.objects.get().allowed_by is None, "nobody allows their own"
    client("sergei").post(f"/exports/{export.pk}/judge/", {"verdict": "allow"})
    assert client("sergei").post(f"/exports/{export.pk}/file/").status_code == 404
    file = client("sveta").post(f"/exports/{export.pk}/file/")
    assert file["Content-Disposition"] == f'attachment; filename="sluice-case-{export.pk}.csv"'
    lines = file.content.decode("utf-8-sig").splitlines()
    assert all("sveta" in line for line in (lines[0], *lines[2:]))
    assert len(lines) == 3


OPERATION = {
    "name_en": "Channel East",
    "name_ru": "Канал Восток",
    "territories": "ru-oms, kg",
    "starts_on": "2026-02-01",
    "ends_on": "2026-02-20",
    "boost": "0,5",
    "quota": "0.3",
    "themes": ["DRUG-SHOP"],
}


def test_an_operation_is_proposed_by_a_senior_and_set_in_force_by_the_head_alone(store: Store) -> None:
    form = OPERATION
    sveta, chief = client("sveta"), client("chief", "ru")
    assert client("anna").post("/operations/", form).status_code == 403
    assert sveta.post("/operations/", {**form, "ends_on": "2025-01-01"}).status_code == 422
    assert sveta.post("/operations/", {**form, "ends_on": "soon"}).status_code == 422
    assert sveta.post("/operations/", form).status_code == 302
    slug = Operation.objects.get().queue.slug
    assert sveta.post(f"/operations/{slug}/approve/").status_code == 403
    assert chief.post(f"/operations/{slug}/approve/").status_code == 302
    page = chief.get("/operations/").content.decode()
    assert "Канал Восток" in page
    assert "в силе" in page
    assert chief.post(f"/operations/{slug}/close/").status_code == 302
    assert Operation.objects.get().closed_at is not None


def test_an_operation_is_withdrawn_and_proposed_anew_and_not_set_in_force_by_who_proposed_it(store: Store) -> None:
    chief, sveta = client("chief"), client("sveta")
    assert (
        "There is no territory XX-Q"
        in chief.post("/operations/", {**OPERATION, "territories": "XX-Q RU"}).content.decode()
    )
    chief.post("/operations/", OPERATION)
    slug = Operation.objects.get().queue.slug
    page = chief.get("/operations/").content.decode()
    assert f"/operations/{slug}/approve/" not in page
    assert "another head sets it in force" in page
    assert sveta.post(f"/operations/{slug}/withdraw/").status_code == 403
    back = chief.post(f"/operations/{slug}/withdraw/")
    form = chief.get(back.headers["Location"].partition("#")[0]).content.decode()
    assert 'value="KG RU-OMS"' in form
    assert "withdrawn" in form
    assert sveta.post("/operations/", OPERATION).status_code == 302
    anew = Operation.objects.get(closed_at=None)
    assert anew.queue.slug != slug
    assert f"/operations/{anew.queue.slug}/approve/" in chief.get("/operations/").content.decode()
    assert sveta.post("/operations/", OPERATION).status_code == 422


@pytest.mark.parametrize(
    ("address", "above"),
    [
        (f"/alert/{alert_id(1)}/decide/", f"/alert/{alert_id(1)}/"),
        (f"/alert/{alert_id(1)}/defer/", f"/alert/{alert_id(1)}/"),
        ("/audit/verify/", "/audit/"),
        ("/operations/op-x/approve/", "/operations/"),
        ("/undo/7/", "/"),
        ("/bulk/close/", "/bulk/"),
    ],
)
def test_an_address_that_takes_forms_alone_leads_to_the_page_above(store: Store, address: str, above: str) -> None:
    answer = client("chief").get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, above)


def test_a_language_is_changed_on_the_page_of_a_refused_decision(store: Store) -> None:
    store.publish(Given(1))
    held = store.claimed(1)
    anna = client("anna")
    refused = anna.post(f"/alert/{held.alert_id}/decide/", {"version": held.version, "code": "D5", "text": ""})
    assert refused.status_code == 409
    here = re.search(r'name="next" value="([^"]+)"', refused.content.decode())
    assert here
    answer = anna.post("/preferences/", {"next": here[1], "language": "ru"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/alert/{held.alert_id}/"


def test_an_export_of_what_there_is_not_keeps_the_form(store: Store) -> None:
    answer = client("audra").post("/exports/", {"kind": "case", "object": "1999-1", "reason": "For the prosecutor."})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is no such queue or case" in page
    assert "For the prosecutor." in page
    assert re.search(r'name="object"[^>]*aria-invalid', page)


def test_an_account_is_made_for_a_territory_that_there_is(store: Store) -> None:
    chief = client("chief")
    form = {"username": "olga", "role": "analyst", "territory": "RU-NOWHERE", "minutes_a_day": "360"}
    refused = chief.post("/people/", form)
    assert refused.status_code == 422
    assert "There is no territory RU-NOWHERE" in refused.content.decode()
    assert not Person.objects.filter(username="olga").exists()
    assert 'value="360"' in chief.get("/people/").content.decode()
    assert chief.post("/people/", {**form, "territory": "ru-oms"}).status_code == 200
    store.publish(Given(1, territory="XQ-OWN"))
    changed = {"role": "analyst", "territory": "XQ-OWN", "theme": "*", "is_active": "on"}
    assert chief.post("/people/account/olga/", changed).status_code == 302, "a territory of the unit's own alerts"


def test_facts_of_a_subject_are_words_of_the_page(store: Store) -> None:
    store.publish(Given(1))
    holder = {"name": "Ким Анна", "part": "signatory", "kind": "person", "territory": "UZ-SA", "residence": "UZ"}
    Subject.objects.filter(alerts=store.alert(1)).update(details={"country": "KG", "holders": [holder]})
    page = client("anna", "ru").get(f"/alert/{alert_id(1)}/").content.decode()
    facts = page.split("Кто это")[1].split("</details>")[0]
    for words in ("Киргизия", "подписант", "лицо", "Самаркандская обл.", "Узбекистан"):
        assert words in facts
    for code in ("signatory", "person", "UZ-SA", ">UZ<", ">KG<"):
        assert code not in facts


def test_every_part_that_a_report_gives_has_words() -> None:
    assert set(labels.PARTS) == set(PARTS)


def test_what_waits_stands_on_one_page_and_is_counted_on_the_first(store: Store, case: Case) -> None:
    cases.move(store.actor("anna"), case.number, case.version, "closed_unsent", WHY)
    asked = {"kind": "case", "object": case.number, "reason": "For the meeting with the prosecutor."}
    client("sveta").post("/exports/", asked)
    store.publish(Given(1), Given(2), night=NIGHT + timedelta(days=1))
    held = store.claimed(2)
    workflow.escalate(store.actor("anna"), held.alert_id, held.version, f"Police or tax? {NASTY}")
    sergei = client("sergei")
    page = sergei.get("/approvals/").content.decode()
    for words in (case.number, "Police or tax?", "For the meeting", "closing without dissemination", "waits"):
        assert words in page
    assert "<script>alert" not in page
    home = sergei.get("/").content.decode()
    assert 'Approvals<span class="count">3</span>' in home
    assert "1 alert handed up" in home
    form = {"verdict": "allow", "back": "/approvals/"}
    answer = sergei.post(f"/exports/{Export.objects.get().pk}/judge/", form)
    assert answer.headers["Location"] == "/approvals/"
    assert client("sergei").post("/exports/1/judge/", {"back": "//evil.example"}).headers["Location"] == "/exports/"
    alert = client("sveta").get(f"/alert/{alert_id(2)}/").content.decode()
    assert "Police or tax?" in alert
    mine = client("anna").get("/").content.decode()
    assert "In your hands" not in mine


@pytest.mark.parametrize(("status", "has_trace"), [(403, False), (500, True)])
def test_only_faults_keep_their_trace_in_the_log(status: int, has_trace: bool) -> None:
    told = (PermissionError, PermissionError(), None)
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Forbidden: /people/", (), told)
    record.status_code = status
    assert settings.LOGGING["filters"]["trace"]["callback"](record), "the line itself stays"
    assert bool(record.exc_info) is has_trace
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["trace"]


def test_marked_alerts_go_into_a_case_together(store: Store) -> None:
    store.publish(Given(1), *(Given(number, others=(1_001,)) for number in range(2, 5)))
    anna = client("anna")
    page = anna.get(f"/alert/{alert_id(1)}/").content.decode()
    assert f'name="alert" value="{alert_id(2)}"' in page
    ids = [alert_id(1), alert_id(2)]
    back = f"/alert/{alert_id(1)}/"
    shown = anna.post("/gather/", {"alert": ids, "back": back}).content.decode()
    assert "Put 2 alerts into a case" in shown
    token = re.search(r'name="token" value="([^"]+)"', shown)
    assert token is not None
    form = {"token": token[1], "alert": ids, "back": back, "title": NASTY}
    assert anna.post("/gather/put/", form).status_code == 409, "no case is chosen"
    refused = anna.post("/gather/put/", {**form, "case": "new", "token": "x"})
    assert refused.status_code == 409
    assert "&lt;script&gt;" in refused.content.decode(), "what was typed is not lost"
    assert not Case.objects.exists()
    answer = anna.post("/gather/put/", {**form, "case": "new"})
    case = Case.objects.get()
    assert answer.headers["Location"] == f"/cases/{case.number}/"
    assert (case.title, case.alerts.count(), case.subjects.count()) == (NASTY, 2, 2)
    again = anna.post("/gather/", {"alert": ids, "back": back})
    assert again.headers["Location"] == back
    assert "2 of these alerts are in other hands" in anna.get(back).content.decode()
    assert client("dina").post("/gather/", {"alert": ids}).status_code == 403


def test_a_circle_is_chosen_from_those_who_read_cases(store: Store, case: Case) -> None:
    anna, address = client("anna"), f"/cases/{case.number}"
    page = anna.get(f"{address}/").content.decode()
    offered = set(re.findall(r'name="people" value="(\w+)"', page))
    assert offered == {"audra", "boris", "chief", "dina", "sergei", "stranger", "sveta", "themed"}
    form = {"version": case.version, "people": ["sveta", "egor", "nobody"]}
    refused = anna.post(f"{address}/restrict/", form)
    assert refused.status_code == 409
    text = refused.content.decode()
    assert "Not among those who read cases: egor, nobody." in text
    assert re.search(r'value="sveta" checked', text), "what was chosen is not lost"
    assert anna.post(f"{address}/restrict/", {**form, "people": ["sveta", "dina"]}).status_code == 302
    assert set(case.knowing.values_list("person__username", flat=True)) == {"anna", "sveta", "dina"}
    chronology = client("sveta").get(f"{address}/").content.decode()
    assert "limited to a named circle" in chronology
