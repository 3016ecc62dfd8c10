"""API keys: made for a part of what their owner may, shown once, revoked at once."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field, StringConstraints

from console.actions.listing import PAGE
from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import forms, names, rendering
from console.frame.cursors import Cursor
from console.frame.forms import Troubles
from console.frame.texts import Text
from console.people import keyring
from store.clock import now
from store.records.api_keys import ALWAYS, LONGEST_NAME, ApiKey, Scope
from store.records.people import MemberRole

router = APIRouter(include_in_schema=False)

LIVES = {"30": "30 days", "90": "90 days", "365": "A year", "": "Until it is revoked"}
Typed = Annotated[str, Form(max_length=200)]


class Making(forms.Form):
    name: Annotated[Text, StringConstraints(min_length=1, max_length=LONGEST_NAME, strip_whitespace=True)]
    days: Annotated[str, Field(pattern=r"^(30|90|365)?$")]

    @property
    def expires_at(self) -> datetime | None:
        return now() + timedelta(days=int(self.days)) if self.days else None


async def _scopes(request: Request) -> list[str]:
    """The boxes that are ticked."""
    return [scope for scope in (await request.form()).getlist("scopes") if isinstance(scope, str)]


@router.get("/keys")
def api_keys(
    visitor: SignedIn, everyones: bool = False, cursor: Cursor = None, done: str = ""
) -> HTMLResponse:
    return _page(visitor, everyones=everyones, cursor=cursor, done=done)


@router.post("/keys", response_model=None)
def make_key(
    visitor: SignedIn, ticked: Annotated[list[str], Depends(_scopes)], name: Typed = "", days: Typed = "90"
) -> Response:
    typed = {"name": name, "days": days}
    read = forms.read(Making, **typed)
    chosen = {scope for scope in Scope if scope in ticked}
    if isinstance(read, Troubles):
        return _page(visitor, typed=typed, chosen=chosen, troubles=read)
    if not chosen:
        nothing = Troubles({"scopes": "Tick what the key is for"})
        return _page(visitor, typed=typed, chosen=chosen, troubles=nothing)
    try:
        key, secret = keyring.make(visitor, read.name, chosen, read.expires_at)
    except Refused as refused:
        return _page(visitor, typed=typed, chosen=chosen, troubles=Troubles.of(refused))
    return _page(visitor, made=(key, secret))


@router.post("/keys/{key_id}/revoke")
def revoke_key(visitor: SignedIn, key_id: Id) -> RedirectResponse:
    keyring.revoke(visitor, key_id)
    return RedirectResponse("/keys?done=revoked", 303)


def _page(
    visitor: Visitor,
    *,
    everyones: bool = False,
    cursor: int | None = None,
    done: str = "",
    typed: dict[str, str] | None = None,
    chosen: set[Scope] | None = None,
    troubles: Troubles | None = None,
    made: tuple[ApiKey, str] | None = None,
) -> HTMLResponse:
    keys, following = keyring.listed(visitor, everyones=everyones, cursor=cursor, limit=PAGE)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "keys.html",
            status=422 if troubles else 200,
            keys=keys,
            owners=names.of_actors(session, {names.of_user(key.user_id) for key in keys}),
            scopes=[scope for scope in Scope if scope not in ALWAYS],
            lives=list(LIVES.items()),
            everyones=everyones,
            sees_all=visitor.role is MemberRole.ADMIN,
            typed=typed or {"name": "", "days": "90"},
            chosen=chosen or set(),
            troubles=troubles or forms.NONE,
            made=made,
            page={"next_cursor": following},
            is_first=cursor is None,
            done=done,
        )
