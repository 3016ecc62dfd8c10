"""Messages to the team's own chat, through an incoming web hook such as Slack's, Mattermost's or Zulip's."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from connectors.web_hooks import WebHook
from marketing_pipelines.email import addresses, links
from marketing_pipelines.outbound.kinds.by_web_hook import ByWebHook
from marketing_pipelines.outbound.kinds.face import Payload, Read, not_blank
from store.records.actions import Channel, Purpose
from store.settings import Settings

# Slack cuts off what is longer.
LONGEST = 40_000


class ChatMessagePayload(Payload):
    text: Annotated[str, Field(max_length=LONGEST), AfterValidator(not_blank), AfterValidator(addresses.body)]


class ChatMessage(ByWebHook[ChatMessagePayload]):
    payload = ChatMessagePayload
    main_field = "text"
    named_by = "text"
    receiver = "the team's chat"

    def hook(self, settings: Settings) -> WebHook | None:
        url = settings.chat_webhook_url.get_secret_value()
        return WebHook(url) if url else None

    def channel(self, payload: ChatMessagePayload) -> Channel:
        del payload
        return Channel.CHAT

    def content(self, payload: ChatMessagePayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return {"text": payload.text}

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        del values
        text = manifest["template"]["text"]
        return Read("Message to the team's chat", text, links=links.found_in(text, ""))
