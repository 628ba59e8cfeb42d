"""Sending an approved case: to whom, when, on what basis. A dissemination officer does it, who neither drafted nor
approved it; the database agrees. Sluice keeps the record; the letter itself goes by the unit's own way.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from review.console.models import Alert, Case, Dissemination
from review.console.models.alerts import AlertState
from review.console.models.cases import CaseAction, CaseState, DisseminationKind
from review.console.models.people import Role
from review.console.services import access, audit, workflow
from review.console.services.actor import Actor
from review.console.services.case_steps import take_case_step
from review.console.services.errors import Refused
from review.console.services.steps import take_step
from review.console.services.transitions import Action
from review.dispositions import Disposition

SENDABLE = (CaseState.APPROVED, CaseState.DISSEMINATED)
"""States in which a case is sent: the first time, and to further recipients."""
_LENGTHS = {"recipient": 200, "legal_basis": 300, "reference": 120}


@dataclass(frozen=True)
class Letter:
    """What the officer enters of a sending: nothing in it is trusted.

    Attributes:
        recipient: the authority.
        sent_on: the day.
        legal_basis: the law, agreement or request that it rests on.
        reference: the outgoing number of the letter.
        kind: one of DisseminationKind.
        terms: what the recipient may do with it, and what the officer checked; may be empty.
    """

    recipient: str
    sent_on: date | None
    legal_basis: str
    reference: str
    kind: str
    terms: str = ""


def may_send(actor: Actor, case: Case) -> bool:
    """Is it this person who can send the case: an officer who neither drafted nor approved it."""
    is_third = actor.person.pk not in (case.proposed_by_id, case.judged_by_id)
    return actor.role is Role.DISSEMINATION and is_third and case.state in SENDABLE


def send(actor: Actor, number: str, version: int, letter: Letter) -> Dissemination:
    """Record that an approved case was sent; its alerts are closed as disseminated, under the names of its approval.

    Raises:
        NotFound, NotAllowed: no such case for this person; not a dissemination officer.
        Refused: the case is not approved, the person had a part in it (code `own`), or the letter is incomplete.
    """
    access.require(actor, Role.DISSEMINATION)
    words, sent_on = _checked(actor, letter)
    with audit.recorded(actor) as record:
        case = access.case_for(actor, number)
        if case.state not in SENDABLE:
            raise Refused(
                _("Only an approved case is sent: this one is “%(state)s”.") % {"state": case.get_state_display()},
                "state",
            )
        if not may_send(actor, case) or case.proposed_by is None or case.judged_by is None:
            raise Refused(_("Whoever drafted or approved a case does not send it. Another officer has to."), "own")
        is_first = not case.disseminations.exists()
        sent = Dissemination.objects.create(
            case=case,
            kind=letter.kind,
            sent_on=sent_on,
            drafted_by=case.proposed_by,
            approved_by=case.judged_by,
            sent_by=actor.person,
            recorded_at=actor.at,
            **words,
        )
        take_case_step(
            *(actor, case, version, CaseAction.SENT, CaseState.DISSEMINATED),
            f"{sent.recipient}, {sent.reference}",
            state=CaseState.DISSEMINATED,
        )
        code = Disposition.DISSEMINATED if is_first else Disposition.ADDED
        close_alerts(actor, case, code, record, sent)
        record.add(
            "case_sent",
            "case",
            number,
            reason=words["terms"],
            recipient=sent.recipient,
            sent_on=sent_on,
            legal_basis=sent.legal_basis,
            reference=sent.reference,
        )
    return sent


def _checked(actor: Actor, letter: Letter) -> tuple[dict[str, str], date]:
    """The texts of a letter without outer blanks, and its day."""
    named = {
        "recipient": _("Say to whom."),
        "legal_basis": _("Name the legal basis."),
        "reference": _("Give a number."),
    }
    words = {}
    for name, missing in named.items():
        words[name] = str(getattr(letter, name)).strip()
        if not words[name]:
            raise Refused(missing, name, name)
        if len(words[name]) > _LENGTHS[name]:
            raise Refused(_("At most %(most)s characters.") % {"most": _LENGTHS[name]}, name, name)
    if letter.sent_on is None or letter.sent_on > actor.today:
        raise Refused(_("Give the day on which it was sent: today or before."), "sent_on", "sent_on")
    if letter.kind not in DisseminationKind.values:
        raise Refused(_("Say whether it was asked for."), "kind", "kind")
    return words | {"terms": workflow.rationale(letter.terms, is_needed=False)}, letter.sent_on


def close_alerts(
    actor: Actor, case: Case, code: Disposition, record: audit.Record, sent: Dissemination | None = None
) -> None:
    """Close the alerts that a case still holds, with it; in the caller's transaction."""
    for alert in Alert.objects.filter(case=case, state=AlertState.LINKED).order_by("pk"):
        changes = {"disposition": code.value, "disposition_reason": "", "closed_at": actor.at}
        workflow.decided_with_case(actor, alert, case, code, sent)
        take_step(
            alert,
            Action.CLOSE_WITH_CASE,
            by=actor.person,
            at=actor.at,
            record=record,
            text=case.proposed_text,
            changes=changes,
            case=case.number,
        )
