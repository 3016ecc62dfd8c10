"""Web hooks to the content management system, signed as Standard Webhooks are."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from connectors.web_hooks import WebHook
from marketing_pipelines.email import links
from marketing_pipelines.outbound.kinds.by_web_hook import ByWebHook
from marketing_pipelines.outbound.kinds.documents import Document
from marketing_pipelines.outbound.kinds.face import Payload, Read
from store.records.actions import Channel, Purpose
from store.settings import Settings


class CmsWebhookPayload(Payload):
    """`event` tells the receiver what happened, `data` what it is about."""

    event: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$", max_length=100)]
    data: Document


class CmsWebhook(ByWebHook[CmsWebhookPayload]):
    payload = CmsWebhookPayload
    main_field = "data"
    named_by = "event"
    receiver = "the content management system"

    def hook(self, settings: Settings) -> WebHook | None:
        url = settings.cms_webhook_url.get_secret_value()
        return WebHook(url, settings.cms_webhook_secret.get_secret_value()) if url else None

    def channel(self, payload: CmsWebhookPayload) -> Channel:
        del payload
        return Channel.CMS

    def content(self, payload: CmsWebhookPayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return {"type": payload.event, "data": payload.data}

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        del values
        template = manifest["template"]
        text = json.dumps(template["data"], indent=2, ensure_ascii=False)
        return Read(template["type"], text, links=links.found_in(text, ""))
