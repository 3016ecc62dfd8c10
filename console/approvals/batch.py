"""Several requests decided at once: each read on one page, each signed under its own hash, each in its own transaction."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import StringConstraints
from sqlalchemy import select, true, tuple_

from console.actions import desk, letter
from console.actions.listing import title_of
from console.door.problems import Refused
from console.door.sign_in import Visitor
from marketing_pipelines.outbound import freeze
from marketing_pipelines.outbound.kinds.face import Read
from marketing_pipelines.outbound.manifest import manifest_hash
from store.records import actions, approvals
from store.records.action_states import State
from store.records.actions import Action, ActionRecipient, ActionVersion
from store.records.approvals import AlreadySettled, Asked, Decision, DecisionRefused, NotAllowed, StaleVersion
from store.records.database import Session
from store.records.policies import Risk
from store.records.schema import ActionId

MOST = 20
FIRST_WORDS = 280
SAMPLE = 3
_VOTE = re.compile(r"^([1-9][0-9]{0,17}):([0-9a-f]{64})$")
ONE_BY_ONE = (
    "High risk is never approved together with others. Open it, read all of it, and sign it by itself."
)
NOT_YOURS = "Not yours to sign: it is your own work, you have voted on it already, or another role signs it."
CHANGED_INSIDE = "The content does not match its hash: somebody has changed it in the database."

# What a form says of one request: its number, and the hash that was shown.
Vote = Annotated[str, StringConstraints(pattern=_VOTE.pattern, max_length=90)]


class Fate(StrEnum):
    """What became of one vote."""

    TAKEN = "taken"
    MORE_NEEDED = "more_needed"
    SETTLED = "settled"
    CHANGED = "changed"
    NOT_ALLOWED = "not_allowed"
    ONE_BY_ONE = "one_by_one"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One request as it is read in a batch; `why_not` keeps it from being approved here, not from being denied."""

    action: Action
    title: str
    read: Read
    hash: str
    count: int
    to: Sequence[str]
    risk: str
    findings: Sequence[Mapping[str, str]]
    cost: Mapping[str, str]
    signed: int
    needed: int
    why_not: str

    @property
    def words(self) -> str:
        """How it begins."""
        text = self.read.text
        return text if len(text) <= FIRST_WORDS else f"{text[:FIRST_WORDS].rstrip()} …"

    @property
    def vote(self) -> str:
        return f"{self.action.id}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one vote, in words."""

    number: int
    title: str
    fate: Fate
    told: str

    @property
    def is_taken(self) -> bool:
        return self.fate in (Fate.TAKEN, Fate.MORE_NEEDED)


def read(session: Session, visitor: Visitor, numbers: Sequence[int]) -> list[Chosen]:
    """Those of them that still wait, in the order in which they were chosen."""
    rows = session.execute(
        select(Action, ActionVersion)
        .join(ActionVersion, actions.IS_CURRENT)
        .where(
            Action.tenant_id == visitor.tenant,
            Action.id.in_(list(numbers)[:MOST]),
            Action.state == State.PENDING_APPROVAL,
        )
    )
    found = {action.id: (action, version) for action, version in rows}
    signable = _signable(session, visitor, found)
    samples = _samples(session, visitor, [action for action, _ in found.values()])
    tallies = approvals.tallies(session, visitor.tenant, [Asked.of(*pair) for pair in found.values()])
    return [
        _chosen(*found[number], samples.get(number, ()), tallies[ActionId(number)], mine=number in signable)
        for number in dict.fromkeys(numbers)
        if number in found
    ]


def decide(visitor: Visitor, votes: Sequence[str], decision: Decision, note: str) -> list[Outcome]:
    """One after the other, so that one that fails takes none of the others with it."""
    named = dict(_parsed(vote) for vote in votes[:MOST])
    with visitor.records() as session:
        titles = _titles(session, visitor, named)
    return [
        Outcome(
            number, titles.get(number, f"Action {number}"), *_decide(visitor, number, hash_, decision, note)
        )
        for number, hash_ in named.items()
    ]


def _decide(visitor: Visitor, number: int, named: bytes, decision: Decision, note: str) -> tuple[Fate, str]:
    if decision is Decision.APPROVED and _is_high(visitor, number, named):
        return Fate.ONE_BY_ONE, ONE_BY_ONE
    try:
        action = desk.decide(visitor, number, decision, named, note)
    except AlreadySettled as refused:
        return Fate.SETTLED, refused.reason
    except StaleVersion as refused:
        return Fate.CHANGED, refused.reason
    except (NotAllowed, DecisionRefused) as refused:
        return Fate.NOT_ALLOWED, refused.reason
    except Refused as refused:
        return Fate.GONE, refused.problem.detail
    if decision is Decision.APPROVED and action.state is State.PENDING_APPROVAL:
        return Fate.MORE_NEEDED, "Signed. It is sent once the other signatures are there."
    if decision is Decision.APPROVED:
        return Fate.TAKEN, "Approved. It is sent as soon as its time has come."
    return Fate.TAKEN, "Denied. It will not be sent."


def _is_high(visitor: Visitor, number: int, named: bytes) -> bool:
    """By the very version that the vote names."""
    with visitor.records() as session:
        level = session.scalar(
            select(ActionVersion.manifest["risk"]["level"].astext).where(
                ActionVersion.tenant_id == visitor.tenant,
                ActionVersion.action_id == number,
                ActionVersion.manifest_hash == named,
            )
        )
    return level == Risk.HIGH


def _parsed(vote: str) -> tuple[int, bytes]:
    found = _VOTE.fullmatch(vote)
    assert found, "votes are checked at the edge"
    return int(found[1]), bytes.fromhex(found[2])


def _chosen(
    action: Action, version: ActionVersion, sample: Sequence[dict[str, Any]], signed: int, *, mine: bool
) -> Chosen:
    manifest = version.manifest
    risk = manifest.get("risk", {}).get("level", "")
    why_not = ""
    if manifest_hash(manifest) != version.manifest_hash:
        why_not = CHANGED_INSIDE
    elif not mine:
        why_not = NOT_YOURS
    elif risk == Risk.HIGH:
        why_not = ONE_BY_ONE
    asked = Asked.of(action, version)
    return Chosen(
        action=action,
        title=title_of(action),
        read=freeze.as_read(manifest, action, sample[0] if sample else {}),
        hash=version.manifest_hash.hex(),
        count=manifest["recipients"]["count"],
        to=[letter.called(values) for values in sample],
        risk=risk,
        findings=manifest.get("findings", ()),
        cost=manifest.get("cost", {}),
        signed=signed,
        needed=asked.signing.quorum,
        why_not=why_not,
    )


def _signable(session: Session, visitor: Visitor, numbers: Iterable[int]) -> set[int]:
    query = (
        select(Action.id)
        .join(ActionVersion, actions.IS_CURRENT)
        .where(
            Action.tenant_id == visitor.tenant,
            Action.id.in_(list(numbers)),
            approvals.signable_by(visitor.user, visitor.role),
        )
    )
    return set(session.scalars(query))


def _samples(session: Session, visitor: Visitor, chosen: Sequence[Action]) -> dict[int, list[dict[str, Any]]]:
    """The first few of each audience, which may have a hundred thousand."""
    first = (
        select(ActionRecipient.values)
        .where(
            ActionRecipient.tenant_id == Action.tenant_id,
            ActionRecipient.action_id == Action.id,
            ActionRecipient.version == Action.version,
        )
        .order_by(ActionRecipient.id)
        .limit(SAMPLE)
        .lateral()
    )
    found: dict[int, list[dict[str, Any]]] = {}
    wanted = [(visitor.tenant, action.id) for action in chosen]
    rows = session.execute(
        select(Action.id, first.c["values"])
        .join(first, true())
        .where(tuple_(Action.tenant_id, Action.id).in_(wanted))
    )
    for number, values in rows:
        found.setdefault(number, []).append(values)
    return found


def _titles(session: Session, visitor: Visitor, numbers: Iterable[int]) -> dict[int, str]:
    query = select(Action).where(Action.tenant_id == visitor.tenant, Action.id.in_(list(numbers)))
    return {action.id: title_of(action) for action in session.scalars(query)}
