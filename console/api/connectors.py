"""Connectors: which channels there are, what each can do, and how the tenant's connections stand."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from connectors.face import Capability, Channel
from connectors.publishing import Network
from console.api.answers import REFUSALS
from console.connections import connection_book
from console.connections.standing import Connected, Standing, Way
from console.door.admission import SignedIn
from console.frame.bodies import Body
from marketing_pipelines.connections.consent import LONGEST_CODE, LONGEST_STATE
from store.records.accounts import AccountStatus, AdAccount
from store.records.connections import Connection, ConnectionStatus
from store.records.places import Place

router = APIRouter(tags=["connectors"], responses=REFUSALS)


class AccountOut(BaseModel):
    """An account that is read, and how the last reading went."""

    account_id: str
    name: str
    currency: Annotated[str, Field(description="Empty until somebody has looked.")]
    status: AccountStatus
    last_synced_at: datetime | None
    last_error: str | None

    @classmethod
    def of(cls, account: AdAccount) -> Self:
        return cls.model_validate(account, from_attributes=True)


class ConnectionOut(BaseModel):
    """What was granted; never a credential."""

    id: int
    channel: Channel
    name: str
    status: ConnectionStatus
    scopes: list[str]
    switched_off: Annotated[list[str], Field(description="Capabilities that are not to be used.")]
    last_error: str | None
    tested_at: datetime | None
    ends_at: Annotated[datetime | None, Field(description="When somebody has to grant anew; None for never.")]

    @classmethod
    def of(cls, row: Connection) -> Self:
        return cls.model_validate(row, from_attributes=True)


class PlaceOut(BaseModel):
    """A page, profile or room that is published to."""

    network: Network
    place_id: Annotated[str, Field(description="What an action names as its `place`.")]
    name: str

    @classmethod
    def of(cls, place: Place) -> Self:
        return cls.model_validate(place, from_attributes=True)


class ConnectedOut(ConnectionOut):
    accounts: list[AccountOut]
    places: list[PlaceOut]

    @classmethod
    def with_accounts(cls, connected: Connected) -> Self:
        said = ConnectionOut.of(connected.row).model_dump()
        return cls(
            **said,
            accounts=[AccountOut.of(account) for account in connected.accounts],
            places=[PlaceOut.of(place) for place in connected.places],
        )


class ConnectorOut(BaseModel):
    """A channel. `way` says how it is connected: by consent at the provider, typed credentials or the house's settings."""

    type: Channel
    title: str
    capabilities: list[Capability]
    way: Way
    by_settings: Annotated[bool, Field(description="The settings of the house connect it.")]
    authorize_url: Annotated[
        str,
        Field(
            description="Where the person who asks is led to consent, for a quarter of an hour; empty elsewhere."
        ),
    ]
    connections: list[ConnectedOut]

    @classmethod
    def of(cls, standing: Standing, authorize_url: str) -> Self:
        return cls(
            type=standing.channel,
            title=standing.title,
            capabilities=list(standing.capabilities),
            way=standing.way,
            by_settings=standing.by_settings,
            authorize_url=authorize_url,
            connections=[ConnectedOut.with_accounts(each) for each in standing.connected],
        )


class Connectors(BaseModel):
    items: list[ConnectorOut]


class CameBack(Body):
    """What the provider gave to the person whom it led back."""

    code: Annotated[str, Field(min_length=1, max_length=LONGEST_CODE)]
    state: Annotated[str, Field(min_length=1, max_length=LONGEST_STATE)]


@router.get("/api/connectors")
def list_connectors(visitor: SignedIn) -> Connectors:
    """Every channel there is, connected or not."""
    may_connect = visitor.may("POST /api/connectors/{connector}/oauth/callback")
    return Connectors(
        items=[
            ConnectorOut.of(
                each, connection_book.way_to_consent(visitor, each.channel) if may_connect else ""
            )
            for each in connection_book.listed(visitor)
        ]
    )


@router.post("/api/connectors/{connector}/oauth/callback")
def come_back(visitor: SignedIn, connector: Channel, body: CameBack) -> ConnectionOut:
    """Exchanges a code for credentials, which are sealed; only the person who set out can."""
    return ConnectionOut.of(connection_book.come_back(visitor, body.state, body.code, only=connector))
