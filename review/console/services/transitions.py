"""The one table of what can happen to an alert, and one for cases: action, where from, where to, who, with the lock?

Nothing else in the console changes a state.
"""

from dataclasses import dataclass
from enum import StrEnum

from review.console.models.alerts import WAITING, AlertState
from review.console.models.cases import CaseState
from review.console.models.people import Role
from review.console.rules import JUDGES, WORKERS

S = AlertState


class Action(StrEnum):
    """What can be done to an alert."""

    ENQUEUE = "enqueue"
    CLAIM = "claim"
    READ = "read"
    RELEASE = "release"
    CLOSE = "close"
    PROPOSE = "propose"
    APPROVE = "approve"
    APPROVE_DEFERRAL = "approve_deferral"
    SEND_BACK = "send_back"
    DEFER = "defer"
    WAKE = "wake"
    ASK = "ask"
    ANSWER = "answer"
    ANSWER_LATE = "answer_late"
    TIME_OUT = "time_out"
    ESCALATE = "escalate"
    TAKE_ESCALATED = "take_escalated"
    MARK = "mark"
    LINK = "link"
    UNLINK = "unlink"
    REOPEN = "reopen"
    EXPIRE = "expire"
    CLOSE_WITH_CASE = "close_with_case"


@dataclass(frozen=True)
class Transition:
    """One action: from which states, to which (none: it stays), by which roles (none: the system), with the lock."""

    action: Action
    sources: frozenset[AlertState]
    target: AlertState | None
    roles: tuple[Role, ...] = ()
    needs_lock: bool = False
    keeps_lock: bool = False


def _one(
    action: Action,
    sources: tuple[AlertState, ...],
    target: AlertState | None,
    roles: tuple[Role, ...] = (),
    *,
    lock: bool = False,
    keeps: bool = False,
) -> tuple[Action, Transition]:
    return action, Transition(action, frozenset(sources), target, roles, lock, keeps)


_WORKED = (S.ASSIGNED, S.IN_REVIEW)
_OPEN = tuple(state for state in S if state is not S.CLOSED)

ALERT: dict[Action, Transition] = dict(
    [
        _one(Action.ENQUEUE, (S.NEW, S.REOPENED), S.QUEUED),
        _one(Action.CLAIM, (*WAITING, *_WORKED), S.ASSIGNED, WORKERS, keeps=True),
        _one(Action.READ, (S.ASSIGNED,), S.IN_REVIEW, WORKERS, lock=True, keeps=True),
        _one(Action.RELEASE, _WORKED, S.QUEUED, WORKERS),
        _one(Action.CLOSE, _WORKED, S.CLOSED, WORKERS, lock=True),
        _one(Action.PROPOSE, _WORKED, S.PENDING_APPROVAL, WORKERS, lock=True),
        _one(Action.APPROVE, (S.PENDING_APPROVAL,), S.CLOSED, JUDGES),
        _one(Action.APPROVE_DEFERRAL, (S.PENDING_APPROVAL,), S.DEFERRED, JUDGES),
        _one(Action.SEND_BACK, (S.PENDING_APPROVAL,), S.RETURNED, JUDGES),
        _one(Action.DEFER, _WORKED, S.DEFERRED, WORKERS, lock=True),
        _one(Action.WAKE, (S.DEFERRED,), S.QUEUED, WORKERS),
        _one(Action.ASK, _WORKED, S.INFO_REQUESTED, WORKERS, lock=True),
        _one(Action.ANSWER, (S.INFO_REQUESTED,), S.IN_REVIEW, WORKERS, keeps=True),
        _one(Action.ANSWER_LATE, tuple(S), None, WORKERS, keeps=True),
        _one(Action.TIME_OUT, (S.INFO_REQUESTED,), S.QUEUED),
        _one(Action.ESCALATE, _WORKED, S.ESCALATED, WORKERS, lock=True),
        _one(Action.TAKE_ESCALATED, (S.ESCALATED,), S.IN_REVIEW, JUDGES, keeps=True),
        _one(Action.MARK, _OPEN, None, WORKERS, keeps=True),
        _one(Action.LINK, (*_WORKED, S.ESCALATED), S.LINKED, WORKERS, lock=True),
        _one(Action.UNLINK, (S.LINKED,), S.QUEUED, WORKERS),
        _one(Action.REOPEN, (S.CLOSED,), S.REOPENED, JUDGES),
        _one(Action.EXPIRE, WAITING, S.CLOSED),
        _one(Action.CLOSE_WITH_CASE, (S.LINKED,), S.CLOSED, (*JUDGES, Role.DISSEMINATION)),
    ]
)

C = CaseState


@dataclass(frozen=True)
class CaseTransition:
    """One step of a case.

    Attributes:
        sources: from which states.
        roles: by which roles.
        needs_second: a second person must approve it.
        needs_text: it takes a reason, as does what a second person approves.
        has_own_form: more than a reason is asked for; see services/dissemination.py.
    """

    sources: frozenset[CaseState]
    roles: tuple[Role, ...]
    needs_second: bool = False
    needs_text: bool = False
    has_own_form: bool = False


CASE: dict[CaseState, CaseTransition] = {
    C.OPEN: CaseTransition(frozenset({C.DRAFT}), WORKERS),
    C.IN_ANALYSIS: CaseTransition(frozenset({C.OPEN, C.AWAITING_INFO, C.RETURNED, C.REOPENED}), WORKERS),
    C.AWAITING_INFO: CaseTransition(frozenset({C.IN_ANALYSIS}), WORKERS),
    C.APPROVED: CaseTransition(frozenset({C.IN_ANALYSIS, C.OPEN}), WORKERS, needs_second=True),
    C.DISSEMINATED: CaseTransition(frozenset({C.APPROVED, C.DISSEMINATED}), (Role.DISSEMINATION,), has_own_form=True),
    C.RETURNED: CaseTransition(frozenset({C.APPROVED}), (Role.DISSEMINATION,), needs_text=True),
    C.CLOSED: CaseTransition(frozenset({C.DISSEMINATED}), (*WORKERS, Role.DISSEMINATION)),
    C.CLOSED_UNSENT: CaseTransition(frozenset({C.OPEN, C.IN_ANALYSIS, C.RETURNED}), WORKERS, needs_second=True),
    C.REOPENED: CaseTransition(
        frozenset({C.CLOSED, C.CLOSED_UNSENT, C.APPROVED, C.DISSEMINATED}), JUDGES, needs_text=True
    ),
}
"""By target. A step that needs a second person goes through `pending_review`; a refusal leads to `returned`."""
