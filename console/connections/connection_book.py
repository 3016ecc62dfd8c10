"""What a person does with connections, the same for forms and for the API: each function is one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
from pydantic import Field

from connectors import CONNECTORS, public_network
from connectors.errors import AuthExpired, AuthRevoked, ChannelError, Forbidden, Invalid
from connectors.face import Capability, Channel, Connector, Endpoint, FindsAccounts, FoundAccount, Wire
from connectors.publishing import FoundPlace, Network, Publishes
from connectors.retries import Patience
from connectors.short_links import LinkGroup, ShortensLinks
from connectors.texting import SendsTexts
from console.connections import hook, standing
from console.connections.standing import Connected, Standing
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from console.frame.bodies import Body
from marketing_pipelines.connections import apps, consent, opening
from marketing_pipelines.connections.apps import App
from marketing_pipelines.connections.consent import Granted, NotConsented
from store.clock import now
from store.records import accounts, connections, places
from store.records.connections import Connection, ConnectionStatus, Unreadable
from store.records.database import Session
from store.records.schema import ConnectionId
from store.settings import Role

USER_AGENT = "MarketingPipelines/0.1 (connections)"
# Somebody waits for the page.
_PATIENCE = httpx.Timeout(10.0, connect=5.0)
LONGEST_CREDENTIAL = 4_000
# What cannot be asked for anything that changes nothing is tested by what it does first.
_TESTED_BY = {
    Capability.WEBHOOKS: ("the first hook", "that is sent"),
    Capability.BILLING: ("the first event", "that comes"),
}


class ToRead(Body):
    """An account to be read through a connection."""

    account: Annotated[str, Field(pattern=r"^[\w.:-]{1,100}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]


class ToPublish(Body):
    """A page, profile or room to be published to through a connection."""

    network: Network
    place: Annotated[str, Field(pattern=r"^[\w.:-]{1,100}$")]


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking through a connection has shown: its accounts, places and owners of links, or why there is nothing to see."""

    found: Sequence[FoundAccount] = ()
    places: Sequence[FoundPlace] = ()
    groups: Sequence[LinkGroup] = ()
    trouble: str = ""
    why_no_places: str = ""

    def account(self, number: str) -> FoundAccount | None:
        return next((each for each in self.found if each.id == number), None)


def listed(visitor: Visitor) -> list[Standing]:
    with visitor.records() as session:
        return standing.of_all(session, visitor)


def read(visitor: Visitor, number: int) -> Connected:
    with visitor.records() as session:
        row = connections.named(session, visitor.tenant, ConnectionId(number))
        if row is None:
            raise nothing_here()
        read_through = accounts.of_tenant(session, visitor.tenant)
        published_to = places.of_tenant(session, visitor.tenant)
    return Connected(
        row,
        [each for each in read_through if each.connection_id == row.id],
        [each for each in published_to if each.connection_id == row.id],
    )


def way_to_consent(visitor: Visitor, channel: Channel, again: int | None = None) -> str:
    """Where somebody is led who connects the channel, or connects it again; empty where nobody can be led."""
    app = apps.of(visitor.settings, channel)
    if app is None:
        return ""
    number = None if again is None else ConnectionId(again)
    return consent.address(visitor.settings, app, visitor.tenant, visitor.user, number)


def come_back(visitor: Visitor, state: str, code: str, *, only: Channel | None = None) -> Connection:
    """Keeps what was granted to somebody who was led to a provider and came back with a code."""
    try:
        asking = consent.asked_by(visitor.settings, visitor.tenant, visitor.user, state, now())
    except NotConsented as why:
        raise Refused(422, str(why), [FieldError("state", str(why))]) from None
    app = apps.of(visitor.settings, asking.channel)
    if app is None or only not in (None, asking.channel):
        raise Refused(
            422, "It was not this channel that was asked for.", [FieldError("state", "another one")]
        )
    return _kept(visitor, _exchanged(visitor, app, asking, code))


def connect_typed(
    visitor: Visitor, channel: Channel, typed: Mapping[str, str], again: int | None = None
) -> Connection:
    """Keeps credentials that somebody typed in, once they have opened the channel."""
    credentials = _asked_for(channel, typed)
    granted = Granted(channel, None if again is None else ConnectionId(again), credentials, ())
    with _at_the_provider(visitor) as http:
        _require_open(visitor, channel, credentials, http)
    return _kept(visitor, granted)


def tested_by(channel: Channel) -> tuple[str, ...]:
    """What shows whether a channel works that cannot be tried; nothing where it can be."""
    can = CONNECTORS[channel].capabilities
    return next((by for capability, by in _TESTED_BY.items() if capability in can), ())


def look(visitor: Visitor, number: int) -> Looked:
    """Asks the provider which accounts and places the connection may see, which shows whether it holds."""
    row = read(visitor, number).row
    if row.status is ConnectionStatus.DISCONNECTED:
        return Looked(trouble="It is disconnected: connect it again first.")
    if by := tested_by(Channel(row.channel)):
        return Looked(trouble=f"Nothing can be asked of it: it is tested by {' '.join(by)}.")
    try:
        with _at_the_provider(visitor) as http:
            opened = opening.open_connection(
                visitor.settings, row, http, Patience(attempts=1), role=Role.CONSOLE
            )
            looked = _looked_through(opened)
    except (ChannelError, Unreadable) as trouble:
        _note(visitor, number, trouble)
        return Looked(trouble=str(trouble))
    _note(visitor, number, None)
    _keep_what_accounts_reckon_in(visitor, number, looked.found)
    return looked


def add_account(visitor: Visitor, number: int, wanted: ToRead) -> None:
    """What the account reckons in is asked of the provider, since people sign sums in it."""
    _refuse_where_disconnected(visitor, number)
    found = look(visitor, number).account(accounts.bare(wanted.account))
    with visitor.records() as session:
        row = _named(session, visitor, number)
        accounts.read_from_now_on(
            session,
            visitor.actor,
            row,
            wanted.account,
            wanted.name,
            currency=found.currency if found else "",
            time_zone=found.time_zone if found else "",
        )


def leave_account(visitor: Visitor, number: int, account: str) -> None:
    with visitor.records() as session:
        row = _named(session, visitor, number)
        for each in accounts.of_tenant(session, visitor.tenant):
            if (each.connection_id, each.account_id) == (row.id, account):
                accounts.read_no_more(session, visitor.actor, each)
                return
    raise nothing_here()


def add_place(visitor: Visitor, number: int, wanted: ToPublish) -> None:
    """Only what the provider names can be published to."""
    _refuse_where_disconnected(visitor, number)
    looked = look(visitor, number)
    found = next((it for it in looked.places if (it.network, it.id) == (wanted.network, wanted.place)), None)
    if found is None:
        why = looked.trouble or looked.why_no_places or "The provider names no such place to this connection."
        raise Refused(422, why, [FieldError("place", why)])
    with visitor.records() as session:
        row = _named(session, visitor, number)
        places.publish_to(session, visitor.actor, row, found.network, found.id, found.name)


def leave_place(visitor: Visitor, number: int, wanted: ToPublish) -> None:
    with visitor.records() as session:
        row = _named(session, visitor, number)
        for each in places.of_tenant(session, visitor.tenant):
            if (each.connection_id, each.network, each.place_id) == (row.id, wanted.network, wanted.place):
                places.leave(session, visitor.actor, each)
                return
    raise nothing_here()


def switch(visitor: Visitor, number: int, wanted: Sequence[str]) -> None:
    """What is wanted of what the channel can do; the rest is switched off."""
    with visitor.records() as session:
        row = _named(session, visitor, number)
        off = CONNECTORS[Channel(row.channel)].capabilities - set(wanted)
        connections.switch(session, visitor.actor, row, off)
        hook.follow(visitor, session, row)


def disconnect(visitor: Visitor, number: int) -> None:
    with visitor.records() as session:
        row = _named(session, visitor, number)
        connections.disconnect(session, visitor.actor, row)
        hook.follow(visitor, session, row)


def _looked_through(opened: Connector) -> Looked:
    """Whoever may see accounts need not be allowed to publish, which is no trouble of the connection."""
    if isinstance(opened, SendsTexts):
        opened.check()
        return Looked()
    if not isinstance(opened, FindsAccounts):
        if isinstance(opened, Publishes):
            return Looked(places=opened.places())
        if isinstance(opened, ShortensLinks):
            return Looked(groups=opened.groups())
        return Looked()
    found = opened.accounts()
    try:
        return Looked(found, opened.places() if isinstance(opened, Publishes) else ())
    except Forbidden as why:
        return Looked(found, why_no_places=str(why))


def _keep_what_accounts_reckon_in(visitor: Visitor, number: int, found: Sequence[FoundAccount]) -> None:
    named = {each.id: each for each in found}
    with visitor.records() as session:
        for row in accounts.of_tenant(session, visitor.tenant):
            said = named.get(accounts.bare(row.account_id))
            if row.connection_id == number and said:
                row.currency, row.time_zone = said.currency, said.time_zone


def _refuse_where_disconnected(visitor: Visitor, number: int) -> None:
    if read(visitor, number).row.status is ConnectionStatus.DISCONNECTED:
        raise Refused(409, "It is disconnected: connect it again first.")


def _named(session: Session, visitor: Visitor, number: int) -> Connection:
    row = connections.named(session, visitor.tenant, ConnectionId(number), locked=True)
    if row is None:
        raise nothing_here()
    return row


def _exchanged(visitor: Visitor, app: App, asking: consent.Asking, code: str) -> Granted:
    try:
        with _at_the_provider(visitor) as http:
            return consent.granted(visitor.settings, app, asking, code, http)
    except ChannelError as refused:
        raise Refused(422, str(refused), [FieldError("code", str(refused))]) from None


def _asked_for(channel: Channel, typed: Mapping[str, str]) -> dict[str, str]:
    asks = CONNECTORS[channel].asks
    if not asks:
        raise nothing_here()
    missing = [ask for ask in asks if ask.is_required and not typed.get(ask.name, "").strip()]
    if missing:
        errors = [FieldError(ask.name, "is needed") for ask in missing]
        raise Refused(422, "Something is missing.", errors)
    return {ask.name: typed.get(ask.name, "").strip() for ask in asks}


def _require_open(
    visitor: Visitor, channel: Channel, credentials: Mapping[str, str], http: httpx.Client
) -> None:
    """Nothing is kept of what does not open the channel."""
    endpoint = Endpoint.from_options(apps.elsewhere(visitor.settings, channel))
    wire = Wire(http=http, endpoint=endpoint, patience=Patience(attempts=1))
    try:
        _looked_through(CONNECTORS[channel].connect(credentials, wire))
    except Invalid as wrong:
        named = wrong.field in {ask.name for ask in CONNECTORS[channel].asks}
        errors = [FieldError(wrong.field, wrong.what)] if named else []
        raise Refused(422, str(wrong), errors) from None
    except ChannelError as trouble:
        errors = [FieldError(CONNECTORS[channel].asks[0].name, str(trouble))]
        raise Refused(422, str(trouble), errors) from None


def _kept(visitor: Visitor, granted: Granted) -> Connection:
    with visitor.records() as session:
        if granted.connection is None:
            name = CONNECTORS[granted.channel].title
            row = connections.connect(
                session,
                visitor.settings,
                visitor.actor,
                visitor.tenant,
                granted.channel,
                name,
                granted.credentials,
                options=apps.elsewhere(visitor.settings, granted.channel),
                scopes=granted.scopes,
            )
            hook.follow(visitor, session, row)
            return row
        row = _named(session, visitor, granted.connection)
        if row.channel != granted.channel:
            raise nothing_here()
        credentials, scopes = granted.credentials, granted.scopes
        if standing.takes_both(granted.channel):
            credentials = {**_held(visitor, session, row), **credentials}
            scopes = scopes or tuple(row.scopes)
        connections.reconnect(session, visitor.settings, visitor.actor, row, credentials, scopes)
        hook.follow(visitor, session, row)
        return row


def _held(visitor: Visitor, session: Session, row: Connection) -> Mapping[str, Any]:
    """What stands beside what was granted now; nothing where it was forgotten or does not open."""
    try:
        return connections.opened(session, visitor.settings, row)
    except Unreadable:
        return {}


def _note(visitor: Visitor, number: int, trouble: Exception | None) -> None:
    with visitor.records() as session:
        row = _named(session, visitor, number)
        row.tested_at = now()
        if isinstance(trouble, (AuthExpired, AuthRevoked, Unreadable)):
            connections.mark_broken(row, trouble)
        elif trouble is None and row.status is ConnectionStatus.CONNECTED:
            row.last_error = None


@contextmanager
def _at_the_provider(visitor: Visitor) -> Iterator[httpx.Client]:
    with public_network.client(
        allow_private=not visitor.settings.production, user_agent=USER_AGENT, timeout=_PATIENCE
    ) as http:
        yield http
