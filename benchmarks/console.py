"""The review console under load: a million alerts with five million transactions, and fifty analysts at once.

`python -m benchmarks.console` fills a SQLite and a PostgreSQL store, takes the time of the pages that analysts use
most, then lets analysts work over real HTTP on PostgreSQL. Speeds that are promised stand in PROMISED.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

from benchmarks import record
from benchmarks.console_contents import contents, names
from pipelines.home import open_home
from tests.review.console.postgres import Cluster, binaries

SQL = Path(__file__).with_name("console_store.sql")
HOME = record.ROOT / "build" / "bench-console"
MIGRATIONS = record.ROOT / "review" / "console" / "migrations"
PARTS = ("sqlite", "postgresql", "work")
FILLED = "filled.json"
PASSWORD = "seven-lanterns-44-upstream"  # noqa: S105 (of made-up persons)
QUEUES = 12
LISTED = 400
PROMISED = {"queue": 60, "alert": 250, "search": 150, "work": 500}
"""Milliseconds within which 95 of 100 answers come."""
_TUNED = (
    *("shared_buffers=512MB", "max_connections=100", "listen_addresses=", "work_mem=16MB", "jit=off"),
    *("max_wal_size=8GB", "default_toast_compression=lz4"),
)


def main() -> None:
    """Fill, measure, let people work; each part goes on record as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=1_000_000)
    parser.add_argument("--analysts", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--think", type=float, default=8.0, help="mean seconds between two clicks of an analyst")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--only", choices=PARTS, help="this part alone; those on record from before stay")
    parser.add_argument("--refill", action="store_true", help="fill the stores anew though they are there")
    parser.add_argument("--dry", action="store_true", help="print, and put nothing on record")
    given = parser.parse_args()
    if "SLUICE_BENCH_STEP" in os.environ:
        step(os.environ["SLUICE_BENCH_STEP"], given)
        return
    HOME.mkdir(parents=True, exist_ok=True)
    for part in (given.only,) if given.only else PARTS:
        keep(part, measured(part, given), given)


def measured(part: str, given: argparse.Namespace) -> dict[str, object]:
    """The figures of one part. People work on a copy of the store, so that the store can be used again."""
    if part == "sqlite":
        return child(part, "", given)
    folder = binaries()
    if folder is None:
        sys.exit("No PostgreSQL server is installed (Debian: apt-get install postgresql).")
    with running(folder) as cluster:
        _empty_database(cluster, given)
        if part == "postgresql":
            return child(part, cluster.address("console"), given)
        child("filled", cluster.address("console"), given)
        cluster.execute("drop database if exists work", "create database work template console strategy file_copy")
        try:
            return child(part, cluster.address("work"), given)
        finally:
            cluster.execute("drop database work")


def _empty_database(cluster: Cluster, given: argparse.Namespace) -> None:
    """An empty database, unless there is one that is filled as asked for."""
    marker = HOME / "postgresql" / FILLED
    if given.refill and given.only != "work":
        marker.unlink(missing_ok=True)
    if not _is_filled(marker, given):
        marker.unlink(missing_ok=True)
        cluster.execute("drop database if exists console", "create database console")


def keep(part: str, figures: dict[str, object], given: argparse.Namespace) -> None:
    """Put one part on record beside the others that were measured on a store of the same size."""
    size = {"alerts": given.alerts, "transactions": given.alerts * 5, "promised_p95_ms": PROMISED}
    if given.dry:
        print(json.dumps({part: figures}, indent=1))
        return
    file = record.results("console")
    before = json.loads(file.read_text("utf-8"))["figures"] if file.exists() else {}
    others = {name: before[name] for name in PARTS if name in before} if before.get("alerts") == given.alerts else {}
    when = record.provenance()
    record.record("console", size | others | {part: figures | {"date": when["date"], "commit": when["commit"]}})


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A PostgreSQL that keeps its promises on a power cut: nothing is switched off for speed."""
    cluster = Cluster.kept(folder, _TUNED, HOME / "server")
    try:
        yield cluster
    finally:
        cluster.pause()


def child(name: str, address: str, given: argparse.Namespace) -> dict[str, object]:
    """The result of one step in a process of its own: Django works on one database per process."""
    home = HOME / ("sqlite" if name == "sqlite" else "postgresql")
    environment = os.environ | {"SLUICE_BENCH_STEP": name, "SLUICE_HOME": str(home)}
    environment |= {"SLUICE_CONSOLE_DATABASE": address} if address else {}
    words = [f"--{key}={value}" for key, value in vars(given).items() if key not in ("refill", "dry") and value]
    words += ["--refill"] if given.refill and name == given.only else []
    out = HOME / f"{name}.json"
    subprocess.run([sys.executable, "-m", "benchmarks.console", *words], check=True, env=environment)
    return json.loads(out.read_text("utf-8"))


def step(name: str, given: argparse.Namespace) -> None:
    """One step; writes its result beside the homes."""
    from review.console import config

    home = Path(os.environ["SLUICE_HOME"])
    if name == "sqlite" and (given.refill or not _is_filled(home / FILLED, given)):
        shutil.rmtree(home, ignore_errors=True)
    (home / "console" / "static").mkdir(parents=True, exist_ok=True)
    config.set_up(open_home())
    made = {"work": lambda: work(given), "filled": lambda: filled(home, given)}.get(
        name, lambda: {**filled(home, given), **pages(given.samples)}
    )()
    record.write_results(HOME / f"{name}.json", made)


# --- fill -------------------------------------------------------------------------------------------------------------


def _asked(given: argparse.Namespace) -> dict[str, object]:
    """What a store is filled from: another store is filled where any of it differs."""
    sources = [SQL, Path(__file__).with_name("console_contents.py"), *sorted(MIGRATIONS.glob("0*.py"))]
    digest = sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
    return {"alerts": given.alerts, "analysts": given.analysts, "digest": digest}


def _is_filled(marker: Path, given: argparse.Namespace) -> bool:
    return marker.exists() and json.loads(marker.read_text("utf-8"))["asked"] == _asked(given)


def filled(home: Path, given: argparse.Namespace) -> dict[str, object]:
    """Fill the store, unless it is; seconds and bytes that it took, now or then."""
    marker = home / FILLED
    if not _is_filled(marker, given):
        made = fill(given.alerts, given.analysts)
        record.write_results(marker, {"asked": _asked(given), "made": made})
    _publication()
    return json.loads(marker.read_text("utf-8"))["made"]


def fill(alerts: int, analysts: int) -> dict[str, object]:
    """Make the tables and write the store: rows first, then the indexes; seconds and bytes that it took."""
    from django.core.management import call_command
    from django.db import connection

    started = time.perf_counter()
    call_command("migrate", interactive=False, verbosity=0)
    _persons_and_queues(analysts)
    is_sqlite = connection.vendor == "sqlite"
    parts = 1 if is_sqlite else os.cpu_count() or 2
    with connection.cursor() as cursor:
        if is_sqlite:
            cursor.execute("pragma synchronous = off")
            cursor.execute("pragma cache_size = -1000000")
        _side_tables(cursor)
        cursor.execute(_INDEXES[connection.vendor])
        indexes = list(cursor.fetchall())
        for name, _made in indexes:
            cursor.execute(f'drop index "{name}"')
        for statement in _statements(connection.vendor, alerts):
            begun = time.perf_counter()
            _at_once([_part(statement, part, parts) for part in range(parts if "N_PARTS" in statement else 1)])
            print(f"  {statement.split()[2]}: {time.perf_counter() - begun:.0f} s", flush=True)
        begun = time.perf_counter()
        for start in range(0, len(indexes), parts):
            _at_once([made for _name, made in indexes[start : start + parts]])
        print(f"  {len(indexes)} indexes: {time.perf_counter() - begun:.0f} s", flush=True)
        if is_sqlite:
            cursor.execute("select page_count * page_size from pragma_page_count(), pragma_page_size()")
        else:
            for table in ("subject", "report", "alert"):
                cursor.execute(
                    "select setval(pg_get_serial_sequence(%s, 'id'), (select max(id) from console_alert))",
                    [f"console_{table}"],
                )
            for name in ("bench_name", "bench_term", "bench_content"):
                cursor.execute(f"drop table {name}")
            cursor.execute("vacuum analyze")
            cursor.execute("select pg_database_size(current_database())")
        size = cursor.fetchone()[0]
    return {"fill_s": round(time.perf_counter() - started, 1), "store_mb": round(size / 1e6)}


_INDEXES = {
    "sqlite": "select name, sql from sqlite_master where type = 'index' and sql is not null and name like 'console_%'"
    " or type = 'index' and sql is not null and tbl_name like 'console_%'",
    "postgresql": "select i.indexname, i.indexdef from pg_indexes i where i.schemaname = 'public'"
    " and i.tablename like 'console%' and i.indexname not in (select conname from pg_constraint)",
}


def _part(statement: str, part: int, parts: int) -> str:
    return re.sub(r"\bN_PART\b", str(part), re.sub(r"\bN_PARTS\b", str(parts), statement))


def _at_once(statements: list[str]) -> None:
    """Run statements, each on a connection of its own where the database writes with several."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with ThreadPoolExecutor(len(statements)) as pool:
            list(pool.map(_on_its_own, statements))
        return
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _on_its_own(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        # Rows that fit each other by the way they are made need no check of every key.
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "maintenance_work_mem = '1GB'",
        ):
            cursor.execute(f"set {setting}")
        cursor.execute(statement)
    connection.close()


def _persons_and_queues(analysts: int) -> None:
    from django.contrib.auth.hashers import make_password

    from review.console.models import Person, Queue, Scope

    now, hashed = datetime.now(UTC), make_password(PASSWORD)
    for number in range(analysts):
        person = Person.objects.create(username=f"analyst{number}", password="", role="analyst", created_at=now)
        Person.objects.filter(pk=person.pk).update(password=hashed)
        Scope.objects.create(person=person, territory=f"XS-{number % QUEUES}")
    for number in range(QUEUES):
        Queue.objects.create(
            slug=f"xs-{number}", territory=f"XS-{number}", theme="DRUG-SHOP", created_at=now, cut=LISTED
        )


def _side_tables(cursor: object) -> None:
    rows = names()
    execute, executemany = cursor.execute, cursor.executemany  # type: ignore[attr-defined]
    execute("create table bench_name (k integer, name text)")
    execute("create table bench_term (k integer, kind text, term text)")
    execute(
        "create table bench_content (k integer, reasons text, evidence text, movements text, flow text, nodes text)"
    )
    executemany("insert into bench_name values (%s, %s)", [(k, name) for k, (name, _terms) in enumerate(rows)])
    terms = [(k, kind, term) for k, (_name, found) in enumerate(rows) for kind, term in found]
    executemany("insert into bench_term values (%s, %s, %s)", terms)
    executemany("insert into bench_content values (%s, %s, %s, %s, %s, %s)", contents())


_CASTS: dict[str, dict[str, Callable[[str], str]]] = {
    "sqlite": {
        "json": lambda text: text,
        "day": lambda text: text,
        "moment": lambda text: text.replace("+00:00", ""),
        "true": lambda _text: "1",
        "false": lambda _text: "0",
    },
    "postgresql": {
        "json": lambda text: f"cast({text} as jsonb)",
        "day": lambda text: f"cast({text} as date)",
        "moment": lambda text: f"cast({text} as timestamptz)",
        "true": lambda _text: "true",
        "false": lambda _text: "false",
    },
}


def _statements(vendor: str, alerts: int) -> list[str]:
    """The statements of console_store.sql in the dialect, without their comments."""
    text = "\n".join(line for line in SQL.read_text("utf-8").splitlines() if not line.startswith("--"))
    sizes = {"N_ALERTS": alerts, "N_SUBJECTS": max(alerts // 3, 100), "N_NAMES": len(names()), "N_QUEUES": QUEUES}
    for name, value in {**sizes, "N_LISTED": LISTED}.items():
        text = re.sub(rf"\b{name}\b", str(value), text)
    casts = _CASTS[vendor]
    text = re.sub(r"<<(\w+) ?(.*?)>>", lambda found: casts[found[1]](found[2]), text, flags=re.DOTALL)
    return [statement.strip() for statement in text.split(";") if statement.strip()]


def _publication() -> None:
    from review.console.models import Publication

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    Publication.objects.get_or_create(
        night=yesterday, status="done", digest="bench", defaults={"at": datetime.now(UTC)}
    )


# --- pages ------------------------------------------------------------------------------------------------------------


def pages(samples: int) -> dict[str, object]:
    """Milliseconds of the server for the pages that analysts use most: half, and 95 of 100, come within them."""
    from review.console.models import Alert, Throttle

    client = _client("analyst0")
    listed = list(
        Alert.objects.filter(entries__queue__slug="xs-0", entries__is_below_cut=False).values_list(
            "alert_id", flat=True
        )[:LISTED]
    )
    largest = Alert.objects.filter(queue__slug="xs-0", pk__in=range(0, 1_000_000, 500))
    heavy = list(largest.values_list("alert_id", flat=True)[:50])
    seen = [name.split()[0] for name, _terms in names()[:200]]
    chooser = random.Random(7)

    def queue() -> str:
        view = chooser.choice(["today", "today", "today", "below", "closed"])
        return f"/queue/xs-0/?view={view}"

    def search() -> str:
        Throttle.objects.all().delete()
        asked = chooser.choice([chooser.choice(seen), f"4070281010{chooser.randrange(10_000, 99_999)}", "R-77"])
        return "/search/?" + urlencode({"q": asked})

    kinds: dict[str, Callable[[], str]] = {
        "queue": queue,
        "alert": lambda: f"/alert/{chooser.choice(listed)}/",
        "alert_largest": lambda: f"/alert/{chooser.choice(heavy)}/",
        "flow": lambda: f"/alert/{chooser.choice(listed)}/flow/",
        "search": search,
    }
    return {name: _timed(client, address, samples) for name, address in kinds.items()}


def _client(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from django.test import Client

    from review.console.models import Person

    client = Client(SERVER_NAME="localhost")
    client.force_login(Person.objects.get(username=name), backend="review.console.services.sign_in.LocalAccounts")
    session, now = client.session, datetime.now(UTC).timestamp()
    session.update({"sign_in": "bench", "started_at": now, "seen_at": now})
    session.save()
    return client


def _timed(client: object, address: Callable[[], str], samples: int) -> dict[str, float]:
    taken, busy = [], []
    for number in range(samples + 10):
        asked = address()
        begun, cpu = time.perf_counter(), time.process_time()
        answer = client.get(asked)  # type: ignore[attr-defined]
        if number >= 10:
            taken.append((time.perf_counter() - begun) * 1_000)
            busy.append((time.process_time() - cpu) * 1_000)
        assert answer.status_code == 200, (asked, answer.status_code)
    return {**_spread(taken), "p95_cpu_ms": _spread(busy)["p95_ms"]}


def _spread(values: list[float]) -> dict[str, float]:
    cut = quantiles(values, n=100) if len(values) > 1 else [values[0]] * 99
    return {"p50_ms": round(cut[49], 1), "p95_ms": round(cut[94], 1), "p99_ms": round(cut[98], 1)}


# --- work -------------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """What one analyst's browser saw."""

    taken_ms: list[float] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


class Browser:
    """One signed-in browser on one connection."""

    def __init__(self, port: int, desk: Desk) -> None:
        self._port, self._desk = port, desk
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, method: str, address: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, where it leads, and the page; the time that it took is noted."""
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self.token})
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{self._port}"}
        begun = time.perf_counter()
        try:
            self._connection.request(method, address, body, headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except OSError:
            # A server may close an idle connection at any time; a browser then opens another.
            self._connection.close()
            self._connection.request(method, address, body, headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        self._desk.taken_ms.append((time.perf_counter() - begun) * 1_000)
        self._keep(answer)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
        self.token = found[1] if found else self.token
        if answer.status >= 500:
            self._desk.wrong.append(f"{method} {address.split('?')[0]}: {answer.status}")
        return answer.status, answer.headers.get("Location", ""), text

    def _keep(self, answer: HTTPResponse) -> None:
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";", 1)[0].partition("=")
            self._cookies[name] = value

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def work(given: argparse.Namespace) -> dict[str, object]:
    """Analysts take, read and decide alerts over HTTP; then what they saw is held against the store."""
    from django.db.models import Count

    from review.console.models import Alert, Decision
    from review.console.services import audit

    begun = datetime.now(UTC)
    port, server = _serve()
    stop = time.monotonic() + given.minutes * 60
    memory: list[float] = []
    watch = threading.Thread(target=_watch, args=(server.pid, stop, memory))
    try:
        watch.start()
        with ThreadPoolExecutor(given.analysts) as pool:
            desks = list(pool.map(lambda n: _analyst(n, port, stop, given.think), range(given.analysts)))
        watch.join()
    finally:
        server.terminate()
        server.wait()
    decided = [alert for desk in desks for alert in desk.decided]
    made = Decision.objects.filter(proposed_at__gte=begun)
    twice = made.values("alert").annotate(n=Count("id")).filter(n__gt=1).count()
    stored = set(made.values_list("alert__alert_id", flat=True))
    closed = Alert.objects.filter(alert_id__in=decided, state__in=["closed", "pending_approval"]).count()
    verdict = audit.verify()
    taken = [value for desk in desks for value in desk.taken_ms]
    third = len(memory) // 3
    return {
        "analysts": given.analysts,
        "minutes": given.minutes,
        "think_s": given.think,
        "requests": len(taken),
        **_spread(taken),
        "decisions": len(decided),
        "lost_decisions": len(set(decided) - stored) + (len(decided) - closed),
        "double_decisions": twice + len(decided) - len(set(decided)),
        "decisions_nobody_saw": len(stored - set(decided)),
        "refused_as_stale_or_locked": sum(desk.refused for desk in desks),
        "errors": [line for desk in desks for line in desk.wrong][:20],
        "audit_events": verdict.count,
        "audit_broken_at": verdict.broken_at,
        "memory_mb_first_third": round(sum(memory[:third]) / max(third, 1)),
        "memory_mb_last_third": round(sum(memory[-third:]) / max(third, 1)) if third else 0,
    }


def _serve() -> tuple[int, "subprocess.Popen[bytes]"]:
    """The console as deploy/ runs it, on a free port."""
    import socket

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    workers = os.cpu_count() or 2
    words = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--threads", "8", "--worker-class", "gthread"]
    command = [sys.executable, "-m", "gunicorn", *words, "--log-level", "error", "review.console.wsgi:application"]
    server = subprocess.Popen(command, cwd=record.ROOT)
    for _ in range(300):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return port, server
        time.sleep(0.2)
    raise TimeoutError("the console does not answer")


def _watch(pid: int, stop: float, memory: list[float]) -> None:
    """Memory of the server and its workers, in megabytes, every two seconds after the first minute or tenth."""
    time.sleep(min(60.0, max(0.0, (stop - time.monotonic()) / 10)))
    while time.monotonic() < stop:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        sizes = [
            int(line.split()[1])
            for process in (str(pid), *children)
            for line in Path(f"/proc/{process}/status").read_text().splitlines()
            if line.startswith("VmRSS")
        ]
        memory.append(sum(sizes) / 1_024)
        time.sleep(2)


def _analyst(number: int, port: int, stop: float, think: float) -> Desk:
    """One analyst's time: next alert, read it, sometimes search, decide; again."""
    desk = Desk()
    chooser = random.Random(number)
    browser = Browser(port, desk)
    slug = f"xs-{number % QUEUES}"

    def pause() -> None:
        time.sleep(min(chooser.expovariate(1 / think), max(0.0, stop - time.monotonic())) if think else 0)

    browser.ask("GET", "/sign-in/")
    status, _, _ = browser.ask("POST", "/sign-in/", {"username": f"analyst{number}", "password": PASSWORD})
    if status != 302:
        desk.wrong.append(f"sign-in: {status}")
    while time.monotonic() < stop:
        browser.ask("GET", f"/queue/{slug}/")
        pause()
        status, lead, _ = browser.ask("POST", f"/queue/{slug}/next/", {})
        found = re.match(r"/alert/(\w+)/", lead)
        if not found:
            continue
        alert = found[1]
        _, _, text = browser.ask("GET", lead)
        pause()
        if chooser.random() < 0.3:
            browser.ask("GET", f"/alert/{alert}/flow/")
        if chooser.random() < 0.1:
            browser.ask("GET", "/search/?" + urlencode({"q": f"4070281010{chooser.randrange(10_000, 99_999)}"}))
        browser.ask("GET", f"/alert/{alert}/evidence/0/")
        pause()
        version = re.search(r'name="version" value="(\d+)"', text)
        form = {"version": version[1] if version else "", "code": "D5", "reason": "salary"}
        form |= {"text": "Monthly pay of one employer, as the contract shows.", "queue": slug}
        status, _, _ = browser.ask("POST", f"/alert/{alert}/decide/", form)
        if status in (302, 204):
            desk.decided.append(alert)
        elif status == 409:
            desk.refused += 1
        else:
            desk.wrong.append(f"decide: {status}")
    browser.close()
    return desk


if __name__ == "__main__":
    main()
