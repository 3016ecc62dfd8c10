"""Anything else that takes a signature and is then done by a person: a flyer, a stand, a phone call."""

from collections.abc import Mapping
from typing import Any

from marketing_pipelines.email import links
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.kinds.face import (
    Cost,
    Line,
    Money,
    Payload,
    Read,
    Surroundings,
    ToOnePlace,
    Words,
)
from marketing_pipelines.outbound.sending import Sending
from store.records.actions import Channel, Purpose
from store.records.delivery_chunks import Claim
from store.settings import Settings


class GenericPayload(Payload):
    what: Line
    details: Words | None = None
    cost: Money | None = None


class Generic(ToOnePlace[GenericPayload]):
    payload = GenericPayload
    main_field = "what"
    named_by = "what"

    def channel(self, payload: GenericPayload) -> Channel:
        del payload
        return Channel.BY_HAND

    def content(self, payload: GenericPayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return {
            "what": payload.what,
            "details": payload.details or "",
            "cost": str(payload.cost) if payload.cost is not None else "",
        }

    def connection(self, around: Surroundings, payload: GenericPayload) -> str:
        del around, payload
        return "somebody's hands"

    def place(self, payload: GenericPayload) -> str:
        del payload
        return "whoever does it"

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        del values
        template = manifest["template"]
        return Read(template["what"], template["details"], links=links.found_in(template["details"], ""))

    def cost(self, settings: Settings, payload: GenericPayload, reached: int) -> Cost:
        if payload.cost is None:
            return super().cost(settings, payload, reached)
        return Cost(payload.cost, "as its author says")

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        """Nothing leaves by a wire: from here on a person may do it."""
        del sending, claim, carriers
        return "signed: it may be done now"

    def rehearse(self, sending: Sending, claim: Claim) -> str:
        del claim
        return sending.approved.manifest["template"]["what"]
