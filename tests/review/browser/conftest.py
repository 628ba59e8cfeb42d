"""One store, one console and one browser for all browser tests; without Chromium they are skipped, in CI they fail."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.review.browser.desk import CHROMIUM, PATIENCE_MS, QUIET, Desk, console
from tests.review.browser.store import NIGHT

_ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The console over a small made-up store, and a browser."""
    if not CHROMIUM.exists():
        missing = f"no browser at {CHROMIUM} (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)

    home = tmp_path_factory.mktemp("desk")
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-m", "tests.review.browser.store", str(home), NIGHT.isoformat()]
    subprocess.run(command, env=environment, cwd=_ROOT, check=True)
    with console(home) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield Desk(origin, home / "console" / "console.sqlite3", browser)
        browser.close()
