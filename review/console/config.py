"""What Django's settings are made of: the database's address and the secret key in the home. Imports no Django."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pipelines.home import Home, Settings, UserError


def database(address: str, folder: Path) -> dict[str, Any]:
    """Django's description of the database: PostgreSQL where an address is given, else a SQLite file in the folder.

    A PostgreSQL address carries no password: it comes from the socket's own check, ~/.pgpass or PGPASSFILE.

    Raises:
        UserError: the address is no PostgreSQL address, or names a password.
    """
    if not address:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "console.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    parts = urlsplit(address)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise UserError("console_database is not of the form postgresql://user@host:port/name. Correct it.")
    if parts.password:
        raise UserError("console_database names a password. Put it into ~/.pgpass, and take it out of the address.")
    options: dict[str, Any] = {key: value for key, value in parse_qsl(parts.query) if key not in {"host", "port"}}
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "HOST": query.get("host") or unquote(parts.hostname or ""),
        "PORT": query.get("port") or str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


@dataclass(frozen=True)
class OidcSettings:
    """An OpenID provider for sign-in: its address, the console's client id there, and the client's secret."""

    issuer: str
    client: str
    secret: str


def oidc(settings: Settings) -> OidcSettings | None:
    """The OpenID provider, where one is set.

    Raises:
        UserError: half of it is set, the secret can't be read, or the provider is not reached over HTTPS.
    """
    given = (settings.console_oidc_issuer, settings.console_oidc_client, settings.console_oidc_secret_file)
    if not any(given):
        return None
    if not all(given) or settings.console_oidc_secret_file is None:
        raise UserError(
            "Sign-in by OpenID needs console_oidc_issuer, console_oidc_client and console_oidc_secret_file."
        )
    parts = urlsplit(settings.console_oidc_issuer)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1"}:
        raise UserError("console_oidc_issuer does not begin with https://. Correct it.")
    try:
        secret = settings.console_oidc_secret_file.read_text("utf-8").strip()
    except OSError as error:
        raise UserError(f"console_oidc_secret_file can't be read: {error.strerror}. Correct it.") from None
    return OidcSettings(settings.console_oidc_issuer.rstrip("/"), settings.console_oidc_client, secret)


def exists(home: Home) -> bool:
    """Is there a console to hand a night to: a PostgreSQL address, or a database file in the home."""
    return bool(home.settings.console_database) or (home.console / "console.sqlite3").exists()


def secret_key(home: Home) -> str:
    """The key that signs sessions and forms; made once, readable by its owner alone."""
    file = home.console / "secret-key"
    home.console.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = file.read_text("ascii").strip()
        if len(key) < 50:
            raise UserError(f"{file} holds no usable key. Remove it; everybody signs in anew.") from None
        return key
    key = secrets.token_urlsafe(64)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(key)
    return key


def set_up(home: Home) -> None:
    """Start Django on this home, once per process.

    Raises:
        UserError: Django already runs on another home.
    """
    import django
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "review.console.settings")
    if not settings.configured:
        os.environ["SLUICE_HOME"] = str(home.root)
    django.setup()
    if settings.HOME.root != home.root:
        raise UserError(f"This process already works on the console of {settings.HOME.root}. Start another one.")
