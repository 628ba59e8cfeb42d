"""A PostgreSQL for one test session: made in a temporary folder, reached by a socket there, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg

OWNER = "owner"
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60", "listen_addresses=")


_ROOM_BYTES = 500_000_000


def binaries() -> Path | None:
    """The folder of the newest installed PostgreSQL server; None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def _memory() -> Path | None:
    memory = Path("/dev/shm")  # noqa: S108 (a folder of a random name is made in it)
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM_BYTES else None


@dataclass(frozen=True)
class Cluster:
    """A running server."""

    folder: Path
    bin: Path
    user: str | None

    @classmethod
    def start(cls, bin_folder: Path, options: tuple[str, ...] = _FAST, folder: Path | None = None) -> "Cluster":
        """A new, empty server. It refuses to run as root, so root runs it as an unprivileged user."""
        # In memory where there is room: every test makes a database, and none of them is kept.
        return cls._started(bin_folder, options, Path(tempfile.mkdtemp(prefix="sluice-pg-", dir=folder or _memory())))

    @classmethod
    def kept(cls, bin_folder: Path, options: tuple[str, ...], folder: Path) -> "Cluster":
        """The server of this folder, started again with what it holds, or made anew; end it with `pause`."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        return cls._started(bin_folder, options, folder)

    @classmethod
    def _started(cls, bin_folder: Path, options: tuple[str, ...], folder: Path) -> "Cluster":
        user = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(folder, user)
        cluster = cls(folder, bin_folder, user)
        if not (folder / "data" / "PG_VERSION").exists():
            cluster._run(
                "initdb", "-D", folder / "data", "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"
            )
        settings = " ".join(f"-c {option}" for option in (*options, f"unix_socket_directories={folder}"))
        cluster._run("pg_ctl", "-D", folder / "data", "-w", "-o", settings, "-l", folder / "log", "start")
        return cluster

    def _run(self, program: str, *words: str | Path) -> None:
        command = [str(self.bin / program), *map(str, words)]
        subprocess.run(command, check=True, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL)

    def pause(self) -> None:
        """End the server and keep its files."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "fast", "-t", "300", "stop")

    def stop(self) -> None:
        """End the server and remove its files."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def address(self, name: str, user: str = OWNER) -> str:
        """A database's address, as `console_database` takes it."""
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def execute(self, *statements: str, name: str = "postgres") -> None:
        """Run statements as the owner, each by itself."""
        with psycopg.connect(dbname=name, user=OWNER, host=str(self.folder), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
