"""Where a run reads and writes, and its settings: `SLUICE_HOME`, `sluice.toml` and `SLUICE_*` variables.

Settings are read when `load` is called, never at import. Nothing here knows what the settings are used for.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

Percent = Annotated[float, Field(ge=0, le=1)]


class UserError(Exception):
    """A mistake that the user can mend; the message says what was wrong, where, and what to do."""


class Settings(BaseSettings):
    """What can be set, by `sluice.toml` or by variables named `SLUICE_` and the setting in capitals."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_", extra="forbid", frozen=True)

    home: Path = Field(Path("sluice-home"), description="folder of everything that a run writes")
    threads: int = Field(2, ge=1, le=1024, description="processor threads that a run may use")
    memory_limit_gb: float = Field(4.0, gt=0.25, description="memory that the feature engine may use, in gigabytes")
    stage_rows_max: int = Field(
        0, ge=0, description="rows that one step of a typology may make; 0: ten million a gigabyte of memory_limit_gb"
    )
    profile: str = Field("generic", description="goAML profile of reports that no --profile is given for")
    country: str = Field("RU", pattern="^[A-Z]{2}$", description="country whose typology parameters apply")
    capacity: int = Field(200, ge=1, description="alerts that the analysts can read a day")
    graph_days: int = Field(7, ge=1, le=28, description="days between two account graphs; 7 is the end of every Sunday")
    seed: int = Field(7, ge=0, description="seed of every random choice in training")
    training_trials: int = Field(8, ge=1, le=100, description="parameter sets that training tries on validation")
    zip_max_members: int = Field(10_000, ge=1, description="most files that a zip may hold")
    zip_max_ratio: int = Field(200, ge=2, description="most times that a zip member may grow when it is unpacked")
    zip_max_total_mb: int = Field(4_096, ge=1, description="most megabytes that a zip may unpack to")
    console_database: str = Field("", description="postgresql://... of the review console; empty: a file in the home")
    console_hosts: str = Field("", description="names that the console answers to beside loopback, comma-separated")
    console_production: bool = Field(
        default=False, description="the console is behind HTTPS: strict cookies and headers"
    )
    console_totp: bool = Field(default=False, description="every sign-in needs a one-time code")
    console_idle_minutes: int = Field(30, ge=1, le=1440, description="a session ends after this long without a click")
    console_session_hours: int = Field(12, ge=1, le=168, description="a session ends after this long in any case")
    console_upload_mb: int = Field(20, ge=1, le=1024, description="most megabytes of one attachment of a case")
    console_oidc_issuer: str = Field("", description="address of the OpenID provider for sign-in; empty: none")
    console_oidc_client: str = Field("", description="the console's client id at that provider")
    console_oidc_secret_file: Path | None = Field(None, description="file that holds the client's secret")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (the library's signature)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over variables, variables over `sluice.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())


def config_file() -> Path:
    """The settings file: `$SLUICE_CONFIG`, or `sluice.toml` in the working folder.

    Raises:
        UserError: `$SLUICE_CONFIG` names no file.
    """
    named = os.environ.get("SLUICE_CONFIG")
    if named is not None and not Path(named).is_file():
        raise UserError(f"SLUICE_CONFIG names no file: {named}. Correct it, or unset it to use sluice.toml.")
    return Path(named or "sluice.toml")


def load_settings(**given: Any) -> Settings:
    """The settings in force.

    Raises:
        UserError: a setting is unknown or out of range; the message names it.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors(include_input=False)]
        where = f"{config_file()} or SLUICE_* variables"
        raise UserError("\n".join([f"Settings are wrong ({where}):", *lines])) from None
    except ValueError as error:
        raise UserError(f"{config_file()} is not valid TOML: {error}") from None


class Home:
    """The folders below `SLUICE_HOME`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.root = settings.home.absolute()

    @property
    def lake(self) -> Path:
        """Every table."""
        return self.root / "lake"

    @property
    def inbox(self) -> Path:
        """Files to take in: `inbox/YYYY-MM-DD/...`."""
        return self.root / "inbox"

    @property
    def originals(self) -> Path:
        """Every delivered file, by its SHA-256."""
        return self.root / "originals"

    @property
    def staging(self) -> Path:
        """Rows on their way into the lake; emptied by the next run."""
        return self.root / "staging"

    @property
    def unpacked(self) -> Path:
        """Members of the zip that is being read; emptied by the next run."""
        return self.root / "unpacked"

    @property
    def models(self) -> Path:
        """Models and their cards."""
        return self.root / "models"

    @property
    def console(self) -> Path:
        """The review console's own files: its SQLite database, its key, attachments."""
        return self.root / "console"

    @property
    def dagster(self) -> Path:
        """Dagster's own files."""
        return self.root / "dagster"

    @property
    def scratch(self) -> Path:
        """Spill files of the feature engine."""
        return self.root / "scratch"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write, held by one process at a time; freed when the process ends, however it ends.

        Raises:
            UserError: another process holds it, or nothing can be written there.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / "lock").open("a+")
        except OSError as error:
            raise UserError(
                f"Nothing can be written to the home {self.root} ({error.strerror}). Let the user that runs Sluice "
                "write there, or name another folder in SLUICE_HOME."
            ) from None
        with lock as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.seek(0)
                holder = handle.read().strip() or "unknown"
                raise UserError(
                    f"Another run (process {holder}) is writing to {self.root}. Wait for its end, then run this again."
                ) from None
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
            yield


def open_home(**given: Any) -> Home:
    """The home that the settings in force name."""
    return Home(load_settings(**given))
