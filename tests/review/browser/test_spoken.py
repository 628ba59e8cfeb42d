"""What a screen reader is given and what the keyboard alone reaches: names, messages that change, and the focus."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.review.browser.desk import Desk, watched
from tests.review.browser.store import BUSY, NIGHT, alert_id
from tests.review.browser.test_pages import ZOOMED

TELLS = """() => {
    const note = (change) => {
        const region = change.target.closest && change.target.closest("[role=status]");
        if (region && change.addedNodes.length) document.documentElement.dataset.told = region.textContent.trim();
    };
    const watch = () => new MutationObserver((changes) => changes.forEach(note))
        .observe(document, {childList: true, subtree: true});
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", watch); else watch();
}"""
"""Keeps, as an attribute of the page, what is put into a live region that stood there before: that alone is told."""
NAMED = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "DisclosureTriangle"}


def spoken(page: Page) -> list[tuple[str, str, str]]:
    """Role, name and description of everything in the tree that a screen reader reads."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]

    def text(node: dict[str, Any], key: str) -> str:
        return str(node.get(key, {}).get("value", "")).strip()

    return [(text(n, "role"), text(n, "name"), text(n, "description")) for n in nodes if not n.get("ignored")]


@pytest.mark.parametrize(
    "path", ["/", "/queue/ru-oms-drug-shop/", f"/alert/{alert_id(BUSY)}/", "/search/?q=Shcherbakov", "/statistics/"]
)
def test_what_is_operated_has_a_name_that_is_spoken_once_and_without_signs(desk: Desk, path: str) -> None:
    with desk.person("vera") as page:
        desk.to(page, path)
        tree = spoken(page)
        assert len(tree) > 30
        assert [node for node in tree if node[0] in NAMED and not node[1]] == []
        assert [name for _, name, description in tree if description and description in name] == []
        assert [node for node in tree if set(node[1]) & set("▾↵●")] == []
        assert [node for node in tree if node[0] in ("button", "DisclosureTriangle") and node[1].endswith(" N")] == []


def test_an_exchange_of_the_picture_keeps_the_focus_and_tells_what_it_shows(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, BUSY)
        page.evaluate(TELLS)
        page.get_by_role("link", name="Payers: more").press("Enter")
        expect(page.get_by_role("link", name="Payers: fewer")).to_be_focused()
        page.get_by_label("from", exact=True).fill(NIGHT.isoformat())
        page.get_by_label("from", exact=True).press("Enter")
        expect(page.get_by_role("link", name="Whole window")).to_be_visible()
        expect(page.get_by_label("from", exact=True)).to_be_focused()
        expect(page.locator("html")).to_have_attribute("data-told", re.compile("only"))
        # What is not there any more leaves the focus to the heading of its part.
        page.get_by_role("link", name="Whole window").press("Enter")
        expect(page.get_by_role("heading", name="Over time")).to_be_focused()
        page.locator(".reason summary").first.press("Enter")
        page.get_by_role("link", name="All movements").press("Enter")
        expect(page.get_by_role("heading", name="Movements")).to_be_focused()


def test_what_was_marked_is_not_told_as_marked_after_an_exchange(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, BUSY)
        page.locator(".fl-card").first.press("Enter")
        expect(page.locator("[data-flow-said]")).to_contain_text("Marked")
        page.get_by_role("link", name="Payers: more").press("Enter")
        expect(page.get_by_role("link", name="Payers: fewer")).to_be_visible()
        expect(page.locator("[data-flow-said]")).to_contain_text("Marked")
        page.keyboard.press("Escape")
        expect(page.locator("[data-flow-said]")).to_have_text("")


def test_the_way_past_the_list_leads_to_the_alert(desk: Desk) -> None:
    with desk.person("boris") as page:
        desk.alert(page, BUSY)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator("summary", has_text="Who it is")).to_be_focused()


def test_nothing_that_tab_reaches_is_hidden_behind_the_bar_of_acts(desk: Desk) -> None:
    with desk.person("boris", viewport=ZOOMED) as page:
        desk.alert(page, BUSY)
        hidden = []
        for _ in range(60):
            page.keyboard.press("Tab")
            hidden += page.evaluate(
                """() => {
                    const [at, acts] = [document.activeElement, document.querySelector(".acts")];
                    const [one, bar] = [at.getBoundingClientRect(), acts.getBoundingClientRect()];
                    const isBehind = one.top >= bar.top && one.bottom <= bar.bottom && !acts.contains(at);
                    return isBehind ? [at.textContent] : [];
                }"""
            )
        assert hidden == []


def test_a_choice_by_the_keyboard_waits_for_the_button(desk: Desk) -> None:
    with desk.person("irina") as page:
        desk.to(page, "/queue/ru-oms-drug-shop/")
        order = page.locator("[name=sort]")
        order.focus()
        page.keyboard.press("ArrowDown")
        expect(order).to_have_value("score")
        expect(order).to_be_focused()
        assert "sort=" not in page.url
        page.get_by_role("button", name="Show", exact=True).press("Enter")
        page.wait_for_url("**sort=score**")


def test_a_refusal_is_told_with_the_field_or_takes_the_focus(desk: Desk) -> None:
    context = desk.browser.new_context(locale="en-US")
    with watched(context, desk.origin) as page:
        page.trouble.forgive(422)
        desk.to(page, "/sign-in/")
        page.fill("[name=username]", "irina")
        page.fill("[name=password]", "not-the-password-1")
        page.keyboard.press("Enter")
        password = page.get_by_label("Password")
        expect(password).to_have_accessible_description("The name or the password is wrong.")
        expect(password).to_be_focused()
    with desk.person("irina") as page:
        page.trouble.forgive(422)
        desk.to(page, "/search/?q=x")
        expect(page.get_by_role("alert")).to_be_focused()


def test_what_became_of_a_step_is_told_and_its_end_leaves_the_focus_on_the_page(desk: Desk) -> None:
    with desk.person("irina") as page:
        page.add_init_script(f"({TELLS})()")
        desk.to(page, "/audit/")
        page.get_by_role("button", name="Check the chain").press("Enter")
        expect(page.locator("html")).to_have_attribute("data-told", re.compile("The chain is whole"))
    with desk.person("boris") as page:
        page.add_init_script(f"({TELLS})()")
        desk.alert(page, 20)
        page.get_by_role("button", name="Take it, to decide").press("Enter")
        page.locator("[data-key=Digit5] > summary").press("Enter")
        page.fill("#escalate-text", "Нужно решение старшего аналитика.")
        page.keyboard.press("Control+Enter")
        expect(page.locator("html")).to_have_attribute("data-told", re.compile("Undo"))
        page.get_by_role("button", name="Close this message").first.press("Enter")
        expect(page.locator("#main")).to_be_focused()
