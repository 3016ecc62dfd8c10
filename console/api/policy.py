"""The tenant's policy: how many must sign what, who may, and how long a request holds."""

from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from console.actions import desk
from console.api.answers import REFUSALS
from console.door import etags
from console.door.admission import SignedIn
from console.door.sign_in import Visitor
from store.records import policies
from store.records.actions import ActionType, Purpose
from store.records.people import MemberRole
from store.records.policies import Risk

router = APIRouter(tags=["policy"], responses=REFUSALS)


class Rule(BaseModel):
    """What is asked of actions of a type, of a risk, of both or of all; the more special rule wins."""

    model_config = ConfigDict(extra="forbid")

    type: ActionType | None = None
    risk: Risk | None = None
    quorum: int | None = None
    roles: list[MemberRole] | None = None
    self_approval: bool | None = None
    expires_hours: int | None = None
    most_a_day: int | None = None


class Policy(BaseModel):
    model_config = ConfigDict(extra="forbid")

    default_purpose: Purpose = Purpose.MARKETING
    allow_lone_release: bool = False
    rules: list[Rule] = []


class PolicyShown(Policy):
    """The tenant's rules, and beneath them those of the house, which hold where the tenant says nothing."""

    house_rules: list[Rule]


@router.get("/api/policy")
def read(visitor: SignedIn) -> PolicyShown:
    with visitor.records() as session:
        policy = policies.of_tenant(session, visitor.tenant)
    return _shown(visitor, policy)


@router.put("/api/policy")
def choose(visitor: SignedIn, body: Policy) -> PolicyShown:
    """The whole policy; requests that were submitted before stay under the one they were submitted under."""
    policy = desk.choose_policy(visitor, body.model_dump(mode="json", exclude_none=True))
    return _shown(visitor, policy)


def _shown(visitor: Visitor, policy: policies.Policy) -> PolicyShown:
    visitor.conditions.show(etags.of(policy))
    given: dict[str, Any] = msgspec.to_builtins(policy)
    house_rules = [Rule(**msgspec.to_builtins(rule)) for rule in policies.HOUSE_RULES]
    return PolicyShown(**given, house_rules=house_rules)
