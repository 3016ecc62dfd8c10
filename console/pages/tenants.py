"""The tenants that one belongs to: go to another, say what the present one is called, open a new one."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.actions.listing import PAGE
from console.door.admission import LARGEST_ID, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import forms, rendering
from console.frame.bodies import Name
from console.frame.cursors import Cursor
from console.frame.forms import Troubles
from console.frame.timing import ZoneName
from console.people import tenancies
from console.people.fields import Currency, Slug
from store.records.tenants import Change

router = APIRouter(include_in_schema=False)

Typed = Annotated[str, Form(max_length=200)]
Number = Annotated[int, Form(ge=1, le=LARGEST_ID)]


class Changing(forms.Form):
    name: Name
    time_zone: ZoneName
    currency: Currency

    @property
    def wanted(self) -> Change:
        return Change(name=self.name, time_zone=self.time_zone, currency=self.currency)


class Opening(Changing):
    slug: Slug


@router.get("/tenants")
def tenants_of_mine(visitor: SignedIn, cursor: Cursor = None, done: str = "") -> HTMLResponse:
    return _page(visitor, cursor=cursor, done=done)


@router.post("/tenants/switch")
def go_to_tenant(visitor: SignedIn, tenant: Number) -> RedirectResponse:
    tenancies.go_to(visitor, tenant)
    return RedirectResponse("/", 303)


@router.post("/tenants/change", response_model=None)
def change_tenant(
    visitor: SignedIn, name: Typed = "", time_zone: Typed = "", currency: Typed = ""
) -> Response:
    typed = {"name": name, "time_zone": time_zone, "currency": currency.upper()}
    read = forms.read(Changing, **typed)
    if isinstance(read, Troubles):
        return _page(visitor, changing=typed, troubles_of_change=read)
    tenancies.change(visitor, visitor.tenant, read.wanted)
    return RedirectResponse("/tenants?done=changed", 303)


@router.post("/tenants", response_model=None)
def open_tenant(
    visitor: SignedIn, slug: Typed = "", name: Typed = "", time_zone: Typed = "UTC", currency: Typed = "EUR"
) -> Response:
    typed = {"slug": slug, "name": name, "time_zone": time_zone, "currency": currency.upper()}
    read = forms.read(Opening, **typed)
    if isinstance(read, Troubles):
        return _page(visitor, opening=typed, troubles_of_opening=read)
    try:
        tenancies.open_another(visitor, read.slug, read.wanted)
    except Refused as refused:
        return _page(visitor, opening=typed, troubles_of_opening=Troubles.of(refused))
    return RedirectResponse("/tenants?done=opened", 303)


def _page(
    visitor: Visitor,
    *,
    cursor: int | None = None,
    done: str = "",
    changing: dict[str, str] | None = None,
    opening: dict[str, str] | None = None,
    troubles_of_change: Troubles | None = None,
    troubles_of_opening: Troubles | None = None,
) -> HTMLResponse:
    mine, following = tenancies.mine(visitor, cursor=cursor, limit=PAGE)
    present = {
        "name": visitor.tenant_name,
        "time_zone": visitor.time_zone.key,
        "currency": visitor.currency,
    }
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "tenants.html",
            status=422 if troubles_of_change or troubles_of_opening else 200,
            mine=mine,
            changing=changing or present,
            opening=opening
            or {"slug": "", "name": "", "time_zone": visitor.time_zone.key, "currency": visitor.currency},
            troubles_of_change=troubles_of_change or forms.NONE,
            troubles_of_opening=troubles_of_opening or forms.NONE,
            page={"next_cursor": following},
            is_first=cursor is None,
            done=done,
        )
