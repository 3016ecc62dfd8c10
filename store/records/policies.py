"""A tenant's policy: how many must sign what, who may, how long a signature holds, and what one may do alone.

The policy that holds when an action is submitted is frozen with it: a vote counts under the terms it was asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from store.audit import Actor
from store.records import audit_log
from store.records.actions import ActionType, Purpose
from store.records.people import MemberRole
from store.records.schema import NotUsable, TenantId
from store.records.tenants import Tenant


class Risk(StrEnum):
    """How much harm an action could do, by its audience, its spend and what was found in it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Rule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked of actions of one type or risk, or of all; what is None is left to the other rules."""

    type: ActionType | None = None
    risk: Risk | None = None
    quorum: Annotated[int, Meta(ge=1, le=10)] | None = None
    roles: Annotated[list[MemberRole], Meta(min_length=1, max_length=5)] | None = None
    self_approval: bool | None = None
    expires_hours: Annotated[int, Meta(ge=1, le=24 * 90)] | None = None
    most_a_day: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None


class Policy(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that a tenant has chosen; an empty one is the house's own."""

    default_purpose: Purpose = Purpose.MARKETING
    allow_lone_release: bool = False
    rules: Annotated[list[Rule], Meta(max_length=100)] = []


@dataclass(frozen=True, slots=True)
class Signing:
    """How many sign an action, in which roles, and whether its authors may: a part of what is signed."""

    quorum: int
    roles: frozenset[MemberRole]
    self_approval: bool

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Signing":
        said = manifest.get("signing")
        if said is None:
            # Submitted before there were policies.
            return cls(1, SIGNERS, self_approval=False)
        return cls(said["quorum"], frozenset(map(MemberRole, said["roles"])), said["self_approval"])

    def as_said(self) -> dict[str, Any]:
        """As the manifest says it."""
        return {"quorum": self.quorum, "roles": sorted(self.roles), "self_approval": self.self_approval}


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one action; a request lapses after `holds`, and `most_a_day` of its type leave in a day."""

    signing: Signing
    holds: timedelta
    most_a_day: int | None = None


# Whoever may sign by any policy: a rule can ask for fewer roles, and for none that this does not name.
SIGNERS = frozenset({MemberRole.ADMIN, MemberRole.APPROVER})
HOUSE_RULES = (
    Rule(quorum=1, roles=sorted(SIGNERS), self_approval=False),
    Rule(risk=Risk.HIGH, quorum=2),
)


def of_tenant(session: Session, tenant: TenantId) -> Policy:
    kept = session.scalar(select(Tenant.policy).where(Tenant.id == tenant))
    return msgspec.convert(kept or {}, Policy)


def terms(policy: Policy, type: ActionType, risk: Risk, usually_holds: timedelta) -> Terms:
    """The rules that concern an action, the more special ones over the more general, the tenant's over the house's."""
    found: dict[str, Any] = {}
    for rule in (*_concerned(HOUSE_RULES, type, risk), *_concerned(policy.rules, type, risk)):
        given = msgspec.structs.asdict(rule)
        found |= {name: value for name, value in given.items() if value is not None}
    hours = found.get("expires_hours")
    signing = Signing(found["quorum"], frozenset(found["roles"]) & SIGNERS, found["self_approval"])
    return Terms(
        signing,
        holds=usually_holds if hours is None else timedelta(hours=hours),
        most_a_day=found.get("most_a_day"),
    )


def most_a_day(session: Session, tenant: TenantId, type: ActionType) -> int | None:
    """How many deliveries of this type the tenant lets go in a day at present, whatever their risk."""
    limits = [
        rule.most_a_day
        for rule in of_tenant(session, tenant).rules
        if rule.most_a_day is not None and rule.type in (None, type) and rule.risk is None
    ]
    return min(limits, default=None)


def choose(session: Session, actor: Actor, tenant: Tenant, given: dict[str, Any]) -> Policy:
    """Replaces the tenant's policy, or says what is wrong with the new one."""
    try:
        policy = msgspec.convert(given, Policy)
    except msgspec.ValidationError as error:
        raise NotUsable(f"The policy cannot be used: {error}.") from None
    for rule in policy.rules:
        if rule.roles is not None and not SIGNERS.intersection(rule.roles):
            raise NotUsable(f"The policy cannot be used: of its roles, only {_listed(SIGNERS)} may sign.")
    before, tenant.policy = tenant.policy, msgspec.to_builtins(policy)
    session.flush()
    audit_log.append(
        session, tenant.id, actor, "choose_policy", "tenant", tenant.id, before, msgspec.to_builtins(policy)
    )
    return policy


def _concerned(rules: Iterable[Rule], type: ActionType, risk: Risk) -> list[Rule]:
    fitting = [rule for rule in rules if rule.type in (None, type) and rule.risk in (None, risk)]
    return sorted(fitting, key=lambda rule: (rule.type is not None) + (rule.risk is not None))


def _listed(roles: Iterable[MemberRole]) -> str:
    return " and ".join(sorted(roles))
