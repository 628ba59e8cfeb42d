"""Takes the pictures of the console in docs/images, from the demo's lake: `make screenshots`.

The console of the pictures is made anew below build/, and looks at its clock on the morning after the demo's last
night, so that ages are what an analyst would see. The pictures of two languages and two themes are 1440 x 900.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEMO = Path(os.environ.get("SLUICE_HOME", ROOT / "build" / "demo")).resolve()
HOME = ROOT / "build" / "screenshots"
IMAGES = ROOT / "docs" / "images"
PASSWORD = "quiet-meadow-anchor-5"  # noqa: S105 (of a throw-away store)
SIZE = {"width": 1440, "height": 900}
KEPT = {
    "en-light": ("queues", "alert"),
    "ru-dark": ("alert",),
    "ru-light": ("decision",),
    "en-dark": ("queue",),
}
"""Which pictures are taken in which language and theme; --all takes every one."""
EVERY = ("queues", "queue", "alert", "decision")
TEXT = {
    "ru": "Восемнадцать плательщиков за день, суммы цен магазина; счёт уже назван в двух сообщениях.",
    "en": "Eighteen payers in a day, amounts at the shop's prices; two reports name the account already.",
}


def now() -> datetime:
    """The morning after the demo's last night."""
    from pipelines.lake import Lake
    from review import handover

    nights = list(handover.complete_nights(Lake(DEMO / "lake")))
    if not nights:
        raise SystemExit("The demo has no complete night. Run it first: make demo")
    return datetime.combine(nights[-1] + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=7)


def prepare() -> None:
    """A console of its own over the demo's lake, with a small team."""
    from pipelines.home import open_home
    from pipelines.lake import Lake
    from review.console import command

    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    home = open_home(home=HOME)
    at = now()
    command.prepare(home, at, PASSWORD)

    from review.console.models import Person
    from review.console.services import people, publishing

    Person.objects.filter(username="administrator").update(minutes_a_day=0)
    for name, role, full_name in (("olga", "analyst", "Ольга Ким"), ("timur", "senior", "Тимур Ахметов")):
        people.create_by_command(name, full_name, role, [("*", "*")], 300, at)
        person = Person.objects.get(username=name)
        person.set_password(PASSWORD)
        person.must_change_password = False
        person.save()
    publishing.publish(Lake(DEMO / "lake"), None, "XS", at)


def serve(port: int) -> None:
    """The console of the pictures, by the pictures' clock."""
    from pipelines.home import open_home
    from review.console import command

    home = open_home(home=HOME)
    command.config.set_up(home)
    from review.console import middleware
    from review.console.views import session

    start, begun = now(), time.monotonic()

    class Clock(datetime):
        """Shows the pictures' time."""

        @classmethod
        def now(cls, _tz: Any = None) -> Any:
            return start + timedelta(seconds=time.monotonic() - begun)

    middleware.datetime = session.datetime = Clock  # type: ignore[misc, attr-defined]
    command.serve(home, port, 4, lambda address: print(address, flush=True))  # noqa: T201


def shoot(origin: str) -> None:
    """Every picture."""
    from playwright.sync_api import sync_playwright

    from tests.review.browser.desk import CHROMIUM, QUIET

    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        for suffix, kept in KEPT.items():
            language, theme = suffix.split("-")
            context = browser.new_context(
                viewport=SIZE, color_scheme=theme, locale="ru-RU" if language == "ru" else "en-US"
            )
            page = context.new_page()
            page.goto(origin)
            page.fill("[name=username]", "olga")
            page.fill("[name=password]", PASSWORD)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            with page.expect_navigation():
                page.get_by_role("button", name="Русский" if language == "ru" else "English").click()
            _pictures(page, origin, suffix, EVERY if "--all" in sys.argv else kept)
            context.close()
        browser.close()


def _pictures(page: Any, origin: str, suffix: str, kept: Sequence[str]) -> None:
    """Queues, a queue, an alert with an opened reason, and the decision being made."""

    def keep(name: str) -> None:
        if name in kept:
            page.screenshot(path=IMAGES / f"{name}-{suffix}.png")

    keep("queues")
    page.locator("tbody th a").first.click()
    page.wait_for_load_state()
    keep("queue")
    page.goto(f"{origin}alert/{chosen()}/")
    if page.locator(".act-state [data-key=KeyC]").count():
        with page.expect_navigation():
            page.locator("[data-key=KeyC]").click()
    page.locator(".reason > summary").first.click()
    page.wait_for_selector(".reason[open] tbody tr")
    page.wait_for_timeout(500)
    keep("alert")
    page.locator(".reason > summary").first.click()
    page.keyboard.press("Digit1")
    page.wait_for_timeout(500)
    page.keyboard.insert_text("D3")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    page.keyboard.insert_text(TEXT[suffix[:2]])
    keep("decision")


def chosen() -> str:
    """An alert of a rule, with a picture of several hops."""
    import sqlite3

    with sqlite3.connect(HOME / "console" / "console.sqlite3") as store:
        found = store.execute(
            "select alert_id from console_alert where is_rule_found and state in ('queued', 'assigned', 'in_review')"
            " and evidence_count between 8 and 25 order by typologies like 'DRP%' desc, score desc, alert_id limit 1"
        ).fetchone()
    return str(found[0])


def main() -> None:
    """Prepare, serve, shoot, make small."""
    if "--serve" in sys.argv:
        serve(0)
        return
    prepare()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SLUICE_HOME": str(DEMO)}
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            for line in process.stdout or ():
                if found := re.search(r"http://\S+", line):
                    shoot(found[0])
                    break
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
