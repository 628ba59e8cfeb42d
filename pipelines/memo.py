"""What a table says of each night, kept beside the tables: a night then reads what is new and not all history.

A file of the lake never changes, so what was read of it once holds. A memo that is lost is made again.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.lake import Lake, write_atomically
from pipelines.tables import Table


def by_night(
    lake: Lake, table: Table, until: date, told: Callable[[pl.LazyFrame], pl.DataFrame]
) -> dict[date, list[str]]:
    """For each night up to one that the table has rows of, in order, the texts that `told` makes of its rows.

    Args:
        lake: the lake.
        table: the table.
        until: the last night.
        told: of some nights' rows: their columns `received_on` and `texts`, one row a night; always the same function
            for a table.
    """
    place = Path(lake.root) / "_nights" / f"{table.name}.json"
    kept = _kept(place)
    files = lake.files_by_night(table, until)
    names = {night: sorted(Path(file).name for file in own) for night, own in files.items()}
    stale = [night for night in files if kept.get(night.isoformat(), {}).get("files") != names[night]]
    if stale:
        rows = lake.scan_files(table, [file for night in stale for file in files[night]])
        texts = dict(told(rows).select("received_on", "texts").iter_rows())
        for night in stale:
            kept[night.isoformat()] = {"files": names[night], "texts": texts.get(night, [])}
        with suppress(OSError):  # whoever may only read the lake reads it again the next time
            write_atomically(place, json.dumps(kept).encode())
    return {night: kept[night.isoformat()]["texts"] for night in sorted(files)}


def _kept(place: Path) -> dict[str, dict[str, list[str]]]:
    try:
        found: dict[str, dict[str, list[str]]] = json.loads(place.read_bytes())
    except (OSError, ValueError):
        return {}
    return found
