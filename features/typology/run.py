"""The run: every typology over a range of nights. Holds no scheme of its own.

Cost follows what the nights learnt: bounds from above are computed once for the range (`peaks`), each typology names
its candidates from them, and only their time lines are looked at closely. The result is that of looking at every node
on every night (`tests/features/test_typology_engine.py` holds both together).
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl

from features import nightly
from features.engine import SQL, Engine, TooManyRows
from features.typology import gather, inputs, status
from features.typology.catalogue import Typology, by_id, catalogue
from features.typology.inputs import Inputs, Reach
from features.typology.shares import ENGINE_SHARE, ROWS_A_GIGABYTE, shares
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.tables import HITS

EVIDENCE_MAX = 50
"""Transactions that a case names as evidence, the newest first, where its typology has no number of its own."""


@dataclass(frozen=True)
class Plan:
    """How a run is cut up. The result is the same for every plan."""

    edges_a_gigabyte: int = nightly.EDGES_A_GIGABYTE
    """Edges that a range of nights may learn of for each gigabyte of memory; what came before lies in the engine."""
    rows_a_gigabyte: int = ROWS_A_GIGABYTE
    """Rows that a compiled pass may look at together for each gigabyte of memory."""
    is_unshared: bool = False
    """Give every night of every node its own part of the time line."""
    is_portable: bool = False
    """Use the portable twins in place of compiled passes."""
    is_unpruned: bool = False
    """Take every node that learnt something for a candidate."""


_OWN = ("marks", "windows", "chosen", "cases", "findings", "gathered")
"""Inputs of a single typology: freed when its hits are kept."""

STEP_ROWS_A_GIGABYTE = 10_000_000
"""Rows that one step of a typology may make for each gigabyte of memory, unless the settings say how many."""


@dataclass(frozen=True)
class LeftOut:
    """A typology that was not looked for on a night, because a step of it made too many rows even for one night."""

    night: date
    typology_id: str
    message: str


@dataclass(frozen=True)
class Found:
    """What a run found, as HITS, and what it had to leave out."""

    hits: pl.DataFrame
    left_out: tuple[LeftOut, ...]


def build(lake: Lake, nights: Nights, settings: Settings, progress: Progress = silent) -> Found:
    """The nights' hits of every typology in force."""
    return find(lake, nights, settings, catalogue(), progress)


def evaluate(
    lake: Lake,
    nights: Nights,
    settings: Settings,
    typologies: Iterable[Typology],
    progress: Progress = silent,
    plan: Plan | None = None,
) -> pl.DataFrame:
    """What `find` found, as HITS, where it had to leave nothing out.

    Raises:
        TooManyRows: a typology made too many rows on a night.
    """
    found = find(lake, nights, settings, typologies, progress, plan)
    if found.left_out:
        first = found.left_out[0]
        raise TooManyRows(f"{first.typology_id} on {first.night}: {first.message}")
    return found.hits


def find(
    lake: Lake,
    nights: Nights,
    settings: Settings,
    typologies: Iterable[Typology],
    progress: Progress = silent,
    plan: Plan | None = None,
) -> Found:
    """The nights' hits of some typologies; nothing is written.

    A typology with a step of too many rows is looked for again in halves of the range, down to one night.

    Args:
        lake: the tables.
        nights: the range.
        settings: country, threads, memory.
        typologies: which; a typology may carry other parameters than the catalogue's.
        progress: told how many typologies are done.
        plan: how the run is cut up.
    """
    plan, wanted = plan or Plan(), list(typologies)
    chosen = _with_signs(wanted)
    asked = {typology.id for typology in wanted}
    ranges = nightly.learnt(lake, nights, plan.edges_a_gigabyte * settings.memory_limit_gb)
    total = len(ranges) * len(chosen)
    with _scratch(settings) as folder:
        kept = _Kept(folder, _earlier_signs(lake, nights, chosen))
        search = _Search(lake, settings, plan, inputs.first_told(lake, nights), kept)
        for done, chunk in enumerate(ranges):

            def tell(number: int, before: int = done * len(chosen)) -> None:
                progress("typologies", before + number, total)

            search.look(chunk, chosen, tell)
        progress("typologies", total, total)
        return Found(kept.of(asked), tuple(one for one in search.left_out if one.typology_id in asked))


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    scratch = settings.home.absolute() / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as folder:
        yield Path(folder)


class _Kept:
    """The hits found so far, in files: a typology's hits name up to 200 transactions each."""

    def __init__(self, folder: Path, earlier: pl.DataFrame) -> None:
        self._folder, self._own, self._numbers = folder, list[tuple[str, Path]](), count()
        self._none = self._next()
        HITS.empty().write_parquet(self._none)
        self._earlier = [(str(identifier), self._next()) for identifier in earlier["typology_id"].unique()]
        for identifier, path in self._earlier:
            earlier.filter(pl.col("typology_id") == identifier).write_parquet(path)

    def _next(self) -> Path:
        return self._folder / f"{next(self._numbers)}.parquet"

    def write(self, engine: Engine, given: Mapping[str, object]) -> Path:
        """A file of the hits that `gathered` makes; they count when they are added."""
        path = self._next()
        engine.write(HITS, SQL / "hits.sql", path, given)
        return path

    def add(self, typology_id: str, paths: Iterable[Path]) -> None:
        """Count the files among a typology's hits."""
        self._own += [(typology_id, path) for path in paths]

    def files(self, asked: Container[str]) -> list[str]:
        """The files of some typologies' hits, those that earlier nights found among them; one at least."""
        found = [path for identifier, path in (*self._earlier, *self._own) if identifier in asked]
        return [str(path) for path in (self._none, *found)]

    def of(self, asked: Container[str]) -> pl.DataFrame:
        """The hits of some typologies, as HITS."""
        parts = [HITS.conform(pl.read_parquet(path)) for identifier, path in self._own if identifier in asked]
        return pl.concat([HITS.empty(), *parts]).sort(HITS.key)


class _Search:
    """What is looked for, what was found so far and what was left out."""

    def __init__(self, lake: Lake, settings: Settings, plan: Plan, told: Mapping[str, date], kept: _Kept) -> None:
        self.lake, self.settings, self.plan, self.told, self.kept = lake, settings, plan, told, kept
        self._rows_max = plan.rows_a_gigabyte * settings.memory_limit_gb
        self.left_out: list[LeftOut] = []

    def look(self, nights: Nights, chosen: Sequence[Typology], tell: Callable[[int], None]) -> None:
        """Add the hits of a range; what makes too many rows in it is looked for in its halves."""
        heavy = self._look_once(nights, chosen, tell)
        if not heavy:
            return
        if nights.first == nights.last:
            self.left_out += [LeftOut(nights.first, item.id, f"too many rows: {error}") for item, error in heavy]
            return
        again = [item for item, _ in heavy]
        for half in nightly.halves(nights):
            self.look(half, again, lambda _: None)

    def _look_once(
        self, nights: Nights, chosen: Sequence[Typology], tell: Callable[[int], None]
    ) -> list[tuple[Typology, TooManyRows]]:
        """Add the hits of the typologies that can be looked for in the whole range; the others, and why they can't."""
        heavy: list[tuple[Typology, TooManyRows]] = []
        reach = _reach(chosen)
        try:
            with nightly.knowing(self.lake, nights, self.settings, reach.edges_days, ENGINE_SHARE) as engine:
                portable = self.plan.is_portable
                given = Inputs(engine, self.lake, nights, self.settings, reach, self._rows_max, is_portable=portable)
                run = _Run(engine, given, self.told, self.plan)
                lined = run.lay_time_lines(chosen)
                for number, item in enumerate(chosen):
                    tell(number)
                    try:
                        self._wait(item, heavy, nights)
                        if lined and item.has_time_line:
                            raise lined
                        if item.signs:
                            run.show_signs(item, self.kept)
                        run.find(item, self.kept)
                    except TooManyRows as error:
                        heavy.append((item, error))
        except TooManyRows as error:
            return [(item, error) for item in chosen]
        return heavy

    @staticmethod
    def _wait(item: Typology, heavy: Iterable[tuple[Typology, TooManyRows]], nights: Nights) -> None:
        """Put off a typology that reads hits which are not found yet; on a single night it does without them."""
        for other, error in heavy:
            if other.id in item.signs and nights.first < nights.last:
                raise error


def _with_signs(wanted: Iterable[Typology]) -> list[Typology]:
    """The wanted typologies, several of one id among them, after those whose hits they read, each of these once."""
    given = list(wanted)
    known = {typology.id: typology for typology in reversed(given)}
    ordered: list[Typology] = []

    def add(typology: Typology) -> None:
        for sign in typology.signs:
            if sign not in (there.id for there in ordered):
                add(known.get(sign) or by_id()[sign])
        if typology not in ordered:
            ordered.append(typology)

    for typology in given:
        add(typology)
    return ordered


def _earlier_signs(lake: Lake, nights: Nights, chosen: Iterable[Typology]) -> pl.DataFrame:
    """The hits of the nights before the range that its nights may read, as they were found."""
    signs = {sign for typology in chosen for sign in typology.signs}
    before = Nights(nights.first - timedelta(days=nightly.WINDOW_DAYS), nights.first - timedelta(days=1))
    if not signs:
        return HITS.empty()
    return lake.read(HITS, before).filter(pl.col("typology_id").is_in(signs))


def _reach(typologies: Sequence[Typology]) -> Reach:
    every = [typology.reach_days for typology in typologies]
    lined = [typology.reach_days for typology in typologies if typology.has_time_line]
    return Reach(max(every, default=0), max(lined, default=0))


class _Run:
    """The typologies of one range of nights, in one engine."""

    def __init__(self, engine: Engine, inputs: Inputs, told: Mapping[str, date], plan: Plan) -> None:
        self.engine, self.inputs, self.told, self.plan = engine, inputs, told, plan

    def lay_time_lines(self, chosen: Iterable[Typology]) -> TooManyRows | None:
        """Make `lines`: what the candidates of all typologies moved, once for all of them; or why it can't be made."""
        lined = [item for item in chosen if item.has_time_line and self._ready(item)]
        try:
            if lined:
                self._lay(lined)
        except TooManyRows as error:
            return error
        return None

    def _lay(self, lined: Iterable[Typology]) -> None:
        self.inputs.need("peaks")
        self.inputs.need("untidy")
        every = []
        for item in lined:
            self._need(item)
            every.append(self.engine.plain(self._candidates(item), self._given(item)))
        self.engine.register("named", pl.concat(every).unique())
        self.engine.materialise("candidates", SQL / "named_candidates.sql")
        given = {**self.inputs.parameters, "is_unshared": self.plan.is_unshared}
        self._make("lines", SQL / "timeline.sql", given)

    def _ready(self, typology: Typology) -> list[date]:
        return status.ready_nights(typology, self.inputs.nights, self.told)

    def _need(self, typology: Typology) -> None:
        """Make the inputs that the typology's SQL reads, where they are not there yet."""
        for name in (*typology.inputs, *status.side_data(typology), "subjects"):
            self.inputs.need(name)

    def _candidates(self, typology: Typology) -> Path:
        return SQL / "every_node.sql" if self.plan.is_unpruned else typology.sql("candidates")

    def _given(self, typology: Typology) -> dict[str, object]:
        """The values that a typology's SQL files may name."""
        return {
            **self.inputs.parameters,
            "evidence_max": EVIDENCE_MAX,
            **typology.parameters_for(self.inputs.settings.country),
            "reach_s": typology.reach_days * nightly.DAY_S,
            "is_unshared": self.plan.is_unshared,
            "subject": typology.subject,
            "trigger": typology.trigger,
            "typology_id": typology.id,
            "typology_version": typology.version,
            "family": typology.family,
            "theme": typology.theme,
        }

    def find(self, typology: Typology, kept: _Kept) -> None:
        """Keep one typology's hits on the nights on which it is in force and has the data that it needs."""
        if not self._ready(typology):
            return
        self._need(typology)
        given = self._given(typology)
        has_candidates = not typology.has_time_line or self._time_line(typology, given)
        if has_candidates:
            self.engine.register("lacking", status.lacking(typology, self.inputs.nights, self.told))
            kept.add(typology.id, [kept.write(self.engine, given) for _ in self._gather(typology, given)])
        for name in _OWN:
            self.engine.drop(name)

    def show_signs(self, typology: Typology, kept: _Kept) -> None:
        """Make the hits of the typologies that it reads the input `signs`."""
        self.engine.register_files(HITS, kept.files(typology.signs), "signs")

    def _time_line(self, typology: Typology, given: Mapping[str, object]) -> int:
        """Make the typology's candidates and let `timeline` be their time lines; the number of candidates."""
        found = self.engine.materialise("candidates", self._candidates(typology), given)
        self.engine.view("timeline", SQL / "timeline_of.sql")
        return found

    def _gather(self, typology: Typology, given: Mapping[str, object]) -> Iterator[None]:
        """Let `gathered` be the evidence of the typology's findings, of one part of them after another."""
        if typology.is_window:
            self._make("marks", typology.sql("marks"), given)
            self._find_windows(typology, given)
            has_chosen = self._make("chosen", SQL / "chosen.sql", given)
            self.engine.drop("windows")
            if has_chosen and self.plan.is_portable:
                self._make("gathered", SQL / "gathered_windows.sql", given)
                yield
            elif has_chosen:
                for rows in gather.windows(self.engine, self.inputs.settings.threads, self.inputs.rows_max):
                    self.engine.register("gathered", rows)
                    yield
            return
        if typology.is_case:
            self.inputs.need("owners")
            self._make("cases", typology.sql("cases"), given)
        findings = SQL / "findings_of_cases.sql" if typology.is_case else typology.sql()
        if self._make("findings", findings, given):
            gathered = "gathered_records" if typology.evidence == "records" else "gathered_findings"
            self._make("gathered", SQL / f"{gathered}.sql", given)
            yield

    def _find_windows(self, typology: Typology, given: Mapping[str, object]) -> None:
        """Make the typology's windows; share by share of the nodes where a pass measures the frames of their marks."""
        measured, sql_path = typology.sql("rolling"), typology.sql("windows")
        if self.plan.is_portable and measured.exists():
            self._make("rolling", measured, given)
        if self.plan.is_portable or not measured.exists():
            self._make("windows", sql_path, given)
            return
        from features.typology import rolling  # compiled passes are loaded when there is something to look at

        for share in shares(self.engine.count("marks"), self.inputs.rows_max):
            start = perf_counter()
            self.engine.drop("rolling")
            rows = rolling.measure(self.engine, measured, given, self.inputs.settings.threads, share)
            self.engine.register("rolling", rows)
            self.engine.tell(measured.stem, rows.num_rows, start)
            self._make("windows", sql_path, given, is_more=share.number > 0)
        self.engine.drop("rolling")

    def _make(self, name: str, sql_path: Path, given: Mapping[str, object], *, is_more: bool = False) -> int:
        """Keep the rows of a step, which may be no more than the settings allow; their number."""
        settings = self.inputs.settings
        rows_max = settings.stage_rows_max or int(STEP_ROWS_A_GIGABYTE * settings.memory_limit_gb)
        return self.engine.materialise(name, sql_path, given, rows_max, is_more=is_more)
