"""Writes a world as an inbox of report files, and its truth beside the inbox, where nothing ever ingests it.

Layout, with the inbox at `out/inbox`: `out/inbox/YYYY-MM-DD/` holds what the FIU receives on that day (that day's
transactions; outcomes on the day on which they are known); `out/truth.parquet`, `out/truth.json` and
`out/world.json` (the manifest) stand next to it.
"""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from synthetic.broken import write_broken
from synthetic.csv_writer import transfers_of, write_outcomes, write_transfers
from synthetic.goaml_writer import Directory, Report, reports_of, write_report
from synthetic.labels import UNLABELLED_DAYS, make_outcomes
from synthetic.world import VERSION, World

MANIFEST, TRUTH_TABLE, TRUTH_SUMMARY = "world.json", "truth.parquet", "truth.json"
ZIP_EVERY_DAYS = 7


@dataclass(frozen=True)
class Parameters:
    """What a written world was made from; equal parameters and version mean equal bytes."""

    seed: int
    first_day: str
    days: int
    scale: float
    broken: bool
    unlabelled_days: int = UNLABELLED_DAYS
    version: int = VERSION


@dataclass(frozen=True)
class WrittenWorld:
    """Where a world lies on disk, and its numbers as the manifest gives them."""

    inbox: Path
    truth_table: Path
    truth_summary: Path
    manifest: Path
    numbers: dict[str, Any]
    is_new: bool


def parameters_of(world: World, *, broken: bool) -> Parameters:
    """The parameters of a world."""
    return Parameters(world.seed, world.first_day.isoformat(), world.days, world.scale, broken)


def already_written(parameters: Parameters, inbox: Path) -> WrittenWorld | None:
    """The world at `inbox` where it has exactly these parameters, else None."""
    manifest = inbox.parent / MANIFEST
    if not (manifest.is_file() and inbox.is_dir()):
        return None
    content = json.loads(manifest.read_text(encoding="utf-8"))
    return _written(inbox, content["numbers"], is_new=False) if content["parameters"] == asdict(parameters) else None


def write_world(world: World, inbox: Path, *, broken: bool = True) -> WrittenWorld:
    """Write a world's report files, truth and manifest, unless the very same are there already.

    Args:
        world: the world.
        inbox: the folder to make; an older written world there is replaced as a whole.
        broken: add broken files to the last three days.

    Raises:
        FileExistsError: `inbox` holds files that no earlier call wrote.
    """
    parameters = parameters_of(world, broken=broken)
    there = already_written(parameters, inbox)
    if there is not None:
        return there
    if inbox.exists() and any(inbox.iterdir()) and not (inbox.parent / MANIFEST).is_file():
        raise FileExistsError(f"{inbox} holds files of another origin: choose another folder or empty it")
    inbox.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".world-", dir=inbox.parent) as name:
        staged = Path(name)
        numbers = _write_all(world, staged, broken=broken)
        text = json.dumps({"parameters": asdict(parameters), "numbers": numbers}, indent=1, sort_keys=True)
        (staged / MANIFEST).write_text(text + "\n", encoding="utf-8")
        _swap(staged, inbox)
    return _written(inbox, numbers, is_new=True)


def _written(inbox: Path, numbers: dict[str, Any], *, is_new: bool) -> WrittenWorld:
    out = inbox.parent
    return WrittenWorld(inbox, out / TRUTH_TABLE, out / TRUTH_SUMMARY, out / MANIFEST, numbers, is_new)


def _swap(staged: Path, inbox: Path) -> None:
    """Put the staged world in place.

    The manifest names no parameters until all is there: a swap that is cut off is known as ours and written again.
    """
    pending = staged / "pending.json"
    pending.write_text(json.dumps({"parameters": None, "numbers": {}}), encoding="utf-8")
    pending.replace(inbox.parent / MANIFEST)
    if inbox.exists():
        inbox.rename(staged / "replaced")
    (staged / "inbox").rename(inbox)
    for name in (TRUTH_TABLE, TRUTH_SUMMARY, MANIFEST):
        (staged / name).replace(inbox.parent / name)


def _write_all(world: World, staged: Path, *, broken: bool) -> dict[str, Any]:
    inbox = staged / "inbox"
    for offset in range(world.days):
        (inbox / (world.first_day + timedelta(days=offset)).isoformat()).mkdir(parents=True)
    _write_reports(world, inbox)
    _write_by_day(transfers_of(world), "local_date", inbox, lambda rows, folder: write_transfers(rows, _mto(folder)))
    outcomes = make_outcomes(world)
    _write_by_day(outcomes, "known_on", inbox, lambda rows, folder: write_outcomes(rows, folder / "outcomes.csv"))
    if broken:
        write_broken(inbox, world.seed)
    _write_truth(world, staged)
    return _numbers(world, outcomes, inbox)


def _mto(folder: Path) -> Path:
    return folder / f"MTO-201-{folder.name.replace('-', '')}.csv"


def _write_by_day(rows: pl.DataFrame, column: str, inbox: Path, write: Callable[[pl.DataFrame, Path], None]) -> None:
    for key, part in rows.partition_by(column, as_dict=True, maintain_order=True).items():
        day = key[0]
        if not isinstance(day, date):
            raise TypeError(f"{column} is not a date")
        write(part, inbox / day.isoformat())


def _write_reports(world: World, inbox: Path) -> None:
    directory, zipped = Directory.of(world), []
    for report in reports_of(world):
        path = inbox / report.day.isoformat() / report.file_name
        write_report(report, directory, path)
        if _goes_into_zip(report, world.first_day):
            zipped.append(path)
    for folder in sorted({path.parent for path in zipped}):
        _zip(folder / f"EFT-{folder.name.replace('-', '')}.zip", [path for path in zipped if path.parent == folder])


def _goes_into_zip(report: Report, first_day: date) -> bool:
    """On every seventh day two banks' transfers come in one zip, as a shared service centre sends them."""
    is_zip_day = (report.day - first_day).days % ZIP_EVERY_DAYS == ZIP_EVERY_DAYS - 1
    return is_zip_day and report.code == "EFT" and report.bank.code in {107, 108}


def _zip(target: Path, members: Iterable[Path]) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name, (2025, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.read_bytes())
            member.unlink()


def _write_truth(world: World, staged: Path) -> None:
    cores = world.schemes.select("scheme_id", "core_accounts", "core_documents")
    columns = [
        "transaction_number",
        "occurred_at",
        "local_date",
        "scheme_id",
        "typology",
        "is_laundering",
        "look_alike",
    ]
    truth = world.transactions.select(columns).join(cores, on="scheme_id", how="left", maintain_order="left")
    truth.write_parquet(staged / TRUTH_TABLE, compression="zstd")
    spans = (
        world.transactions.filter("is_laundering")
        .group_by("scheme_id")
        .agg(
            pl.col("local_date").min().cast(pl.String).alias("first_day"),
            pl.col("local_date").max().cast(pl.String).alias("last_day"),
            pl.col("transaction_number").sort().alias("transaction_numbers"),
        )
    )
    schemes = world.schemes.drop("core_account_ids").join(spans, on="scheme_id", maintain_order="left")
    text = json.dumps({"schemes": schemes.to_dicts()}, ensure_ascii=False, indent=1)
    (staged / TRUTH_SUMMARY).write_text(text + "\n", encoding="utf-8")


def _numbers(world: World, outcomes: pl.DataFrame, inbox: Path) -> dict[str, Any]:
    files = sorted(path for path in inbox.rglob("*") if path.is_file())
    sizes = {suffix: sum(p.stat().st_size for p in files if p.suffix == suffix) for suffix in (".xml", ".csv", ".zip")}
    return {
        "accounts": len(world.accounts),
        "transactions": len(world.transactions),
        "laundering": int(world.transactions["is_laundering"].sum()),
        "schemes": len(world.schemes),
        "suspicion_reports": len(world.suspicions),
        "outcomes": len(outcomes),
        "files": len(files),
        "xml_bytes": sizes[".xml"],
        "csv_bytes": sizes[".csv"],
        "zip_bytes": sizes[".zip"],
    }
