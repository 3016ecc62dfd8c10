"""What a tenant has chosen: its policy of approvals, what the edge keeps of visitors, what was signed once."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from console.actions import desk
from console.actions.listing import PAGE
from console.approvals import house_rules
from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import forms, rendering, wording
from console.frame.cursors import Cursor
from console.frame.forms import Troubles
from console.frame.texts import Reason
from store.clock import now
from store.records import policies
from store.records.people import MemberRole
from store.records.policies import Policy, Risk
from store.records.tenants import ConsentRule, StoredAddresses, Tenant, VisitorIds

router = APIRouter(include_in_schema=False)

SIGNED_BY = [
    ("", "As the other rules say"),
    ("approver", "Approvers"),
    ("admin", "Admins"),
    ("admin approver", "Either"),
]


async def _typed(request: Request) -> dict[str, list[str]]:
    """All fields of a form whose fields are numbered."""
    form = await request.form()
    return {name: [value for value in form.getlist(name) if isinstance(value, str)] or [""] for name in form}


@router.get("/settings")
def tenant_settings(visitor: SignedIn, cursor: Cursor = None, done: str = "") -> HTMLResponse:
    return _page(visitor, cursor=cursor, done=done)


@router.post("/settings/policy", response_model=None)
def choose_policy(visitor: SignedIn, typed: Annotated[dict[str, list[str]], Depends(_typed)]) -> Response:
    wanted = house_rules.policy_of(typed)
    try:
        desk.choose_policy(visitor, wanted)
    except Refused as refused:
        return _page(visitor, wanted=wanted, troubles=Troubles.of(refused))
    return RedirectResponse("/settings?done=policy", 303)


@router.post("/settings/privacy")
def choose_privacy(
    visitor: SignedIn,
    consent_rule: Annotated[ConsentRule, Form()],
    visitor_ids: Annotated[VisitorIds, Form()],
    stored_addresses: Annotated[StoredAddresses, Form()],
) -> RedirectResponse:
    desk.choose_privacy(visitor, consent_rule, visitor_ids, stored_addresses)
    return RedirectResponse("/settings?done=privacy", 303)


@router.post("/settings/standing-approvals/{standing_id}/revoke")
def revoke_standing_approval(
    visitor: SignedIn, standing_id: Id, reason: Annotated[Reason, Form()] = ""
) -> RedirectResponse:
    desk.revoke_standing(visitor, standing_id, reason)
    return RedirectResponse("/settings?done=revoked", 303)


def _page(
    visitor: Visitor,
    *,
    cursor: int | None = None,
    done: str = "",
    wanted: dict[str, Any] | None = None,
    troubles: Troubles | None = None,
) -> HTMLResponse:
    with visitor.records() as session:
        policy = policies.of_tenant(session, visitor.tenant)
        standing, following = desk.listed_standing(session, visitor, cursor=cursor, limit=PAGE)
        return rendering.page(
            visitor,
            session,
            "settings.html",
            status=422 if troubles else 200,
            policy=wanted or _as_typed(policy),
            house_rules=[house_rules.said(_as_typed_rule(rule)) for rule in policies.HOUSE_RULES],
            own_rules=[house_rules.said(_as_typed_rule(rule)) for rule in policy.rules],
            tenant=session.scalars(select(Tenant).where(Tenant.id == visitor.tenant)).one(),
            types_offered=[("", "Any"), *wording.TYPES.items()],
            purposes_offered=list(wording.PURPOSES.items()),
            risks_offered=[("", "Any"), *((risk, wording.words(risk)) for risk in Risk)],
            signers_offered=SIGNED_BY,
            standing=standing,
            today=now().astimezone(visitor.time_zone).date(),
            installation=house_rules.of_installation(visitor.settings)
            if visitor.role is MemberRole.ADMIN
            else [],
            troubles=troubles or forms.NONE,
            page={"next_cursor": following},
            is_first=cursor is None,
            done=done,
        )


def _as_typed(policy: Policy) -> dict[str, Any]:
    return {
        "default_purpose": policy.default_purpose,
        "allow_lone_release": policy.allow_lone_release,
        "rules": [_as_typed_rule(rule) for rule in policy.rules],
    }


def _as_typed_rule(rule: policies.Rule) -> dict[str, Any]:
    given = {name: getattr(rule, name) for name in rule.__struct_fields__}
    return {name: value for name, value in given.items() if value is not None}
