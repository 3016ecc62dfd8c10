"""Posts on social networks."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from connectors import POST_LIMITS
from connectors.face import Connector
from connectors.publishing import Network, Post, PostLimits
from marketing_pipelines.email import addresses, links
from marketing_pipelines.outbound import destinations, preflight
from marketing_pipelines.outbound.destinations import Destination
from marketing_pipelines.outbound.kinds.face import Link, Payload, PlatformId, Read, not_blank
from marketing_pipelines.outbound.kinds.through_connection import ThroughConnection, chosen, publisher
from marketing_pipelines.outbound.sending import Sending
from store.records.actions import Channel, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import TenantId

_CARRIED_BY = {
    Network.FACEBOOK: Channel.META,
    Network.INSTAGRAM: Channel.META,
    Network.LINKEDIN: Channel.LINKEDIN,
    Network.TIKTOK: Channel.TIKTOK_ACCOUNT,
    Network.REDDIT: Channel.REDDIT,
}
NETWORKS = tuple(_CARRIED_BY)
LIMITS: Mapping[Network, PostLimits] = {network: POST_LIMITS[network] for network in NETWORKS}


class SocialPostPayload(Payload):
    """`place` is the network's own id of the page or profile; it is needed where several are connected."""

    network: Annotated[Network, Field(strict=False)]
    text: Annotated[
        str,
        Field(max_length=max(limits.longest_text for limits in LIMITS.values())),
        AfterValidator(not_blank),
        AfterValidator(addresses.body),
    ]
    link: Link | None = None
    image: Link | None = None
    place: PlatformId | None = None

    @model_validator(mode="after")
    def _fits_the_network(self) -> "SocialPostPayload":
        if self.network not in NETWORKS:
            raise ValueError(f"{self.network} takes messages, not posts")
        why = preflight.why_not_posted(LIMITS[self.network], self.text, self.link or "", self.image or "")
        if why:
            raise ValueError(f"{self.network} {why}")
        return self


class SocialPost(ThroughConnection[SocialPostPayload]):
    payload = SocialPostPayload
    main_field = "text"
    named_by = "text"

    def channel(self, payload: SocialPostPayload) -> Channel:
        return _CARRIED_BY[payload.network]

    def content(self, payload: SocialPostPayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return {
            "network": payload.network.value,
            "text": payload.text,
            "link": payload.link or "",
            "image": payload.image or "",
        }

    def is_said_once(self, payload: SocialPostPayload) -> bool:
        del payload
        return True

    def place(self, payload: SocialPostPayload) -> str:
        return f"{payload.network.capitalize()} {payload.place or ''}".strip()

    def destination(
        self, session: Session, tenant: TenantId, payload: SocialPostPayload
    ) -> Destination | None:
        return chosen(destinations.places(session, tenant, payload.network), payload.place, "place")

    def followed(self, template: Mapping[str, Any]) -> Sequence[str]:
        return [*filter(None, [template["link"]]), *links.found_in(template["text"], "")]

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        post = manifest["template"]
        text = "\n\n".join(part for part in (post["text"], post["link"], post["image"]) if part)
        where = f": {values['name']}" if values.get("name") else ""
        return Read(f"Post on {post['network'].capitalize()}{where}", text, links=links.found_in(text, ""))

    def carry_out(self, sending: Sending, claim: Claim, opened: Connector) -> str:
        network, post = _post(sending)
        told = publisher(opened).publish(claim.values["id"], network, post)
        return f"published: {told.url or told.id}"

    def found(self, sending: Sending, claim: Claim, opened: Connector) -> str | None:
        network, post = _post(sending)
        told = publisher(opened).published_since(
            claim.values["id"], network, post, sending.approved.submitted_at
        )
        return f"published: {told.url or told.id}" if told else None


def _post(sending: Sending) -> tuple[Network, Post]:
    said = sending.approved.manifest["template"]
    return Network(said["network"]), Post(text=said["text"], link=said["link"], image=said["image"])
