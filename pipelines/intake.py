"""A delivered file becomes one submission: hash, keep, unzip, sniff, read, quarantine, commit.

The same content is one submission however often it comes. Nothing here knows a format's inside.
"""

import lzma
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import IO

import polars as pl

from pipelines import staging, tables
from pipelines.formats import delimited, goaml, side
from pipelines.formats.mappings import Mapping, load_mapping, mapping_names, match
from pipelines.formats.nearest import nearest
from pipelines.formats.profiles import Profile, load_profile, profile_names
from pipelines.formats.reader import BadFile, Source
from pipelines.home import Home, Settings, UserError
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.side_tables import SideTable

READER_VERSION = "1"
_BATCH_FILES = 400
_BATCH_ROWS = 1_000_000
_BLOCK_BYTES = 1 << 20
_ZIP = b"PK\x03\x04"
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, RuntimeError, struct.error)
_DAY_FOLDER = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Quarantined:
    """One thing that went to quarantine, for the person who sent it in."""

    file_name: str
    code: str
    place: str
    message: str


@dataclass
class IngestReport:
    """What became of the delivered files."""

    statuses: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    already_known: int = 0
    finished_earlier_batch: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Was everything accepted."""
        return not self.quarantined

    def metadata(self) -> dict[str, int]:
        """The counts, flat."""
        return {
            **{f"files_{status}": number for status, number in sorted(self.statuses.items())},
            "files_already_known": self.already_known,
            **{f"rows_{name}": number for name, number in sorted(self.rows.items())},
        }


def ingest(
    home: Home, paths: Sequence[Path], received_on: date, profile: str | None = None, progress: Progress = silent
) -> IngestReport:
    """Take in files, folders and zips; returns what became of them.

    A file that went to quarantine as a whole is read again: the profile, the settings or the reader may be better now.

    Args:
        home: where the lake is; the caller holds `home.writing()`.
        paths: files or folders (read in the order of their names, hidden files left out).
        received_on: the day of delivery (UTC).
        profile: a goAML profile, the name of a mapping, or the path of a mapping file; by default goAML files are read
            with the profile of the settings and other files with the mapping that their header fits.
        progress: told how many files are done.

    Raises:
        UserError: a path or the profile does not exist.
    """
    files = [(path, received_on) for path in _expand(paths)]
    return _Intake(home, profile, progress, reads_quarantined_again=True).run(files)


def ingest_side(home: Home, path: Path, received_on: date, table: SideTable) -> IngestReport:
    """Take in one file of a side table; returns what became of it. The same file twice is taken in once.

    Raises:
        UserError: there is no such file, or it is a folder.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}. Check the path and run this again.")
    return _Intake(home, None, silent, reads_quarantined_again=True, side_table=table).run([(path, received_on)])


def ingest_inbox(home: Home, nights: Nights, progress: Progress = silent) -> IngestReport:
    """Take in what lies in `inbox/YYYY-MM-DD/` for these nights; returns what became of it."""
    folders = sorted(p for p in home.inbox.glob("*") if p.is_dir() and _DAY_FOLDER.fullmatch(p.name))
    dated = [(_day_of(folder), folder) for folder in folders]
    files = [(path, day) for day, folder in dated if nights.first <= day <= nights.last for path in _expand([folder])]
    return _Intake(home, None, progress).run(files)


def _day_of(folder: Path) -> date:
    try:
        return date.fromisoformat(folder.name)
    except ValueError:
        raise UserError(f"{folder} is not a day of the calendar. Rename the folder.") from None


def _expand(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise UserError(f"There is no file or folder {path}. Check the path and run this again.")
        if path.is_file():
            yield path
            continue
        inside = (p for p in path.rglob("*") if p.is_file())
        yield from sorted(p for p in inside if not any(part.startswith(".") for part in p.relative_to(path).parts))


class _Intake:
    def __init__(
        self,
        home: Home,
        profile: str | None,
        progress: Progress,
        *,
        reads_quarantined_again: bool = False,
        side_table: SideTable | None = None,
    ) -> None:
        self.home = home
        self.side_table = side_table
        self.reads_quarantined_again = reads_quarantined_again
        self.batch: staging.Batch | None = None
        self.batches = 0
        self.settings: Settings = home.settings
        self.lake = Lake(home.lake)
        self.progress = progress
        self.report = IngestReport()
        self.goaml_profile, self.mapping = _chosen(profile, self.settings)

    def run(self, files: Sequence[tuple[Path, date]]) -> IngestReport:
        self._finish_earlier_batches()
        known = self._known()
        for number, (path, received_on) in enumerate(files):
            self.progress("files", number, len(files))
            source = self._keep_original(path, path.name, received_on)
            if source.submission_id in known:
                self.report.already_known += 1
                continue
            for staged in self._submissions(source, known):
                self._add(staged)
        self._commit()
        self.progress("files", len(files), len(files))
        return self.report

    def _known(self) -> set[str]:
        """The submissions that are not read again."""
        submissions = self.lake.scan(tables.SUBMISSIONS)
        if self.reads_quarantined_again:
            submissions = submissions.filter(pl.col("status") != "quarantined")
        return set(submissions.select("submission_id").collect()["submission_id"])

    def _staged(self, source: Source) -> staging.StagedSubmission:
        """A place in the open batch, which is opened where there is none."""
        if self.batch is None:
            self.batches += 1
            name = f"{source.submission_id[:16]}-{os.getpid()}-{self.batches}"
            self.batch = staging.Batch(self.home.staging / name)
        return staging.StagedSubmission(source, self.batch.folder)

    def _add(self, staged: staging.StagedSubmission) -> None:
        if self.batch is None:
            raise ValueError("a submission is staged in a batch")
        self.batch.add(staged)
        if len(self.batch.submission_ids) >= _BATCH_FILES or self.batch.row_count >= _BATCH_ROWS:
            self._commit()

    def _commit(self) -> None:
        if self.batch is not None:
            self.batch.commit(self.lake)
            self.batch = None

    def _finish_earlier_batches(self) -> None:
        for partial in self.home.originals.glob(".*.partial"):
            partial.unlink()
        shutil.rmtree(self.home.unpacked, ignore_errors=True)
        folders = sorted(self.home.staging.glob("*")) if self.home.staging.exists() else []
        for folder in folders:
            self.report.finished_earlier_batch += staging.redo(folder, self.lake)

    def _keep_original(self, path: Path, name: str, received_on: date) -> Source:
        partial = self.home.originals / f".{os.getpid()}.partial"
        partial.parent.mkdir(parents=True, exist_ok=True)
        digest = sha256()
        with path.open("rb") as delivered, partial.open("wb") as copy:
            while block := delivered.read(_BLOCK_BYTES):
                digest.update(block)
                copy.write(block)
        kept = self.home.originals / digest.hexdigest()[:2] / digest.hexdigest()
        kept.parent.mkdir(exist_ok=True)
        partial.replace(kept)
        return Source(kept, digest.hexdigest(), name, received_on)

    def _submissions(self, source: Source, known: set[str]) -> Iterator[staging.StagedSubmission]:
        """The file's submission, and before it those of its members where it is a zip."""
        known.add(source.submission_id)
        if self.side_table is None and _head(source.path).startswith(_ZIP):
            yield from self._zip(source, known)
        else:
            yield self._single(self._staged(source), container_id=None)

    def _zip(self, source: Source, known: set[str]) -> Iterator[staging.StagedSubmission]:
        unpacked = self.home.unpacked
        try:
            members = _unpack(source.path, unpacked, self.settings)
        except BadFile as bad:
            shutil.rmtree(unpacked, ignore_errors=True)
            yield self._finish(self._staged(source), "zip", None, None, bad)
            return
        for name, path in members:
            member = self._keep_original(path, name, source.received_on)
            if member.submission_id in known:
                self.report.already_known += 1
                continue
            known.add(member.submission_id)
            yield self._single(self._staged(member), source.submission_id)
        shutil.rmtree(unpacked)
        yield self._finish(self._staged(source), "zip", None, None)

    def _single(self, staged: staging.StagedSubmission, container_id: str | None) -> staging.StagedSubmission:
        source = staged.source
        form, used = "unknown", None
        try:
            head = _head(source.path)
            if not head:
                raise BadFile("file_empty", "The file is empty. Send it again.")
            if self.side_table is not None:
                form, used = "delimited", f"side:{self.side_table.table.name}"
                side.read(source, staged, self.side_table)
                return self._finish(staged, form, used, container_id)
            if head.startswith(_ZIP):
                raise BadFile("zip_nested", "A zip inside a zip is not opened. Send its files in one zip.")
            if goaml.sniff(head):
                form, used = "goaml", self.goaml_profile.name
                goaml.read(source, staged, self.goaml_profile)
            elif (mapping := self.mapping or match(source.path) or nearest(source.path)) is not None:
                form, used = "delimited", mapping.name
                delimited.read(source, staged, mapping)
            elif container_id is not None:
                return self._finish(staged, "attachment", None, container_id)
            else:
                names = ", ".join(mapping_names())
                raise BadFile(
                    "format_unknown",
                    f"The file is neither a goAML report nor a table with a known header ({names}). "
                    "Name its mapping with --profile.",
                )
        except BadFile as bad:
            return self._finish(staged, form, used, container_id, bad)
        return self._finish(staged, form, used, container_id)

    def _finish(
        self,
        staged: staging.StagedSubmission,
        form: str,
        used: str | None,
        container_id: str | None,
        bad: BadFile | None = None,
    ) -> staging.StagedSubmission:
        source = staged.source
        if bad is not None:
            staged.discard()
            staged.finding("error", bad.stage, bad.code, bad.place, bad.message)
        rejected = staged.kept[tables.QUARANTINE.name]
        status = "quarantined" if bad else "partly" if rejected else "accepted"
        if form == "attachment":
            status = form
        counts = staged.counts if bad is None else Counter[str]()
        staged.finish(
            {
                "submission_id": source.submission_id,
                "received_on": source.received_on,
                "file_name": source.file_name,
                "container_id": container_id,
                "size_bytes": source.path.stat().st_size,
                "format": form,
                "profile": used,
                "reader_version": READER_VERSION,
                "status": status,
                "report_count": staged.kept[tables.REPORTS.name],
                "transaction_count": staged.kept[tables.TRANSACTIONS.name],
                "source_row_count": counts["source_rows"],
                "quarantined_count": staged.bad_unit_count,
                "leaf_count": counts["leaves"],
                "typed_leaf_count": counts["typed"],
                "extra_leaf_count": counts["extra"],
                "placeholder_leaf_count": counts["placeholder"],
                "dropped_leaf_count": counts["dropped"],
            }
        )
        self._tell(staged, status)
        return staged

    def _tell(self, staged: staging.StagedSubmission, status: str) -> None:
        self.report.statuses[status] += 1
        self.report.rows.update(staged.kept)
        self.report.quarantined += [
            Quarantined(staged.source.file_name, str(f["code"]), str(f["place"] or ""), str(f["message"]))
            for f in staged.findings
            if f["severity"] == "error"
        ]


def _chosen(profile: str | None, settings: Settings) -> tuple[Profile, Mapping | None]:
    """The goAML profile, and the mapping where one was asked for."""
    name = profile or settings.profile
    try:
        if name in profile_names():
            return load_profile(name), None
        return load_profile(settings.profile), load_mapping(name)
    except ValueError as error:
        raise UserError(str(error)) from None


def _head(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(4_096)


def _unpack(path: Path, folder: Path, settings: Settings) -> list[tuple[str, Path]]:
    """The members of a zip, unpacked under names of our own: (name as delivered, where it lies now).

    Raises:
        BadFile: the zip is damaged, encrypted, or larger than the settings allow.
    """
    folder.mkdir(parents=True)
    members: list[tuple[str, Path]] = []
    left = settings.zip_max_total_mb * 1_000_000
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > settings.zip_max_members:
                raise BadFile("zip_too_many", f"The zip holds more than {settings.zip_max_members} files. Split it.")
            for number, info in enumerate(infos):
                if info.flag_bits & 1:
                    raise BadFile("zip_encrypted", "The zip is encrypted. Send it unencrypted over a safe channel.")
                member = folder / f"{number}"
                allowed = min(left, max(info.compress_size, 1_000) * settings.zip_max_ratio)
                left -= _unpack_member(archive, info, member, allowed)
                members.append((Path(info.filename).name, member))
    except (*_DAMAGED, UnicodeDecodeError):
        raise BadFile("zip_damaged", "The zip is damaged or uses an unknown compression. Send it again.") from None
    return members


def _read_block(packed: IO[bytes]) -> bytes:
    """The next block; bzip2 reports damaged data as an OSError of its own, apart from a full or failing disk."""
    try:
        return packed.read(_BLOCK_BYTES)
    except OSError as error:
        if error.errno is None:
            raise zipfile.BadZipFile from None
        raise


def _unpack_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, member: Path, allowed_bytes: int) -> int:
    size = 0
    with archive.open(info) as packed, member.open("wb") as plain:
        while block := _read_block(packed):
            size += len(block)
            if size > allowed_bytes:
                raise BadFile(
                    "zip_bomb",
                    "The zip unpacks to far more than its size allows (zip_max_ratio and zip_max_total_mb in "
                    "sluice.toml). Nothing of it was read. Send the files unpacked, or raise the limit.",
                )
            plain.write(block)
    return size


def findings(lake: Lake, nights: Nights | None = None) -> pl.DataFrame:
    """Findings with the name of their file, errors first."""
    files = lake.read(tables.SUBMISSIONS, nights).select("submission_id", "file_name")
    order = {"error": 0, "warning": 1, "info": 2}
    found = lake.read(tables.FINDINGS, nights).join(files, on="submission_id", how="left", maintain_order="left")
    return found.sort(pl.col("severity").replace_strict(order, return_dtype=pl.Int8), "file_name", "ordinal")
