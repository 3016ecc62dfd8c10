"""What the types whose channels nothing can publish to yet have in common: they go as far as a rehearsal."""

import rfc8785

from connectors.errors import Forbidden
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.kinds.face import P, ToOnePlace
from marketing_pipelines.outbound.manifest import MOCK
from marketing_pipelines.outbound.sending import Sending
from store.records.delivery_chunks import Claim
from store.settings import Settings


class Unconnected(ToOnePlace[P]):
    """Without an account that could take it, an action is frozen, signed and checked, and its outcome says `mock`."""

    def connection(self, settings: Settings, payload: P) -> str:
        del settings, payload
        return MOCK

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        del claim, carriers
        raise Forbidden(what="no account is connected that could take this", where=sending.channel)

    def rehearse(self, sending: Sending, claim: Claim) -> str:
        del claim
        return rfc8785.dumps(sending.approved.manifest["template"]).decode()
