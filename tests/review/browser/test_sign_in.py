"""Sign-in in a real browser: a password that was made for somebody, a second factor, the way out."""

import base64
from datetime import UTC, datetime

from django_otp.oath import hotp
from playwright.sync_api import Page, expect

from tests.review.browser.desk import Desk, watched
from tests.review.browser.store import NEWCOMER, PASSWORD
from tests.review.browser.test_pages import problems_of

_OWN = "seven-barges-upstream-4"


def sign_in(page: Page, name: str, password: str) -> None:
    """Fill the door's form."""
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def half_minute() -> int:
    """The number of the running half minute, which one-time codes are made of."""
    return int(datetime.now(UTC).timestamp()) // 30


def code(key: str, number: int) -> str:
    """The one-time code of a key for a half minute."""
    secret = base64.b32decode(key + "=" * (-len(key) % 8))
    return f"{hotp(secret, number):06d}"


def test_a_newcomer_chooses_a_password_and_a_second_factor(desk: Desk) -> None:
    context = desk.browser.new_context(locale="en-US")
    with watched(context, desk.origin) as page:
        desk.to(page, "/approvals/")
        sign_in(page, NEWCOMER, "not-the-password-1")
        expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        page.trouble.forgive(422)
        sign_in(page, NEWCOMER, PASSWORD)
        expect(page.get_by_role("heading", name="Choose your own password")).to_be_visible()
        assert problems_of(page) == []
        for new, again, said in (
            ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "different characters"),
            (_OWN, _OWN + "x", "differ"),
        ):
            page.fill("[name=old]", PASSWORD)
            page.fill("[name=new]", new)
            page.fill("[name=again]", again)
            with page.expect_navigation():
                page.get_by_role("button", name="Save").click()
            expect(page.get_by_role("alert")).to_contain_text(said)
        page.trouble.forgive(422)
        page.fill("[name=old]", PASSWORD)
        page.fill("[name=new]", _OWN)
        page.fill("[name=again]", _OWN)
        with page.expect_navigation():
            page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()
        page.trouble.forgive(403)
        page.goto(f"{desk.origin}/sign-in/second-factor/")
        key = page.locator("code.key").inner_text()
        # A code of the half minute before or after is taken as well, and none twice: these two pass on a slow machine.
        now = half_minute()
        page.fill("[name=code]", code(key, now))
        with page.expect_navigation():
            page.get_by_role("button", name="Confirm").click()
        page.goto(f"{desk.origin}/")
        page.locator(".top-end .menu > summary").click()
        with page.expect_navigation():
            page.get_by_role("button", name="Sign out").click()
        sign_in(page, NEWCOMER, _OWN)
        expect(page.get_by_role("heading", name="One-time code")).to_be_visible()
        assert problems_of(page) == []
        desk.to(page, "/queue/ru-oms-drug-shop/")
        expect(page.get_by_role("heading", name="One-time code")).to_be_visible()
        page.fill("[name=code]", code(key, now + 1))
        with page.expect_navigation():
            page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("heading", name="Queues")).to_be_visible()
