"""What the browser tests share: the console as a process of its own, a browser, and persons signed in to it."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Response

from tests.review.browser.store import PASSWORD, alert_id

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--disable-quic", "--disable-default-apps"),
)
PATIENCE_MS = 30_000
"""How long a page may take on a machine that does other things as well."""
_ROOT = Path(__file__).parents[3]


@dataclass
class Trouble:
    """What a page must not do: errors in its console, answers that failed, requests to anywhere else."""

    found: list[str] = field(default_factory=list)
    forgiven: set[int] = field(default_factory=set)

    def watch(self, page: Page, origin: str) -> None:
        """Note everything from now on."""
        page.on(
            "console", lambda m: self.found.append(f"console: {m.text}") if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        page.on("request", lambda request: self._request(request.url, origin))
        page.on("response", self._response)

    def _request(self, address: str, origin: str) -> None:
        if not address.startswith((origin, "data:", "blob:", "about:")):
            self.found.append(f"request to {urlsplit(address).netloc}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"{response.status} {response.request.method} {urlsplit(response.url).path}")

    def forgive(self, status: int) -> None:
        """Leave out answers of this status, which a test has asked for, with what the browser says of them."""
        self.forgiven.add(status)

    def left(self) -> list[str]:
        """Everything that was not forgiven."""
        marks = [mark for status in self.forgiven for mark in (f"{status} ", f"status of {status} ")]
        return [item for item in self.found if not any(mark in item for mark in marks)]


@dataclass
class Desk:
    """The running console."""

    origin: str
    database: Path
    browser: Browser
    states: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def person(self, name: str, **options: Any) -> Iterator[Page]:
        """A page of a signed-in person, in a browser context of its own; fails where the page had trouble."""
        given = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US"} | options
        context = self.browser.new_context(storage_state=self._state(name), **given)
        context.set_default_timeout(PATIENCE_MS)
        with watched(context, self.origin) as page:
            yield page

    def _state(self, name: str) -> Any:
        if name not in self.states:
            context = self.browser.new_context(locale="en-US")
            page = context.new_page()
            page.goto(f"{self.origin}/sign-in/")
            page.fill("[name=username]", name)
            page.fill("[name=password]", PASSWORD)
            page.click("button.primary")
            page.wait_for_url(f"{self.origin}/")
            self.states[name] = context.storage_state()
            context.close()
        return self.states[name]

    def to(self, page: Page, path: str) -> None:
        """Open an address of the console."""
        page.goto(self.origin + path)

    def alert(self, page: Page, number: int) -> None:
        """Open an alert of the made-up store."""
        self.to(page, f"/alert/{alert_id(number)}/")

    def query(self, sql: str, *values: object) -> list[Any]:
        """Rows of the store, read beside the console."""
        with sqlite3.connect(self.database, timeout=20) as connection:
            return connection.execute(sql, values).fetchall()

    def make_idle(self, number: int) -> None:
        """Let half an hour and more pass for the lock of an alert."""
        then = (datetime.now(UTC) - timedelta(minutes=31)).strftime("%Y-%m-%d %H:%M:%S.%f")
        self.query(
            "update console_alert set active_at = ?, locked_at = ? where alert_id = ?", then, then, alert_id(number)
        )

    def state(self, number: int) -> tuple[str, str]:
        """State and disposition of an alert."""
        found = self.query("select state, disposition from console_alert where alert_id = ?", alert_id(number))
        return found[0][0], found[0][1]


@contextmanager
def watched(context: BrowserContext, origin: str) -> Iterator[Page]:
    """A new page; its troubles are raised at the end, unless `page.trouble` was told to forgive them."""
    trouble = Trouble()
    page = context.new_page()
    trouble.watch(page, origin)
    page.trouble = trouble  # type: ignore[attr-defined]
    try:
        yield page
    finally:
        context.close()
    assert not trouble.left(), trouble.left()


@contextmanager
def console(home: Path) -> Iterator[str]:
    """The console of a home, served by a process of its own on a free port; gives its address."""
    log = home / "console.log"
    environment = {**os.environ, "SLUICE_HOME": str(home), "PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "default"}
    with log.open("w") as out:
        command = [sys.executable, "-m", "sluice", "console", "--port", "0"]
        process = subprocess.Popen(command, env=environment, cwd=_ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(60)


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    import time

    for _ in range(1_200):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            return found[0]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"The console did not start: {log.read_text()}")
