"""Which terms hold for an action: the tenant's rules over the house's, the special ones over the general."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from store import records
from store.audit import Actor, ActorKind
from store.records import policies
from store.records.actions import ActionType
from store.records.people import MemberRole
from store.records.policies import Policy, Risk, Signing, Terms
from store.records.schema import NotUsable, TenantId
from store.records.tenants import Tenant
from store.settings import Role, Settings

USUALLY = timedelta(hours=72)


def terms(risk: Risk, *rules: dict[str, Any]) -> Terms:
    policy = msgspec.convert({"rules": list(rules)}, Policy)
    return policies.terms(policy, ActionType.EMAIL, risk, USUALLY)


def test_the_house_asks_for_one_and_for_two_where_much_is_at_stake() -> None:
    assert terms(Risk.LOW) == Terms(Signing(1, policies.SIGNERS, self_approval=False), holds=USUALLY)
    assert terms(Risk.HIGH).signing.quorum == 2


def test_the_more_special_rule_wins_whatever_the_order() -> None:
    rules = [
        {"type": "email", "risk": "high", "quorum": 4, "expires_hours": 1},
        {"quorum": 2, "roles": ["admin"]},
        {"risk": "high", "quorum": 3},
    ]
    for given in (rules, rules[::-1]):
        high = terms(Risk.HIGH, *given)
        assert (high.signing.quorum, high.holds) == (4, timedelta(hours=1))
        assert high.signing.roles == {MemberRole.ADMIN}
        assert terms(Risk.LOW, *given).signing.quorum == 2


def test_the_tenants_general_rule_stands_over_the_houses_special_one() -> None:
    assert terms(Risk.HIGH, {"quorum": 1}).signing.quorum == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"rules": [{"quorum": 0}]}, "quorum"),
        ({"rules": [{"quorum": "two"}]}, "quorum"),
        ({"rules": [{"kworum": 2}]}, "kworum"),
        ({"rules": [{"type": "pigeon"}]}, "pigeon"),
        ({"rules": [{"roles": []}]}, "roles"),
        ({"rules": [{"roles": ["viewer", "marketer"]}]}, "may sign"),
        ({"rules": [{"expires_hours": 10**6}]}, "expires_hours"),
        ({"quorum": 2}, "quorum"),
        ({"default_purpose": "fun"}, "fun"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    house: Settings, tenant: TenantId, given: dict[str, Any], reason: str
) -> None:
    with records.session(house, Role.OWNER) as session, pytest.raises(NotUsable, match=reason):
        policies.choose(session, Actor(ActorKind.USER, "1"), session.get_one(Tenant, tenant), given)


def test_roles_that_may_not_sign_are_left_out(house: Settings, tenant: TenantId) -> None:
    assert terms(Risk.LOW, {"roles": ["viewer", "admin"]}).signing.roles == {MemberRole.ADMIN}
