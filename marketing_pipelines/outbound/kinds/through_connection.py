"""What the types that leave through a connection of the tenant have in common; without one they go as far as a rehearsal."""

from abc import abstractmethod
from typing import Any

import rfc8785

from connectors.errors import AuthExpired, AuthRevoked, Forbidden
from connectors.face import Connector
from connectors.publishing import Publishes
from marketing_pipelines.connections import opening
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.destinations import Destination
from marketing_pipelines.outbound.kinds.face import (
    TARGET,
    Audience,
    NotReady,
    P,
    Surroundings,
    ToOnePlace,
    leaf,
)
from marketing_pipelines.outbound.manifest import MOCK
from marketing_pipelines.outbound.sending import Sending
from store.records.actions import Action
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import ConnectionId, TenantId


class ThroughConnection(ToOnePlace[P]):
    """The leaf names the connection, so that what was signed goes through no other one."""

    looks_up = True

    @abstractmethod
    def destination(self, session: Session, tenant: TenantId, payload: P) -> Destination | None:
        """Where it is handed over, None where nothing is connected, or NotReady where that is not clear."""

    @abstractmethod
    def carry_out(self, sending: Sending, claim: Claim, opened: Connector) -> str:
        """Does it, once, and says what became of it."""

    @abstractmethod
    def found(self, sending: Sending, claim: Claim, opened: Connector) -> str | None:
        """What looking says of a delivery whose answer got lost."""

    def is_looked_through(self, payload: P) -> bool:
        """Whether the provider can look through it without doing it."""
        del payload
        return False

    def look_through(self, opened: Connector, payload: P) -> None:
        """Has it look; what it would refuse is Invalid."""
        del opened, payload

    def connection(self, around: Surroundings, payload: P) -> str:
        try:
            found = self.destination(around.session, around.tenant, payload)
        except NotReady as unclear:
            return f"nowhere yet: {unclear.reason}"
        return found.said if found else MOCK

    def audience(self, session: Session, action: Action, payload: P) -> Audience:
        found = self.destination(session, action.tenant_id, payload)
        values: dict[str, Any] = {"target": self.place(payload)}
        if found:
            values |= {"connection": found.connection, "id": found.id, "name": found.name}
            if found.currency:
                values["currency"] = found.currency
        return Audience([leaf(TARGET, values)])

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        number = ConnectionId(claim.values["connection"])
        opened = carriers.through(sending.tenant, number)
        try:
            return self.carry_out(sending, claim, opened)
        except (AuthExpired, AuthRevoked) as broken:
            opening.note_trouble(sending.settings, number, broken)
            raise

    def look_up(self, sending: Sending, claim: Claim, carriers: Carriers) -> str | None:
        opened = carriers.through(sending.tenant, ConnectionId(claim.values["connection"]))
        return self.found(sending, claim, opened)

    def rehearse(self, sending: Sending, claim: Claim) -> str:
        del claim
        return said(sending).decode()


def said(sending: Sending) -> bytes:
    """The frozen words in the one form that they have."""
    return rfc8785.dumps(sending.approved.manifest["template"])


def publisher(opened: Connector) -> Publishes:
    if not isinstance(opened, Publishes):
        raise Forbidden(what="nothing can be published there", where=opened.channel)
    return opened


def chosen(found: list[Destination], wanted: str | None, field: str) -> Destination | None:
    """The one that is named, or the only one there is."""
    if wanted is None and len(found) > 1:
        raise NotReady(field, f"say which one: {_listed(found)}")
    if wanted is None:
        return found[0] if found else None
    named = next((each for each in found if wanted in {each.id, str(each.connection)}), None)
    if named is None and found:
        raise NotReady(field, f"is none of those that are connected: {_listed(found)}")
    return named


def _listed(found: list[Destination]) -> str:
    return ", ".join(f"{each.id or each.connection} ({each.name})" for each in found[:10])
