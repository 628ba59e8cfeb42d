"""The rule for passwords that Django's own validators lack, and passwords that the console makes."""

import secrets

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LEAST_DIFFERENT = 6


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
