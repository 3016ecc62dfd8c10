"""Connections: which channels are connected, by whose leave, and which accounts are read through them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from connectors import CONNECTORS
from connectors.face import Channel
from console.connections import connection_book, hook, standing
from console.connections.connection_book import Looked, ToPublish, ToRead
from console.connections.standing import Way
from console.door.admission import Id, SignedIn
from console.door.problems import Refused, nothing_here
from console.door.sign_in import Visitor
from console.frame import form_bodies, rendering
from console.frame.form_bodies import Troubles, troubles
from marketing_pipelines.connections import spending
from marketing_pipelines.connections.consent import LONGEST_CODE, LONGEST_STATE
from store.records import accounts

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form(max_length=connection_book.LONGEST_CREDENTIAL)]
Told = Annotated[str, Query(max_length=500)]


@router.get("/connections")
def every_channel(visitor: SignedIn, done: str = "", trouble: Told = "") -> HTMLResponse:
    channels = connection_book.listed(visitor)
    may_connect = visitor.may("POST /connections/new/{channel}")
    ways = {
        each.channel: connection_book.way_to_consent(visitor, each.channel) if may_connect else ""
        for each in channels
    }
    with visitor.records() as session:
        return rendering.page(
            visitor, session, "connections.html", channels=channels, ways=ways, done=done, trouble=trouble
        )


@router.get("/connections/callback")
def come_back(
    visitor: SignedIn,
    state: Annotated[str, Query(max_length=LONGEST_STATE)] = "",
    code: Annotated[str, Query(max_length=LONGEST_CODE)] = "",
    error: Told = "",
    error_description: Told = "",
) -> Response:
    """Where a provider leads people back, which it does with a GET: the state proves that they set out from here."""
    if not code:
        return _refused(visitor, error_description or error or "The provider sent nobody back with a code.")
    try:
        row = connection_book.come_back(visitor, state, code)
    except Refused as refused:
        told = refused.problem.errors[0].reason if refused.problem.errors else refused.problem.detail
        return _refused(visitor, told)
    return RedirectResponse(f"/connections/{row.id}?done=connected", 303)


@router.get("/connections/new/{channel}")
def ask(visitor: SignedIn, channel: Channel, again: int | None = None) -> HTMLResponse:
    return _form(visitor, channel, again)


@router.post("/connections/new/{channel}", response_model=None)
async def connect(visitor: SignedIn, channel: Channel, request: Request) -> Response:
    form = {name: str(value) for name, value in (await request.form()).items()}
    return _connected(visitor, channel, form)


@router.get("/connections/{connection_id}")
def one(visitor: SignedIn, connection_id: Id, done: str = "") -> HTMLResponse:
    return _shown(visitor, connection_id, done=done)


@router.post("/connections/{connection_id}/look")
def look(visitor: SignedIn, connection_id: Id) -> HTMLResponse:
    """Asks the provider, and shows what it says; nothing is read by it."""
    looked = connection_book.look(visitor, connection_id)
    return _shown(visitor, connection_id, looked=looked)


@router.post("/connections/{connection_id}/accounts", response_model=None)
def add_account(visitor: SignedIn, connection_id: Id, account: Field = "", name: Field = "") -> Response:
    try:
        wanted = form_bodies.read(ToRead, {"account": account, "name": name or account})
        connection_book.add_account(visitor, connection_id, wanted)
    except Refused as refused:
        return _shown(
            visitor, connection_id, wrong=troubles(refused), typed=account, status=refused.problem.status
        )
    return RedirectResponse(f"/connections/{connection_id}?done=added", 303)


@router.post("/connections/{connection_id}/accounts/leave")
def leave_account(visitor: SignedIn, connection_id: Id, account: Field = "") -> RedirectResponse:
    connection_book.leave_account(visitor, connection_id, account)
    return RedirectResponse(f"/connections/{connection_id}?done=left", 303)


@router.post("/connections/{connection_id}/places", response_model=None)
def add_place(visitor: SignedIn, connection_id: Id, network: Field = "", place: Field = "") -> Response:
    try:
        connection_book.add_place(visitor, connection_id, _to_publish(network, place))
    except Refused as refused:
        return _shown(
            visitor, connection_id, wrong=troubles(refused), typed=place, status=refused.problem.status
        )
    return RedirectResponse(f"/connections/{connection_id}?done=published", 303)


@router.post("/connections/{connection_id}/places/leave")
def leave_place(
    visitor: SignedIn, connection_id: Id, network: Field = "", place: Field = ""
) -> RedirectResponse:
    connection_book.leave_place(visitor, connection_id, _to_publish(network, place))
    return RedirectResponse(f"/connections/{connection_id}?done=unpublished", 303)


@router.post("/connections/{connection_id}/switch")
def switch(
    visitor: SignedIn, connection_id: Id, wanted: Annotated[Sequence[str], Form(max_length=20)] = ()
) -> RedirectResponse:
    connection_book.switch(visitor, connection_id, wanted)
    return RedirectResponse(f"/connections/{connection_id}?done=switched", 303)


@router.post("/connections/{connection_id}/disconnect")
def disconnect(visitor: SignedIn, connection_id: Id) -> RedirectResponse:
    connection_book.disconnect(visitor, connection_id)
    return RedirectResponse(f"/connections/{connection_id}?done=disconnected", 303)


def _to_publish(network: str, place: str) -> ToPublish:
    return form_bodies.read(ToPublish, {"network": network, "place": place})


def _refused(visitor: Visitor, why: str) -> HTMLResponse:
    return every_channel(visitor, trouble=why[:500])


def _connected(visitor: Visitor, channel: Channel, form: Mapping[str, str]) -> Response:
    again = int(form["again"]) if form.get("again", "").isdecimal() else None
    if any(len(value) > connection_book.LONGEST_CREDENTIAL for value in form.values()):
        return _form(visitor, channel, again, wrong={"": "That is longer than any credential."}, status=422)
    try:
        row = connection_book.connect_typed(visitor, channel, form, again)
    except Refused as refused:
        status = refused.problem.status
        return _form(visitor, channel, again, wrong=troubles(refused), typed=form, status=status)
    return RedirectResponse(f"/connections/{row.id}?done=connected", 303)


def _form(
    visitor: Visitor,
    channel: Channel,
    again: int | None,
    *,
    wrong: Troubles | None = None,
    typed: Mapping[str, str] = MappingProxyType({}),
    status: int = 200,
) -> HTMLResponse:
    if not CONNECTORS[channel].asks:
        raise nothing_here()
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "connection_form.html",
            status=status,
            channel=channel,
            title=CONNECTORS[channel].title,
            asks=CONNECTORS[channel].asks,
            hook_address=hook.address_of(visitor, channel),
            tested_by=connection_book.tested_by(channel),
            again=again,
            typed={
                ask.name: typed.get(ask.name, "") for ask in CONNECTORS[channel].asks if not ask.is_secret
            },
            troubles=wrong or {},
        )


def _shown(
    visitor: Visitor,
    number: int,
    *,
    done: str = "",
    looked: Looked | None = None,
    wrong: Troubles | None = None,
    typed: str = "",
    status: int = 200,
) -> HTMLResponse:
    connected = connection_book.read(visitor, number)
    channel = Channel(connected.row.channel)
    way = standing.way_to(visitor.settings, channel)
    again = connection_book.way_to_consent(visitor, channel, number) if way is Way.CONSENT else ""
    by_hand = f"/connections/new/{channel}?again={number}"
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "connection.html",
            status=status,
            connected=connected,
            connection=connected.row,
            title=CONNECTORS[channel].title,
            capabilities=sorted(CONNECTORS[channel].capabilities),
            tested_by=connection_book.tested_by(channel),
            quotas=spending.quotas(
                visitor.settings,
                session,
                connected.row,
                map(accounts.bare, {it.account_id for it in connected.accounts}),
            ),
            hook=hook.of(visitor, session, connected.row),
            missing_scopes=_missing(channel, connected.row.scopes),
            again=again or (by_hand if way is Way.TYPED else ""),
            beside=by_hand if again and standing.takes_both(channel) else "",
            looked=looked,
            published_to={(each.network, each.place_id) for each in connected.places},
            publishes=not CONNECTORS[channel].capabilities.isdisjoint({"publish", "chat"}),
            shortens="links" in CONNECTORS[channel].capabilities,
            read_through={each.account_id for each in connected.accounts if each.status != "disabled"},
            troubles=wrong or {},
            typed=typed,
            done=done,
        )


def _missing(channel: Channel, granted: list[str]) -> list[str]:
    """What was asked for and not granted; a provider that says nothing of scopes has granted all."""
    consent = CONNECTORS[channel].consent
    return [scope for scope in consent.scopes if scope not in granted] if consent and granted else []
