"""What the types that leave by a connection of the tenant or, without one, by a web hook of the settings have in common."""

from abc import abstractmethod

from connectors import web_hooks
from connectors.errors import Forbidden
from connectors.web_hooks import WebHook
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.kinds.face import P, Surroundings
from marketing_pipelines.outbound.kinds.through_connection import ThroughConnection, said
from marketing_pipelines.outbound.manifest import MOCK
from marketing_pipelines.outbound.sending import Sending
from store.records.delivery_chunks import Claim
from store.settings import Settings


class ByWebHook(ThroughConnection[P]):
    """Posts its content, in canonical JSON, to the one address of the settings."""

    @abstractmethod
    def hook(self, settings: Settings) -> WebHook | None:
        """Where it is posted; None where nothing is set."""

    def connection(self, around: Surroundings, payload: P) -> str:
        through = super().connection(around, payload)
        hook = self.hook(around.settings)
        return hook.name if through == MOCK and hook else through

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        if "connection" in claim.values:
            return super().hand_over(sending, claim, carriers)
        hook = self.hook(sending.settings)
        if hook is None:
            raise Forbidden(what="no web hook is set any more", where=sending.channel)
        return web_hooks.post(carriers.web, hook, said(sending), claim.message_id)

    def look_up(self, sending: Sending, claim: Claim, carriers: Carriers) -> str | None:
        return super().look_up(sending, claim, carriers) if "connection" in claim.values else None
