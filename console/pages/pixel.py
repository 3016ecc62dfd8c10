"""The pixel: what goes on the tenant's pages, for which origins, and what a page's policy has to allow."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from console.door.admission import SignedIn
from console.door.problems import FieldError, Refused
from console.frame import rendering
from marketing_pipelines.events import pixel
from store.records import collector_keys
from store.records.collector_keys import CollectorKey, KeyKind, NotAnOrigin
from store.settings import Service

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Site:
    """A key and what its pages include."""

    key: CollectorKey
    snippet: str
    image: str


@router.get("/pixel")
def show(visitor: SignedIn, done: str = "") -> HTMLResponse:
    address = visitor.settings.address(Service.COLLECTOR)
    with visitor.records() as session:
        sites = [
            Site(key, pixel.snippet(address, key.public_key), pixel.image(address, key.public_key))
            for key in collector_keys.living(session, visitor.tenant)
            if key.kind is KeyKind.BROWSER
        ]
        return rendering.page(
            visitor,
            session,
            "pixel.html",
            sites=sites,
            policy=pixel.content_security_policy(address),
            done=done,
        )


@router.post("/pixel/keys")
def add_key(visitor: SignedIn, origins: Annotated[str, Form(max_length=2000)] = "") -> RedirectResponse:
    """`origins` are those of the pages, with blanks between them."""
    with visitor.records() as session:
        try:
            collector_keys.add_browser_key(session, visitor.actor, visitor.tenant, origins.split())
        except NotAnOrigin as error:
            raise Refused(422, str(error), [FieldError("origins", str(error))]) from None
    return RedirectResponse("/pixel?done=added", 303)


@router.post("/pixel/keys/revoke")
def revoke_key(visitor: SignedIn, key: Annotated[str, Form(max_length=64)] = "") -> RedirectResponse:
    with visitor.records() as session:
        try:
            collector_keys.revoke(session, visitor.actor, visitor.tenant, key)
        except collector_keys.NoSuchKey as error:
            raise Refused(404, str(error)) from None
    return RedirectResponse("/pixel?done=revoked", 303)
