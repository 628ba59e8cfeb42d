"""Which territories may be named in scopes and operations: those that there are, and those of the unit's own alerts."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from review import territories
from review.console.models import Alert
from review.console.models.people import EVERYTHING
from review.console.services import access
from review.console.services.errors import Refused


def require_known(codes: Iterable[str], field: str) -> None:
    """Nothing, or Refused for a code that stands for no territory: what is bounded by it would show nothing.

    Args:
        codes: of countries and regions, or `*`.
        field: which field of the form they were typed into.
    """
    for code in sorted(set(codes)):
        if not (code in (EVERYTHING, settings.HOME.settings.country) or territories.is_known(code) or _is_used(code)):
            raise Refused(
                _("There is no territory %(code)s. A country's code is as RU, a region's as RU-OMS.") % {"code": code},
                field,
                field,
            )


def _is_used(code: str) -> bool:
    return Alert.objects.filter(access.within(code)).exists()
