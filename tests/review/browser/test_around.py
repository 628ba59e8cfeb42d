"""Pictures, search, cases and print in a real browser."""

import re
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.review.browser.desk import Desk
from tests.review.browser.store import BUSY, NIGHT, alert_id
from tests.review.browser.test_pages import NARROW, is_too_wide, problems_of


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF of the browser has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_a_hop_unfolds_a_node_marks_its_rows_and_a_row_its_nodes(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, BUSY)
        cards = page.locator(".fl-card")
        expect(cards).to_have_count(8 + 1 + 2)
        page.locator("a.fl-more").click()
        expect(cards).to_have_count(14 + 1 + 2)
        expect(page.get_by_role("link", name="Payers: fewer")).to_be_visible()
        card = page.locator(f'.fl-card[data-name="Плательщик {BUSY}-2"]')
        card.focus()
        page.keyboard.press("Enter")
        expect(card).to_have_attribute("aria-pressed", "true")
        lit = page.locator(".mv-table tr.is-lit")
        expect(lit).to_have_count(1)
        expect(lit).to_contain_text(f"Плательщик {BUSY}-2")
        expect(page.locator(".fl-ribbon.is-lit")).to_have_count(1)
        expect(page.locator("[data-flow-said]")).to_contain_text(f"Marked: Плательщик {BUSY}-2 ")
        page.keyboard.press("Escape")
        expect(page.locator(".is-lit")).to_have_count(0)
        page.locator(".mv-table tr", has_text=f"Receiver {BUSY}-5").click()
        expect(page.locator(".fl-card.is-lit")).to_have_count(2)
        assert problems_of(page) == []


def test_dragging_over_the_bars_shows_a_period_alone(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.to(page, f"/alert/{alert_id(BUSY)}/flow/")
        expect(page.locator(".mv-table tbody tr")).to_have_count(16)
        bars = page.locator(".tl-bar")
        expect(bars).to_have_count(7 * 24)
        page.locator("[data-brush]").scroll_into_view_if_needed()
        frame = page.locator("[data-brush]").bounding_box()
        assert frame is not None
        step = frame["width"] / 7
        page.mouse.move(frame["x"] + 1.5 * step, frame["y"] + 40)
        page.mouse.down()
        page.mouse.move(frame["x"] + 3.5 * step, frame["y"] + 50, steps=4)
        page.mouse.up()
        first, last = NIGHT - timedelta(days=5), NIGHT - timedelta(days=3)
        expect(page.get_by_label("from", exact=True)).to_have_value(first.isoformat())
        expect(page.locator("[data-flow-said]")).to_have_text(f"{first} – {last} only.")
        expect(page.locator(".mv-table tbody tr")).to_have_count(6)
        expect(page.locator(".fl-card")).to_have_count(7)
        expect(page.locator(".tl-brush")).to_be_visible()
        page.get_by_role("link", name="Whole window").click()
        expect(page.locator(".mv-table tbody tr")).to_have_count(16)
        page.get_by_label("from", exact=True).fill(NIGHT.isoformat())
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.locator(".mv-table tbody tr")).to_have_count(6)


def test_one_name_is_found_in_both_scripts(desk: Desk) -> None:
    with desk.person("boris") as page:
        for query in ("Щербаков", "Shcherbakov"):
            desk.to(page, "/")
            page.get_by_role("searchbox", name="Search").fill(query)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            expect(page.get_by_role("link", name="Щербаков Юрий").first).to_be_visible()
            assert problems_of(page) == []
        page.get_by_label("exactly as written").check()
        page.get_by_role("button", name="Search", exact=True).last.click()
        expect(page.get_by_text("Nothing is found for “Shcherbakov”")).to_be_visible()


def opened_case(desk: Desk, page: Page, title: str) -> str:
    """A new case of the page's person; returns its number."""
    desk.to(page, "/cases/")
    page.get_by_label("Title of a new case").fill(title)
    page.get_by_role("button", name="Open a case").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return page.url.rstrip("/").rsplit("/", 1)[1].split("#")[0]


def test_a_case_takes_notes_and_files_is_approved_by_another_and_printed(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "Выписка.pdf"
    file.write_bytes(b"%PDF-1.7 made up")
    with desk.person("timur") as page:
        number = opened_case(desk, page, "Дело о переводах")
        page.get_by_label("A note: never changed").fill("Запрошена выписка.")
        page.get_by_role("button", name="Add the note").click()
        expect(page.get_by_text("Запрошена выписка.").first).to_be_visible()
        page.get_by_label("Add a file").set_input_files(file)
        page.locator("#attach").get_by_role("button", name="Add", exact=True).click()
        with page.expect_download() as fetched:
            page.get_by_role("link", name="Выписка.pdf").click()
        assert fetched.value.suggested_filename == "Выписка.pdf"
        page.get_by_label("approved").check()
        page.get_by_label("Why (needed for what two people decide").fill(
            "Всё собрано, передать в полицию для проверки."
        )
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("Your own proposal")).to_be_visible()
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        assert problems_of(page) == []
    with desk.person("vera", locale="ru-RU") as page:
        desk.to(page, f"/cases/{number}/")
        page.get_by_role("button", name="Утвердить").click()
        expect(page.locator(".tag", has_text="утверждено")).to_be_visible()
        page.set_viewport_size(NARROW)
        assert not is_too_wide(page)
        desk.to(page, f"/cases/{number}/dossier/")
        assert problems_of(page) == []
        assert not is_too_wide(page)
        page.emulate_media(media="print")
        expect(page.locator("header.top")).to_be_hidden()
        expect(page.locator(".print-mark")).to_contain_text(f"{number} · vera")
        assert pages_of(page.pdf(format="A4", prefer_css_page_size=True)) in (1, 2)


def test_an_alert_prints_on_a4_with_reasons_picture_and_rows(desk: Desk) -> None:
    read = desk.query("select count(*) from console_event where action = 'similar_read' and actor = 'boris'")
    with desk.person("boris", color_scheme="dark", viewport={"width": 700, "height": 990}) as page:
        desk.alert(page, BUSY)
        pdf = page.pdf(format="A4", prefer_css_page_size=True)
        assert 1 <= pages_of(pdf) <= 3
        page.emulate_media(media="print")
        for shown in (".reason", ".fl-picture", ".tl-picture", ".mv-table"):
            expect(page.locator(shown).first).to_be_visible()
        for hidden in ("header.top", ".pane-list", "#period"):
            expect(page.locator(hidden).first).to_be_hidden()
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)", "white although the screen is dark"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
        # The mark stands at the foot, which every sheet repeats, and lies over no line.
        foot = page.evaluate(
            """() => ["main", ".print-mark"].map((found) => document.querySelector(found).getBoundingClientRect())
                .map(({top, bottom}) => [Math.round(top), Math.round(bottom)])"""
        )
        assert foot[0][1] <= foot[1][0] < foot[1][1]
    assert desk.query("select count(*) from console_event where action = 'similar_read' and actor = 'boris'") == read


def test_a_queue_prints_its_rows_and_no_form_leaves_an_empty_frame(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.to(page, "/queue/ru-oms-drug-shop/")
        page.emulate_media(media="print")
        expect(page.locator("tbody tr[data-row]").first).to_be_visible()
        for hidden in ("[data-mark]", "form.filters"):
            expect(page.locator(hidden).first).to_be_hidden()
        desk.alert(page, BUSY)
        page.evaluate("for (const fold of document.querySelectorAll('.fold')) fold.open = true")
        expect(page.locator("summary", has_text="Who it is")).to_be_visible()
        expect(page.locator("summary", has_text="Urgency")).to_be_hidden()


def test_an_administrator_makes_an_account_whose_password_is_shown_once(desk: Desk) -> None:
    with desk.person("administrator") as page:
        desk.to(page, "/people/")
        page.get_by_label("Sign-in name").fill("zarina")
        page.get_by_label("Role").select_option("analyst")
        page.get_by_role("button", name="Make the account").click()
        password = page.locator(".secret").inner_text()
        assert len(password) >= 12
        assert problems_of(page) == []
        desk.to(page, "/people/")
        expect(page.locator(".secret")).to_have_count(0)
        desk.to(page, "/audit/?action=person_created")
        expect(page.get_by_role("cell", name="account zarina")).to_be_visible()
        page.get_by_role("button", name="Check the chain").click()
        expect(page.get_by_text("The chain is whole")).to_be_visible()
        assert problems_of(page) == []
