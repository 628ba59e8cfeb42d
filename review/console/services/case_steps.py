"""The one place that changes a case: by version, and where its state or its readers change, with a step.

Of two that read the same case, one wins and the other is told.
"""

from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from review.console.models import Case, CaseStep
from review.console.models.cases import CaseAction
from review.console.services.actor import Actor
from review.console.services.errors import Refused


def swap(actor: Actor, case: Case, version: int, **values: Any) -> None:
    """Write fields of a case if it still has the version.

    Raises:
        Refused: somebody else changed it meanwhile (code `stale`).
    """
    changed = Case.objects.filter(pk=case.pk, version=version).update(
        version=F("version") + 1, changed_at=actor.at, **values
    )
    if not changed:
        raise Refused(_("Somebody else has changed this case meanwhile. Nothing was changed; read it again."), "stale")


def take_case_step(
    actor: Actor, case: Case, version: int, action: CaseAction, target: str, text: str = "", **values: Any
) -> CaseStep:
    """Change a case by one step, and return the step.

    Args:
        actor: who takes it.
        case: as read.
        version: the version that the person saw.
        action: what is done.
        target: the state that it leads to, or that is proposed.
        text: why.
        values: fields of the case beside those that the step keeps; `state` where it changes.

    Raises:
        Refused: somebody else changed the case meanwhile.
    """
    swap(actor, case, version, **values)
    return CaseStep.objects.create(
        case=case, action=action, from_state=case.state, to_state=target, by=actor.person, at=actor.at, text=text
    )
