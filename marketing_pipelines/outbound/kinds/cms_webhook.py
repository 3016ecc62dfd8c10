"""Web hooks to the content management system, signed as Standard Webhooks are."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from connectors.errors import Forbidden
from connectors.face import Channel as ConnectedChannel
from connectors.face import Connector, TakesWebHooks
from connectors.web_hooks import WebHook
from marketing_pipelines.email import links
from marketing_pipelines.outbound import destinations
from marketing_pipelines.outbound.destinations import Destination
from marketing_pipelines.outbound.kinds.by_web_hook import ByWebHook
from marketing_pipelines.outbound.kinds.documents import Document
from marketing_pipelines.outbound.kinds.face import Number, Payload, Read
from marketing_pipelines.outbound.kinds.through_connection import chosen, said
from marketing_pipelines.outbound.sending import Sending
from store.records.actions import Channel, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import TenantId
from store.settings import Settings


class CmsWebhookPayload(Payload):
    """`event` tells the receiver what happened, `data` what it is about; `connection` is needed where several are connected."""

    event: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$", max_length=100)]
    data: Document
    connection: Number | None = None


class CmsWebhook(ByWebHook[CmsWebhookPayload]):
    payload = CmsWebhookPayload
    main_field = "data"
    named_by = "event"

    def hook(self, settings: Settings) -> WebHook | None:
        url = settings.cms_webhook_url.get_secret_value()
        return WebHook(url, settings.cms_webhook_secret.get_secret_value()) if url else None

    def channel(self, payload: CmsWebhookPayload) -> Channel:
        del payload
        return Channel.CMS

    def content(self, payload: CmsWebhookPayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return {"type": payload.event, "data": payload.data}

    def place(self, payload: CmsWebhookPayload) -> str:
        return "the content management system" + (f" {payload.connection}" if payload.connection else "")

    def destination(
        self, session: Session, tenant: TenantId, payload: CmsWebhookPayload
    ) -> Destination | None:
        wanted = str(payload.connection) if payload.connection else None
        return chosen(destinations.receivers(session, tenant, ConnectedChannel.CMS), wanted, "connection")

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        del values
        template = manifest["template"]
        text = json.dumps(template["data"], indent=2, ensure_ascii=False)
        return Read(template["type"], text, links=links.found_in(text, ""))

    def carry_out(self, sending: Sending, claim: Claim, opened: Connector) -> str:
        if not isinstance(opened, TakesWebHooks):
            raise Forbidden(what="takes no web hooks", where=opened.channel)
        return opened.deliver(said(sending), claim.message_id)

    def found(self, sending: Sending, claim: Claim, opened: Connector) -> str | None:
        """A receiver knows a copy by its id, and tells nobody what it has."""
        del sending, claim, opened
