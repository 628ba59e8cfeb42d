"""The least that mypy's Django plugin needs to know the models; the console never runs on it."""

from pathlib import Path

from pipelines.home import Home
from review.console.config import OidcSettings
from review.indicators import Words

SECRET_KEY = "types"  # noqa: S105 (no secret: nothing is signed with it)
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "review.console",
]
AUTH_USER_MODEL = "console.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

HOME: Home
INDICATORS: Words = {}
ATTACHMENTS: Path
UPLOAD_MAX_BYTES: int = 0
SESSION_MAX_SECONDS: int
SESSION_IDLE_SECONDS: int
TOTP_REQUIRED: bool
PRODUCTION: bool
OIDC: OidcSettings | None
