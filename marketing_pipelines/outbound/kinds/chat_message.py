"""Messages to the team's own chat: a room of a connected one, or an incoming web hook such as Mattermost's or Zulip's."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from connectors.face import Connector
from connectors.publishing import Network, Post
from connectors.web_hooks import WebHook
from marketing_pipelines.email import addresses, links
from marketing_pipelines.outbound import destinations
from marketing_pipelines.outbound.destinations import Destination
from marketing_pipelines.outbound.kinds.by_web_hook import ByWebHook
from marketing_pipelines.outbound.kinds.face import Payload, PlatformId, Read, not_blank
from marketing_pipelines.outbound.kinds.through_connection import chosen, publisher
from marketing_pipelines.outbound.sending import Sending
from store.records.actions import Channel, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import TenantId
from store.settings import Settings

# Slack cuts off what is longer.
LONGEST = 40_000


class ChatMessagePayload(Payload):
    """`place` is the chat's own id of the room; it is needed where several are connected."""

    text: Annotated[str, Field(max_length=LONGEST), AfterValidator(not_blank), AfterValidator(addresses.body)]
    place: PlatformId | None = None


class ChatMessage(ByWebHook[ChatMessagePayload]):
    payload = ChatMessagePayload
    main_field = "text"
    named_by = "text"

    def hook(self, settings: Settings) -> WebHook | None:
        url = settings.chat_webhook_url.get_secret_value()
        return WebHook(url) if url else None

    def channel(self, payload: ChatMessagePayload) -> Channel:
        del payload
        return Channel.CHAT

    def content(self, payload: ChatMessagePayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return {"text": payload.text}

    def place(self, payload: ChatMessagePayload) -> str:
        return f"the team's chat, room {payload.place}" if payload.place else "the team's chat"

    def destination(
        self, session: Session, tenant: TenantId, payload: ChatMessagePayload
    ) -> Destination | None:
        return chosen(destinations.places(session, tenant, Network.SLACK), payload.place, "place")

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        text = manifest["template"]["text"]
        where = f": {values['name']}" if values.get("name") else ""
        return Read(f"Message to the team's chat{where}", text, links=links.found_in(text, ""))

    def carry_out(self, sending: Sending, claim: Claim, opened: Connector) -> str:
        told = publisher(opened).publish(claim.values["id"], Network.SLACK, _message(sending))
        return f"said: {told.url or told.id}"

    def found(self, sending: Sending, claim: Claim, opened: Connector) -> str | None:
        since = sending.approved.submitted_at
        told = publisher(opened).published_since(claim.values["id"], Network.SLACK, _message(sending), since)
        return f"said: {told.url or told.id}" if told else None


def _message(sending: Sending) -> Post:
    return Post(text=sending.approved.manifest["template"]["text"])
