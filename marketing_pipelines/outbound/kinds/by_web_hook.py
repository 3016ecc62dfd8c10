"""What the types that leave by a web hook of the settings have in common: the frozen words are the body."""

from abc import abstractmethod
from typing import ClassVar

import rfc8785

from connectors import web_hooks
from connectors.errors import Forbidden
from connectors.web_hooks import WebHook
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.kinds.face import P, ToOnePlace
from marketing_pipelines.outbound.manifest import MOCK
from marketing_pipelines.outbound.sending import Sending
from store.records.delivery_chunks import Claim
from store.settings import Settings


class ByWebHook(ToOnePlace[P]):
    """Posts its content, in canonical JSON, to one address."""

    receiver: ClassVar[str]

    @abstractmethod
    def hook(self, settings: Settings) -> WebHook | None:
        """Where it is posted; None where nothing is set."""

    def connection(self, settings: Settings, payload: P) -> str:
        del payload
        hook = self.hook(settings)
        return hook.name if hook else MOCK

    def place(self, payload: P) -> str:
        del payload
        return self.receiver

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        hook = self.hook(sending.settings)
        if hook is None:
            raise Forbidden(what="no web hook is set any more", where=self.receiver)
        return web_hooks.post(carriers.web, hook, _body(sending), claim.message_id)

    def rehearse(self, sending: Sending, claim: Claim) -> str:
        del claim
        return _body(sending).decode()


def _body(sending: Sending) -> bytes:
    return rfc8785.dumps(sending.approved.manifest["template"])
