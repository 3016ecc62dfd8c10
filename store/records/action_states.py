"""The states of an action and the one table of moves between them."""

from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    EXECUTING = "executing"
    HELD = "held"
    SUCCEEDED = "succeeded"
    PARTIALLY_FAILED = "partially_failed"
    FAILED = "failed"
    CHANGES_REQUESTED = "changes_requested"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Move(StrEnum):
    SUBMIT = "submit"
    EDIT = "edit"
    APPROVE = "approve"
    DENY = "deny"
    REQUEST_CHANGES = "request_changes"
    EXPIRE = "expire"
    CANCEL = "cancel"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    SUCCEED = "succeed"
    FAIL_PARTLY = "fail_partly"
    FAIL = "fail"
    REQUEUE = "requeue"


# The one table of legal moves; the trigger `legal_moves` in the migrations refuses everything else as well.
MOVES: dict[Move, tuple[frozenset[State], State]] = {
    Move.SUBMIT: (frozenset({State.DRAFT, State.CHANGES_REQUESTED}), State.PENDING_APPROVAL),
    Move.EDIT: (
        frozenset(
            {
                State.DRAFT,
                State.CHANGES_REQUESTED,
                State.PENDING_APPROVAL,
                State.APPROVED,
                State.HELD,
                State.PARTIALLY_FAILED,
                State.FAILED,
            }
        ),
        State.DRAFT,
    ),
    Move.APPROVE: (frozenset({State.PENDING_APPROVAL}), State.APPROVED),
    Move.DENY: (frozenset({State.PENDING_APPROVAL}), State.DENIED),
    Move.REQUEST_CHANGES: (frozenset({State.PENDING_APPROVAL}), State.CHANGES_REQUESTED),
    Move.EXPIRE: (frozenset({State.PENDING_APPROVAL, State.APPROVED}), State.EXPIRED),
    Move.CANCEL: (
        frozenset({State.DRAFT, State.PENDING_APPROVAL, State.CHANGES_REQUESTED, State.APPROVED, State.HELD}),
        State.CANCELLED,
    ),
    Move.START: (frozenset({State.APPROVED}), State.EXECUTING),
    Move.HOLD: (frozenset({State.EXECUTING}), State.HELD),
    Move.RESUME: (frozenset({State.HELD}), State.EXECUTING),
    Move.SUCCEED: (frozenset({State.EXECUTING}), State.SUCCEEDED),
    Move.FAIL_PARTLY: (frozenset({State.EXECUTING}), State.PARTIALLY_FAILED),
    Move.FAIL: (frozenset({State.EXECUTING}), State.FAILED),
    Move.REQUEUE: (frozenset({State.PARTIALLY_FAILED, State.FAILED}), State.EXECUTING),
}

SETTLED = frozenset(
    {
        State.SUCCEEDED,
        State.PARTIALLY_FAILED,
        State.FAILED,
        State.DENIED,
        State.EXPIRED,
        State.CANCELLED,
    }
)
