"""The people of a tenant: members, who is invited, and what each role may do."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.actions.listing import PAGE
from console.door import roles
from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import forms, rendering
from console.frame.cursors import Cursor
from console.frame.forms import Troubles
from console.people import members
from console.people.fields import Address, PersonName
from store.records import invitations, people
from store.records.people import MemberRole

router = APIRouter(include_in_schema=False)

Typed = Annotated[str, Form(max_length=1024)]


class Inviting(forms.Form):
    email: Address
    name: PersonName
    role: MemberRole


@router.get("/people")
def members_and_invited(visitor: SignedIn, cursor: Cursor = None, done: str = "") -> HTMLResponse:
    return _page(visitor, cursor=cursor, done=done)


@router.get("/people/roles")
def what_each_role_may(request: Request, visitor: SignedIn) -> HTMLResponse:
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "roles.html",
            roles=list(MemberRole),
            about=roles.ABOUT,
            subjects=request.app.state.rights,
        )


@router.post("/people/invite", response_model=None)
def invite(visitor: SignedIn, email: Typed = "", name: Typed = "", role: Typed = "") -> Response:
    typed = {"email": email, "name": name, "role": role}
    read = forms.read(Inviting, **typed)
    if isinstance(read, Troubles):
        return _page(visitor, typed=typed, troubles=read)
    try:
        link = members.invite(visitor, read.email, read.name, read.role)
    except Refused as refused:
        return _page(visitor, typed=typed, troubles=Troubles.of(refused))
    return _mailed_or_shown(visitor, link, f"the invitation of {read.email}", "invited")


@router.post("/people/invitations/{invitation_id}/send-again", response_model=None)
def send_invitation_again(visitor: SignedIn, invitation_id: Id) -> Response:
    link = members.invite_again(visitor, invitation_id)
    return _mailed_or_shown(visitor, link, "the invitation", "sent-again")


@router.post("/people/invitations/{invitation_id}/withdraw")
def withdraw_invitation(visitor: SignedIn, invitation_id: Id) -> RedirectResponse:
    members.withdraw(visitor, invitation_id)
    return _back("withdrawn")


@router.post("/people/{user_id}/role")
def change_role(visitor: SignedIn, user_id: Id, role: Annotated[MemberRole, Form()]) -> RedirectResponse:
    members.change_role(visitor, user_id, role)
    return _back("changed")


@router.post("/people/{user_id}/remove")
def remove(visitor: SignedIn, user_id: Id) -> RedirectResponse:
    members.remove(visitor, user_id)
    return _back("removed")


@router.post("/people/{user_id}/disable")
def disable_account(visitor: SignedIn, user_id: Id) -> RedirectResponse:
    members.disable(visitor, user_id)
    return _back("disabled")


@router.post("/people/{user_id}/enable")
def enable_account(visitor: SignedIn, user_id: Id) -> RedirectResponse:
    members.enable(visitor, user_id)
    return _back("enabled")


@router.post("/people/{user_id}/new-password", response_model=None)
def offer_new_password(visitor: SignedIn, user_id: Id) -> Response:
    return _mailed_or_shown(
        visitor, members.new_password(visitor, user_id), "a new password", "password-mailed"
    )


def _back(done: str) -> RedirectResponse:
    return RedirectResponse(f"/people?done={done}", 303)


def _mailed_or_shown(visitor: Visitor, link: str, about: str, done: str) -> Response:
    """Where no mail leaves the house, the Admin sees the link this once; it stands in no address of a page."""
    return _page(visitor, handed_over=(about, link)) if link else _back(done)


def _page(
    visitor: Visitor,
    *,
    cursor: int | None = None,
    done: str = "",
    typed: dict[str, str] | None = None,
    troubles: Troubles | None = None,
    handed_over: tuple[str, str] | None = None,
) -> HTMLResponse:
    shown, following = members.listed(visitor, cursor=cursor, limit=PAGE)
    with visitor.records() as session:
        waiting = invitations.open_ones(session, visitor.tenant)
        return rendering.page(
            visitor,
            session,
            "people.html",
            status=422 if troubles else 200,
            members=shown,
            seen=people.last_seen(session, visitor.tenant, [member.user.id for member in shown]),
            waiting=waiting,
            mails=members.mails(session, waiting),
            roles=list(MemberRole),
            about=roles.ABOUT,
            sends_mail=visitor.settings.sends_mail,
            typed=typed or {"email": "", "name": "", "role": MemberRole.VIEWER},
            troubles=troubles or forms.NONE,
            handed_over=handed_over,
            page={"next_cursor": following},
            is_first=cursor is None,
            done=done,
        )
