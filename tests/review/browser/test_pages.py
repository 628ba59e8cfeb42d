"""Every page in a real browser: accessible (WCAG 2.2 AA), usable at 200 % zoom, without errors, asking nobody else."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.review.browser.desk import Desk, watched
from tests.review.browser.store import alert_id

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
ZOOMED = {"width": 720, "height": 450}
"""What a window of 1440 x 900 shows at 200 %."""
NARROW = {"width": 320, "height": 450}
"""What a window of 1280 shows at 400 %: the width that WCAG 2.2 asks for (1.4.10)."""
PAGES = (
    *("/", "/queue/ru-oms-drug-shop/", "/queue/ru-oms-drug-shop/?view=below", f"/alert/{alert_id(23)}/"),
    *(
        f"/alert/{alert_id(23)}/flow/",
        "/approvals/",
        "/cases/",
        "/search/?q=Shcherbakov",
        "/people/",
        "/people/queues/",
    ),
    *("/audit/", "/exports/", "/statistics/", "/sign-in/password/", "/sign-in/second-factor/"),
)


def problems_of(page: Page) -> list[str]:
    """What axe finds, in a line each."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{item['id']}: {node['html'][:160]}" for item in found for node in item["nodes"]]


def is_too_wide(page: Page) -> bool:
    """Must the page as a whole be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits_at_200_and_400_percent(desk: Desk, path: str) -> None:
    with desk.person("administrator") as page:
        desk.to(page, path)
        expect(page.locator("main")).to_be_visible()
        assert problems_of(page) == []
        for size in (ZOOMED, NARROW):
            page.set_viewport_size(size)
            assert not is_too_wide(page)


def test_dark_pages_and_open_forms_are_accessible(desk: Desk) -> None:
    with desk.person("vera", color_scheme="dark", locale="ru-RU") as page:
        desk.to(page, f"/alert/{alert_id(22)}/")
        with page.expect_navigation():
            page.locator("[data-key=KeyC]").click()
        page.locator(".reason summary").first.click()
        expect(page.locator(".reason[open] tbody tr")).to_have_count(4)
        for fold in page.locator(".fold > summary").all():
            fold.click()
        for key in range(1, 6):
            page.locator(f"[data-key=Digit{key}] > summary").click()
            assert problems_of(page) == []
        page.set_viewport_size(ZOOMED)
        assert not is_too_wide(page)


def test_what_sends_a_decision_stays_in_sight_and_a_message_covers_nothing(desk: Desk) -> None:
    with desk.person("vera", locale="ru-RU") as page:
        desk.alert(page, 21)
        with page.expect_navigation():
            page.locator("[data-key=KeyC]").click()
        page.locator("[data-key=Digit1] > summary").click()
        for size in ({"width": 1440, "height": 900}, {"width": 1280, "height": 720}, ZOOMED):
            page.set_viewport_size(size)
            for code in ("D9", "D5"):
                page.locator(f"input[name=code][value={code}]").check()
            for part in (page.locator(".act[open] .send button"), page.locator("#close-text")):
                expect(part).to_be_in_viewport(ratio=0.9)
            expect(page.locator("input[name=reason][value=salary]")).to_be_in_viewport(ratio=0.9)
        desk.to(page, "/")
        desk.alert(page, 21)
        expect(page.locator("#subject")).to_be_in_viewport()
        page.locator("[data-key=Digit4] > summary").click()
        page.fill("#addressee", "Банк")
        page.fill("#ask-text", "Назначение и получатель переводов?")
        with page.expect_navigation():
            page.locator(".act[open] .send button").click()
        for size in ({"width": 1440, "height": 900}, {"width": 1280, "height": 720}, ZOOMED):
            page.set_viewport_size(size)
            message, needed = page.locator(".toast").bounding_box(), page.locator(".acts").bounding_box()
            assert message
            assert needed
            is_beside = message["x"] >= needed["x"] + needed["width"] or message["y"] + message["height"] <= needed["y"]
            assert is_beside, size


def test_boxes_stand_beside_their_words_and_unfolding_moves_no_column(desk: Desk) -> None:
    with desk.person("administrator") as page:
        for path, box in (("/people/account/vera/", "is_active"), ("/operations/", "themes")):
            desk.to(page, path)
            at = page.evaluate(
                """(name) => { const box = document.querySelector(`[name=${name}]`), label = box.parentElement;
                    const [a, b] = [box.getBoundingClientRect(), label.getBoundingClientRect()];
                    return [b.height, a.height, b.width - a.width]; }""",
                box,
            )
            assert at[0] < 2 * at[1] + 4, path
            assert at[2] > 20, path


def test_strangers_see_the_door_alone_and_the_language_can_be_switched_there(desk: Desk) -> None:
    context = desk.browser.new_context(locale="en-US")
    with watched(context, desk.origin) as page:
        desk.to(page, f"/alert/{alert_id(1)}/")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert problems_of(page) == []
        with page.expect_navigation():
            page.get_by_role("button", name="Русский").click()
        expect(page.get_by_role("heading", name="Войти")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == "ru"
        page.set_viewport_size(ZOOMED)
        assert not is_too_wide(page)


def test_language_and_colours_stay_as_chosen(desk: Desk) -> None:
    with desk.person("irina") as page:
        desk.to(page, "/")
        with page.expect_navigation():
            page.get_by_role("button", name="Русский").click()
        expect(page.get_by_role("heading", name="Очереди")).to_be_visible()
        page.locator(".top-end .menu > summary").click()
        with page.expect_navigation():
            page.get_by_role("button", name="тёмные").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        desk.to(page, "/queue/ru-oms-drug-shop/")
        assert page.locator("html").get_attribute("data-theme") == "dark"
        expect(page.get_by_text("ниже черты осталось", exact=False)).to_be_visible()
        with page.expect_navigation():
            page.get_by_role("button", name="English").click()


def test_an_auditor_reads_and_is_offered_no_work(desk: Desk) -> None:
    with desk.person("irina") as page:
        desk.alert(page, 11)
        expect(page.get_by_role("heading", name="Why", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Take it, to decide")).to_have_count(0)
        expect(page.get_by_role("button", name="Take the next")).to_have_count(0)


def test_everything_on_the_alert_page_is_reached_by_tab(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, 10)
        wanted = "a[href], button, input, textarea, select, summary, [tabindex='0']"
        left = page.evaluate(
            """(wanted) => [...document.querySelectorAll(wanted)]
                .filter((e) => e.checkVisibility() && !e.disabled && e.type !== "hidden" && e.tabIndex < 0).length""",
            wanted,
        )
        assert left == 0
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert seen == "solid", "focus is seen"


def test_help_names_the_keys(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, 10)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        assert problems_of(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_a_failed_night_is_told_on_every_screen(desk: Desk) -> None:
    night = "2099-01-01"
    desk.query(
        "insert into console_publication (night, status, digest, at, alert_count, new_count, changed_count, message)"
        " values (?, 'failed', '', '2099-01-02 02:00:00', 0, 0, 0, 'The inbox could not be read.')",
        night,
    )
    try:
        with desk.person("boris") as page:
            for path in ("/", "/queue/ru-oms-drug-shop/", f"/alert/{alert_id(10)}/"):
                desk.to(page, path)
                expect(page.get_by_text(f"The night of {night} failed; this is still the queue of")).to_be_visible()
    finally:
        desk.query("delete from console_publication where night = ?", night)
