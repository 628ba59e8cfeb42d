"""The rule for passwords that Django's own validators lack, and passwords that the console makes."""

import secrets

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LEAST_DIFFERENT = 6


class Hasher(Argon2PasswordHasher):
    """Argon2id as OWASP's password storage cheat sheet has it: 19 MiB, two passes, one lane.

    Django's own 100 MiB and eight lanes let fifty people who sign in at eight o'clock take the server's memory.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1


class VarietyValidator:
    """Refuses passwords of a few characters over and over."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 (Django's signature)
        """Nothing, or a ValidationError."""
        if len(set(password)) < _LEAST_DIFFERENT:
            raise ValidationError(self.get_help_text(), code="password_no_variety")

    def get_help_text(self) -> str:
        """What is asked for."""
        return _("Use at least %(least)s different characters.") % {"least": _LEAST_DIFFERENT}


def made_up() -> str:
    """A random password of four groups that can be read aloud and typed: 78 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
