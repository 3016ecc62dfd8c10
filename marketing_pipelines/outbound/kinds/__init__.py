"""The types of action, one module each: a new type is a member of `ActionType`, a module of this face and an entry here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from marketing_pipelines.outbound.kinds.ad_change import AdChange
from marketing_pipelines.outbound.kinds.chat_message import ChatMessage
from marketing_pipelines.outbound.kinds.cms_webhook import CmsWebhook
from marketing_pipelines.outbound.kinds.conversion_report import ConversionReport
from marketing_pipelines.outbound.kinds.email import Email
from marketing_pipelines.outbound.kinds.face import Kind
from marketing_pipelines.outbound.kinds.generic import Generic
from marketing_pipelines.outbound.kinds.link_change import LinkChange
from marketing_pipelines.outbound.kinds.sequence import Sequence
from marketing_pipelines.outbound.kinds.social_post import SocialPost
from marketing_pipelines.outbound.kinds.text_message import TextMessages
from store.records.actions import ActionType

KINDS: Mapping[ActionType, Kind[Any]] = MappingProxyType(
    {
        ActionType.EMAIL: Email(),
        ActionType.SOCIAL_POST: SocialPost(),
        ActionType.CMS_WEBHOOK: CmsWebhook(),
        ActionType.CHAT_MESSAGE: ChatMessage(),
        ActionType.AD_CHANGE: AdChange(),
        ActionType.CONVERSION_REPORT: ConversionReport(),
        ActionType.TEXT_MESSAGE: TextMessages(),
        ActionType.LINK_CHANGE: LinkChange(),
        ActionType.SEQUENCE: Sequence(),
        ActionType.GENERIC: Generic(),
    }
)


def of(type: ActionType) -> Kind[Any]:
    return KINDS[type]
