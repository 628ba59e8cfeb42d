"""Draws the README's picture from the demo's home: the queue's first alerts and the first alert's page, as SVG.

Usage: make demo, then .venv/bin/python scripts/picture.py
"""

import io
import re
from pathlib import Path

from rich.console import Console

from pipelines.home import open_home
from pipelines.lake import Lake
from review import queue, text

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write docs/queue.svg and docs/alert.svg."""
    home = open_home(home=ROOT / "build" / "demo")
    lake = Lake(home.lake)
    view = queue.queue(lake, limit=5, capacity=40)
    page = queue.alert(lake, view.rows[0].alert_id)
    draw(text.queue_table(view, "en"), "sluice queue --limit 5", "queue.svg")
    draw(text.alert_page(page, "en"), f"sluice alert {view.rows[0].alert_id[:8]}", "alert.svg")


def draw(shown: object, title: str, name: str) -> None:
    """One renderable as an SVG of a terminal, without the fonts that it would fetch."""
    console = Console(record=True, width=110, file=io.StringIO(), highlight=False)
    console.print(shown)
    svg = console.export_svg(title=title)
    (ROOT / "docs" / name).write_text(re.sub(r"@font-face \{[^}]*\}", "", svg), encoding="utf-8")


if __name__ == "__main__":
    main()
